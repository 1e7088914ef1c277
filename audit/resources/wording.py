"""What pydantic found wrong, in words for the person who wrote the file.

One place gets one sentence: the branches of a union (``int | Literal["unknown"]``) are put together, and where one
branch fits the shape of the value better than the others, only its errors are kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from audit.resources.document import Loc, Place


class Fault(NamedTuple):
    """Something wrong with a value, before its place in the file is looked up."""

    loc: Loc
    wrong: str
    mend: str
    on_key: bool = False
    """Point at the key rather than at its value."""


class FaultsError(ValueError):
    """Raised by a validator that finds several things wrong at once; each ``loc`` is relative to what it validates."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault.wrong}; {fault.mend}" for fault in self.faults))

    def __reduce__(self) -> tuple[type[FaultsError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


# Errors that say "a value of another type is expected", and how to call that type.
_EXPECTED = {
    "string_type": "text",
    "string_sub_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "iterable_type": "a list",
    "dict_type": "a mapping (`key: value` lines)",
    "mapping_type": "a mapping (`key: value` lines)",
    "model_type": "a mapping (`key: value` lines)",
    "model_attributes_type": "a mapping (`key: value` lines)",
    "dataclass_type": "a mapping (`key: value` lines)",
    "none_required": "nothing",
    "date_type": "a date such as 2026-11-21",
    "date_parsing": "a date such as 2026-11-21",
    "date_from_datetime_parsing": "a date such as 2026-11-21",
    "date_from_datetime_inexact": "a date without a time",
    "datetime_type": "a date and time such as 2026-11-21T09:30:00",
    "datetime_parsing": "a date and time such as 2026-11-21T09:30:00",
    "datetime_from_date_parsing": "a date and time such as 2026-11-21T09:30:00",
}
_CHOICES = {"literal_error", "enum"}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "of at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "of at most"),
}
_LONG_LIST = 14
_OWN_WORDS = {"value_error", "assertion_error"}
_PYDANTIC_TYPES = frozenset(get_args(ErrorType))


class _Error(NamedTuple):
    """One error of pydantic, with its way through the file told apart from its way through unions."""

    path: Loc
    branch: tuple[Loc, str] | None
    """Where the first union on the way stands, and the branch taken there."""
    details: ErrorDetails


def faults_of(error: ValidationError, model_type: type[BaseModel], place: Place, data: Any) -> list[Fault]:
    """Put what pydantic found into words.

    Args:
        error: what validation raised.
        model_type: the model that was validated.
        place: places of the document, to tell keys of the file from names pydantic gives to branches of unions.
        data: the document's values.

    Returns:
        At most one type or choice fault per value, and every fault of another kind.
    """
    errors = [_resolved(details, place) for details in error.errors(include_url=False)]
    mismatches: dict[Loc, list[ErrorDetails]] = defaultdict(list)
    faults: list[Fault] = []
    for item in _best_branches(errors):
        kind = item.details["type"]
        if kind == "missing" and _misspelt(item, errors, model_type):
            continue
        if kind == "too_short" and not _is_short(_value_at(data, item.path), item.details):
            continue
        if kind in _EXPECTED or kind in _CHOICES:
            mismatches[item.path].append(item.details)
        else:
            faults += _fault(item, model_type, data)
    faults += [_mismatch(path, details, _value_at(data, path), model_type) for path, details in mismatches.items()]
    return faults


def _misspelt(missing: _Error, errors: Sequence[_Error], model_type: type[BaseModel]) -> bool:
    """True when an unknown key beside the missing one looks like it: that key is reported, with the right spelling."""
    known = [name for model in _models_at(model_type, missing.path) for name in _keys(model)]
    beside = [str(e.path[-1]) for e in errors if _is_extra(e) and e.path[:-1] == missing.path]
    return any(_nearest(key, known) == missing.details["loc"][-1] for key in beside)


def _is_extra(error: _Error) -> bool:
    return error.details["type"] == "extra_forbidden" and bool(error.path)


def _is_short(value: Any, details: ErrorDetails) -> bool:
    """Pydantic counts only entries without errors; a list that is long enough in the file is not called short."""
    return isinstance(value, list) and len(value) < details.get("ctx", {})["min_length"]


def _resolved(details: ErrorDetails, place: Place) -> _Error:
    loc = details["loc"][:-1] if details["type"] == "missing" else details["loc"]
    path: list[str | int] = []
    branch: tuple[Loc, str] | None = None
    for part in loc:
        child = place.children.get(part)
        if child is not None:
            path.append(part)
            place = child
        elif branch is None and part != "[key]":
            branch = tuple(path), str(part)
    return _Error(tuple(path), branch, details)


def _best_branches(errors: Sequence[_Error]) -> list[_Error]:
    """Drop the errors of union branches that the value was plainly not meant for."""
    unions: dict[Loc, dict[str, list[_Error]]] = defaultdict(lambda: defaultdict(list))
    kept: list[_Error] = []
    for error in errors:
        if error.branch is None:
            kept.append(error)
        else:
            unions[error.branch[0]][error.branch[1]].append(error)
    for at, branches in unions.items():
        # A branch that complains about more than the type of the value itself understood its shape.
        close = [
            found
            for found in branches.values()
            if any(e.path != at or e.details["type"] not in _EXPECTED.keys() | _CHOICES for e in found)
        ]
        for found in [min(close, key=len)] if close else branches.values():
            kept += found
    return kept


def _fault(error: _Error, model_type: type[BaseModel], data: Any) -> list[Fault]:
    """Everything but wrong types and wrong choices."""
    details, path = error.details, error.path
    kind, context = details["type"], details.get("ctx", {})
    name = subject(path)
    if kind == "missing":
        return [_missing(path, str(details["loc"][-1]), model_type)]
    if kind == "extra_forbidden":
        return [_unknown_key(path, model_type)]
    raised = context.get("error")
    if isinstance(raised, FaultsError):
        return [fault._replace(loc=path + fault.loc) for fault in raised.faults]
    if kind in _OWN_WORDS or kind not in _PYDANTIC_TYPES:
        said = str(raised) if raised is not None else details["msg"]
        wrong, _, mend = said.partition("; ")
        return [Fault(path, wrong or f"{name} cannot be used", mend)]
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return [Fault(path, f"{name} is {describe(details['input'])}", f"write a number {words} {context[key]:g}")]
    if kind == "too_short":
        return [Fault(path, f"{name} has too few entries", f"give at least {context['min_length']}")]
    if kind == "too_long":
        return [Fault(path, f"{name} has too many entries", f"give at most {context['max_length']}")]
    if kind == "string_too_short":
        least = context["min_length"]
        wrong = "is empty" if not details["input"] else "is too short"
        return [Fault(path, f"{name} {wrong}", f"write at least {least} character{'s' * (least != 1)}")]
    if kind == "string_too_long":
        return [Fault(path, f"{name} is too long", f"write at most {context['max_length']} characters")]
    if kind == "string_pattern_mismatch":
        wrong = f"{name} is {describe(details['input'])}, which has not the form expected here"
        return [Fault(path, wrong, f"write text that matches the pattern `{context['pattern']}`")]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        key = str(context.get("discriminator", "")).strip("'")
        allowed = _options(str(context.get("expected_tags", "")))
        value = _value_at(data, (*path, key))
        wrong = f"`{key}` is missing" if kind.endswith("not_found") else f"`{key}` is {describe(value)}"
        return [Fault((*path, key), wrong, _choose(value, (), allowed) if allowed else f"add `{key}:`")]
    return [Fault(path, f"{name} is {describe(details['input'])}, which does not fit here", "see the JSON Schema")]


def _missing(path: Loc, key: str, model_type: type[BaseModel]) -> Fault:
    models = _models_at(model_type, path)
    described = [d for m in models for k, d in _keys(m).items() if k == key and d]
    meaning = f" ({described[0]})" if described else ""
    where = f" in {subject(path)}" if path else ""
    return Fault(path, f"`{key}` is missing{where}", f"add `{key}:`{meaning}", on_key=True)


def _unknown_key(path: Loc, model_type: type[BaseModel]) -> Fault:
    key = str(path[-1]) if path else ""
    known = [name for model in _models_at(model_type, path[:-1]) for name in _keys(model)]
    close = _nearest(key, known)
    if close:
        mend = f"did you mean `{close}`?"
    elif known:
        mend = f"known keys here: {', '.join(f'`{name}`' for name in known)}"
    else:
        mend = "remove it"
    shown = describe(key) if key.strip() and not looks_secret(key) else "that looks like a credential"
    return Fault(path, f"unknown key {shown}", mend, on_key=True)


def _nearest(text: str, options: Sequence[str]) -> str | None:
    return next(iter(get_close_matches(text.lower(), options, n=1, cutoff=0.6)), None)


def _mismatch(path: Loc, details: Sequence[ErrorDetails], value: Any, model_type: type[BaseModel]) -> Fault:
    expected = list(dict.fromkeys(_EXPECTED[d["type"]] for d in details if d["type"] in _EXPECTED))
    options = [o for d in details if d["type"] in _CHOICES for o in _options(str(d.get("ctx", {}).get("expected", "")))]
    shown = "empty" if value is None else describe(value)
    mend = _choose(value, expected, list(dict.fromkeys(options)))
    if value is None and path and _may_be_left_out(path, model_type):
        mend += ", or remove the line"
    return Fault(path, f"{subject(path)} is {shown}", mend)


def _choose(value: Any, expected: Sequence[str], options: Sequence[str]) -> str:
    """Say what would be right: kinds of values, and values by name."""
    words = [*expected, *(f"`{option}`" for option in options)]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    quotable = "text" in expected and isinstance(value, bool | int | float | date)
    mend = f"write {listed}" + (", in quotes" if quotable else "")
    close = _nearest(value, options) if isinstance(value, str) else None
    if close is None:
        return mend
    # A long list beside a good guess hides the guess.
    return f"did you mean `{close}`?" + (f" Otherwise {mend}" if len(words) <= _LONG_LIST else "")


def _options(expected: str) -> list[str]:
    """Names out of pydantic's ``'a', 'b' or 'c'``."""
    return re.findall(r"'((?:[^'\\]|\\.)*)'", expected)


def subject(path: Loc) -> str:
    """What a sentence about the value at ``path`` calls it."""
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of {subject(path[:-1])}"
    return f"`{path[-1]}`"


def describe(value: Any) -> str:
    """Name a value in a message. Long texts are cut; texts that may be credentials are not shown at all."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        if not value.strip():
            return "an empty text"
        if looks_secret(value):
            return "a text that looks like a credential"
        line = " ".join(value.split())
        return f"`{line}`" if len(line) <= 40 else f"`{line[:37]}...`"
    if isinstance(value, int | float):
        return f"the number {value:.15g}" if isinstance(value, float) or abs(value) < 10**15 else "a huge number"
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    if isinstance(value, list | tuple | set):
        return "a list"
    return "a mapping" if isinstance(value, dict) else "a value of another kind"


def looks_secret(text: str) -> bool:
    """True for texts shaped like a key or token: a known prefix, or one long word that mixes letters and digits."""
    word = text.strip()
    if re.match(r"(sk|pk|rk|ghp|gho|xox[abp]|AKIA|AIza|ya29|hf|glpat|eyJ)[-_A-Za-z0-9.]{8,}$", word):
        return True
    mixed = re.search(r"[0-9]", word) and re.search(r"[A-Za-z]", word)
    return bool(mixed) and re.fullmatch(r"[A-Za-z0-9+=_-]{20,}", word) is not None


def _value_at(data: Any, path: Loc) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _keys(model: type[BaseModel]) -> dict[str, str]:
    """Keys a model knows, with the first sentence of what each means."""
    keys: dict[str, str] = {}
    for name, info in model.model_fields.items():
        first = (info.description or "").strip().split("\n")[0].split(". ")[0]
        keys[info.alias or name] = first.rstrip(".")
    return keys


def _may_be_left_out(path: Loc, model_type: type[BaseModel]) -> bool:
    infos = [
        info
        for m in _models_at(model_type, path[:-1])
        for n, info in m.model_fields.items()
        if (info.alias or n) == path[-1]
    ]
    return bool(infos) and not any(info.is_required() for info in infos)


def _models_at(model_type: type[BaseModel], path: Loc) -> list[type[BaseModel]]:
    """Models that may stand at ``path``: more than one below a union."""
    found: list[Any] = _members(model_type)
    for part in path:
        below: list[Any] = []
        for kind in found:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                infos = [i for n, i in kind.model_fields.items() if (i.alias or n) == part]
                below += [member for info in infos for member in _members(info.annotation)]
            elif get_args(kind):
                # dict[K, V] leads to V; list[V], set[V] and tuple[V, ...] to V.
                inner = get_args(kind)[1] if get_origin(kind) is dict else get_args(kind)[0]
                below += _members(inner)
        found = below
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _members(annotation: Any) -> list[Any]:
    """The types an annotation may stand for, with ``Annotated``, aliases and unions opened up."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return [member for branch in get_args(annotation) for member in _members(branch)]
    if hasattr(annotation, "__value__"):
        return _members(annotation.__value__)
    return [annotation]
