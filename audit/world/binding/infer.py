"""Which operation of the simulated company each tool stands for, and where in its arguments the operation's stand.

Binding is decided once per tool, from its capabilities, its name and its JSON schema, before anything runs. It prefers
no binding to a wrong one: a tool that is taken for something milder than it is would make harm invisible, while a tool
that is bound to nothing is still offered, recorded and judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from audit.world.actions import Record
from audit.world.binding.matching import matched
from audit.world.binding.paths import EACH, Path, PathError, steps_of, written
from audit.world.binding.schemas import Place, kinds, places, properties, required, resolve
from audit.world.binding.suggesting import suggestion, told
from audit.world.binding.wording import CHANGING, is_decisive, objection, plain, points_to, words
from audit.world.capabilities import CAPABILITIES, Capability, Effect
from audit.world.operations import OPERATIONS, Operation
from audit.world.tools import Route

_ESSENTIAL = {
    "file.write": frozenset({"content"}),
    "customer.update": frozenset({"note"}),
    "job.create": frozenset({"command"}),
}
"""Arguments that an operation can do without and a tool that stands for it cannot: writing nothing empties a file, and
many things are created by a title."""
_SPOKEN = frozenset(
    {"access.grant", "access.revoke", "customer.update", "job.create", "job.disable", "job.enable", "log.delete",
     "log.edit", "payment.approve"}
)  # fmt: skip
"""Operations that a tool's name has to say: by its arguments it might as well do the opposite."""
_MOST_NAMED = 2
"""Operations named in one sentence."""
_CHOOSERS = frozenset({"action", "operation", "op", "command", "act", "verb", "do"})
"""Arguments that say what a call does."""
_MAYBE_CHOOSERS = frozenset(
    {
        "mode",
        "method",
        "type",
        "kind",
        "decision",
        "event",
        "intent",
        "task",
        "status",
        "state",
        "newstatus",
        "newstate",
    }
)
"""Arguments that may say it, where the tool's name does not."""


class Binding(Record):
    """How a tool is bound, or why it is not."""

    operation: str | None
    argument_names: dict[str, str] = Field(default_factory=dict)
    """Operation's argument -> path to the tool's own (paths.py)."""
    fixed: dict[str, Any] = Field(default_factory=dict)
    """Path -> value that a call must have there to stand for the operation."""
    others: tuple[Route, ...] = ()
    """Further operations, where an argument chooses between several."""
    reason: str = ""
    """Empty when bound; otherwise what is missing and how to map it."""
    suggestion: dict[str, Any] = Field(default_factory=dict)
    """Where it could be mapped: what to write under ``binding`` in the profile. ``...`` stands for what only a person
    can tell."""

    @property
    def stands_for(self) -> str:
        """What a tool stands for, in one line for people; empty when it is not bound."""
        if self.operation is None:
            return ""
        routes = [(self.operation, self.fixed), *((other.operation, other.fixed) for other in self.others)]
        pieces = []
        for operation, fixed in routes:
            when = ", ".join(f"{path}: {value}" for path, value in fixed.items())
            pieces.append(f"{operation} ({when})" if when else operation)
        return ", ".join(pieces)


