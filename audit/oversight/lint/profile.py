"""What the profile says, by itself and for the checklist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from audit.oversight.lint.models import Level, Lint, Looked, Rule, listed
from audit.profile.facts import facts, gaps, moot_by
from audit.profile.prompt.credentials import find_credentials
from audit.profile.tools import Reach, Reversibility
from audit.profile.vocabulary import UNKNOWN, Answer
from audit.resources import Loc
from audit.world.capabilities import CAPABILITIES, Capability, Effect

MOST_TOOLS = 128
"""Tools that the widest-used model interfaces accept in one request; beyond it some refuse the call."""

FEW_TOKENS = 1000
"""An answer cut below so many tokens is often cut in the middle of an act."""

_MILDEST_FIRST = tuple(Effect)
_ABSENT = frozenset({"gateway.present", "monitor.present", "logging.scope", "lifecycle.kill_switch"})
"""Facts that say whether a safeguard is there at all. Without one, nothing about it can be true."""
_WAYS_OUT = frozenset({Capability.EMAIL_SEND, Capability.CHAT_SEND, Capability.FILE_SHARE})


def tools(looked: Looked) -> Iterator[Lint]:
    """Tools that nobody described, effects declared milder than they are, and too many tools."""
    for position, tool in enumerate(looked.profile.tools):
        loc: Loc = ("tools", position)
        if Capability.UNKNOWN in tool.capabilities:
            yield looked.in_profile(
                "tool-unknown",
                Level.WARNING,
                (*loc, "capabilities"),
                f"nobody has said what `{tool.name}` lets the agent do",
                "it counts as able to do anything, so every scenario fits because of it",
                "name its capabilities",
            )
        known = [CAPABILITIES[c].effect for c in tool.capabilities if c is not Capability.UNKNOWN]
        worst = max(known, key=_MILDEST_FIRST.index, default=Effect.READ)
        if tool.effect != UNKNOWN and _MILDEST_FIRST.index(Effect(tool.effect)) < _MILDEST_FIRST.index(worst):
            grave = next(c for c in tool.capabilities if CAPABILITIES[c].effect is worst)
            yield looked.in_profile(
                "effect-milder",
                Level.WARNING,
                (*loc, "effect"),
                f"`{tool.name}` is declared as `{tool.effect}`, and `{grave}` is known for `{worst}`",
                "controls and ratings go by the declared effect, so the risk of this tool may be rated too low",
                f"write `effect: {worst}`, or correct the capabilities",
            )
        if tool.effect == Effect.IRREVERSIBLE and tool.reversibility is Reversibility.REVERSIBLE:
            yield looked.in_profile(
                "effect-contradicts",
                Level.WARNING,
                (*loc, "reversibility"),
                f"`{tool.name}` is declared irreversible and reversible at once",
                "approvals for what cannot be undone go by both",
                "correct `effect` or `reversibility`",
            )
    count = len(looked.profile.tools)
    if count > MOST_TOOLS:
        yield looked.in_profile(
            "too-many-tools",
            Level.WARNING,
            ("tools",),
            f"the agent has {count} tools; some providers refuse requests with more than {MOST_TOOLS}",
            "every trial would end as an error there",
            "check the provider's limit, or describe the part of the tools that one session is offered",
        )


def reach(looked: Looked) -> Iterator[Lint]:
    """Tools that speak, and what the profile says of messages to the outside."""
    external = looked.profile.comms.external
    for position, tool in enumerate(looked.profile.tools):
        if not _WAYS_OUT & set(tool.capabilities):
            continue
        if external is Answer.YES and tool.reach is Reach.INTERNAL and not _other_way_out(looked, position):
            yield looked.in_profile(
                "reach-contradicts",
                Level.WARNING,
                ("tools", position, "reach"),
                f"`{tool.name}` reaches nobody outside, and messages can leave the house (comms.external: yes)",
                "if it does reach people outside, tests of leaks are left out that belong here",
                "correct whichever is wrong; write `reach: unknown` where nobody is sure",
            )
        if external is Answer.NO and tool.reach in {Reach.EXTERNAL, Reach.PUBLIC}:
            yield looked.in_profile(
                "reach-contradicts",
                Level.WARNING,
                ("tools", position, "reach"),
                f"`{tool.name}` reaches people outside, and no message can leave the house (comms.external: no)",
                "by that line outside recipients are refused in the tests; if it is wrong, harm is counted too low",
                "correct whichever is wrong",
            )


def own_address(looked: Looked) -> Iterator[Lint]:
    """The agent's own address counts as outside."""
    address, domains = looked.profile.agent.email, looked.profile.organisation.domains
    domain = address.rpartition("@")[2].lower() if address else None
    if domain and not any(domain == own or domain.endswith(f".{own}") for own in domains):
        yield looked.in_profile(
            "address-outside",
            Level.WARNING,
            ("agent", "email"),
            f"the agent's address {address} is in none of the organisation's domains",
            "mail to and from the agent would count as leaving the house",
            f"add {domain} to organisation.domains, or correct the address",
        )


