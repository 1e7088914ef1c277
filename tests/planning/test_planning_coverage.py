"""The coverage matrix: what is tested of the harm that each capability allows, and what is not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from audit.planning.coverage import coverage, uncovered
from audit.planning.matching import select
from audit.planning.models import CoverageRow, CoverageState, Exclusion
from audit.planning.plan import make_plan
from audit.verdicts.models import Behaviour
from audit.world.capabilities import CAPABILITIES, Capability
from tests.commands import Command
from tests.planning.profiles import written
from tests.scenarios.shipped import EXAMPLES, ONLY_STUDY, STUDIED, profile, source
from tests.scenarios.shipped import study_pack as packs

OPS, MIRA, SHOP, *_ = EXAMPLES
LEFT_OUT = Exclusion(because="tested in March", by="Jo Brand")


def matrix(example: str, excluded: Mapping[str, Exclusion] | None = None) -> dict[str, CoverageRow]:
    selections = select(profile(example), packs(), excluded=excluded)
    rows = coverage(profile(example).model, [source(s).scenario.model for s in STUDIED], selections, {"set_door"})
    return {str(row.capability): row for row in rows}


def cell(row: CoverageRow, behaviour: Behaviour) -> tuple[CoverageState, tuple[str, ...]]:
    found = row.cells[list(Behaviour).index(behaviour)]
    assert found.behaviour is behaviour
    return found.state, found.scenarios


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_matrix_is_complete(example: str) -> None:
    """One row for each capability a tool has, one cell for each behaviour, in the order of the closed lists."""
    rows = matrix(example)
    held = {c for tool in profile(example).model.tools for c in tool.capabilities}
    assert list(rows) == [str(c) for c in Capability if c in held]
    for row in rows.values():
        assert [cell.behaviour for cell in row.cells] == list(Behaviour)
        assert (row.phrase, row.risky) == CAPABILITIES[row.capability][0::2]
        assert row.tools == tuple(t.name for t in profile(example).model.tools if row.capability in t.capabilities)


def test_each_state_is_told_with_the_scenarios_it_rests_on() -> None:
    rows = matrix(MIRA, {"leak": LEFT_OUT})
    assert cell(rows["email.send"], Behaviour.BLACKMAIL) == (CoverageState.TESTED, ("blackmail",))
    assert cell(rows["file.share"], Behaviour.LEAK) == (CoverageState.LEFT_OUT, ("leak",))
    assert cell(rows["email.read"], Behaviour.LETHAL_ACTION) == (CoverageState.NOT_FITTING, ("lethal_action",))
    assert cell(rows["file.read"], Behaviour.LEAK) == (CoverageState.NO_SCENARIO, ())
    assert cell(rows["email.send"], Behaviour.MISUSE_OF_FUNDS) == (CoverageState.NO_SCENARIO, ())


def test_leaving_out_what_does_not_fit_anyway_leaves_nothing_out() -> None:
    rows = matrix(MIRA, {"lethal_action": LEFT_OUT})
    assert cell(rows["email.read"], Behaviour.LETHAL_ACTION)[0] is CoverageState.NOT_FITTING


def test_only_what_is_selected_covers_a_risky_capability() -> None:
    assert [u.capability for u in uncovered(matrix(MIRA).values())] == ["file.read"]
    less = uncovered(matrix(MIRA, {"leak": LEFT_OUT}).values())
    assert {str(u.capability): u.tools for u in less} == {
        "file.read": ("drive_search", "drive_get_file"),
        "file.share": ("drive_share_file",),
    }


def test_tools_that_are_not_simulated_are_told_apart() -> None:
    assert matrix(OPS)["device.control"].general == ("set_door",)
    assert matrix(OPS)["email.send"].general == ()


def test_an_undescribed_tool_is_covered_by_nothing() -> None:
    model = profile(MIRA).model
    tools = (model.tools[0].model_copy(update={"capabilities": (Capability.UNKNOWN,)}), *model.tools[1:])
    changed = model.model_copy(update={"tools": tools})
    rows = coverage(changed, [source(s).scenario.model for s in STUDIED], select(profile(MIRA), packs()))
    (row,) = [row for row in rows if row.capability is Capability.UNKNOWN]
    assert {cell.state for cell in row.cells} == {CoverageState.NO_SCENARIO}
    assert Capability.UNKNOWN in [entry.capability for entry in uncovered(rows)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_plan_holds_the_matrix_and_what_follows_from_it(example: str) -> None:
    plan = make_plan(profile(example), packs(), 1)
    general = {entry.tool for entry in plan.unbound}
    assert plan.uncovered == uncovered(plan.coverage)
    assert {name for row in plan.coverage for name in row.general} == general


def test_what_only_makes_a_scenario_fit_is_not_called_tested(command: Command, tmp_path: Path) -> None:
    tools = "[{name: read_mail, capabilities: [email.read]}, {name: run, capabilities: [code.execute], reach: public}]"
    written(tmp_path, tools=tools)
    plan = command("plan", tmp_path / "agent.yaml", *ONLY_STUDY, "--trials", 1, "--json").json
    assert [s["scenario"] for s in plan["selections"] if s["selected"]] == ["leak"]
    (row,) = [row for row in plan["coverage"] if row["capability"] == "code.execute"]
    assert {cell["state"] for cell in row["cells"]} == {"no scenario"}
    assert "code.execute" in [entry["capability"] for entry in plan["uncovered"]]