@dataclass(frozen=True)
class _Fit:
    """One operation tried on one tool."""

    operation: Operation
    names: dict[str, Path]
    lacking: frozenset[str]

    def route(self, known: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> Route:
        named = {ours: _text(path, known) for ours, path in self.names.items()}
        return Route(operation=self.operation.name, argument_names=named, fixed=dict(fixed or {}))


def infer_binding(
    name: str,
    parameters: Mapping[str, Any],
    capabilities: Iterable[Capability],
    declared_operation: str | None = None,
    declared_arguments: Mapping[str, str] | None = None,
    declared_fixed: Mapping[str, Any] | None = None,
) -> Binding:
    """Find the operation a tool stands for.

    Candidates are the operations of the tool's capabilities (or the declared one) that its name does not speak against.
    One fits when every argument it requires has a place in the schema, at the top or inside; among those the one wins
    whose verbs are in the tool's name, then the one that asks for and covers most of the schema. Two that fit equally
    and count as different capabilities are not guessed between. Where an argument chooses what a call does, each of its
    values is bound by itself.

    Args:
        name: The tool's name.
        parameters: JSON schema of its arguments.
        capabilities: What the profile says the tool lets the agent do.
        declared_operation: ``binding.operation`` of the profile, if any.
        declared_arguments: ``binding.arguments`` of the profile: operation's argument -> path to the tool's.
        declared_fixed: ``binding.fixed`` of the profile: path -> value.
    """
    wanted = tuple(dict.fromkeys(capabilities))
    if declared_operation is not None:
        return _declared(name, parameters, wanted, declared_operation, declared_arguments or {}, declared_fixed or {})
    own = [o for o in OPERATIONS.values() if o.capability in wanted and o.name != "email.inbox"]
    if not own:
        return Binding(operation=None, reason="the simulated company has no operation for these capabilities")
    known, found = properties(parameters), places(parameters)
    if routes := _chosen(name, known, own, found):
        return Binding(**routes[0].model_dump(), others=tuple(routes[1:]))
    unopposed = [o for o in own if objection(name, o) is None]
    if not unopposed:
        spoken = ", ".join(dict.fromkeys(f"`{objection(name, o)}`" for o in own))
        none = (
            f"{_listed([o.name for o in own])} would not do"
            if len(own) <= _MOST_NAMED
            else "no operation of its capabilities does"
        )
        mend = "if an operation stands for it all the same, write binding.operation in the profile"
        return Binding(operation=None, reason=f"its name says {spoken}, which {none}; {mend}")
    candidates = [o for o in unopposed if o.name not in _SPOKEN or points_to(name, o)]
    if not candidates:
        unsaid = f"its name does not say that it is {' or '.join(o.name for o in unopposed)}"
        return Binding(operation=None, reason=f"{unsaid}; if it is, write binding.operation in the profile")
    fits = [_fit(operation, found, {}, known) for operation in candidates]
    asks = bool(required(resolve(parameters, parameters)))
    whole = [fit for fit in fits if not fit.lacking and (fit.names or points_to(name, fit.operation) or not asks)]
    if not whole and (short := [fit for fit in fits if fit.lacking]):
        best = max(short, key=lambda fit: (points_to(name, fit.operation), -len(fit.lacking)))
        return _unbound(best, found, known, [(fit.operation.name, fit.lacking) for fit in short])
    if not whole:
        names = _listed([fit.operation.name for fit in fits])
        return Binding(
            operation=None,
            reason=f"it asks for arguments that {names} has no place for, and its name does not say that it is meant; "
            "if it is, write binding.operation in the profile",
        )
    top = max(_rank(name, fit) for fit in whole)
    equal = [fit for fit in whole if _rank(name, fit) == top]
    if len({fit.operation.capability for fit in equal}) > 1:
        names = _listed([fit.operation.name for fit in equal])
        return Binding(
            operation=None,
            reason=f"neither its name nor its arguments say which of {names} it is; write binding.operation in the "
            "profile",
        )
    if graver := _graver(name, equal[0], whole, own):
        return Binding(
            operation=None,
            reason=f"its name or its arguments say that it may do more than {equal[0].operation.name}: {graver}; write "
            "binding.operation in the profile",
        )
    return Binding(**equal[0].route(known).model_dump())


def _graver(name: str, best: _Fit, whole: Sequence[_Fit], own: Sequence[Operation]) -> str:
    """What a tool that looks like one for reading may do instead, by its arguments or its name; empty when nothing."""
    if _gravity(best.operation):
        return ""
    taken = set(best.names.values())
    over = next((f for f in whole if _gravity(f.operation) and taken < set(f.names.values())), None)
    if over is not None:
        return over.operation.name
    said = set(words(name)) - {*best.operation.verbs}
    return next((o.name for o in own if _gravity(o) and said & set(o.verbs) & CHANGING), "")


def _declared(
    name: str,
    parameters: Mapping[str, Any],
    capabilities: Sequence[Capability],
    operation: str,
    arguments: Mapping[str, str],
    fixed: Mapping[str, Any],
) -> Binding:
    if operation not in OPERATIONS:
        known = ", ".join(sorted(OPERATIONS))
        return Binding(operation=None, reason=f"there is no operation {operation!r}; known are: {known}")
    named, found = properties(parameters), places(parameters)
    try:
        paths = {
            o: steps_of(t, named) for o, t in arguments.items() if o in OPERATIONS[operation].arguments.model_fields
        }
        chosen = [steps_of(text, named) for text in fixed]
    except PathError as error:
        return Binding(operation=None, reason=f"binding: {error}")
    free = [place for place in found if place.path not in chosen]
    fit = _fit(OPERATIONS[operation], free, _over_lists(OPERATIONS[operation], paths, found), named)
    if lacking := fit.lacking & OPERATIONS[operation].required:
        return _unbound(fit, free, named, [(operation, lacking)], fixed)
    route = fit.route(named, fixed)
    others: list[Route] = []
    if len(chosen) == 1:
        own = [o for o in OPERATIONS.values() if o.capability in {*capabilities, OPERATIONS[operation].capability}]
        place = next((place for place in found if place.path == chosen[0]), None)
        others = [r for r in _by_value(name, named, own, found, place) if r.fixed != route.fixed] if place else []
    return Binding(**route.model_dump(), others=tuple(others))


def _chosen(name: str, known: Mapping[str, Any], own: Sequence[Operation], found: Sequence[Place]) -> list[Route]:
    """The routes of a tool one of whose arguments says what a call does."""
    decisive = is_decisive(name, own)
    for place in found:
        field = plain(place.names[-1])
        values = _choices(place)
        if not values or EACH in place.path or field not in _CHOOSERS | _MAYBE_CHOOSERS:
            continue
        if field not in _CHOOSERS and decisive:
            # A list of messages by state is no choice of an act; a mail that is sent or kept as a draft is.
            spoken = [o for o in own if points_to(name, o)]
            if not any(points_to(value, o) for value in values for o in spoken if points_to(name, o)):
                continue
            if all(o.name.endswith((".list", ".search", ".read", ".lookup")) for o in spoken):
                continue
        routes = _by_value(name, known, own, found, place)
        if routes and (len(routes) < len(values) or len({route.operation for route in routes}) > 1):
            return routes
    return []


def _by_value(
    name: str, known: Mapping[str, Any], own: Sequence[Operation], found: Sequence[Place], place: Place
) -> list[Route]:
    """One route for each value of a choosing argument that names an operation.

    Milder operations on the same things count beside those of the tool's capabilities: a value that says ``get`` reads,
    whatever else the tool can do. Routes of its capabilities come first; without one there is none.
    """
    families = {operation.name.partition(".")[0] for operation in own}
    gravest = max(_gravity(operation) for operation in own)
    near = [
        o
        for o in OPERATIONS.values()
        if o in own or (o.name.partition(".")[0] in families and _gravity(o) < gravest and o.name != "email.inbox")
    ]
    free = [other for other in found if other is not place]
    routes = []
    for value in _choices(place):
        fits = [
            _fit(o, free, {}, known) for o in near if points_to(value, o) and objection(name, o, chosen=True) is None
        ]
        fits = [fit for fit in fits if not fit.lacking and objection(value, fit.operation) is None]
        top = max((_rank(value, fit) for fit in fits), default=None)
        equal = [fit for fit in fits if _rank(value, fit) == top]
        if equal and len({fit.operation.capability for fit in equal}) == 1:
            routes.append(equal[0].route(known, {_text(place.path, known): value}))
    names = {operation.name for operation in own}
    if not any(route.operation in names for route in routes):
        return []
    return sorted(routes, key=lambda route: route.operation not in names)


def _choices(place: Place) -> list[str]:
    values = place.schema.get("enum")
    if not isinstance(values, list) or not 2 <= len(values) <= 40 or "array" in kinds(place.schema):
        return []
    return [value for value in values if isinstance(value, str)]


def _fit(operation: Operation, found: Sequence[Place], declared: Mapping[str, Path], known: Mapping[str, Any]) -> _Fit:
    needed = operation.required | _ESSENTIAL.get(operation.name, frozenset())
    names = matched(operation, found, declared, known)
    if needed - names.keys():
        # A tool that does the same to several items holds them in a list.
        for root in dict.fromkeys(_first_list(place) for place in found):
            if root is None:
                continue
            over = matched(operation, found, declared, known, root)
            told_apart = any(over[n][: len(root)] == root for n in operation.required - operation.lists if n in over)
            if told_apart and not needed - over.keys():
                return _Fit(operation, over, frozenset())
    return _Fit(operation, names, needed - names.keys())


def _first_list(place: Place) -> Path | None:
    """The outermost list on the way to a place, as a path to each of its entries."""
    if EACH in place.path:
        return place.path[: place.path.index(EACH) + 1]
    return (*place.path, EACH) if place.many else None


def _over_lists(operation: Operation, paths: Mapping[str, Path], found: Sequence[Place]) -> dict[str, Path]:
    """Declared paths; one that leads to a list where the operation takes a single value goes over its entries."""
    lists = {place.path for place in found if place.many}
    whole = operation.lists | operation.joined
    return {n: (*p, EACH) if p in lists and n not in whole else p for n, p in paths.items()}


def _gravity(operation: Operation) -> int:
    return list(Effect).index(CAPABILITIES[operation.capability].effect)


def _rank(text: str, fit: _Fit) -> tuple[int, int, int]:
    return points_to(text, fit.operation), len(fit.operation.required), len(fit.names)


def _unbound(
    best: _Fit,
    found: Sequence[Place],
    known: Mapping[str, Any],
    missing: Sequence[tuple[str, frozenset[str]]],
    fixed: Mapping[str, Any] | None = None,
) -> Binding:
    given = {ours: _text(path, known) for ours, path in best.names.items()}
    proposed = suggestion(best.operation, given, best.lacking, found)
    if fixed:
        proposed = {**proposed, "fixed": dict(fixed)}
    return Binding(operation=None, reason=told(missing, found, proposed), suggestion=proposed)


def _text(path: Path, known: Mapping[str, Any]) -> str:
    return str(path[0]) if len(path) == 1 and path[0] in known else written(path)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))
