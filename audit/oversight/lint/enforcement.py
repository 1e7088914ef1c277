"""What the prompt forbids or promises, beside what the profile says about the tools that could do it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from audit.oversight.lint.models import Level, Lint, Looked, Rule, listed
from audit.oversight.standing import SIMULATED, approvals_lapse, stands
from audit.profile.facts import facts
from audit.profile.prompt.patterns import Act, patterns
from audit.profile.prompt.reading import Prohibition
from audit.profile.tools import Approval, Reach, Tool
from audit.profile.vocabulary import Answer
from audit.world.capabilities import CAPABILITIES, Capability, Effect

# Where a profile states the controls that are enforced on single tools; for all others the catalogue names the facts.
_STATED_BY = {
    "C02": "`policy: deny` on the tool",
    "C05": "comms.allow_list",
    "C06": "`approval: required` on the tool, or autonomy.approval.external_comms",
    "C07": "`approval: required` on the tool, or autonomy.approval.irreversible",
    "C11": "`policy: deny` on the tool",
    "C13": "gateway.rate_limits",
}
_WAYS_TO_PEOPLE = frozenset(
    {
        Capability.ESCALATE,
        Capability.EMAIL_SEND,
        Capability.CHAT_SEND,
        Capability.TICKET_WRITE,
        Capability.UNKNOWN,
    }
)


def forbidden_tools(looked: Looked) -> Iterator[Lint]:
    """A tool that the prompt says not to use, and nothing refuses."""
    for prohibition in looked.reading.prohibitions:
        for name in prohibition.tools:
            tool = looked.profile.tool(name)
            if tool is None or _stopped(looked, tool, outward=False):
                continue
            level = Level.NOTE if prohibition.conditional else Level.WARNING
            yield looked.in_prompt(
                "tool-forbidden",
                level,
                (prohibition.quote.line, prohibition.quote.column),
                f'the prompt forbids `{name}`{_sometimes(prohibition)}: "{prohibition.quote.text}"',
                "the agent has the tool, and no control refuses or holds its calls: only words stand in the way",
                f"take `{name}` away, or refuse it outside the model and state `policy: deny` for it",
            )


def prohibitions(looked: Looked) -> Iterator[Lint]:
    """An act that is forbidden in words only. One lint an act, at the first sentence that forbids it."""
    told: set[str] = set()
    for act in patterns().acts:
        forbidding = [p for p in looked.reading.prohibitions if act.id in p.acts]
        if not forbidding:
            continue
        first = forbidding[0]
        able = _able(looked, act, forbidding)
        free = [tool for tool in able if not _stopped(looked, tool, outward=act.outward)]
        sentences = {p.quote.text for p in forbidding}
        if not free or _in_place(looked, [c for c in act.controls if c not in SIMULATED]) or sentences <= told:
            continue
        told |= sentences
        partial = _in_place(looked, act.partial) or _stated_in_part(looked, act.controls)
        others = sorted({looked.places.of(p.quote.line, p.quote.column)[0] for p in forbidding[1:]})
        more = f" (also line{'s' * (len(others) > 1)} {', '.join(map(str, others))})" if others else ""
        yield looked.in_prompt(
            "prohibition-unenforced",
            Level.NOTE if partial else Level.WARNING,
            (first.quote.line, first.quote.column),
            f'forbidden in words only: "{first.quote.text}"{more}',
            _why(looked, act, free, partial),
            f"words make harm rarer and do not stop it; {_what_enforces(looked, act)}",
        )


def promised_approvals(looked: Looked) -> Iterator[Lint]:
    """The prompt says that somebody confirms, and the profile says that nobody does."""
    profile = looked.profile
    lapses = approvals_lapse(profile)
    for promise in looked.reading.approvals:
        named = [tool for name in promise.tools if (tool := profile.tool(name)) is not None]
        meant = named or [t for t in profile.tools if _changes(t) and _name_words(t) & promise.words]
        at = (promise.quote.line, promise.quote.column)
        bare = [t.name for t in meant if t.approval is Approval.NONE and not _stopped(looked, t, outward=True)]
        if bare:
            yield looked.in_prompt(
                "approval-denied",
                Level.WARNING,
                at,
                f'the prompt says that somebody confirms: "{promise.quote.text}"',
                f"the profile says that nobody confirms {listed(bare)}: the agent counts on a check that is not there",
                "correct whichever is wrong: the sentence, or `approval` of the tool",
            )
        late = [t.name for t in meant if t.approval is Approval.REQUIRED] if lapses else []
        if late:
            yield looked.in_prompt(
                "approval-denied",
                Level.WARNING,
                at,
                f'the prompt says that somebody confirms: "{promise.quote.text}"',
                f"an approval of {listed(late)} that nobody decides in time lets the call through",
                "have time-outs block (autonomy.approval.timeout_default: block), or say so in the prompt",
            )
        rules = profile.autonomy.approval
        nobody = Answer.YES not in {rules.external_comms, rules.irreversible} and not any(
            t.approval is Approval.REQUIRED for t in profile.tools
        )
        if not meant and profile.autonomy.level == "acts_alone" and nobody:
            yield looked.in_prompt(
                "approval-denied",
                Level.NOTE,
                at,
                f'the prompt speaks of a confirmation: "{promise.quote.text}"',
                "the profile says that the agent acts alone, and states no approval",
                "state the approval in the profile if there is one; else correct the prompt",
            )


def promised_watch(looked: Looked) -> Iterator[Lint]:
    """The prompt says that it is watched or recorded, and the profile says it is not."""
    profile = looked.profile
    if profile.monitor.present is Answer.NO:
        for quote in looked.reading.watched:
            yield looked.in_prompt(
                "watch-denied",
                Level.WARNING,
                (quote.line, quote.column),
                f'the prompt says that somebody watches: "{quote.text}"',
                "the profile says that there is no monitor (monitor.present: no)",
                "correct whichever is wrong",
            )
    if profile.logging.scope == "none":
        for quote in (*looked.reading.recorded, *looked.reading.watched):
            yield looked.in_prompt(
                "watch-denied",
                Level.WARNING,
                (quote.line, quote.column),
                f'the prompt says that its acts are recorded or watched: "{quote.text}"',
                "the profile says that nothing is recorded (logging.scope: none)",
                "correct whichever is wrong",
            )


def promised_people(looked: Looked) -> Iterator[Lint]:
    """The prompt sends the agent to people, and the profile has no way to them."""
    profile, escalations = looked.profile, looked.reading.escalations
    if not escalations:
        return
    first = escalations[0]
    at = (first.line, first.column)
    what = f'the prompt sends the agent to people: "{first.text}"'
    ways = {
        Capability.ESCALATE,
        Capability.EMAIL_SEND,
        Capability.CHAT_SEND,
        Capability.TICKET_WRITE,
        Capability.UNKNOWN,
    }
    if not any(ways & set(tool.capabilities) for tool in profile.tools):
        yield looked.in_prompt(
            "escalation-missing",
            Level.NOTE,
            at,
            what,
            "no tool of the profile reaches a person, so a concern ends in its reply",
            "give it a tool that reaches somebody and bind it to `escalate`, or say who reads its replies",
        )
    if profile.oversight.queue_staffed is Answer.NO:
        yield looked.in_prompt(
            "escalation-denied",
            Level.WARNING,
            at,
            what,
            "the profile says that nobody reads the concerns it raises (oversight.queue_staffed: no)",
            "have somebody read them, or correct the profile",
        )


RULES: tuple[Rule, ...] = (forbidden_tools, prohibitions, promised_approvals, promised_watch, promised_people)


def _able(looked: Looked, act: Act, forbidding: Sequence[Prohibition]) -> list[Tool]:
    """Tools that could do the act; where the sentences name what it is done to, those that name it too."""
    wanted = {*act.capabilities, Capability.UNKNOWN}
    able = [t for t in looked.profile.tools if wanted & set(t.capabilities)]
    if act.outward:
        return [t for t in able if t.reach is not Reach.INTERNAL]
    words = {word for prohibition in forbidding for word in prohibition.words}
    meant = [t for t in able if _name_words(t) & words or Capability.UNKNOWN in t.capabilities]
    return meant or able


def _stopped(looked: Looked, tool: Tool, *, outward: bool) -> bool:
    """Whether a control refuses or holds calls of the tool; one for outside recipients counts if `outward`."""
    return any(not s.budget and (outward or not s.outward_only) for s in stands(looked.profile, tool))


def _in_place(looked: Looked, controls: Sequence[str]) -> list[str]:
    found = [info for control in controls if (info := looked.catalogue.get(control)) is not None]
    return [info.name for info in found if info.in_place(looked.profile)]


def _stated_in_part(looked: Looked, controls: Sequence[str]) -> list[str]:
    """Controls that the profile states as partial."""
    known = facts(looked.profile)
    infos = [info for control in controls if control not in SIMULATED and (info := looked.catalogue.get(control))]
    return [info.name for info in infos if any(known.get(test.fact) == Answer.PARTIAL for test in info.facts)]


def _why(looked: Looked, act: Act, free: Sequence[Tool], partial: Sequence[str]) -> str:
    names = listed([tool.name for tool in free])
    said = f"no control refuses or holds what it could do with {names}"
    if any(tool.approval is Approval.REQUIRED for tool in free) and approvals_lapse(looked.profile):
        said += "; an approval that nobody decides in time lets the call through"
    if partial:
        said += f"; in part there is: {', '.join(partial)}"
    return said


def _what_enforces(looked: Looked, act: Act) -> str:
    ways = []
    for control in act.controls:
        info = looked.catalogue.get(control)
        if info is None:
            continue
        stated = _STATED_BY.get(control) or ", ".join(dict.fromkeys(test.fact for test in info.facts))
        ways.append(f"{control} {info.name}" + (f" ({stated})" if stated else ""))
    if not ways:
        return "put a control outside the model"
    return f"what would enforce it, once it is there and stated: {'; '.join(ways)}"


def _sometimes(prohibition: Prohibition) -> str:
    return " under a condition" if prohibition.conditional else ""


def _changes(tool: Tool) -> bool:
    """Whether an approval of the tool would guard anything: raising a concern or noting one is no risk."""
    risky = any(CAPABILITIES[capability].risky for capability in tool.capabilities)
    return risky and tool.effective_effect is not Effect.READ


def _name_words(tool: Tool) -> frozenset[str]:
    found = re.findall(r"[A-Z]?[a-z]{3,}", tool.name)
    return frozenset(word.lower().rstrip("s") for word in found)
