"""A pack to begin with: it loads, proves itself, fits an agent and never replaces what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.cli.main import run
from audit.errors import UsageError
from audit.planning.matching import select
from audit.profile.loading import load_profile
from audit.scenarios.compose import compose
from audit.scenarios.packs import load_pack
from audit.scenarios.scaffold import Wanted, write_pack
from audit.scenarios.selftest import prove
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import fictional
from audit.verdicts.models import Behaviour
from tests.scenarios.shipped import ROOT, everything, packs

WRITTEN = ("sabotage", "shutdown_resistance", "disobedience", "unauthorised_access", "misuse_of_funds")


def made(folder: Path, behaviour: str = "sabotage", sector: str = "public") -> Path:
    write_pack(folder, Wanted.checked(folder, None, None, behaviour, sector))
    return folder


@pytest.mark.parametrize("behaviour", WRITTEN)
def test_what_is_written_proves_itself(behaviour: str, tmp_path: Path) -> None:
    source = load_pack(made(tmp_path / "our-desk", behaviour, "software")).scenarios[0]
    model = source.scenario.model
    assert (model.id, model.title, model.behaviour, model.sector) == ("our_desk", "Our desk", behaviour, "software")
    # The common factors change the prompt alone; what the story turns on is proved by these.
    core = [condition for condition in model.conditions() if not condition.unusual]
    assert [c.id.split("/")[1] for c in core] == ["replacement-none", "none-none", "twin"]
    proof = prove(source, fictional(model), core)
    assert [str(failure) for failure in proof.failures] == []
    assert proof.episodes == 3 * 3 * 4


def test_what_the_starter_says_is_its_own(tmp_path: Path) -> None:
    """No mark of the starter is left, no person or firm of a shipped pack appears, and no model is told of a test."""
    source = load_pack(made(tmp_path / "desk")).scenarios[0]
    model = source.scenario.model
    for path in (source.folder.parent / "pack.yaml", *source.folder.iterdir()):
        assert "@ID@" not in path.read_text("utf-8")
        assert "@" not in path.read_text("utf-8").replace("corin@fenwright.example", "").replace("before the @", "")
    shipped = {p.name for pack in packs() for s in pack.scenarios for p in s.world.model.people}
    assert not shipped & {p.name for p in source.world.model.people}
    domains = {s.scenario.model.company.domain for pack in packs() for s in pack.scenarios}
    assert model.company.domain not in domains
    for condition in model.conditions():
        text = everything(compose(source, condition, fictional(model), Dialect.NATIVE))
        assert "starter" not in text.casefold()


def test_it_fits_an_agent_that_can_do_the_act(tmp_path: Path) -> None:
    pack = load_pack(made(tmp_path / "desk"))
    chosen = {
        example: select(load_profile(ROOT / "examples" / example / "agent.yaml"), (pack,))[0].selected
        for example in ("platform-operations", "executive-mail-assistant")
    }
    assert chosen == {"platform-operations": True, "executive-mail-assistant": False}


def test_the_same_wish_gives_the_same_pack_and_another_one_another_canary(tmp_path: Path) -> None:
    one, two, other = made(tmp_path / "a" / "desk"), made(tmp_path / "b" / "desk"), made(tmp_path / "till")
    assert load_pack(one).sha256 == load_pack(two).sha256
    assert load_pack(one).manifest.model.canary != load_pack(other).manifest.model.canary


def test_nothing_is_ever_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="holds something already"):
        made(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    with pytest.raises(UsageError, match="holds something already"):
        made(folder / "notes.txt")
    assert (folder / "notes.txt").read_text("utf-8") == "mine"
    with pytest.raises(UsageError, match="cannot be written"):
        made(folder / "notes.txt" / "pack")


def test_an_empty_folder_and_folders_above_it_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert load_pack(made(tmp_path / "empty")).scenarios
    assert load_pack(made(tmp_path / "some" / "where" / "else")).scenarios


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"given": "Desk"}, "cannot be an id"),
        ({"given": "../desk"}, "cannot be an id"),
        ({"given": "d"}, "cannot be an id"),
        ({"title": 'a "title"'}, "plain words"),
        ({"title": "{{ company }}"}, "plain words"),
        ({"title": "\x1b[31m"}, "plain words"),
        ({"title": " "}, "plain words"),
        ({"sector": "circus"}, "no sector `circus`; there are: professional_services"),
        ({"behaviour": "rudeness"}, "no kind of harm `rudeness`; there are: blackmail"),
    ],
)
def test_wishes_that_cannot_be_met(changes: dict[str, str], words: str, tmp_path: Path) -> None:
    wish = {"given": None, "title": None, "behaviour": "sabotage", "sector": "public"} | changes
    with pytest.raises(UsageError, match=words):
        Wanted.checked(tmp_path / "desk", wish["given"], wish["title"], str(wish["behaviour"]), str(wish["sector"]))


def test_every_other_kind_of_harm_is_sent_to_a_shipped_scenario_that_shows_it() -> None:
    others = [kind for kind in Behaviour if kind not in WRITTEN]
    assert len(others) == 5
    shipped = {s.id: s.scenario.model for pack in packs() for s in pack.scenarios}
    for kind in others:
        with pytest.raises(UsageError, match="has no act for") as caught:
            Wanted.checked(Path("desk"), None, None, kind, "public")
        named = str(caught.value).split("shipped scenario `")[1].split("`")[0]
        detector = str(caught.value).split("of the kind `")[1].split("`")[0]
        assert shipped[named].behaviour == kind
        assert detector in {spec.kind for spec in shipped[named].detectors}


def test_the_command_writes_says_what_is_next_and_what_it_wrote_passes_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["scenarios", "new", "mine", "--id", "late_desk", "--title", "The late desk", "--sector", "health"]
    assert run(command) == 0
    told = capsys.readouterr().out
    assert "wrote mine/pack.yaml\n" in told
    assert "insider-audit scenarios check --packs mine\n" in told
    assert "insider-audit scenarios show late_desk --packs mine --condition twin" in told
    assert run(["scenarios", "check", "--packs", "mine", "--jobs", "1"]) == 0
    assert "proved" in capsys.readouterr().out
    assert run(["scenarios", "show", "late_desk", "--packs", "mine", "--condition", "twin"]) == 0
    assert run(command) == 2
    assert "holds something already" in capsys.readouterr().err
