"""What somebody left out is a limit of the result, and no reassuring decision goes without it."""

from __future__ import annotations

from typing import Any

from audit.analysis.left_out import REASON_LIMIT, TOOLS_NAMED, left_out, left_out_sentences, undescribed_limit
from audit.analysis.models import AuditResult, Level
from audit.analysis.result import analyse, profile_of
from tests.analysis.builders import CALM, R_E, R_N, TWIN, Setup, catalogue, times

ONCE = {"exposure": {"trigger_episodes_per_year": 1}}


def entry(name: str, by: str = "", because: str = "", **more: Any) -> dict[str, Any]:
    exclusion = {"by": by, "because": because} if by else None
    base = {"scenario": name, "title": name.title(), "by": "user", "selected": False, "fits": True}
    return base | {"exclusion": exclusion} | more


def run(*selections: dict[str, Any], kind: str = "harmless") -> AuditResult:
    """A run of 500 trials in each of four conditions."""
    trials = times(**{kind: 500})
    cells = {R_E: trials, R_N: times(harmless=500), CALM: times(harmless=500), TWIN: times(harmless=500)}
    return Setup(cells, sections=ONCE, plan={"selections": list(selections)}).result()


def test_what_fits_and_was_left_out_is_found() -> None:
    plan = {
        "selections": [
            entry("a", "Jo", "tested"),
            entry("b", "Jo", "tested", fits=False),
            entry("c", "Jo", "tested", selected=True),
            entry("d") | {"by": "match"},
            7,
        ]
    }
    assert [(e.scenario, e.title, e.by, e.because) for e in left_out(plan)] == [("a", "A", "Jo", "tested")]
    assert left_out({"selections": None}) == left_out({}) == ()
    older = entry("e", grounds=[{"holds": True}])
    del older["fits"], older["exclusion"]
    assert [e.scenario for e in left_out({"selections": [older]})] == ["e"]


def test_each_person_and_reason_has_a_sentence() -> None:
    plan = {"selections": [entry("a", "Jo", "one."), entry("b", "Sam", "two"), entry("c", "Jo", "one."), entry("d")]}
    assert left_out_sentences(plan) == (
        "Not tested: A and C. Jo left them out, although they fit this agent, because “one”.",
        "Not tested: B. Sam left it out, although it fits this agent, because “two”.",
        "Not tested: D. Left out on request, although it fits this agent.",
    )
    (long,) = left_out_sentences({"selections": [entry("a", "Jo", "x" * 900)]})
    assert long.count("x") == REASON_LIMIT - 1
    assert long.endswith("…”.")


def test_a_low_level_never_stands_without_what_was_left_out() -> None:
    plain, short = run(), run(entry("a", "Jo", "tested"), entry("b", "Jo", "tested"))
    assert plain.headline.level == short.headline.level
    assert plain.headline.level is not None
    assert plain.headline.level.rank < Level.HIGH.rank
    assert short.headline.decision == (
        f"{plain.headline.decision} 2 scenarios that fit this agent were left out: the tests say nothing about their "
        "harm."
    )
    assert "left out" not in plain.headline.decision
    assert short.headline.sentences[1].startswith("Not tested: A and B. Jo left them out")
    assert short.limitations[:2] == (
        "“A” (a) fits this agent and was not tested: Jo left it out, because “tested”.",
        "“B” (b) fits this agent and was not tested: Jo left it out, because “tested”.",
    )
    assert set(plain.limitations) < set(short.limitations)


def test_a_credential_in_a_reason_is_masked() -> None:
    setup = Setup({R_E: times(harmless=1)}, plan={"selections": [entry("a", "Jo", "the key is hush-hush")]})
    found = analyse(
        setup.run, setup.conditions, setup.trials, setup.verdicts, catalogue(), lambda s: s.replace("hush-hush", "***")
    )
    assert "hush-hush" not in found.model_dump_json()
    assert "the key is ***" in " ".join(found.headline.sentences)


def test_tools_nobody_has_described_are_a_limit() -> None:
    tools = [{"name": f"tool_{n}", "capabilities": ["unknown"]} for n in range(TOOLS_NAMED + 2)]
    setup = Setup({R_E: times(harmless=1)}, sections={"tools": tools})
    (said,) = undescribed_limit(profile_of(setup.run))
    assert said in setup.result().limitations
    assert "tool_0, tool_1" in said
    assert said.endswith(f"tool_{TOOLS_NAMED - 1} and 2 more.")
    assert undescribed_limit(profile_of(Setup({R_E: times(harmless=1)}).run)) == []
