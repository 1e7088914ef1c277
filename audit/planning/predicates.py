"""One need of a scenario against one profile: it holds, it does not, or the profile does not say.

What a profile leaves open counts as a yes: an audit must not leave out a test because somebody left out a line. A tool
that nobody has described counts as perhaps able to do anything. Controls are not looked at: what they stop is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from audit.planning.models import Ground
from audit.profile.facts import facts
from audit.profile.loading import LoadedProfile
from audit.profile.safeguards import Access, Category, Scope, Sensitivity
from audit.profile.tools import Reach, Reversibility, Tool
from audit.profile.vocabulary import UNKNOWN, Answer
from audit.resources import Loc, shown_path
from audit.scenarios.needs import AnyOf, DataNeed, FactNeed, Need, Needs, Together
from audit.world.capabilities import CAPABILITIES, Capability, Effect

CATEGORY_PHRASE: dict[Category, str] = {
    Category.EXECUTIVE_MAIL: "executives' mail",
    Category.STAFF_MAIL: "staff mail",
    Category.PERSONAL: "personal data",
    Category.HR: "personnel records",
    Category.CUSTOMER: "customer data",
    Category.HEALTH: "health data",
    Category.FINANCIAL: "financial data",
    Category.TRADE_SECRET: "trade secrets",
    Category.SOURCE_CODE: "source code",
    Category.CREDENTIALS: "credentials",
    Category.SAFETY_SYSTEMS: "safety systems",
    Category.PUBLIC: "public data",
    Category.OTHER: "other data",
}

MOST_NAMED = 4
"""Names in one sentence; agents may have hundreds of tools. Every one of them is in the grounds."""
_MOST_WAYS = 4
_ADDRESSED = frozenset({Capability.EMAIL_SEND, Capability.FILE_SHARE, Capability.CHAT_SEND})
_OUTWARD = frozenset({Reach.EXTERNAL, Reach.PUBLIC})


class Truth(IntEnum):
    """Kleene's three values: ``min`` is "and", ``max`` is "or"."""

    NO = 0
    UNKNOWN = 1
    YES = 2


@dataclass(frozen=True)
class Judged:
    """What came of one need.

    Attributes:
        ground: for the plan.
        permission: completes "it would fit if the agent ..."; empty where no single permission would do.
        unknown: the facts that are missing, by name: "reach of tool x".
        scopes: the data scopes it rests on.
        undescribed: the tools it rests on, where nobody has said of any of them what it does.
    """

    ground: Ground
    permission: str = ""
    unknown: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    undescribed: tuple[str, ...] = ()

    @property
    def truth(self) -> Truth:
        """The three-valued result; what is not known still speaks for the scenario."""
        if not self.ground.holds:
            return Truth.NO
        return Truth.UNKNOWN if self.ground.unknown else Truth.YES


class _Check(NamedTuple):
    """One property of a tool or scope against what a need asks."""

    truth: Truth
    open: str = ""
    """What is not known: "reach"."""
    why: str = ""
    """Why it is not known; empty where it is just not stated."""
    short: str = ""
    """What is in the way: "reaches only inside the organisation"."""
    mended: str = ""
    """What would have to be declared instead: "reach external or public"."""


def judge(loaded: LoadedProfile, needs: Needs) -> tuple[Judged, ...]:
    """Every need of a scenario against a profile, in the order in which its author wrote them."""
    return (*_together(loaded, needs), *(_choice(loaded, group) for group in needs.any_of))


def _together(loaded: LoadedProfile, needs: Together) -> tuple[Judged, ...]:
    found = [_capability(loaded, need) for need in needs.capabilities]
    found += [_data(loaded, need) for need in needs.data]
    return (*found, *(_fact(loaded, need) for need in needs.facts))


# --- capabilities ---------------------------------------------------------------------------------------------------


def _capability(loaded: LoadedProfile, need: Need) -> Judged:
    tools = loaded.model.tools
    able = [(tool, c, _checks(loaded, tool, need)) for c in need.ways for tool in tools if c in tool.capabilities]
    sure = [(tool, c) for tool, c, checks in able if _all(checks) is Truth.YES]
    if sure:
        phrases = []
        for c in need.ways:
            chosen = [tool for tool, capability in sure if capability == c]
            phrases += [f"{_phrase(c, chosen)} ({named('tool', [t.name for t in chosen])})"] if chosen else []
        places = tuple(_place_of(loaded, tool) for tool, _ in sure)
        return Judged(Ground(text=f"can {listed(phrases)}", holds=True, facts=places))
    may = [(tool, _unsure(checks), _open(checks)) for tool, _, checks in able if _all(checks) is Truth.UNKNOWN]
    described = bool(may)
    for tool in tools:
        if Capability.UNKNOWN in tool.capabilities and tool.name not in [found.name for found, _, _ in may]:
            checks = _checks(loaded, tool, need)
            if _all(checks) is not Truth.NO:
                may.append((tool, "nobody has described what it does", ["capabilities", *_open(checks)]))
    if may:
        return _perhaps_able(loaded, need, may, described=described)
    return _unable(need, able)


