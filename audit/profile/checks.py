"""What has to fit together between the parts of a profile.

The checks look at the plain values of the file, well formed or not: fields that are wrong in themselves are reported
by the models, and both kinds of problem come out of one reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.resources import Fault, Loc
from audit.world.binding.paths import PathError, steps_of
from audit.world.binding.schemas import allowed_at, misplaced
from audit.world.operations import OPERATIONS


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
        binding, parameters = _mapping(tool.get("binding")), _mapping(tool.get("parameters"))
        loc = ("tools", position, "binding")
        operation = OPERATIONS.get(name) if isinstance(name := binding.get("operation"), str) else None
        if operation is None and isinstance(name, str) and name.strip():
            yield Fault((*loc, "operation"), f"there is no operation `{name}`", _operations_like(name))
        for ours, theirs in _mapping(binding.get("arguments")).items():
            if operation is not None and ours not in operation.arguments.model_fields:
                listed = ", ".join(f"`{known}`" for known in operation.arguments.model_fields) or "it has none"
                wrong = f"the operation {operation.name} has no argument `{ours}`"
                yield Fault((*loc, "arguments", ours), wrong, f"its arguments: {listed}", on_key=True)
            if isinstance(theirs, str) and theirs.strip():
                yield from _path((*loc, "arguments", ours), theirs, parameters)
        for path, value in _mapping(binding.get("fixed")).items():
            yield from _fixed((*loc, "fixed", path), path, value, parameters)


def _operations_like(name: str) -> str:
    """The operations of the same kind; where there is no such kind, the kinds."""
    kind = name.partition(".")[0].strip().casefold()
    if alike := [f"`{known}`" for known in sorted(OPERATIONS) if known.partition(".")[0] == kind]:
        return f"use one of {', '.join(alike)}"
    kinds = sorted({f"`{known.partition('.')[0]}.`" for known in OPERATIONS})
    return f"operations begin with {', '.join(kinds)}"


def _path(loc: Loc, text: str, parameters: dict[str, Any], *, on_key: bool = False) -> Iterator[Fault]:
    """What is wrong with a path into a tool's arguments."""
    try:
        found = misplaced(parameters, steps_of(text, _mapping(parameters.get("properties"))))
    except PathError as error:
        mend = "write names joined by dots, `[]` for each entry of a list: `message.to[].address`"
        yield Fault(loc, str(error), mend, on_key=on_key)
        return
    if found is not None:
        yield Fault(loc, *found, on_key=on_key)


def _fixed(loc: Loc, path: Any, value: Any, parameters: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(path, str):
        return
    faults = list(_path(loc, path, parameters, on_key=True))
    yield from faults
    if faults:
        return
    allowed = allowed_at(parameters, steps_of(path, _mapping(parameters.get("properties")))).get("enum")
    if isinstance(allowed, list) and value not in allowed:
        listed = ", ".join(f"`{one}`" for one in allowed)
        yield Fault(loc, f"`{path}` is never `{value}`", f"use one of {listed}")


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
