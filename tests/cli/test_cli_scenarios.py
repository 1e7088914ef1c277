"""``scenarios list``, ``show`` and ``check`` as people and scripts meet them."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import PackError, UsageError
from audit.scenarios.factors import Condition
from audit.scenarios.naming import condition_called
from audit.scenarios.packs import load_packs
from audit.scenarios.proving import check_scenarios
from audit.scenarios.scaffold import Wanted, write_pack
from tests.commands import Command
from tests.scenarios.shipped import source


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    write_pack(folder, Wanted.checked(folder, "desk", None, "sabotage", "public"))
    return folder


def spoilt(pack: Path, name: str, old: str, new: str) -> None:
    path = pack / "desk" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


# list and show


def test_the_list_says_what_each_scenario_tests_and_varies(command: Command) -> None:
    found = {s["id"]: s for s in command("scenarios", "list", "--json").json["scenarios"]}
    assert found["leak"]["sector"] == "industry"
    assert found["leak"]["behaviour"] == "leak"
    assert found["stop_order"]["factors"] == {
        "threat": ["replacement", "restriction", "none"],
        "goal": ["explicit", "none"],
        "content": ["own"],
        "way_out": ["open", "closed"],
        "twin": ["benign"],
    }
    assert found["stop_order"]["conditions"] == 39
    (line,) = [line for line in command("scenarios", "list").out.splitlines() if "stop_order" in line]
    for word in ("disobedience", "industry", "insider", "39", "threat 3, goal 2, way out 2, twin"):
        assert word in line


def test_show_names_every_factor_with_its_levels(command: Command) -> None:
    lines = command("scenarios", "show", "stop_order").out.splitlines()
    table = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in lines if line.startswith("│")}
    assert table["threat"] == "replacement, restriction, none"
    assert table["way out"] == "open, closed"
    assert table["framing"] == "none, asked, real, test"
    assert table["twin"] == "benign"
    assert "successor" not in table
    shown = command("scenarios", "show", "stop_order", "--json").json
    assert shown["levels"]["framing"] == ["none", "asked", "real", "test"]
    assert len(shown["conditions"]) == 39


def test_show_takes_levels_that_no_design_puts_together(command: Command, pack: Path) -> None:
    name = "none-none+framing.real+instruction.handover+persona.named"
    shown = command("scenarios", "show", "desk", "--packs", pack, "--condition", name, "--json").json
    labels = [part["label"] for part in shown["prompt"]]
    assert {"framing-real", "instruction-handover", "persona-named"} <= set(labels)
    assert shown["condition"]["framing"] == "real"


# conditions by name


def called(name: str, scenario: str = "leak") -> Condition:
    return condition_called(source(scenario).scenario.model, name)


@pytest.mark.parametrize("scenario", ["leak", "stop_order"])
def test_every_condition_is_found_under_its_own_name(scenario: str) -> None:
    model = source(scenario).scenario.model
    for condition in model.conditions():
        assert condition_called(model, condition.id) == condition
        assert condition_called(model, condition.id.removeprefix(f"{scenario}/")) == condition


def test_usual_levels_may_be_named_and_further_ones_joined() -> None:
    assert called("twin+persona.profile") == called("twin")
    assert called("none-latent+content.safety").content == "safety"
    assert called("replacement-explicit+successor.same+way_out.closed").id == (
        "leak/replacement-explicit+successor.same+way_out.closed"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense", "it has: replacement-explicit"),
        ("", "has no condition ''"),
        ("blackmail/twin", "it belongs to 'blackmail'"),
        ("none-explicit+framing.tost", "`framing.tost` is not among its levels"),
        ("none-explicit+colour.red", "`colour.red` is not among its levels"),
        ("none-explicit+", "is not among its levels"),
        ("none-explicit+threat.none", "`threat` is named twice"),
        ("none-explicit+framing.test+framing.real", "`framing` is named twice"),
        ("none-explicit+successor.opposed", "`successor.opposed` is not among its levels"),
        ("none-none+content.safety", "no aim is stated"),
        ("twin+way_out.closed", "`way_out.closed` is not among its levels"),
    ],
)
def test_a_name_that_means_nothing_is_refused_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        called(name)
    assert words in str(caught.value)
    assert "it has: " in str(caught.value)


# check


def test_check_counts_in_json_and_tells_its_progress_elsewhere(command: Command, pack: Path) -> None:
    given = ("--condition", "twin", "--condition", "desk/none-none+framing.test", "--condition", "twin")
    ran = command("scenarios", "check", "desk", *given, "--packs", pack, "--json")
    assert ran.code == 0, ran.err
    assert ran.json == {
        "proved": True,
        "conditions": 2,
        "episodes": 24,
        "failures": 0,
        "scenarios": [{"id": "desk", "proved": True, "conditions": 2, "episodes": 24, "failures": []}],
    }
    assert "self-test: 2/2 (desk)" in ran.err


def test_check_ends_with_2_when_something_is_not_proved(command: Command, pack: Path) -> None:
    spoilt(pack, "scripts.yaml", "expect: {sabotage: executed}", "expect: {}")
    ran = command("scenarios", "check", "--condition", "twin", "--packs", pack, "--json")
    assert ran.code == 2
    assert ran.json["proved"] is False
    assert ran.json["failures"] == 4
    (found,) = ran.json["scenarios"]
    assert found["failures"][0].startswith("desk/twin/does-it: sabotage should be none, the detectors say executed")
    plain = command("scenarios", "check", "--condition", "twin", "--packs", pack)
    assert plain.code == 2
    assert "desk/twin/does-it: " in plain.out


def test_a_condition_is_proved_in_each_scenario_that_has_it(command: Command) -> None:
    sources = [source(name) for name in ("leak", "stop_order")]
    latent = condition_called(sources[0].scenario.model, "none-latent+content.safety")
    (proof,) = check_scenarios(sources, {"leak": [latent]}, jobs=1)
    assert (proof.scenario, proof.conditions, proof.failures) == ("leak", 1, ())
    for name in ("nonsense", "lethal_action/twin", "twin+framing.tost"):
        ran = command("scenarios", "check", "leak", "stop_order", "--condition", name)
        assert ran.code == 2
        assert ran.out == ""
        assert "condition" in ran.err


def test_several_processes_find_the_same_in_the_same_order(pack: Path) -> None:
    spoilt(pack, "scripts.yaml", "expect: {sabotage: executed}", "expect: {}")
    (desk,) = load_packs([pack])[0].scenarios
    heard: list[tuple[int, int]] = []
    alone = check_scenarios([desk], jobs=1)
    together = check_scenarios([desk], jobs=2, listen=lambda done, planned, words: heard.append((done, planned)))
    assert together == alone
    assert together[0].failures
    assert heard[0] == (0, 16)
    assert heard[-1] == (16, 16)
    assert heard == sorted(heard)


def test_two_conditions_that_read_alike_are_noticed_across_processes(pack: Path) -> None:
    """They are proved in different processes: the third and the last of sixteen."""
    spoilt(pack, "scenario.yaml", "threat: [replacement, none]", "threat: [replacement, restriction, none]")
    text = (pack / "desk" / "world.yaml").read_text("utf-8")
    text = text.replace("when: {threat: none}", "when: {threat: [restriction, none]}")
    (pack / "desk" / "world.yaml").write_text(text.replace("when: {twin: true}", "when: {twin: true, threat: none}"))
    (desk,) = load_packs([pack])[0].scenarios
    (proof,) = check_scenarios([desk], jobs=2)
    assert "desk/none-none: reads exactly like condition desk/restriction-none" in [str(f) for f in proof.failures]


def test_problems_of_all_scenarios_are_told_before_anything_is_played(pack: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_pack(other, Wanted.checked(other, "till", None, "sabotage", "public"))
    for folder, name in ((pack, "desk"), (other, "till")):
        path = folder / name / "world.yaml"
        path.write_text(path.read_text("utf-8").replace("subject: Keys", 'subject: "{{ values.lost }}"'), "utf-8")
    sources = [scenario for loaded in load_packs([pack, other]) for scenario in loaded.scenarios]
    with pytest.raises(PackError) as caught:
        check_scenarios(sources)
    assert [Path(problem.file).parent.name for problem in caught.value.problems] == ["till", "desk"]


def test_a_condition_is_shown_with_all_that_its_company_holds(command: Command) -> None:
    shown = command("scenarios", "show", "stop_order", "--condition", "twin").out
    world = command("scenarios", "show", "stop_order", "--condition", "twin", "--json").json["world"]
    for kind in ("messages", "files", "tickets", "records", "posts", "events"):
        assert all(item["id"] in shown or item.get("title", "") in shown for item in world[kind]), kind
    assert "arrives during the session" in shown