def _perhaps_able(
    loaded: LoadedProfile, need: Need, may: Sequence[tuple[Tool, str, Sequence[str]]], *, described: bool
) -> Judged:
    by_reason: dict[str, list[str]] = {}
    for tool, why, _ in may:
        by_reason.setdefault(why, []).append(tool.name)
    why = "; ".join(f"{named('tool', names)}: {reason}" for reason, names in by_reason.items())
    places = tuple(dict.fromkeys(_place_of(loaded, tool) for tool, _, _ in may))
    missing = tuple(dict.fromkeys(f"{what} of tool {tool.name}" for tool, _, open_ in may for what in open_))
    text = f"may be able to {_wanted(need)} ({why})"
    ground = Ground(text=text, holds=True, unknown=True, facts=places)
    undescribed = () if described else tuple(tool.name for tool, _, _ in may)
    return Judged(ground, unknown=missing, undescribed=undescribed)


def _unable(need: Need, able: Sequence[tuple[Tool, Capability, Sequence[_Check]]]) -> Judged:
    names = listed(list(need.ways), "or")
    if not able:
        text = f"cannot {_wanted(need)} (no tool of the profile has the capability {names})"
        limits = "".join(f", {limit}" for limit in _limits(need))
        return Judged(
            Ground(text=text, holds=False), f"could {_wanted(need)} (a tool with the capability {names}{limits})"
        )
    short = [(tool, [check for check in checks if check.truth is Truth.NO]) for tool, _, checks in able]
    by_reason: dict[str, list[str]] = {}
    for tool, failed in short:
        by_reason.setdefault(listed([check.short for check in failed]), []).append(tool.name)
    whys = "; ".join(f"{named('tool', names_)}: {why}" for why, names_ in by_reason.items())
    text = f"cannot {_wanted(need)} ({whys})"
    # A permission is one change to one tool; where several are the nearest, any of them would do.
    fewest = min(len(failed) for _, failed in short)
    near = dict.fromkeys(f"{tool.name} had {failed[0].mended}" for tool, failed in short if len(failed) == 1)
    permission = f"could {_wanted(need)} (if {listed(shortened(list(near)), 'or')})" if fewest == 1 else ""
    return Judged(Ground(text=text, holds=False), permission)


def _checks(loaded: LoadedProfile, tool: Tool, need: Need) -> list[_Check]:
    """The properties of a tool that a need asks for; none asked means nothing to check."""
    checks = []
    if need.reach:
        checks.append(_reach(loaded, tool, need))
    if need.effect:
        stated = None if tool.effect == UNKNOWN else Effect(tool.effect).value
        checks.append(_stated("effect", stated, [effect.value for effect in need.effect]))
    if need.reversibility:
        stated = None if tool.reversibility is Reversibility.UNKNOWN else tool.reversibility.value
        checks.append(_stated("reversibility", stated, need.reversibility))
    return checks


def _stated(name: str, stated: str | None, wanted: Sequence[str]) -> _Check:
    if stated is None:
        return _Check(Truth.UNKNOWN, open=name)
    mended = f"{name} {listed(list(wanted), 'or')}"
    return _Check(Truth.YES if stated in wanted else Truth.NO, short=f"{name} {stated}", mended=mended)


def _reach(loaded: LoadedProfile, tool: Tool, need: Need) -> _Check:
    if need.outward and tool.reach is Reach.INTERNAL:
        if _outside_somehow(loaded) and _speaks(tool):
            why = "declared to reach only inside, while `comms.external` says that messages reach the outside"
            return _Check(Truth.UNKNOWN, open="reach", why=why)
        mended = f"reach {listed(list(need.reach), 'or')}"
        return _Check(Truth.NO, short="reach internal", mended=mended)
    stated = None if tool.reach is Reach.UNKNOWN else tool.reach.value
    return _stated("reach", stated, need.reach)


def _outside_somehow(loaded: LoadedProfile) -> bool:
    """The profile says that messages reach the outside, and no tool that sends any says so: one of the two is wrong."""
    told = loaded.model.comms.external in {Answer.YES, Answer.PARTIAL}
    return told and all(tool.reach is Reach.INTERNAL for tool in loaded.model.tools if _speaks(tool))


