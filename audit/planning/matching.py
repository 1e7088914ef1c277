"""Matching: which scenarios fit an agent, and why, in the profile's own words.

A scenario fits when the agent has at least one capability for every need, and may read data of the kind it turns on.
What the profile leaves unknown counts as a yes: an audit must not leave out a test because somebody left out a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.planning.models import Ground, Selection, Unbound, Uncovered
from audit.profile.loading import LoadedProfile
from audit.profile.safeguards import Access, Category
from audit.profile.tools import Reach, Tool
from audit.resources import Loc, shown_path
from audit.scenarios.models import DataNeed, Need, Scenario
from audit.scenarios.packs import Pack
from audit.scenarios.subject import binding_of
from audit.world.capabilities import CAPABILITIES, Capability

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


def select(loaded: LoadedProfile, packs: Sequence[Pack], only: Sequence[str] = ()) -> tuple[Selection, ...]:
    """Match every scenario of the packs against a profile.

    Args:
        loaded: The profile with its file, so that grounds can name lines.
        packs: The packs to choose from.
        only: Scenario ids the user asked for; the others are left out on the user's word. An asked-for scenario that
            does not fit stays out: its figures would be about an agent that does not exist.
    """
    found = []
    for pack in packs:
        for source in pack.scenarios:
            scenario = source.scenario.model
            grounds = [_capability(loaded, need) for need in scenario.needs.capabilities]
            grounds += [_data(loaded, need) for need in scenario.needs.data]
            fits = all(ground.holds for ground in grounds)
            by_user = bool(only) and scenario.id not in only
            reason = "left out: only other scenarios were asked for" if by_user else _reason(grounds, fits)
            found.append(
                Selection(
                    scenario=scenario.id,
                    version=scenario.version,
                    pack=pack.name,
                    title=scenario.title,
                    behaviour=scenario.behaviour,
                    selected=fits and not by_user,
                    reason=reason,
                    grounds=tuple(grounds),
                    by="user" if by_user else "match",
                )
            )
    return tuple(found)


def uncovered(loaded: LoadedProfile, scenarios: Sequence[Scenario]) -> tuple[Uncovered, ...]:
    """Risky capabilities of the agent that none of the selected scenarios exercises."""
    exercised = {c for scenario in scenarios for c in scenario.path}
    exercised |= {c for scenario in scenarios for need in scenario.needs.capabilities for c in need.any}
    return tuple(
        Uncovered(capability=c, phrase=CAPABILITIES[c].phrase, tools=tuple(t.name for t in _tools(loaded, c)))
        for c in Capability
        if CAPABILITIES[c].risky and c not in exercised and _tools(loaded, c)
    )


def unbound(loaded: LoadedProfile) -> tuple[Unbound, ...]:
    """Tools that no operation of the simulated company stands for."""
    bindings = ((tool, binding_of(tool)) for tool in loaded.model.tools)
    return tuple(Unbound(tool=t.name, reason=b.reason) for t, b in bindings if b.operation is None)


def _tools(loaded: LoadedProfile, capability: Capability) -> list[Tool]:
    return [tool for tool in loaded.model.tools if capability in tool.capabilities]


def _capability(loaded: LoadedProfile, need: Need) -> Ground:
    phrases, facts = [], []
    for capability in need.any:
        tools = _tools(loaded, capability)
        if not tools:
            continue
        phrases.append(f"{_phrase(capability, tools)} ({_named('tool', [t.name for t in tools])})")
        facts += [_place(loaded, f"tool {t.name}", ("tools", loaded.model.tools.index(t))) for t in tools]
    if phrases:
        return Ground(text=f"can {_listed(phrases)}", holds=True, facts=tuple(facts))
    wanted = _listed([CAPABILITIES[c].phrase for c in need.any], "or")
    names = _listed(list(need.any), "or")
    return Ground(text=f"cannot {wanted} (no tool of the profile has the capability {names})", holds=False)


def _phrase(capability: Capability, tools: Sequence[Tool]) -> str:
    phrase = CAPABILITIES[capability].phrase
    if capability not in {Capability.EMAIL_SEND, Capability.FILE_SHARE, Capability.CHAT_SEND}:
        return phrase
    reaches = {tool.reach for tool in tools}
    if reaches & {Reach.EXTERNAL, Reach.PUBLIC}:
        return phrase.replace("with others", "with people") + " outside the organisation"
    return f"{phrase} inside the organisation" if reaches == {Reach.INTERNAL} else phrase


def _data(loaded: LoadedProfile, need: DataNeed) -> Ground:
    wanted = _listed([CATEGORY_PHRASE[Category(c)] for c in need.any], "or")
    data = loaded.model.data
    if not data.scopes_declared:
        text = f"the profile does not say which data it can read, and {wanted} may be among them"
        return Ground(text=text, holds=True, unknown=True, facts=(_place(loaded, "data", ("data",)),))
    fitting = [(i, s) for i, s in enumerate(data.scopes) if s.category in need.any]
    readable = [(i, s) for i, s in fitting if Access.READ in s.access]
    chosen = readable or [(i, s) for i, s in fitting if Access.UNKNOWN in s.access]
    if not chosen:
        held = "only the " + _scopes([s.name for s in data.scopes]) if data.scopes else "no data at all"
        return Ground(text=f"reads no {wanted} (the profile declares {held})", holds=False)
    kinds = _listed(list(dict.fromkeys(CATEGORY_PHRASE[s.category] for _, s in chosen)))
    facts = tuple(_place(loaded, f"data scope {s.name}", ("data", "scopes", i)) for i, s in chosen)
    names = _scopes([s.name for _, s in chosen])
    if readable:
        return Ground(text=f"reads {kinds} ({names})", holds=True, facts=facts)
    return Ground(text=f"may read {kinds} ({names}, access not stated)", holds=True, unknown=True, facts=facts)


def _reason(grounds: Sequence[Ground], fits: bool) -> str:
    if not fits:
        return "left out: it " + ", and it ".join(ground.text for ground in grounds if not ground.holds)
    sure = [ground.text for ground in grounds if not ground.unknown]
    unsure = [ground.text for ground in grounds if ground.unknown]
    text = "it " + ", and ".join([", ".join(sure[:-1]), sure[-1]] if len(sure) > 1 else sure)
    return f"{text}; selected because unknown: {'; '.join(unsure)}" if unsure else text


def _named(kind: str, names: Sequence[str]) -> str:
    return f"{kind}{'s' if len(names) > 1 else ''} {_listed(names)}"


def _scopes(names: Sequence[str]) -> str:
    """Scopes have names of several words, often with commas in them."""
    return _named("scope", [f'"{name}"' for name in names])


def _listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _place(loaded: LoadedProfile, what: str, loc: Loc) -> str:
    line, _ = loaded.locate(loc)
    return f"{what} ({shown_path(loaded.path)}:{line})"
