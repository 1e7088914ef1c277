"""Answers: which facts of a profile there are, what each may be, and the check of a single answer.

Types and rules are those of the profile's models, so an answer that is accepted here is one the profile bears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from audit.profile.authoring.yaml_text import block, storable
from audit.profile.models import AgentProfile
from audit.profile.prompt.credentials import find_credentials
from audit.profile.safeguards import Scope
from audit.profile.tools import Tool
from audit.profile.vocabulary import UNKNOWN, Answer, Declared
from audit.resources.document import parse
from audit.resources.wording import faults_of, looks_secret

# Texts of which a word may look like a key and be none; the exact shapes of keys are refused there too.
_LOOKS_LIKE_A_KEY = {"model.id", "judge.id", "monitor.model", "governance.inventory_id"}
_ELSEWHERE = {
    "schema": "it is written by itself",
    "tools": "name the files that hold the tool list with --tools",
    "agent.system_prompt": "the prompt stays in its own file; name it with --prompt",
    "agent.system_prompt_file": "name the file with --prompt",
}
_FROM_THE_LIST = {"name", "description", "parameters"}
_NONE_WORDS = {"none", "null"}


class AnswerError(ValueError):
    """An answer cannot be used. The message is for the person who gave it and repeats no secret."""


class Kind(StrEnum):
    """What an answer looks like."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    LIST = "list"
    TEXT = "text"
    VALUE = "value"
    """A mapping or a list of mappings, written as YAML."""


@dataclass(frozen=True)
class FactType:
    """What a fact may be.

    Attributes:
        fact: its dotted name.
        kind: the form of an answer.
        words: for choices, the words there are (``unknown`` among them where it is allowed).
        required: whether a profile cannot do without it.
        has_unknown: whether ``unknown`` is a value of its own; where it is not, an unknown fact is left out.
        nullable: whether null is a value: there is none.
        default: what holds when the fact is left out.
        description: what it says, one sentence.
    """

    fact: str
    kind: Kind
    words: tuple[str, ...]
    required: bool
    has_unknown: bool
    nullable: bool
    default: Any
    description: str


@cache
def fact_type(fact: str) -> FactType:
    """What the fact of that name may be.

    Args:
        fact: dotted name as in the profile; ``tools.NAME.approval`` and ``data.scopes.KEY.access`` for an
            entry of a list.

    Raises:
        AnswerError: no such fact; the message names what is near.
    """
    info, inside, optional = _find(fact)[1:]
    members = list(_members(info.annotation))
    kind = Kind.VALUE if inside else _kind(members)
    return FactType(
        fact=fact,
        kind=kind,
        words=tuple(dict.fromkeys(_words(members))) if kind in {Kind.CHOICE, Kind.YES_NO} else (),
        required=info.is_required() and not optional,
        has_unknown=UNKNOWN in _words(members) or info.default == UNKNOWN,
        nullable=type(None) in members or optional,
        default=plain(info.get_default(call_default_factory=True)) if not info.is_required() else None,
        description=(info.description or "").split("\n")[0],
    )


def read_answer(fact: str, text: str, separator: str = ",") -> Any:
    """An answer as somebody types it, as a plain value of the profile.

    Args:
        fact: the fact it answers.
        text: what was typed. ``unknown`` is always understood; ``none`` where there may be none. Dates are written
            2026-11-21, lists with commas or as ``[a, b]``, mappings as YAML.
        separator: what divides the entries of a list.

    Returns:
        Text, number, date, list, mapping or None. An unknown fact is ``unknown`` where that is a value, else what holds
        when the fact is left out.

    Raises:
        AnswerError: the answer cannot be used, or the fact is required and cannot be unknown.
    """
    kind = fact_type(fact)
    typed = text.strip()
    if not typed or typed.lower() == UNKNOWN:
        if kind.required:
            raise AnswerError(f"a profile cannot do without `{fact}`")
        return UNKNOWN if kind.has_unknown else kind.default
    return checked(fact, _value(kind, typed, separator))


