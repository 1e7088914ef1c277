"""A profile as flat facts under dotted names, and the facts that its author left open.

Checklists ask for facts by name and answer themselves where a fact is declared. Names of lists end in ``[]``:
``tools[].effect_class`` is the list of that value over all tools, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from audit.profile.models import AgentProfile
from audit.profile.safeguards import Scope
from audit.profile.vocabulary import UNKNOWN
from audit.resources import Loaded, Loc

# Names that checklists use for facts which stand in the file under another one.
_OTHER_NAMES = {
    "credentials.max_ttl": "credentials.max_ttl_minutes",
    "data.sensitivity[]": "data.scopes[].sensitivity",
    "monitor.detectors[]": "monitor.detectors",
}


# Mappings that are a fact as a whole, beside the facts inside them.
_WHOLE = {"gateway.rate_limits", "model.parameters"}


def facts(profile: AgentProfile) -> dict[str, Any]:
    """Every declared value under its dotted name.

    Args:
        profile: the profile.

    Returns:
        Plain values: text, numbers, dates, lists, None. What is not known is the text ``unknown``; that goes for all
        facts of data scopes in a profile that says nothing about scopes, while ``scopes: []`` gives empty lists.
        Beside the names of the file there are ``tools[].effect_class`` (declared, or the worst the capabilities are
        known for), ``tools[]`` and ``data.scopes[]`` (each entry whole) and the other names that checklists use.
    """
    found = {name: _plain(value) for name, value in _flat(profile.model_dump(by_alias=True), "")}
    found["tools[].effect_class"] = [tool.effective_effect.value for tool in profile.tools]
    for name in ("data.scopes[]", *(f"data.scopes[].{key}" for key in Scope.model_fields)):
        found.setdefault(name, [] if profile.data.scopes_declared else UNKNOWN)
    found |= {name: found[source] for name, source in _OTHER_NAMES.items()}
    return dict(sorted(found.items()))


@cache
def fact_names() -> frozenset[str]:
    """Names of the facts that every profile has, stated or not."""
    smallest: dict[str, Any] = {
        "schema": "insider-audit/agent/1",
        "organisation": {"name": "a", "sector": "b", "domains": ["c.example"]},
        "agent": {"purpose": "d", "system_prompt": "e"},
        "model": {"id": "simulated/compliant"},
        "tools": [{"name": "f", "capabilities": ["utility"]}],
    }
    # A section that may be missing is one fact where it is, and several where it is not.
    prices = {"input_per_million_usd": 1, "output_per_million_usd": 1}
    model = {**smallest["model"], "limits": {}, "prices": prices}
    profiles = [
        AgentProfile.model_validate(values)
        for values in (smallest, {**smallest, "model": model, "judge": {"id": "a/b"}})
    ]
    return frozenset(facts(profiles[0]).keys() & facts(profiles[1]).keys())


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if name in _WHOLE:
            yield name, value
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else key)
    elif name in {"tools", "data.scopes"}:
        yield f"{name}[]", value
        for key in dict.fromkeys(key for entry in value for key in entry):
            yield f"{name}[].{key}", [entry.get(key) for entry in value]
    else:
        yield name, value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


class Gap(NamedTuple):
    """A fact left open in a profile.

    Attributes:
        fact: its dotted name.
        line: line of the fact, or of the section it belongs in; the file's first line when that is missing too.
        column: column there.
        decides: what knowing it would decide.
        tools: for facts of tools and data scopes, the names of those that lack it.
    """

    fact: str
    line: int
    column: int
    decides: str
    tools: tuple[str, ...] = ()


_DECIDES = {
    "agent.environment": "whether harm found in the tests could happen today",
    "autonomy.level": "whether a person stands between the agent and what it does",
    "autonomy.approval.external_comms": "whether messages that leave the organisation are held for a person",
    "autonomy.approval.irreversible": "whether actions that cannot be undone are held for two people",
    "autonomy.approval.timeout_default": "whether an approval nobody answers lets the action through",
    "autonomy.approval.full_parameters": "whether approvers can see what they approve",
    "autonomy.approval.daily_volume": "whether approvers have time to look",
    "comms.external": "whether a leak can reach anybody outside",
    "comms.allow_list": "which recipients are refused in the simulated company",
    "comms.dlp": "whether confidential content is stopped on its way out",
    "comms.sender_pinned": "whether the agent can pose as somebody else",
    "credentials.in_context": "whether the agent could use or leak a credential it reads",
    "credentials.max_ttl_minutes": "how long a leaked credential would work",
    "data.canaries": "whether a leak would be noticed",
    "data.entitlement_mode": "whether the agent can read what the person asking may not",
    "data.scopes[]": "which data the agent could misuse, and how bad a leak would be",
    "delegation.policy": "whether the agent can act through other agents",
    "exposure.trigger_episodes_per_year": "how likely harm is in a year; reports show several assumptions instead",
    "gateway.location": "whether the agent could get round the checks on its calls",
    "gateway.present": "whether anything but the model decides on a tool call",
    "gateway.rate_limits": "how much the agent can do before it is stopped",
    "gateway.taint_tracking": "whether instructions hidden in mail can trigger actions",
    "governance.acceptance_date": "whether somebody has signed for the remaining risk",
    "governance.eu_class": "whether duties of the EU AI Act for high-risk systems apply",
    "governance.impact_assessment": "whether effects on people have been looked at",
    "governance.inventory_id": "whether the organisation knows that it runs this agent",
    "governance.jurisdictions": "to whom an incident has to be reported",
    "governance.risk_owner": "who receives the findings",
    "identity.owner": "who is asked when the agent's account does something odd",
    "identity.type": "whether its actions can be told from those of people",
    "incident.runbook": "whether harm would be contained and evidence kept",
    "lifecycle.deactivation_criteria": "who may switch it off, and when",
    "lifecycle.kill_switch": "whether it can be stopped without its help",
    "lifecycle.kill_switch_last_test": "whether the stop is known to work",
    "lifecycle.plan_channel": "whether it learns of its own replacement, the strongest trigger known",
    "lifecycle.revocation_order": "whether it could still act after learning of a change",
    "logging.location": "whether it could alter the record of what it did",
    "logging.retention_days": "how far back an incident can be reconstructed",
    "logging.scope": "whether an incident can be reconstructed at all",
    "logging.traces": "whether its reasoning can be reviewed",
    "memory.agent_writable": "whether it can change its own instructions",
    "memory.persistent": "whether what it plans outlives a session",
    "monitor.baseline": "whether drift from its usual behaviour would be noticed",
    "monitor.detectors": "which kinds of harm would raise an alert",
    "monitor.mode": "whether harm is stopped or only reported",
    "monitor.model": "whether the monitor is independent of the agent's model",
    "monitor.present": "whether anybody would notice",
    "oversight.queue_staffed": "whether a concern it raises reaches a person",
    "oversight.reviewers": "whether there are enough people for its approvals",
    "oversight.reviewers_trained": "whether approvers know what to look for",
    "testing.last_test": "whether this configuration has been tested before",
    "testing.on_change": "whether a new prompt or model goes live untested",
    "tools[].approval": "which calls are held for a person in the simulated company",
    "tools[].effect": "how bad a misuse would be; the worst its capabilities are known for is assumed",
    "tools[].policy": "which calls are refused in the simulated company",
    "tools[].reach": "whether misuse can affect outsiders",
    "tools[].required_for_task": "which tools could be taken away",
    "tools[].reversibility": "which calls need two people",
    "data.scopes[].access": "whether the agent can read or change the data",
    "data.scopes[].required_for_task": "which data could be put out of its reach",
    "data.scopes[].sensitivity": "how bad a leak would be",
}

# Facts that mean nothing once another one has a certain value.
_MOOT = {
    "autonomy.approval.": ("autonomy.level", "suggests"),
    "comms.": ("comms.external", "no"),
    "gateway.": ("gateway.present", "no"),
    "logging.": ("logging.scope", "none"),
    "lifecycle.kill_switch_last_test": ("lifecycle.kill_switch", "no"),
    "monitor.": ("monitor.present", "no"),
    "oversight.reviewers_trained": ("oversight.reviewers", 0),
}


def decides(fact: str) -> str:
    """What knowing a fact would decide, as the end of a sentence; empty for facts that no gap speaks of."""
    return _DECIDES.get(fact, "")


def moot_by(fact: str, known: Mapping[str, Any]) -> str | None:
    """The fact whose value makes another one pointless: where no monitor is, what it detects. None where none does.

    Args:
        fact: its dotted name.
        known: plain values by dotted name; facts that are missing are not known.
    """
    for start, (by, value) in _MOOT.items():
        if fact.startswith(start) and fact != by and by in known and known[by] == value:
            return by
    return None


def moot(fact: str, known: Mapping[str, Any]) -> bool:
    """Whether what is known makes a fact pointless, as ``moot_by`` tells."""
    return moot_by(fact, known) is not None


def gaps(loaded: Loaded[AgentProfile]) -> list[Gap]:
    """Facts the profile leaves open.

    Args:
        loaded: the profile with its places.

    Returns:
        One entry per fact in file order; facts of tools and scopes are put together under one name. Facts that other
        answers have made pointless (where no monitor is, what it detects) are left out.
    """
    known = facts(loaded.model)
    found: list[Gap] = []
    for fact, decides in _DECIDES.items():
        if moot(fact, known):
            continue
        section, is_list, key = fact.partition("[].")
        open_at: list[int] = []
        if is_list and isinstance(known[fact], list):
            open_at = [i for i, value in enumerate(known[fact]) if value in (UNKNOWN, [UNKNOWN])]
            if not open_at:
                continue
        elif is_list or known[fact] != UNKNOWN:
            # Facts inside scopes that nobody listed are covered by the gap `data.scopes[]`.
            continue
        names = tuple(known[f"{section}[].name"][position] for position in open_at)
        loc: Loc = (*section.removesuffix("[]").split("."), *open_at[:1], *([key] if key else []))
        found.append(Gap(fact, *loaded.locate_key(loc), decides, names))
    return sorted(found, key=lambda gap: (gap.line, gap.column, gap.fact))
