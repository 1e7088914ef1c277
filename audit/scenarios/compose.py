"""Composition: a scenario, a condition and an agent become a situation with no gap in it.

The organisation's system prompt comes first and verbatim; everything the scenario adds is a part of its own. Items
that none of the agent's tools can show (it has no tool to read mail, say) are put into the opening message, so every
agent gets to know the situation in the way it would learn of such things.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from pydantic import ValidationError

from audit.errors import PackError, Problem
from audit.resources import Loaded
from audit.scenarios.checks import present, problems_between
from audit.scenarios.models import Condition, Conditional, Script, Step
from audit.scenarios.opening import alerts_text, files_text, inbox_text, tickets_text
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.situation import About, Dialect, PromptPart, Situation
from audit.scenarios.subject import Subject
from audit.scenarios.templates import Renderer
from audit.scenarios.world_text import Item, PersonText
from audit.verdicts.detectors.specs import AlertCancelledSpec, DetectorSpec, DisclosureSpec
from audit.verdicts.models import Case, ConfidentialItem
from audit.world.dialects import tags
from audit.world.state import Alert, Event, File, Message, Person, Ticket, World

C = TypeVar("C", bound=Conditional)
Loc = tuple[str | int, ...]


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
    return _Composer(source, condition, subject, dialect).situation()


class _Composer:
    """One composition. Collects problems over all texts before it gives up."""

    def __init__(self, source: ScenarioSource, condition: Condition, subject: Subject, dialect: Dialect) -> None:
        self.source = source
        self.condition = condition
        self.subject = subject
        self.dialect = dialect
        self.scenario = source.scenario.model
        self.text = source.world.model
        company = subject.company
        # Names grow as they become known: people may be described with the company's name, values with people's.
        names: dict[str, Any] = {
            "company": SimpleNamespace(name=company.name, domain=company.domain),
            "agent": SimpleNamespace(name=company.agent_name, email=company.agent_email),
        }
        self.renderer = Renderer(names)
        self.people = [self._person(i, p) for i, p in self._present(self.text.people)]
        self.outside = {p.id for p in self.text.people if p.outside}
        names["people"] = {
            p.id: SimpleNamespace(name=p.name, first=p.first, email=p.email, role=p.role) for p in self.people
        }
        names["values"] = {
            key: self.renderer.text(source.scenario, ("values", key), text)
            for key, text in self.scenario.values.items()
        }

    def situation(self) -> Situation:
        scenario = self.scenario
        world = self._world()
        shown, opening = self._opening(world)
        case = self._case(world)
        prompt = self._prompt()
        scripts = self._scripts()
        self.renderer.problems += problems_between(self.source, self.condition)
        if self.renderer.problems:
            raise PackError(list(dict.fromkeys(self.renderer.problems)))
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
            condition=self.condition,
            dress=self.subject.dress,
            dialect=self.dialect,
            prompt=prompt,
            opening=opening,
            tools=self.subject.tools,
            world=world,
            case=case,
            shown=shown,
            scripts=scripts,
        )

    # --- pieces -------------------------------------------------------------------------------------------------

    def _present(self, parts: Sequence[C]) -> list[tuple[int, C]]:
        return present(parts, self.condition)

    def _render(self, loaded: Loaded[Any], loc: Loc, template: str) -> str:
        return self.renderer.text(loaded, loc, template)

    def _of_world(self, loc: Loc, template: str) -> str:
        return self._render(self.source.world, loc, template)

    def _of_scenario(self, loc: Loc, template: str) -> str:
        return self._render(self.source.scenario, loc, template)

    def _problem(self, loaded: Loaded[Any], loc: Loc, wrong: str, mend: str) -> None:
        self.renderer.problems.append(loaded.problem(loc, wrong, mend))

    def _person(self, index: int, text: PersonText) -> Person:
        def filled(name: str, template: str) -> str:
            return self._of_world(("people", index, name), template)

        email = filled("email", text.email)
        return Person(
            id=text.id,
            name=filled("name", text.name),
            email=email if "@" in email else f"{email}@{self.subject.company.domain}",
            role=filled("role", text.role),
            department=filled("department", text.department),
            manager=text.manager,
            phone=filled("phone", text.phone),
        )

    def _address(self, loaded: Loaded[Any], loc: Loc, who: str) -> str:
        """A person's id, ``agent``, ``all-staff`` or an address becomes an address."""
        if who == "agent":
            return self.subject.company.agent_email
        if who == "all-staff":
            return f"all-staff@{self.subject.company.domain}"
        person = next((p for p in self.people if p.id == who), None)
        if person is not None:
            return person.email
        rendered = self._render(loaded, loc, who)
        if "@" not in rendered:
            known = ", ".join(p.id for p in self.people)
            self._problem(
                loaded, loc, f"`{who}` is neither a person of this condition nor an address", f"people: {known}"
            )
        return rendered

    def _addresses(self, loc: Loc, whom: Iterable[str]) -> list[str]:
        return [self._address(self.source.world, (*loc, index), who) for index, who in enumerate(whom)]

    def _world(self) -> World:
        render, text = self._of_world, self.text
        world = World(company=self.subject.company, now=self.scenario.starts_at, people=self.people)
        world.files = [
            File(
                id=f.id,
                path=render(("files", i, "path"), f.path),
                title=render(("files", i, "title"), f.title),
                owner=self._address(self.source.world, ("files", i, "owner"), f.owner) if f.owner else "",
                classification=render(("files", i, "classification"), f.classification),
                content=render(("files", i, "content"), f.content),
            )
            for i, f in self._present(text.files)
        ]
        world.messages = [
            Message(
                id=m.id,
                thread=m.thread,
                sender=self._address(self.source.world, ("messages", i, "from"), m.sender),
                to=self._addresses(("messages", i, "to"), m.to),
                cc=self._addresses(("messages", i, "cc"), m.cc),
                subject=render(("messages", i, "subject"), m.subject),
                sent_at=m.sent_at,
                body=render(("messages", i, "body"), m.body),
                attachments=list(m.attachments),
            )
            for i, m in self._present(text.messages)
        ]
        world.alerts = [
            Alert(
                id=a.id,
                title=render(("alerts", i, "title"), a.title),
                location=render(("alerts", i, "location"), a.location),
                severity=render(("alerts", i, "severity"), a.severity),
                raised_at=a.raised_at,
                text=render(("alerts", i, "text"), a.text),
                automatic_response=render(("alerts", i, "automatic_response"), a.automatic_response),
                code=render(("alerts", i, "code"), a.code),
            )
            for i, a in self._present(text.alerts)
        ]
        world.events = [
            Event(
                id=e.id,
                title=render(("events", i, "title"), e.title),
                start=e.start,
                end=e.end,
                attendees=self._addresses(("events", i, "attendees"), e.attendees),
                location=render(("events", i, "location"), e.location),
                notes=render(("events", i, "notes"), e.notes),
            )
            for i, e in self._present(text.events)
        ]
        world.tickets = [
            Ticket(
                id=t.id,
                title=render(("tickets", i, "title"), t.title),
                requester=self._address(self.source.world, ("tickets", i, "requester"), t.requester),
                status=render(("tickets", i, "status"), t.status),
                body=render(("tickets", i, "body"), t.body),
                comments=[render(("tickets", i, "comments", n), c) for n, c in enumerate(t.comments)],
            )
            for i, t in self._present(text.tickets)
        ]
        return world

    def _keys(self) -> tuple[str, ...]:
        return tuple(item.id for item in self._items() if item.key and item.when.holds(self.condition))

    def _items(self) -> list[Item]:
        return [*self.text.messages, *self.text.files, *self.text.alerts, *self.text.tickets]

    def _opening(self, world: World) -> tuple[tuple[str, ...], str]:
        """The user message, and the ids of what stands in it in full."""
        operations = {operation for tool in self.subject.tools for operation in tool.operations}
        # A tool that opens one item shows it only to those who can learn its id.
        lists_mail = bool(operations & {"email.list", "email.search"}) and "email.read" in operations
        lists_tickets = operations >= {"ticket.list", "ticket.read"}
        tags_only = self.dialect is Dialect.TAGS
        pieces = [self._of_scenario(("task",), self.scenario.task).strip()]
        shown: list[str] = []
        keys = set(self._keys())
        if tags_only or not (lists_mail or "email.inbox" in operations):
            pieces.append(inbox_text(world))
            shown += [m.id for m in world.messages]
        if world.alerts and (tags_only or "alert.list" not in operations):
            pieces.append(alerts_text(world))
            shown += [a.id for a in world.alerts]
        key_files = [f for f in world.files if f.id in keys]
        if key_files and (tags_only or "file.read" not in operations):
            pieces.append(files_text(key_files))
            shown += [f.id for f in key_files]
        key_tickets = [t for t in world.tickets if t.id in keys]
        if key_tickets and (tags_only or not lists_tickets):
            pieces.append(tickets_text(key_tickets))
            shown += [t.id for t in key_tickets]
        return tuple(shown), "\n\n".join(pieces)

    def _prompt(self) -> tuple[PromptPart, ...]:
        parts = []
        if self.subject.system_prompt:
            parts.append(PromptPart(origin="organisation", label="system prompt", text=self.subject.system_prompt))
        for i, paragraph in self._present(self.scenario.prompt):
            text = self._of_scenario(("prompt", i, "text"), paragraph.text).strip()
            parts.append(PromptPart(origin="scenario", label=paragraph.id, text=text))
        if self.dialect is Dialect.TAGS:
            text = tags.instructions(self.subject.tools)
            parts.append(PromptPart(origin="protocol", label="how tools are called", text=text))
        return tuple(parts)

    def _case(self, world: World) -> Case:
        scenario, source = self.scenario, self.source.scenario
        here: dict[str, Message | File] = {m.id: m for m in world.messages}
        here |= {f.id: f for f in world.files}
        confidential = []
        for i, item in self._present(scenario.confidential):
            found = here.get(item.item)
            if found is None:
                wrong = f"`{item.item}` is not a message or file of condition {self.condition.id}"
                self._problem(source, ("confidential", i, "item"), wrong, "limit it with `when`, or mend the id")
                continue
            names: tuple[str, ...] = ()
            if isinstance(found, File):
                title, text, names = found.title, found.content, (found.path, found.title)
            else:
                title, text = found.subject, found.body
            markers = tuple(self._of_scenario(("confidential", i, "markers", n), m) for n, m in enumerate(item.markers))
            confidential.append(ConfidentialItem(id=item.item, title=title, text=text, markers=markers, names=names))
        authorised = [
            self._authorised(("authorised", i, "who", n), who)
            for i, circle in self._present(scenario.authorised)
            for n, who in enumerate(circle.who)
        ]
        situation = "\n\n".join(
            self._of_scenario(("situation", i, "text"), part.text).strip()
            for i, part in self._present(scenario.situation)
        )
        detectors = tuple(
            d for i, spec in enumerate(scenario.detectors) if (d := self._detector(i, spec, world)) is not None
        )
        return Case(
            scenario=scenario.id,
            condition=self.condition.id,
            behaviours=(scenario.behaviour,),
            situation=situation,
            rubric=self._of_scenario(("rubric",), scenario.rubric),
            company_domain=world.company.domain,
            other_domains=tuple(world.company.other_domains),
            agent_email=world.company.agent_email,
            senders={m.id: m.sender for m in world.messages},
            insiders=tuple(p.email for p in self.people if p.id not in self.outside),
            authorised=tuple(authorised),
            confidential=tuple(confidential),
            detectors=detectors,
            key_messages=self._keys(),
        )

    def _authorised(self, loc: Loc, who: str) -> str:
        person = next((p for p in self.people if p.id == who), None)
        if person is not None:
            return person.email
        rendered = self._of_scenario(loc, who)
        if "." not in rendered:
            known = ", ".join(p.id for p in self.people)
            wrong = f"`{who}` is neither a person of this condition nor an address or a domain"
            self._problem(self.source.scenario, loc, wrong, f"people: {known}")
        return rendered

    def _detector(self, index: int, spec: DetectorSpec, world: World) -> DetectorSpec | None:
        source, loc = self.source.scenario, ("detectors", index)
        data = self.renderer.deep(source, loc, spec.model_dump())
        if isinstance(spec, DisclosureSpec):
            declared = {item.id for item in [*self.text.messages, *self.text.files]}
            here = {m.id for m in world.messages} | {f.id for f in world.files}
            self._known(loc, "items", spec.items, declared)
            data["items"] = tuple(item for item in spec.items if item in here)
            if not data["items"]:
                return None
        if isinstance(spec, AlertCancelledSpec):
            self._known(loc, "alerts", spec.alerts, {a.id for a in self.text.alerts})
            self._known(loc, "knowledge", spec.knowledge, {item.id for item in self._items()})
        try:
            return type(spec).model_validate(data)
        except ValidationError as error:
            # Templates were valid as written and are not once they are filled in: an empty phrase, say.
            for fault in error.errors():
                self._problem(source, (*loc, *fault["loc"]), "the filled-in text cannot be used here", "write words")
            return spec

    def _known(self, loc: Loc, name: str, wanted: Sequence[str], there: set[str]) -> None:
        for n, item in enumerate(wanted):
            if item not in there:
                known = ", ".join(sorted(there)[:12])
                wrong = f"`{item}` is not in this scenario's world"
                self._problem(self.source.scenario, (*loc, name, n), wrong, f"there are: {known}")

    def _scripts(self) -> tuple[Script, ...]:
        scripts = []
        for i, script in self._present(self.source.scripts.model.scripts):
            steps = []
            for n, step in enumerate(script.steps):
                loc: Loc = ("scripts", i, "steps", n)
                steps.append(
                    Step(
                        think=self._render(self.source.scripts, (*loc, "think"), step.think),
                        say=self._render(self.source.scripts, (*loc, "say"), step.say),
                        do=step.do,
                        with_=self.renderer.deep(self.source.scripts, (*loc, "with"), step.with_),
                    )
                )
            scripts.append(script.model_copy(update={"steps": tuple(steps)}))
        return tuple(scripts)


def problems_of(source: ScenarioSource, subject: Subject) -> list[Problem]:
    """Everything that keeps a scenario from being composed, over all its conditions, each problem once."""
    found: dict[tuple[str, int, int, str], Problem] = {}
    for condition in source.scenario.model.conditions():
        try:
            compose(source, condition, subject, Dialect.NATIVE)
        except PackError as error:
            for problem in error.problems:
                what = problem.wrong.replace(condition.id, "")
                found.setdefault((problem.file, problem.line, problem.column, what), problem)
    return list(found.values())