def _speaks(tool: Tool) -> bool:
    return bool(_ADDRESSED & set(tool.capabilities)) or Capability.UNKNOWN in tool.capabilities


def _wanted(need: Need) -> str:
    """What a need asks for; of many ways, what its author wants them for."""
    if len(need.ways) > _MOST_WAYS:
        return need.to
    phrases = [CAPABILITIES[c].phrase for c in need.ways]
    if need.outward:
        return f"{listed([_outside(phrase) for phrase in phrases], 'or')} outside the organisation"
    return listed(phrases, "or") + (" inside the organisation" if need.reach == ("internal",) else "")


def _limits(need: Need) -> list[str]:
    asked = {"reach": need.reach, "effect": need.effect, "reversibility": need.reversibility}
    return [f"{name} {listed(list(values), 'or')}" for name, values in asked.items() if values]


def _phrase(capability: Capability, tools: Sequence[Tool]) -> str:
    phrase = CAPABILITIES[capability].phrase
    if capability not in _ADDRESSED:
        return phrase
    reaches = {tool.reach for tool in tools}
    if reaches & _OUTWARD:
        return f"{_outside(phrase)} outside the organisation"
    return f"{phrase} inside the organisation" if reaches == {Reach.INTERNAL} else phrase


def _outside(phrase: str) -> str:
    return phrase.replace("with others", "with people")


# --- data -----------------------------------------------------------------------------------------------------------


def _data(loaded: LoadedProfile, need: DataNeed) -> Judged:
    wanted = listed([CATEGORY_PHRASE[c] for c in need.any], "or")
    verb = {"read": "reads", "write": "changes"}[need.access]
    if need.sensitivity:
        wanted = f"{wanted} that are {listed(list(need.sensitivity), 'or')}"
    data = loaded.model.data
    if not data.scopes_declared:
        text = f"the profile does not say which data it can {need.access}, and {wanted} may be among them"
        place = (place_of(loaded, "data", ("data",)),)
        return Judged(Ground(text=text, holds=True, unknown=True, facts=place), unknown=("data scopes",))
    fitting = [(i, s, _scope_checks(s, need)) for i, s in enumerate(data.scopes) if s.category in need.any]
    for truth in (Truth.YES, Truth.UNKNOWN):
        chosen = [(i, s, checks) for i, s, checks in fitting if _all(checks) is truth]
        if not chosen:
            continue
        kinds = listed(list(dict.fromkeys(CATEGORY_PHRASE[s.category] for _, s, _ in chosen)))
        names = quoted([s.name for _, s, _ in chosen])
        places = tuple(place_of(loaded, f"data scope {s.name}", ("data", "scopes", i)) for i, s, _ in chosen)
        scopes = tuple(s for _, s, _ in chosen)
        if truth is Truth.YES:
            return Judged(Ground(text=f"{verb} {kinds} ({names})", holds=True, facts=places), scopes=scopes)
        open_ = listed(list(dict.fromkeys(what for _, _, checks in chosen for what in _open(checks))))
        text = f"may {need.access} {kinds} ({names}, {open_} not stated)"
        missing = tuple(f"{what} of data scope {s.name}" for _, s, checks in chosen for what in _open(checks))
        return Judged(Ground(text=text, holds=True, unknown=True, facts=places), unknown=missing, scopes=scopes)
    held = "only the " + quoted([s.name for s in data.scopes]) if data.scopes else "no data at all"
    text = f"{verb} no {wanted} (the profile declares {held})"
    return Judged(Ground(text=text, holds=False), _data_permission(need, wanted, [(s, c) for _, s, c in fitting]))


def _data_permission(need: DataNeed, wanted: str, near: Sequence[tuple[Scope, Sequence[_Check]]]) -> str:
    short = [(scope, [check for check in checks if check.truth is Truth.NO]) for scope, checks in near]
    one = [f'"{scope.name}" had {failed[0].mended}' for scope, failed in short if len(failed) == 1]
    if one:
        return f"could {need.access} {wanted} (if the data scope {listed(one, 'or')})"
    return f"could {need.access} {wanted} (a data scope of category {listed(list(need.any), 'or')})"


def _scope_checks(scope: Scope, need: DataNeed) -> list[_Check]:
    checks = [_Check(Truth.NO, short=f"access {listed(list(scope.access))}", mended=f"access {need.access}")]
    if Access.UNKNOWN in scope.access:
        checks = [_Check(Truth.UNKNOWN, open="access")]
    elif Access(need.access) in scope.access:
        checks = []
    if need.sensitivity:
        stated = None if scope.sensitivity is Sensitivity.UNKNOWN else scope.sensitivity.value
        checks.append(_stated("sensitivity", stated, need.sensitivity))
    return checks


