"""The shipped catalogue holds together, and a broken one says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import PackError
from audit.oversight.catalogue import ControlInfo, FactTest, Strength, load_catalogue
from audit.oversight.standing import SIMULATED
from audit.profile.facts import facts
from audit.profile.loading import load_profile
from audit.profile.models import AgentProfile
from audit.resources import data_dir
from audit.verdicts.models import Behaviour
from audit.world.capabilities import Capability

CATALOGUE = load_catalogue().model
EXAMPLES = sorted(data_dir("examples").glob("*/agent.yaml"))
PROMPT_ONLY = {"C23", "C24", "C25"}


def example(name: str) -> AgentProfile:
    return load_profile(data_dir("examples") / name / "agent.yaml").model


def test_every_enforced_control_is_in_the_catalogue() -> None:
    assert {control.id for control in CATALOGUE.controls} >= SIMULATED


@pytest.mark.parametrize("control", CATALOGUE.controls, ids=lambda control: control.id)
def test_facts_are_facts_a_profile_can_state(control: ControlInfo) -> None:
    known = facts(example("retail-support"))
    assert {test.fact for test in control.facts} <= known.keys()


@pytest.mark.parametrize("behaviour", Behaviour)
def test_every_behaviour_has_an_enforcing_control(behaviour: Behaviour) -> None:
    assert any(behaviour in c.stops and c.strength is Strength.ENFORCING for c in CATALOGUE.controls)


def test_only_words_to_the_agent_are_weak() -> None:
    assert {c.id for c in CATALOGUE.controls if c.strength is Strength.WEAK} == PROMPT_ONLY


def test_the_catalogue_has_all_thirty_two() -> None:
    assert [control.id for control in CATALOGUE.controls] == [f"C{number:02}" for number in range(1, 33)]


def test_what_stops_nothing_is_enabling_and_is_never_offered_for_a_gap() -> None:
    enabling = {c.id for c in CATALOGUE.controls if c.strength is Strength.ENABLING}
    assert enabling == {"C17", "C26", "C27", "C28", "C29", "C32"}
    for control in CATALOGUE.controls:
        stops = [(b, c) for b in Behaviour for c in Capability if control.stops_on(b, c)]
        assert bool(stops) is (control.id not in enabling), control.id


@pytest.mark.parametrize(
    ("strength", "stops", "message"),
    [
        ("enabling", "[leak]", "a control of strength `enabling` stops something here"),
        ("partial", "[]", "a control of strength `partial` stops nothing here"),
    ],
)
def test_strength_has_to_fit_what_is_stopped(tmp_path: Path, strength: str, stops: str, message: str) -> None:
    path = tmp_path / "controls.yaml"
    path.write_text(
        f"""\
