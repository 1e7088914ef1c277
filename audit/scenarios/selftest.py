"""A scenario proves itself: every script, in every condition and both dialects, through world, gateway and detectors.

What is proved: the texts are complete and differ between conditions; every condition has a harmful, a harmless and a
near-miss script; the detectors say of each script what its author expects; and when the gateway denies the acts on the
harmful path, the same scripts come to ``attempted`` and never to ``executed``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.errors import PackError
from audit.scenarios.compose import compose, problems_of
from audit.scenarios.factors import Condition, Delivery
from audit.scenarios.models import Script, ScriptKind
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.scripts import ScriptedReply, playable, raw_calls, replies
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import Subject, fictional
from audit.scenarios.templates import gap_in
from audit.verdicts.models import Episode, Ruling, Stage, Turn, Verdict
from audit.verdicts.rules import judge_by_rules
from audit.world import actions
from audit.world.capabilities import Capability
from audit.world.dialects import native, tags
from audit.world.gateway import Control, Gateway, Request
from audit.world.runtime import Runtime
from audit.world.state import World


@dataclass(frozen=True)
class Failure:
    """One thing a scenario failed to prove."""

    scenario: str
    condition: str
    script: str
    """Empty when it is about the condition as a whole."""
    wrong: str

    def __str__(self) -> str:
        place = "/".join(part for part in (self.condition or self.scenario, self.script) if part)
        return f"{place}: {self.wrong}"


@dataclass(frozen=True)
class Proof:
    """What the self-test of one scenario did and found."""

    scenario: str
    conditions: int
    episodes: int
    """Scripts played, over all conditions, dialects and gateways."""
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class _Blockade:
    """Denies every act on some path: the strictest control there is."""

    path: frozenset[Capability]
    id: str = "SELF-TEST"

    def decide(self, request: Request, world: World) -> actions.Decision | None:
        if request.capability not in self.path:
            return None
        return actions.Decision(control=self.id, ruling=actions.Ruling.DENY, reason="not permitted")


def check_scenario(source: ScenarioSource) -> Proof:
    """Let one scenario prove itself in its own dress.

    Raises:
        PackError: its texts cannot be composed; the problems of all conditions, with file, line and column.
    """
    subject = fictional(source.scenario.model)
    if problems := problems_of(source, subject):
        raise PackError(problems)
    return prove(source, subject)


@dataclass(frozen=True)
class Proved:
    """What one condition proved."""

    condition: str
    digests: tuple[str, ...]
    """What the condition reads like, once for each dialect."""
    episodes: int
    failures: tuple[Failure, ...]


def prove(source: ScenarioSource, subject: Subject, conditions: Sequence[Condition] | None = None) -> Proof:
    """As ``check_scenario``, for any agent.

    Scripts that it has no tools for are left out; one of each kind must stay.
    """
    wanted = source.scenario.model.conditions() if conditions is None else conditions
    return joined(source.id, [proved(source, subject, condition) for condition in wanted])


def joined(scenario: str, parts: Sequence[Proved]) -> Proof:
    """The proof of a scenario out of those of its conditions: no two of them may read alike."""
    failures: list[Failure] = []
    first: dict[str, str] = {}
    for part in parts:
        for digest in part.digests:
            other = first.setdefault(digest, part.condition)
            if other != part.condition:
                failures.append(Failure(scenario, part.condition, "", f"reads exactly like condition {other}"))
        failures += part.failures
    episodes = sum(part.episodes for part in parts)
    return Proof(scenario, len(parts), episodes, tuple(dict.fromkeys(failures)))


def proved(source: ScenarioSource, subject: Subject, condition: Condition) -> Proved:
    """Let one condition prove itself.

    Raises:
        PackError: its texts cannot be composed.
    """
    scenario = source.scenario.model
    failures: list[Failure] = []
    digests: list[str] = []
    episodes = 0
    blockade = _Blockade(frozenset(scenario.path))
    for dialect in Dialect:
        if dialect is Dialect.TAGS and condition.delivery is Delivery.INBOX:
            continue  # tags always come with the mailbox in the prompt
        situation = compose(source, condition, subject, dialect)
        failures += [Failure(scenario.id, condition.id, "", wrong) for wrong in _of_texts(situation, scenario.literal)]
        digests.append(f"{dialect}:{situation.text_digest()}")
        scripts = [script for script in situation.scripts if playable(situation, script)]
        kinds = {script.kind for script in scripts}
        missing = [kind for kind in ScriptKind if kind not in kinds]
        failures += [Failure(scenario.id, condition.id, "", f"has no {kind} script") for kind in missing]
        for script in scripts:
            said = replies(situation, script)
            for control in (None, blockade):
                verdicts = judge_by_rules(situation.case, play(situation, script, control, said)).verdicts
                episodes += 1
                found = _of_verdicts(script, verdicts, stopped=control is not None)
                way = f"{dialect}{', path denied' if control else ''}"
                failures += [Failure(scenario.id, condition.id, script.id, f"{wrong} ({way})") for wrong in found]
    return Proved(condition.id, tuple(digests), episodes, tuple(failures))


def play(
    situation: Situation, script: Script, control: Control | None = None, said: Sequence[ScriptedReply] | None = None
) -> Episode:
    """Run one script through parser, gateway and world, and return what a verdict is decided from.

    Args:
        situation: What the scripted agent is put into.
        script: What it does.
        control: What stands in the gateway, if anything.
        said: Its replies, where they are known already.
    """
    world = situation.world.fresh()
    runtime = Runtime(world, situation.tools, Gateway((control,) if control else ()))
    turns = []
    for number, reply in enumerate(said if said is not None else replies(situation, script)):
        if situation.dialect is Dialect.TAGS:
            calls, text = tags.parse(reply.text, situation.tools), tags.visible(reply.text)
        else:
            calls, text = native.parse(raw_calls(reply)), reply.text
        for call in calls:
            runtime.call(call, number)
        turns.append(Turn(text=text, reasoning=reply.think))
    return Episode(turns=tuple(turns), actions=tuple(runtime.actions), shown=situation.shown)


def _of_texts(situation: Situation, literal: Sequence[str]) -> Iterator[str]:
    """Composition is strict already; this looks at the finished text once more, as the target would read it."""
    for label, text in (("system message", situation.system_message), ("opening message", situation.opening)):
        gap = gap_in(text, literal) if situation.dialect is Dialect.NATIVE else None
        if gap:
            yield f"the {label} holds {gap!r}"
    world = situation.world
    ids = {m.id for m in world.messages} | {f.id for f in world.files}
    ids |= {a.id for a in world.alerts} | {t.id for t in world.tickets}
    ids |= {r.id for r in world.records} | {p.id for p in world.posts}
    if not situation.case.key_messages:
        yield "has no key item: nobody could tell whether the target knew the situation"
    yield from (f"the key item {key} is not there" for key in situation.case.key_messages if key not in ids)
    if not situation.case.detectors:
        yield "has no detector"


def _of_verdicts(script: Script, verdicts: tuple[Verdict, ...], stopped: bool) -> Iterator[str]:
    for verdict in verdicts:
        wanted = script.expect.get(verdict.behaviour, Stage.NONE)
        if stopped and wanted is Stage.EXECUTED:
            wanted = Stage.ATTEMPTED
        got = "inconclusive" if verdict.ruling is Ruling.INCONCLUSIVE else str(verdict.stage)
        if got != wanted:
            why = f": {verdict.explanation}" if verdict.explanation else ""
            yield f"{verdict.behaviour} should be {wanted}, the detectors say {got}{why}"
    decided = {verdict.behaviour for verdict in verdicts}
    yield from (f"expects a verdict on {b}, which is not decided here" for b in script.expect if b not in decided)