# --- other facts, and choices ---------------------------------------------------------------------------------------


def _fact(loaded: LoadedProfile, need: FactNeed) -> Judged:
    value = facts(loaded.model)[need.fact]
    place = (place_of(loaded, need.fact, tuple(need.fact.split("."))),)
    wanted = listed(list(need.one_of), "or")
    if value == UNKNOWN:
        text = f"the profile does not say `{need.fact}`, which may be {wanted}"
        return Judged(Ground(text=text, holds=True, unknown=True, facts=place), unknown=(need.fact,))
    if value in need.one_of:
        return Judged(Ground(text=f"is declared with `{need.fact}: {value}`", holds=True, facts=place))
    text = f"is declared with `{need.fact}: {value}`, and this takes {wanted}"
    return Judged(Ground(text=text, holds=False, facts=place), f"were declared with `{need.fact}: {wanted}`")


def _choice(loaded: LoadedProfile, group: AnyOf) -> Judged:
    """The best of several ways: one that holds, else one that may, else none."""
    ways = [_together(loaded, way) for way in group.ways]
    best = max(map(_met, ways))
    if best is Truth.NO:
        lacking = [[part for part in way if part.truth is Truth.NO] for way in ways]
        told = listed(list(dict.fromkeys(" and it ".join(p.ground.text for p in parts) for parts in lacking)), "and it")
        near = [parts[0].permission for parts in lacking if len(parts) == 1 and parts[0].permission]
        return Judged(
            Ground(text=f"has no way to {group.to}: it {told}", holds=False), listed(near, "or") if near else ""
        )
    taken = [way for way in ways if _met(way) is best]
    parts = [part for way in taken for part in way]
    parts = list({part.ground.text: part for part in parts}.values())
    places = tuple(dict.fromkeys(fact for part in parts for fact in part.ground.facts))
    text = listed([part.ground.text for part in parts])
    ground = Ground(text=text, holds=True, unknown=best is Truth.UNKNOWN, facts=places)
    missing = tuple(dict.fromkeys(what for part in parts for what in part.unknown))
    # A way that rests on tools somebody has described can be played without the others.
    blind = all(any(part.undescribed for part in way) for way in taken)
    undescribed = tuple(dict.fromkeys(tool for part in parts for tool in part.undescribed)) if blind else ()
    scopes = tuple(scope for part in parts for scope in part.scopes)
    return Judged(ground, unknown=missing, scopes=scopes, undescribed=undescribed)


def _met(way: Iterable[Judged]) -> Truth:
    return min(part.truth for part in way)


# --- words ----------------------------------------------------------------------------------------------------------


def _all(checks: Iterable[_Check]) -> Truth:
    return min((check.truth for check in checks), default=Truth.YES)


def _open(checks: Iterable[_Check]) -> list[str]:
    return [check.open for check in checks if check.truth is Truth.UNKNOWN]


def _unsure(checks: Sequence[_Check]) -> str:
    """Why it cannot be told whether a tool or scope will do."""
    unstated = [check.open for check in checks if check.truth is Truth.UNKNOWN and not check.why]
    whys = [check.why for check in checks if check.why]
    return ", ".join([f"{listed(unstated)} not stated", *whys] if unstated else whys)


def named(kind: str, names: Sequence[str]) -> str:
    """``tool a``, ``tools a and b``; each name once, and of a great many only the first ones."""
    once = list(dict.fromkeys(names))
    return f"{kind}{'s' if len(once) > 1 else ''} {listed(shortened(once))}"


def shortened(names: Sequence[str]) -> list[str]:
    """A list that a sentence can bear: the first names, and how many more there are."""
    return [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED + 1 else list(names)


def quoted(names: Sequence[str]) -> str:
    """Scopes have names of several words, often with commas in them."""
    return named("scope", [f'"{name}"' for name in names])


def listed(words: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def place_of(loaded: LoadedProfile, what: str, loc: Loc) -> str:
    """A fact and where it stands: ``tool send (agent.yaml:12:5)``. What is missing stands in its section."""
    line, column = loaded.locate_key(loc)
    return f"{what} ({shown_path(loaded.path)}:{line}:{column})"


def _place_of(loaded: LoadedProfile, tool: Tool) -> str:
    return place_of(loaded, f"tool {tool.name}", ("tools", loaded.model.tools.index(tool)))
