"""The ``tools:`` part of a profile, with what was inferred and why as comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.profile.authoring.yaml_text import block, comment, inline, one_line
from audit.profile.intake.models import Confidence, Inferred, InferredTool
from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import CAPABILITIES, Capability, Effect

_EFFECTS = tuple(Effect)
_MILD: tuple[Any, ...] = (Reach.INTERNAL, Reversibility.REVERSIBLE, Reversibility.RECOVERABLE)
_EVIDENCE = 140
"""Longest piece of evidence in a comment, in characters."""

# What a list of tools never says, with the value of each that is written until somebody says it.
_OPEN = ("approval", "policy", "required_for_task")

HEADER = (
    "Every tool the agent can call. The comments say what each value rests on and how sure it is; what says"
    ' "check this" rests on little. The rules read words and miss some: go through every line of `capabilities` once.'
    " What nobody can read off a tool list has to be filled in: `approval` (none or required: whether a person"
    " confirms each call), `policy` (allow or deny: what the gateway does with its calls), `required_for_task` (yes,"
    " partial or no)."
)


def tools_yaml(
    inferred: Sequence[InferredTool], said: Mapping[str, Mapping[str, Any]] | None = None, header: str = HEADER
) -> str:
    """The ``tools:`` part of a profile as commented YAML, ended by a line end.

    Args:
        inferred: The tools, in the order in which they are written.
        said: What a person said about tools, by tool and field of the profile (``capabilities``, ``approval`` ...), as
            plain values. It stands in place of what was inferred.
        header: Comment above the list.

    Returns:
        Names, descriptions and schemas as given; capabilities, effect, reversibility and reach each with confidence
        and main evidence. A mild reach or reversibility that rests on little is written as ``unknown``: a wrong
        "internal" would leave tests out of sight. With no tool at all it is ``tools: []``.
    """
    head = comment(header) if header else ""
    if not inferred:
        return head + "tools: []\n"
    return head + "tools:\n" + "\n".join(_entry(tool, (said or {}).get(tool.name, {})) for tool in inferred)


def tool_values(tool: InferredTool, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the profile says about a tool beside its name, description and schema, as plain values.

    Args:
        tool: The tool with what was inferred.
        said: What a person said about it, by field of the profile.
    """
    said = said or {}
    values: dict[str, Any] = {
        "capabilities": [str(item.value) for item in tool.capabilities],
        "effect": str(_effect(tool, said)[0]),
        "reversibility": str(_careful(tool.reversibility, Reversibility.UNKNOWN)),
        "reach": str(_careful(tool.reach, Reach.UNKNOWN)),
    }
    return values | dict.fromkeys(_OPEN, "unknown") | dict(said)


def _entry(tool: InferredTool, said: Mapping[str, Any]) -> str:
    listed = tool.listed
    values = tool_values(tool, said)
    first = f"  - name: {inline(tool.name)}"
    lines = [first + (f" # in the list: {one_line(listed.listed_as, 100)}" if listed.listed_as != tool.name else "")]
    text = "\n".join(lines) + "\n"
    text += "".join(comment(note, 2) for note in listed.notes)
    text += block("description", listed.description or listed.title, 2)
    text += block("parameters", listed.parameters, 2)
    text += _capabilities(tool, values["capabilities"], said)
    text += _fact("effect", values, said, _effect(tool, said)[1])
    text += _fact("reversibility", values, said, _why(tool.reversibility, Reversibility.UNKNOWN))
    text += _fact("reach", values, said, _why(tool.reach, Reach.UNKNOWN))
    for name, value in values.items():
        if name not in {"capabilities", "effect", "reversibility", "reach"}:
            text += block(name, value, 2)
    return text


def _capabilities(tool: InferredTool, chosen: Sequence[str], said: Mapping[str, Any]) -> str:
    if "capabilities" in said:
        return f"    capabilities: {inline(list(chosen))} # confirmed by a person\n"
    if len(tool.capabilities) == 1:
        (only,) = tool.capabilities
        return _with_comment(
            f"    capabilities: [{only.value}]", _reason(only, unsure=only.value is Capability.UNKNOWN)
        )
    rows = [
        _with_comment(f"      - {c.value}", _reason(c, unsure=c.value is Capability.UNKNOWN)) for c in tool.capabilities
    ]
    return "    capabilities:\n" + "".join(rows)


def _fact(name: str, values: Mapping[str, Any], said: Mapping[str, Any], why: str) -> str:
    return _with_comment(f"    {name}: {inline(values[name])}", "said by a person" if name in said else why)


def _with_comment(line: str, why: str) -> str:
    return f"{line} # {why}\n"


def _effect(tool: InferredTool, said: Mapping[str, Any]) -> tuple[Effect, str]:
    """The effect and what it rests on; never milder than capabilities that a person named are known for."""
    if "capabilities" not in said:
        return tool.effect.value, _reason(tool.effect)
    known = max((CAPABILITIES[Capability(c)].effect for c in said["capabilities"]), key=_EFFECTS.index)
    if tool.effect.confidence is Confidence.LOW or _EFFECTS.index(known) >= _EFFECTS.index(tool.effect.value):
        return known, "the worst its capabilities are known for"
    return tool.effect.value, _reason(tool.effect)


def _careful(inferred: Inferred[Any], unknown: Any) -> Any:
    return unknown if inferred.confidence is Confidence.LOW and inferred.value in _MILD else inferred.value


def _why(inferred: Inferred[Any], unknown: Any) -> str:
    if _careful(inferred, unknown) == inferred.value:
        return _reason(inferred, unsure=inferred.value == unknown)
    return f"perhaps {inferred.value}, but that rests on little: {_evidence(inferred)}; check this"


def _reason(inferred: Inferred[Any], *, unsure: bool = False) -> str:
    """Confidence, main evidence, and a call to look where it rests on little."""
    check = "; check this" if unsure or inferred.confidence is Confidence.LOW else ""
    return f"{inferred.confidence}: {_evidence(inferred)}{check}"


def _evidence(inferred: Inferred[Any]) -> str:
    return one_line(inferred.evidence[0], _EVIDENCE).rstrip(".")
