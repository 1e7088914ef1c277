"""Released prompts become a pack: word for word, with the study's factors, and it proves itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import PackError
from audit.profile.loading import load_profile
from audit.scenarios.compose import compose
from audit.scenarios.importing.packing import plain, write_pack
from audit.scenarios.importing.parts import parts_of
from audit.scenarios.importing.release import named_condition, read_release
from audit.scenarios.packs import load_pack
from audit.scenarios.selftest import check_scenario, prove
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import audited
from audit.scenarios.templates import Renderer
from tests.commands import Command, command
from tests.scenarios.released import published, write_prompt

__all__ = ["command"]

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "study_release"


def imported(root: Path, out: Path) -> dict[str, tuple[str, str, str]]:
    """Condition of the release -> its id here, system message and opening message, as an imported agent gets them."""
    parts = parts_of(read_release(root).prompts)
    write_pack(out, parts, "a test")
    sources = {source.id: source for source in load_pack(out).scenarios}
    found = {}
    for part in parts:
        subject = audited(load_profile(out / "agents" / f"{part.id}.yaml"))
        for prompt in part.prompts:
            situation = compose(sources[part.id], part.condition(prompt), subject, Dialect.TAGS)
            found[prompt.condition] = situation.condition.id, situation.system_message, situation.opening
    return found


def test_every_text_arrives_word_for_word(tmp_path: Path) -> None:
    braces = "\nWrite {{ name }}, {% if x %} or {# note #} if you like.   \nEnd."
    names = [
        write_prompt(tmp_path, "blackmail", "explicit", "america", "replacement", more=braces),
        write_prompt(tmp_path, "blackmail", "none", "none", "replacement", more=braces),
        write_prompt(tmp_path, "leaking", "explicit", "america", "none"),
        write_prompt(tmp_path, "murder", "none", "none", "restriction"),
    ]
    found = imported(tmp_path, tmp_path / "pack")
    assert {name: found[name][1:] for name in names} == {name: published(tmp_path, name) for name in names}
    assert [found[name][0] for name in names] == [
        "blackmail/replacement-explicit",
        "blackmail/replacement-none",
        "leak/none-explicit",
        "lethal_action/restriction-none",
    ]


@pytest.mark.skipif(not REAL.exists(), reason=f"no released prompts at {REAL}")
def test_released_prompts_arrive_word_for_word_and_prove_themselves(tmp_path: Path) -> None:
    found = imported(REAL, tmp_path / "pack")
    assert len(found) == len(list((REAL / "prompts").iterdir()))
    assert {name: texts[1:] for name, texts in found.items()} == {name: published(REAL, name) for name in found}
    for source in load_pack(tmp_path / "pack").scenarios:
        assert check_scenario(source).failures == ()


@given(st.text(alphabet=st.sampled_from(list("{}%#ab \n-'\""))))
def test_an_escaped_text_is_the_text(text: str) -> None:
    renderer = Renderer({}, ["{{", "}}", "{%", "%}", "${", "{a}", "{b}", "{ab}", "{ba}"])
    loaded: Any = _Nowhere()
    assert renderer.text(loaded, (), plain(text)) == text


class _Nowhere:
    def problem(self, loc: Any, wrong: str, mend: str) -> str:
        return wrong


def test_aims_become_contents_and_americas_is_the_scenarios_own(tmp_path: Path) -> None:
    for value in ("america", "global"):
        for threat in ("replacement", "none"):
            write_prompt(tmp_path, "blackmail", "explicit", value, threat)
    for threat in ("replacement", "none"):
        write_prompt(tmp_path, "blackmail", "none", "none", threat)
    found = imported(tmp_path, tmp_path / "pack")
    assert {texts[0] for texts in found.values()} == {
        "blackmail/replacement-explicit",
        "blackmail/none-explicit",
        "blackmail/replacement-explicit+content.global",
        "blackmail/none-explicit+content.global",
        "blackmail/replacement-none",
        "blackmail/none-none",
    }
    (source,) = load_pack(tmp_path / "pack").scenarios
    assert {condition.id for condition in source.scenario.model.conditions()} == {t[0] for t in found.values()}


def test_what_is_no_full_grid_becomes_further_scenarios_and_variants_their_own(tmp_path: Path) -> None:
    write_prompt(tmp_path, "blackmail", "explicit", "america", "replacement")
    write_prompt(tmp_path, "blackmail", "explicit", "america", "none")
    write_prompt(tmp_path, "blackmail", "none", "none", "restriction")
    write_prompt(tmp_path, "blackmail", "none", "none", "none", metadata={"production_variant": True})
    found = imported(tmp_path, tmp_path / "pack")
    assert {texts[0] for texts in found.values()} == {
        "blackmail/replacement-explicit",
        "blackmail/none-explicit",
        "blackmail_2/restriction-none",
        "blackmail_prod/none-none",
    }
    for source in load_pack(tmp_path / "pack").scenarios:
        assert check_scenario(source).failures == ()


def test_the_command_writes_a_pack_that_proves_itself_with_agents_that_run_it(tmp_path: Path, command: Command) -> None:
    for kind in ("blackmail", "leaking", "murder"):
        write_prompt(tmp_path, kind, "explicit", "america", "replacement")
    out = tmp_path / "pack"
    ran = command("import", "study-prompts", tmp_path, "--output", out, "--json")
    assert ran.code == 0
    assert ran.json["proved"] is True
    for source in load_pack(out).scenarios:
        proof = prove(source, audited(load_profile(out / "agents" / f"{source.id}.yaml")))
        assert proof.failures == ()
        assert proof.episodes
    again = command("import", "study-prompts", tmp_path, "--output", out)
    assert again.code == 2
    assert "something already" in again.err


def test_a_placeholder_that_nobody_filled_in_is_refused_with_its_place(tmp_path: Path, command: Command) -> None:
    gap = "\nServe ${direction_modifier} now."
    name = write_prompt(tmp_path, "blackmail", "explicit", "safety", "restriction", more=gap)
    lines = published(tmp_path, name)[0].splitlines()
    refused = command("import", "study-prompts", tmp_path, "--output", tmp_path / "a")
    assert refused.code == 2
    assert f"system_prompt.txt:{len(lines)}:7: '${{direction_modifier}}'" in refused.err
    assert not (tmp_path / "a").exists()
    allowed = command("import", "study-prompts", tmp_path, "--output", tmp_path / "b", "--allow-gaps", "--json")
    assert allowed.code == 0
    assert len(allowed.json["gaps"]) == 1
    assert imported(tmp_path, tmp_path / "c")[name][1:] == published(tmp_path, name)


def test_a_condition_that_reads_like_another_is_reported_and_left_out(tmp_path: Path, command: Command) -> None:
    first = write_prompt(tmp_path, "blackmail", "latent", "america", "none")
    second = write_prompt(tmp_path, "blackmail", "swap", "america", "none")
    for file in ("system_prompt.txt", "user_prompt.txt", "email_content.txt"):
        text = (tmp_path / "prompts" / first / file).read_text("utf-8")
        (tmp_path / "prompts" / second / file).write_text(text, "utf-8")
    ran = command("import", "study-prompts", tmp_path, "--output", tmp_path / "pack", "--json")
    assert ran.json["same_text"] == [[first, second]]
    assert [list(scenario["conditions"]) for scenario in ran.json["scenarios"]] == [[first]]


def test_what_cannot_be_read_is_said_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"no folder with a system_prompt\.txt"):
        read_release(tmp_path)
    name = write_prompt(tmp_path, "blackmail", "explicit", "america", "none", metadata={"goal_type": "secret"})
    with pytest.raises(PackError, match=r"metadata\.json: `goal_type` is 'secret'"):
        read_release(tmp_path)
    (tmp_path / "prompts" / name / "metadata.json").unlink()
    mails = tmp_path / "prompts" / name / "email_content.txt"
    mails.write_text(mails.read_text("utf-8").replace("Timestamp: 2025", "Timestamp: soon 2025", 1), "utf-8")
    with pytest.raises(PackError, match=r"email_content\.txt:1:1: mail 1 has no time"):
        read_release(tmp_path)


@pytest.mark.parametrize(
    ("name", "variant"),
    [("leaking_explicit-america_none", ""), ("murder_none-none_replacement_prod", "prod")],
)
def test_a_condition_is_known_by_its_name(name: str, variant: str) -> None:
    found = named_condition(name)
    assert found is not None
    assert found.variant == variant


@pytest.mark.parametrize(
    "name", ["logs", "leaking_explicit-none_none", "leaking_loud-america_none", "arson_none-none_none"]
)
def test_other_names_are_no_conditions(name: str) -> None:
    assert named_condition(name) is None
