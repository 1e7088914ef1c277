"""Records of the company's systems: finding them, showing them, and the customer, personnel and database tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from audit.world.capabilities import Capability
from audit.world.operations.registry import OperationError, Outcome, Str, operation
from audit.world.state import Record, RecordKind, World

QUERY_NAMES = ("q", "search", "search_query", "search_term", "keyword", "keywords", "text", "filter", "name", "term")
"""What other tools call the words that are searched for."""
_CUSTOMER_NAMES = ("customer_id", "customerId", "client_id", "client", "customer_email", "customer_name", "contact_id",
                   "account_id", "user_id", "crm_id", "record_id", "id", "email", "name")  # fmt: skip
_PERSON_NAMES = ("employee_id", "employeeId", "employee", "person_id", "worker_id", "staff_id", "staff_number",
                 "user_id", "employee_email", "employee_name", "record_id", "id", "email", "name")  # fmt: skip
_CUSTOMERS = (RecordKind.CUSTOMER,)
_PERSONNEL = (RecordKind.PERSONNEL,)
_TABLES: dict[str, RecordKind] = {
    **{kind.value: kind for kind in RecordKind},
    **{f"{kind.value}s": kind for kind in RecordKind},
    **dict.fromkeys(("employee", "employees", "staff"), RecordKind.PERSONNEL),
}
_CHANGING_STATEMENTS = frozenset(
    {"alter", "call", "copy", "create", "delete", "drop", "exec", "execute", "grant", "insert", "merge", "replace",
     "revoke", "truncate", "update", "upsert"}
)  # fmt: skip


_NAMES: tuple[Callable[[Record], Iterable[str]], ...] = (
    lambda record: (record.id,),
    lambda record: (record.title,),
    lambda record: (record.owner,),
    lambda record: record.fields.values(),
)
"""What a record can be named by, surest first."""


def records_of(world: World, kinds: Collection[RecordKind]) -> list[Record]:
    """All records of some kinds, in the scenario's order."""
    return [record for record in world.records if record.kind in kinds]


def record_of(world: World, kinds: Collection[RecordKind], handle: str, called: str) -> Record:
    """The record of some kinds that a handle names: its id, else its title, its owner's address or a field's value.

    Args:
        world: The company.
        kinds: Kinds that count.
        handle: What the agent wrote; case and spaces around it do not matter.
        called: What such a record is called in what the agent is told.

    Raises:
        OperationError: When nothing has that name, or several have.
    """
    wanted = handle.strip().casefold()
    among = records_of(world, kinds)
    if not wanted:
        raise OperationError(f"no {called} {handle!r}")
    for names in _NAMES:
        found = [r for r in among if wanted in {name.strip().casefold() for name in names(r)}]
        if len(found) > 1:
            raise OperationError(f"{handle!r} is more than one {called}: {', '.join(r.id for r in found)}")
        if found:
            return found[0]
    raise OperationError(f"no {called} {handle!r}")


def matching(world: World, kinds: Collection[RecordKind], query: str) -> list[Record]:
    """Records of some kinds that contain every word of a query; a word with a colon is an operator and matches all."""
    words = [w.casefold().strip('"') for w in query.split() if ":" not in w and w not in {"*", "%"}]
    return [r for r in records_of(world, kinds) if all(word in _haystack(r) for word in words)]


def headline(record: Record) -> dict[str, Any]:
    """What a list shows of a record."""
    shown = {"id": record.id, "kind": record.kind.value, "title": record.title, "status": record.status}
    return {name: value for name, value in shown.items() if value}


def whole(record: Record) -> dict[str, Any]:
    """Everything a record holds; what is empty is left out."""
    more = {"owner": record.owner, "details": dict(record.fields), "text": record.text}
    return {**headline(record), **{name: value for name, value in more.items() if value}}


def changed(world: World, record: Record, **values: Any) -> Record:
    """Put a changed record in the place of the old one and return it."""
    new = record.model_copy(update=values)
    world.records = [new if r is record else r for r in world.records]
    return new


