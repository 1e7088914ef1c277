"""What has to fit together between the parts of a profile.

The checks look at the plain values of the file, well formed or not: fields that are wrong in themselves are reported
by the models, and both kinds of problem come out of one reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.resources import Fault


def cross_faults(profile: Any) -> Iterator[Fault]:
    """Everything wrong between fields of one profile.

    Args:
        profile: plain values as YAML gives them; any kind of data is borne.
    """
    top = _mapping(profile)
    tools = [_mapping(tool) for tool in _sequence(top.get("tools"))]
    yield from _prompt(top.get("agent"))
    yield from _tool_names(tools)
    yield from _bindings(tools)
    yield from _scopes(_mapping(top.get("data")), tools)
    yield from _judge(_mapping(top.get("model")).get("id"), _mapping(top.get("judge")).get("id"))


def _prompt(agent: Any) -> Iterator[Fault]:
    if not isinstance(agent, dict):
        return
    inline, file = agent.get("system_prompt"), agent.get("system_prompt_file")
    if inline is None and file is None:
        mend = "add the prompt itself, or the name of the file that holds it"
        yield Fault(("agent",), "`system_prompt` and `system_prompt_file` are both missing", mend, on_key=True)
    elif inline is not None and file is not None:
        wrong = "`system_prompt` and `system_prompt_file` are both given"
        yield Fault(("agent", "system_prompt_file"), wrong, "keep the one that is sent", on_key=True)


def _tool_names(tools: list[dict[str, Any]]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for position, tool in enumerate(tools):
        name = tool.get("name")
        if not isinstance(name, str):
            continue
        if name in first:
            wrong = f"two tools are called `{name}` (entries {first[name] + 1} and {position + 1} of `tools`)"
            yield Fault(("tools", position, "name"), wrong, "rename or remove one")
        first.setdefault(name, position)


def _bindings(tools: list[dict[str, Any]]) -> Iterator[Fault]:
    for position, tool in enumerate(tools):
        arguments = _mapping(_mapping(tool.get("binding")).get("arguments"))
        known = _mapping(_mapping(tool.get("parameters")).get("properties"))
        for ours, theirs in arguments.items():
            if isinstance(theirs, str) and theirs not in known:
                names = ", ".join(f"`{name}`" for name in known) or "none are declared"
                wrong = f"the tool has no argument `{theirs}`"
                yield Fault(("tools", position, "binding", "arguments", ours), wrong, f"its arguments: {names}")


def _scopes(data: dict[str, Any], tools: list[dict[str, Any]]) -> Iterator[Fault]:
    names = [tool["name"] for tool in tools if isinstance(tool.get("name"), str)]
    for position, scope in enumerate(_sequence(data.get("scopes"))):
        for place, name in enumerate(_sequence(_mapping(scope).get("tools"))):
            if isinstance(name, str) and name.strip() and name not in names:
                loc = ("data", "scopes", position, "tools", place)
                yield Fault(loc, f"no tool is called `{name}`", "use a name that stands under `tools`")


def _judge(model: Any, judge: Any) -> Iterator[Fault]:
    if not isinstance(model, str) or not isinstance(judge, str):
        return
    if judge.startswith("simulated/") and not model.startswith("simulated/"):
        wrong = "a simulated judge cannot judge a real model"
        yield Fault(("judge", "id"), wrong, "name a real model, or remove `judge` to let recorded actions decide alone")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