schema: insider-audit/controls/1
version: "1.0"
as_of: "2026-11-21"
note: Ours.
frameworks:
  own: {{title: Our own rules, year: 2026, url: https://rules.example, checked: primary}}
controls:
  - id: C01
    name: A rule
    what: Something.
    strength: {strength}
    enforced_at: [process]
    stops: {stops}
    owner_role: Somebody
    effort: low
    references: [{{framework: own, item: "1"}}]
    facts: [{{fact: gateway.presnt, one_of: 'yes'}}]
"""
    )
    with pytest.raises(PackError) as raised:
        load_catalogue(path)
    shown = [str(problem).removeprefix(f"{path}:") for problem in raised.value.problems]
    assert shown == ["17:20: there is no fact `gateway.presnt`; did you mean `gateway.present`?"]
    path.write_text(path.read_text().replace("presnt", "present"))
    with pytest.raises(PackError) as raised:
        load_catalogue(path)
    assert str(raised.value).startswith(f"{path}:11:15: {message}; ")


def test_references_carry_a_year_and_say_when_they_are_unconfirmed() -> None:
    labels = [label for c in CATALOGUE.controls for label in CATALOGUE.labels(c.references)]
    assert all("20" in label.rsplit(": ", 1)[0] for label in labels)
    for label in labels:
        if label.startswith(("AICPA", "CSA")):
            assert all(item.endswith("(unconfirmed)") for item in label.rsplit(": ", 1)[1].split(", "))
    items = {item for label in labels for item in label.rsplit(": ", 1)[1].split(", ")}
    assert {"AC-3(2) (unconfirmed)", "BP19 (unconfirmed)", "AC-2"} <= items
    assert not {"AC-3(2)", "BP19"} & items


def test_references_of_one_framework_stand_together() -> None:
    control = next(c for c in CATALOGUE.controls if c.id == "C05")
    labels = CATALOGUE.labels(control.references)
    assert "NIST SP 800-53 Rev. 5, Release 5.2.0 (2025): AC-4, SC-7" in labels
    assert len({label.rsplit(": ", 1)[0] for label in labels}) == len(labels)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_show_which_controls_are_in_place(path: Path) -> None:
    expected = {
        "executive-mail-assistant": {"C01"},
        "building-operations": {"C01", "C05", "C10", "C15", "C22"},
        "platform-operations": {"C01", "C10", "C12", "C19", "C22", "C30"},
        "accounts-payable": {"C04", "C10", "C13", "C15", "C19", "C22", "C30", "C31"},
        "retail-support": {
            "C01", "C02", "C04", "C07", "C08", "C10", "C12", "C13", "C15", "C18", "C19", "C20", "C21", "C22",
            "C27", "C28", "C29", "C30", "C31", "C32",
        },
    }  # fmt: skip
    profile = load_profile(path).model
    assert {c.id for c in CATALOGUE.controls if c.in_place(profile)} == expected[path.parent.name]


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [
        (FactTest(fact="comms.allow_list"), "unknown", False),
        (FactTest(fact="comms.allow_list"), None, False),
        (FactTest(fact="comms.allow_list"), "none", False),
        (FactTest(fact="comms.allow_list"), [], False),
        (FactTest(fact="comms.allow_list"), 0, False),
        (FactTest(fact="comms.allow_list"), 6, True),
        (FactTest(fact="comms.allow_list"), {"a": None}, False),
        (FactTest(fact="comms.allow_list"), {"a": 1}, True),
        (FactTest(fact="comms.allow_list"), ["x.example"], True),
        (FactTest(fact="comms.allow_list", one_of=("yes",)), "yes", True),
        (FactTest(fact="comms.allow_list", one_of=("yes",)), "partial", False),
        (FactTest(fact="comms.allow_list", one_of=("escalate",)), [["email.send"], ["escalate"]], True),
        (FactTest(fact="comms.allow_list", only=("yes",)), ["yes", "partial"], False),
        (FactTest(fact="comms.allow_list", only=("yes",)), ["yes", "yes"], True),
        (FactTest(fact="comms.allow_list", only=("yes",)), "unknown", False),
    ],
)
def test_fact_tests(test: FactTest, value: object, holds: bool) -> None:
    assert test.holds({"comms.allow_list": value}) is holds
    assert not test.holds({})


def test_a_control_without_paths_works_on_every_path() -> None:
    monitor, allow_list = CATALOGUE.get("C16"), CATALOGUE.get("C05")
    assert monitor is not None
    assert allow_list is not None
    assert monitor.stops_on(Behaviour.LETHAL_ACTION, Capability.ALERT_CANCEL)
    assert allow_list.stops_on(Behaviour.LEAK, Capability.EMAIL_SEND)
    assert not allow_list.stops_on(Behaviour.LEAK, Capability.ALERT_CANCEL)
    assert not allow_list.stops_on(Behaviour.LETHAL_ACTION, Capability.EMAIL_SEND)


def test_names_of_unknown_controls_are_their_ids() -> None:
    assert CATALOGUE.get("C99") is None
    assert CATALOGUE.name_of("C99") == "C99"


def test_a_broken_catalogue_says_where(tmp_path: Path) -> None:
    text = (data_dir("checklists") / "controls.yaml").read_text()
    path = tmp_path / "controls.yaml"
    path.write_text(text.replace("id: C02", "id: C01").replace("framework: soc2", "framework: soc3", 1))
    with pytest.raises(PackError) as raised:
        load_catalogue(path)
    message = str(raised.value)
    assert "two controls are called C01" in message
    assert "there is no framework `soc3`" in message
    assert all(problem.line for problem in raised.value.problems)


def test_both_kinds_of_values_in_a_fact_test_are_refused() -> None:
    with pytest.raises(ValueError, match="both given"):
        FactTest(fact="comms.allow_list", one_of=("a",), only=("b",))
