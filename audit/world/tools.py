"""The tools an agent is offered, and how their calls become operations of the simulated company, and back.

Which operation a tool stands for is decided once per tool, before anything runs (binding.py); so `check` can show it
and two runs cannot differ in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from audit.world.actions import Record
from audit.world.binding.paths import EACH, Path, opened, put, steps_of, values_at, without
from audit.world.binding.schemas import allowed_at
from audit.world.binding.shaping import completed, shaped
from audit.world.capabilities import CAPABILITIES, Capability, Effect
from audit.world.operations import OPERATIONS

MOST_AT_ONCE = 200
"""Entries of one call that are carried out, as services limit it too."""


class Route(Record):
    """One way a tool's calls become calls of an operation."""

    operation: str
    argument_names: dict[str, str] = Field(default_factory=dict)
    """Operation's argument -> path to the tool's own (paths.py); for most tools just its name."""
    fixed: dict[str, Any] = Field(default_factory=dict)
    """Path -> value that a call must have there to go this way."""


class OfferedTool(Record):
    """One tool as the target sees it, with what the organisation declares about it and its binding."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    capabilities: tuple[Capability, ...]
    effect: Effect
    irreversible: bool | None = None
    """None: the profile does not say."""
    reach: Literal["internal", "external", "public", "unknown"] = "unknown"
    origin: Literal["organisation", "scenario"] = "organisation"
    operation: str | None = None
    """Operation it is bound to; None when the company does not simulate it."""
    argument_names: dict[str, str] = Field(default_factory=dict)
    """Operation's argument -> path to the tool's own."""
    fixed: dict[str, Any] = Field(default_factory=dict)
    """Path -> value that a call must have to stand for the operation; empty: every call does."""
    others: tuple[Route, ...] = ()
    """Further operations, where an argument of the tool chooses between several."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every way of its calls into the simulated company; none when it is not simulated."""
        return () if (first := self._first()) is None else (first, *self.others)

    def _first(self) -> Route | None:
        if self.operation is None:
            return None
        return Route(operation=self.operation, argument_names=self.argument_names, fixed=self.fixed)

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of all operations it can stand for."""
        return tuple(dict.fromkeys(route.operation for route in self.routes))

    @property
    def properties(self) -> dict[str, Any]:
        """The schema's properties by name."""
        found = self.parameters.get("properties", {})
        return found if isinstance(found, dict) else {}

    @property
    def capability(self) -> Capability:
        """The capability an action through this tool counts as: its operation's; where none is bound, its gravest."""
        return OPERATIONS[self.operation].capability if self.operation else self._gravest

    @property
    def _gravest(self) -> Capability:
        gravity = list(Effect)
        return max(self.capabilities, key=lambda c: gravity.index(CAPABILITIES[c].effect))

    def route_of(self, arguments: Mapping[str, Any]) -> Route | None:
        """The way one call goes; None where it goes none. Such a call is answered in general terms."""
        if not self.fixed:
            return self._first()  # every call goes the first way
        return next((route for route in self.routes if self._goes(arguments, route)), None)

    def operation_of(self, arguments: Mapping[str, Any]) -> str | None:
        """The operation one call stands for."""
        route = self.route_of(arguments)
        return route.operation if route else None

    def capability_of(self, arguments: Mapping[str, Any]) -> Capability:
        """The capability one call counts as: its operation's; where it has none, the gravest of the tool."""
        route = self.route_of(arguments)
        return OPERATIONS[route.operation].capability if route else self._gravest

    def canonical(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as the model gave them, under the operation's names; as they are when nothing is bound.

        Where one call does the same to several items, each argument that differs is the list of its values.
        """
        route = self.route_of(arguments)
        if route is None:
            return dict(arguments)
        several = self._each(arguments, route)
        first = several[0]
        if len(several) == 1:
            return first
        shared = self._shared(route)
        return {
            name: _flat([one[name] for one in several if name in one]) if name in shared else first[name]
            for name in dict.fromkeys(name for one in several for name in one)
        }

    def each(self, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Arguments of every single act of one call, under the operation's names: for most tools, of one."""
        route = self.route_of(arguments)
        return [dict(arguments)] if route is None else self._each(arguments, route)

    def unmapped(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments that the bound operation has no place for, under the tool's names, nested ones too.

        Texts that hold JSON are read, so that nobody who is named in one is overlooked.
        """
        route = self.route_of(arguments)
        if route is None:
            return {}
        placed = [self._path(text) for text in (*route.argument_names.values(), *route.fixed)]
        left: dict[str, Any] = opened(without(dict(arguments), placed))
        return left

    def own(self, arguments: Mapping[str, Any], operation: str | None = None) -> dict[str, Any]:
        """The reverse of ``canonical``: arguments under the tool's names and in the types its schema asks for.

        Fields that the schema requires and the operation does not know get a plausible value, as a real caller would
        give one: the first allowed value, an empty text, the smallest number.

        Args:
            arguments: Under the operation's names.
            operation: Which of the tool's operations is meant; its first one unless told.
        """
        route = self.towards(operation)
        given: dict[str, Any] = {}
        if route is not None:
            listed, root = OPERATIONS[route.operation].lists, self._root(route)
            for ours, text in route.argument_names.items():
                if ours in arguments:
                    path = self._path(text)
                    each = [i for i, step in enumerate(path) if step is EACH and path[: i + 1] != root]
                    spread = each[-1] if ours in listed and each else None
                    value = arguments[ours]
                    if spread is not None and not isinstance(value, list | tuple):
                        value = [value]
                    if spread is None:
                        value = shaped(value, allowed_at(self.parameters, path), self.parameters)
                    given = put(given, path, value, spread)
            for text, value in route.fixed.items():
                given = put(given, self._path(text), value)
        whole: dict[str, Any] = completed(given, self.parameters, self.parameters)
        return whole

    def towards(self, operation: str | None) -> Route | None:
        """The first way to an operation; without a name, the tool's first one."""
        if operation in {None, self.operation}:
            return self._first()
        return next((route for route in self.others if route.operation == operation), None) if self.operation else None

    def _goes(self, arguments: Mapping[str, Any], route: Route) -> bool:
        for text, wanted in route.fixed.items():
            path = self._path(text)
            found = values_at(arguments, path) or [allowed_at(self.parameters, path).get("default")]
            if any(_folded(value) != _folded(wanted) for value in found):
                return False
        return True

    def _each(self, arguments: Mapping[str, Any], route: Route) -> list[dict[str, Any]]:
        root = self._root(route)
        entries = values_at(arguments, root) if root else []
        if len(entries) < 2:
            return [self._read(arguments, route, {})]
        common = self._shared(route)
        return [
            self._read(
                arguments, route, {name: values_at(entry, path[len(root or ()) :]) for name, path in common.items()}
            )
            for entry in entries
        ]

    def _read(self, arguments: Mapping[str, Any], route: Route, known: Mapping[str, list[Any]]) -> dict[str, Any]:
        """Arguments of one act: those in ``known`` from there, the others from the call."""
        listed = OPERATIONS[route.operation].lists
        found: dict[str, Any] = {}
        for ours, text in route.argument_names.items():
            path = self._path(text)
            values = known[ours] if ours in known else values_at(arguments, path)
            each = path.index(EACH) if EACH in path else None
            if ours in listed and each is not None and ours not in known:
                if values or values_at(arguments, path[:each]):
                    found[ours] = _flat(values)
            elif values:
                found[ours] = values[0] if len(values) == 1 else _flat(values)
        return found

    def _root(self, route: Route) -> Path | None:
        """The list over whose entries one call does the same: the first one that holds a single argument."""
        operation = OPERATIONS[route.operation]
        names = sorted(route.argument_names, key=lambda name: name not in operation.required)
        for name in names:
            path = self._path(route.argument_names[name])
            if name not in operation.lists and EACH in path:
                return path[: path.index(EACH) + 1]
        return None

    def _shared(self, route: Route) -> dict[str, Path]:
        """Arguments that stand in the entries of that list."""
        root = self._root(route)
        paths = {name: self._path(text) for name, text in route.argument_names.items()}
        return {name: path for name, path in paths.items() if root and path[: len(root)] == root}

    def _path(self, text: str) -> Path:
        return steps_of(text, self.properties)


def with_whole_inbox(tools: Sequence[OfferedTool]) -> tuple[OfferedTool, ...]:
    """Let the mail-listing tool return full texts where the organisation has no tool to open a single message."""
    offered = {operation for tool in tools for operation in tool.operations}
    if offered & {"email.read", "email.inbox"}:
        return tuple(tools)
    lister = next((t for t in tools if {"email.list", "email.search"} & set(t.operations)), None)
    return tuple(_showing_all(tool) if tool is lister else tool for tool in tools)


def _showing_all(tool: OfferedTool) -> OfferedTool:
    """A tool whose first way of listing mail returns whole messages."""
    routes = list(tool.routes)
    place = next(i for i, route in enumerate(routes) if route.operation in {"email.list", "email.search"})
    routes[place] = routes[place].model_copy(update={"operation": "email.inbox"})
    first, *others = routes
    return tool.model_copy(update={"operation": first.operation, "others": tuple(others)})


def _flat(values: Sequence[Any]) -> list[Any]:
    return [inner for value in values for inner in (value if isinstance(value, list | tuple) else [value])]


def _folded(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else (type(value) is bool, value)
