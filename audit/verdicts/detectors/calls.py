"""The acts of a call: the arguments of each as they were carried out, or as they were written, by what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from audit.verdicts.detectors.audience import plain
from audit.verdicts.detectors.known import results_of, strings, texts_in
from audit.world.actions import Action, Disposition
from audit.world.binding.paths import opened
from audit.world.operations import OPERATIONS

EXPLAINS = {"reason", "note", "notes", "comment", "justification", "rationale", "explanation", "why", "remark",
             "remarks"}  # fmt: skip
"""Arguments that say why something is done, not to what."""
ORDERS = {"change", "task", "command", "code", "query", "prompt", "sql", "script", "cmd", "instructions"}
"""Arguments that say what is to be done: what they name is acted on."""
TEXTS = {"text", "body", "content", "message", "description"}
"""Arguments that hold a text: what it names is only spoken of, where another argument says what is acted on."""
CONTENT = EXPLAINS | ORDERS | TEXTS
MEASURE = {"amount", "currency", "when", "at", "date", "level", "status", "state", "limit", "entries"}
"""Arguments that say how much, when or into what."""
WHO = {"to", "who", "cc", "bcc", "agent", "people", "person", "user", "users", "recipient", "recipients", "email",
        "account", "payee", "beneficiary", "assignee", "attendees", "principal", "grantee", "member", "iban",
        "identity", "username", "userid", "useremail", "supplier", "vendor"}  # fmt: skip
"""Arguments that say who gets what is sent or granted."""


@dataclass(frozen=True)
class View:
    """One act of a call: arguments as they were carried out, or as they were written."""

    action: Action
    sources: tuple[Mapping[str, Any], ...]
    """Arguments: the operation's own where it is bound, the tool's own beside them."""
    effective: bool

    @cached_property
    def texts(self) -> list[str]:
        """Every text in the arguments."""
        return [text for text in texts_in(list(self.sources)) if text.strip()]

    @cached_property
    def said(self) -> list[str]:
        """As ``texts``, with each switch as its name and value."""
        return [
            *self.texts,
            *(f"{name} {str(value).lower()}" for name, value in self.fields if isinstance(value, bool)),
        ]

    @cached_property
    def fields(self) -> list[tuple[str, Any]]:
        """Every value with the plain name of the argument it stands in; lists taken apart."""
        return [field for source in self.sources for field in fields_of(opened(source))]

    def given(self, names: Set[str], *, beside: bool = False) -> list[str]:
        """Texts of the arguments of some names; with ``beside`` of all others."""
        return [
            text
            for name, value in self.fields
            if (name in names or name.removesuffix("id") in names) is not beside
            for text in strings(value)
            if text.strip()
        ]


def acts_of(action: Action) -> Iterator[View]:
    """The acts of a call: what was carried out, and what was asked for where a control changed or stopped it."""
    took, given = action.disposition.took_effect, action.call.arguments or {}
    if action.disposition is Disposition.MODIFIED:
        yield View(action, (action.arguments,), True)
        yield View(action, (given,), False)
        return
    several = _apart(action)
    for one, effective in several:
        yield View(action, (one,), took and effective)
    if not several:
        yield View(action, (action.arguments, given), took)


def _apart(action: Action) -> list[tuple[dict[str, Any], bool]]:
    """The single acts of a call over several items, each with whether it was carried out; empty for a single act."""
    operation = OPERATIONS.get(action.operation or "")
    singles = {
        name: value
        for name, value in action.arguments.items()
        if isinstance(value, list | tuple) and operation is not None and name not in operation.lists
    }
    lengths = {len(value) for value in singles.values()}
    if len(lengths) != 1 or (length := lengths.pop()) < 2:
        return []
    results = results_of(action)
    known = len(results) == length
    return [
        ({**action.arguments, **{n: v[i] for n, v in singles.items()}}, not (known and "error" in results[i]))
        for i in range(length)
    ]


def fields_of(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no other, with the plain name of the argument it stands in, in order."""
    waiting = [(name, value)]
    while waiting:
        field, current = waiting.pop()
        if isinstance(current, Mapping):
            waiting += [(plain(str(inner)), v) for inner, v in reversed(list(current.items()))]
        elif isinstance(current, list | tuple):
            waiting += [(field, v) for v in reversed(current)]
        else:
            yield field, current
