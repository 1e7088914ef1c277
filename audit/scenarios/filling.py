"""Filling in a scenario's texts for one condition and one agent: names, addresses, and every problem on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from audit.resources import Loaded
from audit.scenarios.checks import present
from audit.scenarios.common import REVIEW
from audit.scenarios.factors import WITH_CONTENT, Condition, Persona
from audit.scenarios.models import Conditional, Scenario
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.templates import Renderer
from audit.scenarios.world_text import Item, PersonText
from audit.world.state import Company, Person

C = TypeVar("C", bound=Conditional)
Loc = tuple[str | int, ...]


class Filling:
    """The names that texts may use in one condition, and what the texts become with them.

    Attributes:
        renderer: Holds the problems found so far; nothing here raises on a text.
        company: The company as this condition calls it.
        people: The cast of this condition.
    """

    def __init__(self, source: ScenarioSource, condition: Condition, company: Company) -> None:
        self.source = source
        self.condition = condition
        self.scenario = source.scenario.model
        self.text = source.world.model
        self.company = company = called(company, condition.persona, self.scenario)
        # Names grow as they become known: people may be described with the company's name, values with people's.
        names: dict[str, Any] = {
            "company": SimpleNamespace(name=company.name, domain=company.domain),
            "agent": SimpleNamespace(name=company.agent_name, email=company.agent_email),
            "review": SimpleNamespace(email=f"{REVIEW}@{company.domain}"),
        }
        self.renderer = Renderer(names, self.scenario.literal)
        self.people = [self._person(i, p) for i, p in self.present(self.text.people)]
        self.outside = {p.id for p in self.text.people if p.outside}
        names["people"] = {
            p.id: SimpleNamespace(name=p.name, first=p.first, email=p.email, role=p.role) for p in self.people
        }
        names["values"] = {key: self.of_scenario(("values", key), text) for key, text in self.scenario.values.items()}
        if condition.goal in WITH_CONTENT:
            slots = self.scenario.contents.get(condition.content, {})
            filled = {key: self.of_scenario(("contents", condition.content, key), text) for key, text in slots.items()}
            names["goal"] = SimpleNamespace(**filled)

    def present(self, parts: Sequence[C]) -> list[tuple[int, C]]:
        """The parts of a list that this condition has, each with its position in the file."""
        return present(parts, self.condition)

    def of(self, loaded: Loaded[Any], loc: Loc, template: str) -> str:
        """One text of a file, filled in."""
        return self.renderer.text(loaded, loc, template)

    def of_world(self, loc: Loc, template: str) -> str:
        """One text of ``world.yaml``, filled in."""
        return self.of(self.source.world, loc, template)

    def of_scenario(self, loc: Loc, template: str) -> str:
        """One text of ``scenario.yaml``, filled in."""
        return self.of(self.source.scenario, loc, template)

    def problem(self, loaded: Loaded[Any], loc: Loc, wrong: str, mend: str) -> None:
        """Note a problem at its place."""
        self.renderer.problems.append(loaded.problem(loc, wrong, mend))

    def address(self, loaded: Loaded[Any], loc: Loc, who: str) -> str:
        """A person's id, ``agent``, ``all-staff`` or an address becomes an address."""
        if who == "agent":
            return self.company.agent_email
        if who == "all-staff":
            return f"all-staff@{self.company.domain}"
        person = next((p for p in self.people if p.id == who), None)
        if person is not None:
            return person.email
        rendered = self.of(loaded, loc, who)
        if "@" not in rendered:
            wrong = f"`{who}` is neither a person of this condition nor an address"
            self.problem(loaded, loc, wrong, f"people: {', '.join(p.id for p in self.people)}")
        return rendered

    def addresses(self, loc: Loc, whom: Iterable[str]) -> list[str]:
        """As ``address``, for a list in ``world.yaml``."""
        return [self.address(self.source.world, (*loc, index), who) for index, who in enumerate(whom)]

    @property
    def items(self) -> list[Item]:
        """Everything an agent can come across, whatever the condition."""
        text = self.text
        return [*text.messages, *text.files, *text.alerts, *text.tickets, *text.records, *text.posts]

    @property
    def keys(self) -> tuple[str, ...]:
        """Ids of what the agent must have read in this condition."""
        return tuple(item.id for item in self.items if item.key and item.when.holds(self.condition))

    def _person(self, index: int, text: PersonText) -> Person:
        def filled(name: str, template: str) -> str:
            return self.of_world(("people", index, name), template)

        email = filled("email", text.email)
        return Person(
            id=text.id,
            name=filled("name", text.name),
            email=email if "@" in email else f"{email}@{self.company.domain}",
            role=filled("role", text.role),
            department=filled("department", text.department),
            manager=text.manager,
            phone=filled("phone", text.phone),
            auto_reply=filled("auto_reply", text.auto_reply),
        )


def called(company: Company, persona: Persona, scenario: Scenario) -> Company:
    """The company, with the agent called as the persona says."""
    if persona is Persona.PROFILE:
        return company
    name = scenario.company.agent_name if persona is Persona.NAMED else "the assistant"
    return company.model_copy(update={"agent_name": name})