def checked(fact: str, value: Any) -> Any:
    """A plain value for a fact, as the profile's own model takes it.

    Raises:
        AnswerError: with what is wrong and how to mend it.
    """
    name, _, inside, optional = _find(fact)
    if value is None and optional:
        return None
    if _changed(value):
        raise AnswerError("the answer holds a character that cannot be stored; type it anew")
    words = [] if fact in _LOOKS_LIKE_A_KEY else [word for text in _texts(value) for word in text.split()]
    if any(map(looks_secret, words)) or any(map(find_credentials, _texts(value))):
        raise AnswerError("this looks like a credential, which must not stand in a profile; leave it out")
    for part in reversed(inside):
        value = {part: value}
    model = _one_field(fact.rpartition(f".{'.'.join(inside)}")[0] if inside else fact, name)
    # Written and read back: what is judged is what the profile will hold.
    document = parse(block(name, value, 0))
    if document.flaws:
        raise AnswerError(f"{document.flaws[0].wrong}; {document.flaws[0].mend}")
    try:
        held = model.model_validate(document.data)
    except ValidationError as error:
        faults = faults_of(error, model, document.place, document.data)
        raise AnswerError("\n".join(f"{fault.wrong}; {fault.mend}" for fault in faults)) from None
    found = plain(getattr(held, "value"))  # noqa: B009 - the field exists only at run time
    for part in inside:
        found = found[part]
    return found


def plain(value: Any) -> Any:
    """Models, enumerations and tuples as the values YAML gives."""
    if isinstance(value, BaseModel):
        return {key: plain(inner) for key, inner in value.model_dump(by_alias=True, exclude_unset=True).items()}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