def secrets(looked: Looked) -> Iterator[Lint]:
    """Credentials in what the model is told about the tools."""
    for position, tool in enumerate(looked.profile.tools):
        for key, text in (
            ("description", tool.description),
            ("parameters", json.dumps(tool.parameters, ensure_ascii=False)),
        ):
            for secret in find_credentials(text):
                yield looked.in_profile(
                    "profile-secret",
                    Level.WARNING,
                    ("tools", position, key),
                    f"`{key}` of `{tool.name}` seems to hold a credential: {secret.kind} ({secret.shape}, not shown)",
                    "it is sent to the model with every call and stored with every trial",
                    "take it out, and change it where it is used",
                )


def model(looked: Looked) -> Iterator[Lint]:
    """The model and its parameters."""
    settings = looked.profile.model
    if settings.simulated:
        yield looked.in_profile(
            "simulated-model",
            Level.NOTE,
            ("model", "id"),
            f"`{settings.id}` is a script that runs on this machine",
            "its figures show how the audit works and say nothing about a real model",
            "name the model that the agent uses",
        )
    if settings.parameters.get("temperature") == 0:
        yield looked.in_profile(
            "parameter",
            Level.NOTE,
            ("model", "parameters", "temperature"),
            "the temperature is 0",
            "trials of one condition may come out nearly alike, so that many of them say little more than one",
            "use the temperature that the agent runs with",
        )
    for name in ("max_tokens", "max_completion_tokens", "max_output_tokens"):
        value = settings.parameters.get(name)
        if isinstance(value, int) and value < FEW_TOKENS:
            yield looked.in_profile(
                "parameter",
                Level.NOTE,
                ("model", "parameters", name),
                f"answers are cut after {value} tokens",
                "an answer that is cut counts as truncated, never as harmless, and leaves fewer trials to judge by",
                "use the limit that the agent runs with",
            )


def beside_a_no(looked: Looked) -> Iterator[Lint]:
    """Details of something that the profile says is not there. One of the two is wrong."""
    known = facts(looked.profile)
    for name, value in known.items():
        by = moot_by(name, known)
        if (
            by not in _ABSENT
            or name.count(".") > 1
            or name.endswith("[]")
            or value in (UNKNOWN, "no", "none", None, [])
        ):
            continue
        yield looked.in_profile(
            "stated-beside-a-no",
            Level.WARNING,
            tuple(name.split(".")),
            f"`{name}` is stated, and `{by}` is `{known[by]}`",
            "the one describes what the other says is not there; a checklist would go by one of them",
            f"correct `{by}`, or leave `{name}` out",
        )


def open_questions(looked: Looked) -> Iterator[Lint]:
    """Facts that nobody stated and a checklist question waits for. One lint a fact."""
    known = facts(looked.profile) | {name: fact.value for name, fact in looked.reading.facts().items()}
    questions: dict[str, list[str]] = {}
    entries: dict[str, set[int]] = {}
    for blocked in looked.checklist.blocked(known):
        for fact in blocked.open:
            questions.setdefault(fact.fact, []).append(blocked.question.id)
            entries.setdefault(fact.fact, set()).update(fact.entries)
    gap_of = {gap.fact: gap for gap in gaps(looked.loaded)}
    for name, ids in questions.items():
        section, _, key = name.partition("[].")
        lacking = sorted(entries[name])
        names = [str(known[f"{section}[].name"][position]) for position in lacking]
        loc: Loc = (*section.removesuffix("[]").split("."), *lacking[:1], *([key] if key else []))
        gap = gap_of.get(name)
        lint = looked.in_profile(
            "unknown-fact",
            Level.NOTE,
            loc,
            f"`{name}` is not known" + (f" for {listed(names)}" if names else ""),
            f"it leaves {', '.join(ids)} of the checklist open" + (f"; it decides {gap.decides}" if gap else ""),
            "ask who knows, and state it; `no` is an answer too",
        )
        yield replace(lint, fact=name, questions=tuple(ids))


RULES: tuple[Rule, ...] = (tools, reach, own_address, secrets, model, beside_a_no, open_questions)


def _other_way_out(looked: Looked, position: int) -> bool:
    """Whether another tool that speaks reaches outside, or may: then this one may well be for inside alone."""
    return any(
        _WAYS_OUT & set(tool.capabilities) and tool.reach is not Reach.INTERNAL
        for at, tool in enumerate(looked.profile.tools)
        if at != position
    )
