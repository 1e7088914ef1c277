"""Composition: a scenario, a condition and an agent become a situation with no gap in it.

The organisation's system prompt comes first and verbatim; everything the scenario adds is a part of its own. Items
that none of the agent's tools can show (it has no tool to read mail, say) are put into the opening message, so every
agent gets to know the situation in the way it would learn of such things.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.errors import PackError, Problem
from audit.scenarios.case import case_of
from audit.scenarios.checks import problems_between
from audit.scenarios.common import common_texts
from audit.scenarios.company import world_of
from audit.scenarios.factors import Condition, Delivery
from audit.scenarios.filling import Filling, Loc
from audit.scenarios.models import Script, Step
from audit.scenarios.opening import (
    SHOWS_RECORD,
    alerts_text,
    files_text,
    inbox_text,
    posts_text,
    records_text,
    tickets_text,
)
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.situation import About, Dialect, PromptPart, Situation
from audit.scenarios.subject import Subject
from audit.world.dialects import tags
from audit.world.state import World


def compose(source: ScenarioSource, condition: Condition, subject: Subject, dialect: Dialect) -> Situation:
    """Put one condition of a scenario together for one agent.

    Args:
        source: The scenario as written.
        condition: The level of every factor.
        subject: The agent: company, own system prompt, tools.
        dialect: How it calls tools.

    Raises:
        PackError: with every text that cannot be filled and every reference that leads nowhere.
    """
    scenario = source.scenario.model
    filling = Filling(source, condition, subject.company)
    world = world_of(filling)
    shown, opening = _opening(filling, world, subject, dialect)
    case = case_of(filling, world)
    prompt = _prompt(filling, subject, dialect)
    scripts = _scripts(filling)
    problems = [*filling.renderer.problems, *problems_between(source, condition)]
    if problems:
        raise PackError(list(dict.fromkeys(problems)))
    return Situation(
        scenario=scenario.id,
        scenario_version=scenario.version,
        about=About(
            title=scenario.title,
            summary=scenario.summary,
            harmful_act=scenario.harmful_act,
            honest_way_out=scenario.honest_way_out,
            path=scenario.path,
        ),
        condition=condition,
        dress=subject.dress,
        dialect=dialect,
        prompt=prompt,
        opening=opening,
        tools=subject.tools,
        world=world,
        case=case,
        shown=shown,
        scripts=scripts,
    )


def _opening(filling: Filling, world: World, subject: Subject, dialect: Dialect) -> tuple[tuple[str, ...], str]:
    """The user message, and the ids of what stands in it in full."""
    operations = {operation for tool in subject.tools for operation in tool.operations}
    if dialect is Dialect.TAGS or filling.condition.delivery is Delivery.INBOX:
        operations = set()  # nothing is left to tools
    whole = [filling.of_scenario(("opening", i, "text"), p.text) for i, p in filling.present(filling.scenario.opening)]
    if whole:
        return (*(m.id for m in world.messages), *(a.id for a in world.alerts)), "".join(whole)
    keys = set(filling.keys)
    pieces = [filling.of_scenario(("task",), filling.scenario.task).strip()]
    shown: list[str] = []

    def show(text: str, ids: list[str]) -> None:
        if ids:
            pieces.append(text)
            shown.extend(ids)

    # A tool that opens one item shows it only to those who can learn its id.
    lists_mail = bool(operations & {"email.list", "email.search"}) and "email.read" in operations
    if not (lists_mail or "email.inbox" in operations):
        show(inbox_text(world), [m.id for m in world.messages if m.sent_at <= world.now])
    if "alert.list" not in operations:
        show(alerts_text(world), [a.id for a in world.alerts])
    if "file.read" not in operations:
        files = [f for f in world.files if f.id in keys]
        show(files_text(files), [f.id for f in files])
    if not operations >= {"ticket.list", "ticket.read"}:
        tickets = [t for t in world.tickets if t.id in keys]
        show(tickets_text(tickets), [t.id for t in tickets])
    records = [r for r in world.records if r.id in keys and not operations & SHOWS_RECORD[r.kind]]
    show(records_text(records), [r.id for r in records])
    if "chat.list" not in operations:
        posts = [p for p in world.posts if p.id in keys]
        show(posts_text(posts), [p.id for p in posts])
    return tuple(shown), "\n\n".join(pieces)


def _prompt(filling: Filling, subject: Subject, dialect: Dialect) -> tuple[PromptPart, ...]:
    """The system message in parts: the organisation's own, who it is, the scenario's, the other common factors'."""
    published = bool(filling.present(filling.scenario.opening))
    own = []
    for i, paragraph in filling.present(filling.scenario.prompt):
        text = filling.of_scenario(("prompt", i, "text"), paragraph.text)
        text = text if published else text.strip()
        own.append(PromptPart(origin="scenario", label=paragraph.id, text=text))
    parts = [*_common(filling, first=True), *own, *_common(filling, first=False)]
    if subject.system_prompt:
        parts.insert(0, PromptPart(origin="organisation", label="system prompt", text=subject.system_prompt))
    if dialect is Dialect.TAGS and not published:
        text = tags.instructions(subject.tools)
        parts.append(PromptPart(origin="protocol", label="how tools are called", text=text))
    return tuple(parts)


def _common(filling: Filling, *, first: bool) -> list[PromptPart]:
    common = common_texts()
    return [
        PromptPart(
            origin="scenario",
            label=paragraph.id,
            text=filling.of(common, ("prompt", i, "text"), paragraph.text).strip(),
        )
        for i, paragraph in filling.present(common.model.prompt)
        if paragraph.first is first
    ]


def _scripts(filling: Filling) -> tuple[Script, ...]:
    written = filling.source.scripts
    scripts = []
    for i, script in filling.present(written.model.scripts):
        steps = []
        for n, step in enumerate(script.steps):
            loc: Loc = ("scripts", i, "steps", n)
            steps.append(
                Step(
                    think=filling.of(written, (*loc, "think"), step.think),
                    say=filling.of(written, (*loc, "say"), step.say),
                    do=step.do,
                    with_=filling.renderer.deep(written, (*loc, "with"), step.with_),
                )
            )
        scripts.append(script.model_copy(update={"steps": tuple(steps)}))
    return tuple(scripts)


def problems_of(
    source: ScenarioSource, subject: Subject, conditions: Sequence[Condition] | None = None
) -> list[Problem]:
    """Everything that keeps a scenario from being composed, over all (or the given) conditions, each problem once."""
    found: dict[tuple[str, int, int, str], Problem] = {}
    for condition in conditions or source.scenario.model.conditions():
        try:
            compose(source, condition, subject, Dialect.NATIVE)
        except PackError as error:
            for problem in error.problems:
                what = problem.wrong.replace(condition.id, "")
                found.setdefault((problem.file, problem.line, problem.column, what), problem)
    return list(found.values())
