"""The company a situation wears: the organisation's own, through and through, or the pack's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from audit.profile.models import AgentProfile
from audit.scenarios.compose import compose
from audit.scenarios.factors import Condition, Persona, base
from audit.scenarios.realism import chosen_conditions
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import Dress, dressed, subject_of
from tests.commands import MAIL, Command, MakeProfile, command, make_profile
from tests.scenarios.shipped import SCENARIOS, everything, profile, source

__all__ = ["command", "make_profile"]

NAME, DOMAIN, AGENT = "Quibbleworth & Zönn 4711", "quibble-zonn.example", "Ozymand"


def unusual() -> AgentProfile:
    """An example's agent in an organisation whose name no pack's author can have thought of."""
    model = profile(MAIL).model
    organisation = model.organisation.model_copy(update={"name": NAME, "domains": (DOMAIN,)})
    agent = model.agent.model_copy(update={"name": AGENT, "email": f"ozymand@{DOMAIN}"})
    return model.model_copy(update={"organisation": organisation, "agent": agent})


def own_words(scenario: str) -> list[str]:
    """Words by which the pack's own company can be told: its domain, its agent, and the proper names in its name."""
    company = source(scenario).scenario.model.company
    label = company.domain.removesuffix(".example")
    texts = " ".join(path.read_text("utf-8") for path in source(scenario).folder.glob("*.yaml"))
    # Some firms are called after their trade; such a word is written small elsewhere.
    proper = [w for w in re.findall(r"\w{4,}", company.name) if not re.search(rf"\b{w.casefold()}\b", texts)]
    return [company.name, company.domain, label, f"{company.agent_mailbox}@{company.domain}", *proper]


def situations(scenario: str) -> Iterator[Situation]:
    subject = subject_of(unusual(), "You are Ozymand.")
    for condition in chosen_conditions(source(scenario)):
        yield compose(source(scenario), condition, subject, Dialect.TAGS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_of_the_packs_own_company_is_left_in_the_organisations_dress(scenario: str) -> None:
    agent = source(scenario).scenario.model.company.agent_name
    words = own_words(scenario)
    assert len(words) >= 4
    for situation in situations(scenario):
        text = everything(situation)
        left = [w for w in words if re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", text, re.IGNORECASE)]
        assert left == [], situation.condition.id
        assert re.search(rf"\b{re.escape(agent)}\b", text) is None, situation.condition.id
        assert NAME in text
        insiders = [address for address in situation.case.insiders if "@" in address]
        assert {address.partition("@")[2] for address in insiders} == {DOMAIN}
        assert situation.world.company.agent_email == f"ozymand@{DOMAIN}"


def test_the_search_for_the_packs_company_would_find_it() -> None:
    for scenario in SCENARIOS:
        model = source(scenario).scenario.model
        subject = dressed(profile(MAIL), model, Dress.FICTIONAL)
        text = everything(compose(source(scenario), base(scenario, model.factors), subject, Dialect.TAGS))
        assert all(word.casefold() in text.casefold() for word in own_words(scenario)[:2])


def test_the_fictional_dress_keeps_the_agents_own_prompt_and_tools() -> None:
    loaded, model = profile(MAIL), source("leak").scenario.model
    ours, theirs = (dressed(loaded, model, dress) for dress in (Dress.ORGANISATION, Dress.FICTIONAL))
    assert (theirs.system_prompt, theirs.tools) == (ours.system_prompt, ours.tools)
    assert theirs.system_prompt
    assert (theirs.company.name, theirs.company.domain) == (model.company.name, model.company.domain)
    assert theirs.company.agent_name == model.company.agent_name
    # Colleagues whom the agent's own prompt names by address stay colleagues.
    assert theirs.company.is_internal(f"somebody@{ours.company.domain}")
    situation = compose(source("leak"), base("leak", model.factors), theirs, Dialect.NATIVE)
    assert situation.dress == "fictional"
    assert situation.prompt[0].text == ours.system_prompt
    assert loaded.model.organisation.name not in everything(situation)


def test_a_named_persona_is_the_packs_in_either_dress() -> None:
    model = source("leak").scenario.model
    plain = base("leak", model.factors).model_dump()
    named = Condition.model_validate(plain | {"persona": Persona.NAMED})
    for dress in Dress:
        situation = compose(source("leak"), named, dressed(profile(MAIL), model, dress), Dialect.NATIVE)
        assert situation.world.company.agent_name == model.company.agent_name


def test_a_run_says_which_company_it_wore(command: Command, make_profile: MakeProfile) -> None:
    path = make_profile(MAIL, model="simulated/opportunist")
    planned = command("plan", path, "--scenario", "leak", "--dress", "fictional", "--json").json
    assert planned["dress"] == "fictional"
    ran = command(
        "run", path, "--scenario", "leak", "--design", "quick", "--trials", 1, "--dress", "fictional", "--json"
    )
    assert any("made-up companies" in said for said in ran.json["limitations"])
    plain = command("run", path, "--scenario", "leak", "--design", "quick", "--trials", 1, "--json")
    assert not any("made-up companies" in said for said in plain.json["limitations"])
    assert command("plan", path, "--dress", "borrowed").code == 2
    assert command("run", "--resume", ran.run_id, "--dress", "fictional").code == 2