def flat(values: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    """Facts of a nested mapping, as a profile has it, or of one with dotted names already; both may be mixed."""
    for key, value in values.items():
        fact = f"{start}.{key}" if start else str(key)
        if isinstance(value, Mapping) and value and _is_section(fact):
            yield from flat(value, fact)
        else:
            yield fact, value


def facts_there_are() -> tuple[str, ...]:
    """Names of all facts outside the lists of tools and scopes, in the order of the profile."""
    return tuple(_names(AgentProfile, ""))


def section_of(fact: str) -> type[BaseModel] | None:
    """The model of the section that a dotted name leads to; None for facts and for names that lead nowhere."""
    model: type[BaseModel] = AgentProfile
    for part in fact.split("."):
        info = _fields(model).get(part)
        below = _model_in(info) if info else None
        if below is None or below is Scope or (info and _words(list(_members(info.annotation)))):
            return None
        model = below
    return model


def _names(model: type[BaseModel], start: str) -> Iterator[str]:
    for key, info in _fields(model).items():
        below = _model_in(info)
        fact = start + key
        if fact in _ELSEWHERE or fact in {"data.scopes"}:
            continue
        if below is not None and not _words(list(_members(info.annotation))):
            yield from _names(below, f"{fact}.")
        else:
            yield fact


def _find(fact: str) -> tuple[str, FieldInfo, tuple[str, ...], bool]:
    """The field a dotted name leads to.

    Returns:
        Its key, what pydantic knows of it, the keys inside a free mapping, and whether the section that it is required
        in can be left out as a whole.
    """
    if fact in _ELSEWHERE:
        raise AnswerError(f"`{fact}` cannot be set here; {_ELSEWHERE[fact]}")
    parts = fact.split(".")
    model: type[BaseModel] = AgentProfile
    if parts[0] == "tools" and len(parts) > 2:
        if parts[2] in _FROM_THE_LIST:
            raise AnswerError(f"`{fact}` cannot be set here; it comes from the tool list")
        model, parts = Tool, parts[2:]
    elif parts[:2] == ["data", "scopes"] and len(parts) > 3:
        model, parts = Scope, parts[3:]
    optional = False
    for position, part in enumerate(parts):
        info = _fields(model).get(part)
        if info is None:
            break
        rest = tuple(parts[position + 1 :])
        below = _model_in(info)
        if not rest:
            if below is not None and not _words(list(_members(info.annotation))) and below is not Scope:
                inside = ", ".join(f"`{fact}.{key}`" for key in _fields(below))
                raise AnswerError(f"`{fact}` is a section; name a fact in it: {inside}")
            return part, info, (), optional and info.is_required()
        if below is None:
            if any(get_origin(member) is dict for member in _members(info.annotation)):
                return part, info, rest, False
            break
        optional = optional or (not info.is_required() and info.default is None)
        model = below
    near = get_close_matches(fact, facts_there_are(), n=3, cutoff=0.5)
    mend = f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else "see `insider-audit init --facts`"
    raise AnswerError(f"there is no fact `{fact}` in a profile; {mend}")


def _is_section(fact: str) -> bool:
    if fact in {"tools", "data.scopes", "tools[]"} or re.fullmatch(r"tools\.[^.]+|data\.scopes\.[^.]+", fact):
        return True
    return section_of(fact) is not None


@cache
def _one_field(fact: str, name: str) -> type[Declared]:
    """A model with the one field a fact is, under its own key, so that messages speak of that key."""
    _, info, _, _ = _find(fact)
    kept: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    return create_model("OneFact", __base__=Declared, value=(kept, Field(alias=name)))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_args(annotation) and get_origin(annotation) not in {Literal, tuple, dict}:
        for branch in get_args(annotation):
            yield from _members(branch)
    else:
        yield annotation


def _model_in(info: FieldInfo) -> type[BaseModel] | None:
    for member in _members(info.annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            return member
    return None


def _words(members: list[Any]) -> list[str]:
    words: list[str] = []
    for member in members:
        if get_origin(member) is Literal:
            words += [str(word) for word in get_args(member)]
        elif isinstance(member, type) and issubclass(member, StrEnum):
            words += [str(word) for word in member]
    return words


def _kind(members: list[Any]) -> Kind:
    kinds = [member for member in members if member is not type(None)]
    if Answer in kinds:
        return Kind.YES_NO
    for member in kinds:
        if get_origin(member) is tuple:
            entry = next(_members(get_args(member)[0]))
            return Kind.VALUE if isinstance(entry, type) and issubclass(entry, BaseModel) else Kind.LIST
        if get_origin(member) is dict or (isinstance(member, type) and issubclass(member, BaseModel)):
            return Kind.VALUE
    for wanted, kind in ((date, Kind.DATE), (int, Kind.NUMBER), (float, Kind.NUMBER), (str, Kind.TEXT)):
        if wanted in kinds:
            return kind
    return Kind.CHOICE


def _value(kind: FactType, typed: str, separator: str) -> Any:
    if kind.nullable and typed.lower() in _NONE_WORDS:
        return None
    match kind.kind:
        case Kind.YES_NO | Kind.CHOICE:
            return {"true": "yes", "false": "no"}.get(typed.lower(), typed.lower())
        case Kind.NUMBER:
            return _number(typed)
        case Kind.DATE:
            return _date(typed)
        case Kind.LIST:
            return _list(kind, typed, separator)
        case Kind.VALUE:
            return _yaml(typed)
        case _:
            return typed


def _number(typed: str) -> int | float:
    for kind in (int, float):
        try:
            return kind(typed)
        except ValueError:
            continue
    raise AnswerError("this is not a number; write digits, such as 12, or `unknown`")


def _date(typed: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", typed):
            return date.fromisoformat(typed)
    except ValueError:
        pass
    raise AnswerError("this is not a date; write a date such as 2026-11-21, or `unknown`")


def _list(kind: FactType, typed: str, separator: str) -> Any:
    if typed.lower() in _NONE_WORDS:
        return "none" if kind.fact == "comms.allow_list" else []
    if typed.startswith("["):
        found = _yaml(typed)
        return [text if isinstance(text, str) else str(text) for text in found] if isinstance(found, list) else found
    return [entry.strip() for entry in typed.split(separator) if entry.strip()]


def _yaml(typed: str) -> Any:
    document = parse(f"value: {typed}\n")
    if document.flaws or not isinstance(document.data, dict):
        said = f"{document.flaws[0].wrong}; {document.flaws[0].mend}" if document.flaws else "write it on one line"
        raise AnswerError(f"this cannot be read as YAML: {said}")
    return document.data.get("value")


def _changed(value: Any) -> bool:
    return bool(storable(value) != value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
