"""One entry of a tool list becomes a listed tool, whichever of the known shapes it has."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from audit.profile.intake.lists.names import mended_name
from audit.profile.intake.lists.schemas import check_depth, mended_schema
from audit.profile.intake.models import Hints, ListedTool
from audit.resources import Fault, FaultsError, describe

SCHEMA_KEYS = ("inputSchema", "input_schema", "parameters", "arguments", "parametersJsonSchema", "args_schema", "args")
"""Keys under which entries declare their arguments: MCP, Anthropic, OpenAI, registries, Gemini, frameworks."""

_HINTS = {
    "read_only": "readOnlyHint",
    "destructive": "destructiveHint",
    "idempotent": "idempotentHint",
    "open_world": "openWorldHint",
}
_VERSION = re.compile(r"(_preview)?(_?\d{4}_?\d{2}_?\d{2})?$")


class Unusable(ValueError):  # noqa: N818 -- never leaves the room
    """An entry cannot become a tool."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.name = name
        self.faults = tuple(faults)
        super().__init__(f"{name}: {len(self.faults)} faults")


def read_entry(entry: Any, source: str, key: str | None = None) -> ListedTool:
    """Read one entry.

    Args:
        entry: what stands in the list: a mapping of any known shape.
        source: where the list came from.
        key: the key it stands under, where tools stand in a mapping: its name if it gives none itself.

    Raises:
        Unusable: with every fault, each with its place inside the entry.
    """
    if not isinstance(entry, dict):
        raise Unusable("", [Fault((), f"this is {describe(entry)}, not a tool", _ENTRY)])
    try:
        check_depth(entry)
    except FaultsError as error:
        raise Unusable("", error.faults) from None
    notes: list[str] = []
    entry = _storable(entry, notes)
    inner, at = (entry["function"], ("function",)) if isinstance(entry.get("function"), dict) else (entry, ())
    if inner is entry and isinstance(entry.get("custom"), dict):
        inner, at = entry["custom"], ("custom",)
    hosted = _hosted(entry) if inner is entry else None
    name = _name(inner, key, hosted)
    faults: list[Fault] = []
    if not name:
        given = "name" in inner and inner["name"] is not None
        wrong = f"the name is {describe(inner['name'])}" if given else "the tool has no name"
        faults.append(Fault((*at, "name") if given else at, wrong, "add `name:` with the name the model calls it by"))
    description = _text(inner, "description", at, faults)
    hints, title = _annotations(inner, notes)
    title = _text(inner, "title", at, faults) or title
    parameters: dict[str, Any] = {}
    try:
        parameters = _parameters(inner, entry, hosted, notes)
    except FaultsError as error:
        faults += [Fault((*at, *f.loc), f.wrong, f.mend) for f in error.faults]
    if faults:
        raise Unusable(name, faults)
    if hosted is not None:
        description = description or hosted[0]
        notes.append("The model's provider hosts this tool and gives no schema; its description is written here.")
    accepted = mended_name(name)
    if accepted != name:
        notes.append(f"The list calls it `{name}`, which model providers refuse; it is called `{accepted}` here.")
    return ListedTool(
        name=accepted,
        listed_as=name,
        title=title,
        description=description,
        parameters=parameters,
        hints=hints,
        source=source,
        notes=tuple(notes),
    )


_ENTRY = "write a mapping with `name`, `description` and `parameters`"


def _name(inner: dict[str, Any], key: str | None, hosted: tuple[str, dict[str, str]] | None) -> str:
    name = inner.get("name")
    if isinstance(name, str) and name.strip():
        return name
    if name is None and key is not None and key.strip():
        return key
    if name is None and hosted is not None:
        label = inner.get("server_label")
        kind = _VERSION.sub("", str(inner.get("type")))
        return f"{kind}_{label}" if isinstance(label, str) and label.strip() else kind
    return ""


def _hosted(entry: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    """Description and arguments of a tool that the provider hosts and the list names by its type only."""
    kind = entry.get("type")
    if not isinstance(kind, str) or not kind.strip() or kind in {"function", "custom", "object"}:
        return None
    if any(key in entry for key in SCHEMA_KEYS):
        return None
    from audit.profile.intake.inference.rules import shipped_rules

    known = shipped_rules().hosted.get(_VERSION.sub("", kind))
    return (known.description, known.arguments) if known else ("", {})


def _text(inner: dict[str, Any], key: str, at: tuple[str, ...], faults: list[Fault]) -> str:
    value = inner.get(key)
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if not isinstance(value, str):
        faults.append(Fault((*at, key), f"the {key} is {describe(value)}, not text", "write text, or leave it out"))
        return ""
    return value


def _annotations(inner: dict[str, Any], notes: list[str]) -> tuple[Hints, str]:
    """Hints and title. Hints that are no yes or no are dropped: they could raise a risk, but never lower one."""
    given = inner.get("annotations")
    if not isinstance(given, dict):
        if given is not None:
            notes.append("Its annotations are not a mapping and were left out.")
        return Hints(), ""
    from mcp_types import ToolAnnotations
    from pydantic import ValidationError

    values: dict[str, bool | None] = {}
    for field, hint in _HINTS.items():
        try:
            values[field] = getattr(ToolAnnotations.model_validate({hint: given.get(hint)}), f"{field}_hint")
        except ValidationError:
            notes.append(f"Its annotation `{hint}` is neither true nor false and was left out.")
    title = given.get("title")
    return Hints(**values), title if isinstance(title, str) else ""


def _parameters(
    inner: dict[str, Any], entry: dict[str, Any], hosted: tuple[str, dict[str, str]] | None, notes: list[str]
) -> dict[str, Any]:
    """The schema, wherever the entry declares it. Faults carry their place inside ``inner``."""
    key = next((key for key in SCHEMA_KEYS if inner.get(key) is not None), None)
    if key is None:
        if hosted is not None:
            properties = {name: {"type": "string", "description": text} for name, text in hosted[1].items()}
            return {"type": "object", "properties": properties}
        if entry.get("type") == "custom":
            notes.append("It takes free text; that is its one argument, `input`, here.")
            return {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
        if not any(key in inner for key in SCHEMA_KEYS):
            notes.append("The list gives no schema; it is taken to have no arguments.")
        return {"type": "object", "properties": {}}
    declared = inner[key]
    if isinstance(declared, str):
        try:
            declared = json.loads(declared)
        except (ValueError, RecursionError):
            wrong, mend = "the schema is text, and not JSON either", "write the JSON Schema of the arguments"
            raise FaultsError([Fault((key,), wrong, mend)]) from None
        notes.append("Its schema was JSON in a string.")
    try:
        return mended_schema(declared, notes)
    except FaultsError as error:
        raise FaultsError([Fault((key, *f.loc), f.wrong, f.mend) for f in error.faults]) from None


def _storable(entry: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The entry without what a profile cannot hold: characters that cannot be stored, YAML's dates."""
    found: set[str] = set()

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            kept = "".join(c for c in value if c != "\0" and not "\ud800" <= c <= "\udfff")
            if kept != value:
                found.add("Characters that cannot be stored were taken out.")
            return kept
        if isinstance(value, dict):
            return {clean(str(key)): clean(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [clean(inner) for inner in value]
        if isinstance(value, date):
            found.add("Dates in it are kept as text.")
            return value.isoformat()
        return value

    cleaned: dict[str, Any] = clean(entry)
    notes += sorted(found)
    return cleaned