def noted(record: Record, note: str) -> str:
    """A record's text with a line added."""
    return f"{record.text}\n{note}" if record.text and note else record.text or note


def _haystack(record: Record) -> str:
    fields = " ".join(f"{name} {value}" for name, value in record.fields.items())
    return f"{record.id} {record.title} {record.owner} {record.status} {record.text} {fields}".casefold()


@operation(
    "customer.search",
    Capability.CUSTOMER_READ,
    "search",
    "find",
    "list",
    "query",
    query=(*QUERY_NAMES, "email", "phone", "customer", "customer_name", "client"),
)
def search_customers(world: World, query: Str = "") -> Outcome:
    """Headlines of customers that contain every word of the query."""
    return Outcome([headline(r) for r in matching(world, _CUSTOMERS, query)])


@operation(
    "customer.read",
    Capability.CUSTOMER_READ,
    "read",
    "get",
    "view",
    "open",
    "fetch",
    "retrieve",
    "show",
    customer=_CUSTOMER_NAMES,
)
def read_customer(world: World, customer: Str) -> Outcome:
    """One customer in full."""
    found = record_of(world, _CUSTOMERS, customer, "customer")
    return Outcome(whole(found), (found.id,))


@operation(
    "customer.update",
    Capability.CUSTOMER_WRITE,
    "update",
    "edit",
    "change",
    "modify",
    "set",
    "add",
    "save",
    "append",
    "write",
    "note",
    "comment",
    customer=_CUSTOMER_NAMES,
    status=("new_status", "customer_status", "stage"),
    note=("notes", "comment", "text", "message", "body", "content", "description", "details"),
)
def update_customer(world: World, customer: Str, status: Str = "", note: Str = "") -> Outcome:
    """Change a customer's status, or add a note."""
    found = record_of(world, _CUSTOMERS, customer, "customer")
    changed(world, found, status=status.strip() or found.status, text=noted(found, note))
    return Outcome({"status": "updated", "id": found.id})


@operation(
    "hr.search",
    Capability.HR_READ,
    "search",
    "find",
    "list",
    "query",
    query=(*QUERY_NAMES, "email", "employee", "employee_name", "department", "person"),
)
def search_personnel(world: World, query: Str = "") -> Outcome:
    """Headlines of personnel records that contain every word of the query."""
    return Outcome([headline(r) for r in matching(world, _PERSONNEL, query)])


@operation(
    "hr.read",
    Capability.HR_READ,
    "read",
    "get",
    "view",
    "open",
    "fetch",
    "retrieve",
    "show",
    person=_PERSON_NAMES,
)
def read_personnel(world: World, person: Str) -> Outcome:
    """One personnel record in full."""
    found = record_of(world, _PERSONNEL, person, "personnel record")
    return Outcome(whole(found), (found.id,))


@operation(
    "database.query",
    Capability.DATABASE_QUERY,
    "query",
    "sql",
    "run",
    "execute",
    "select",
    "search",
    query=("sql", "sql_query", "statement", "query_string", "command", "q"),
)
def query_database(world: World, query: Str) -> Outcome:
    """Rows of the records whose kind the statement names; with texts in quotes, those that hold one of them.

    The connection reads only: a statement that would change something is refused.
    """
    for statement in query.split(";"):
        first = next(iter(re.findall(r"[a-z]+", statement.casefold())), "")
        if first in _CHANGING_STATEMENTS:
            raise OperationError(f"{first.upper()} refused: the connection is read-only")
    literals = [text.strip("% ").casefold() for text in re.findall(r"'([^']*)'", query)]
    outside = re.sub(r"'[^']*'", " ", query)
    kinds = {_TABLES[word] for word in re.findall(r"[a-z]+", outside.casefold()) if word in _TABLES}
    rows = records_of(world, kinds)
    if wanted := [text for text in literals if text]:
        rows = [r for r in rows if any(text in _haystack(r) for text in wanted)]
    return Outcome([whole(r) for r in rows], tuple(r.id for r in rows))
