"""The plan as the report prints it: what was chosen and why, what was left out by whom, what is tested of what.

A stored plan is plain data that an older version may have written. What is missing reads "unknown" or is not printed;
what has another shape is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.analysis.left_out import fits, left_out, left_out_sentences
from audit.analysis.models import AuditResult
from audit.planning.models import CoverageState
from audit.reporting import text
from audit.verdicts.models import Behaviour
from audit.world.capabilities import Capability

FACT_LIMIT = 12
"""Places in the profile that are printed for one scenario. The JSON report has all of them."""
TOOL_LIMIT = 3
"""Tools that are named in one row of the coverage matrix."""
REASON_LIMIT = 1500
"""Characters of a reason that are printed. The JSON report has the whole text."""
NO_RESULT = "no result"
"""A cell of the matrix whose scenarios were planned, and of which no trial was decided."""
MARKS: Mapping[str, str] = {
    CoverageState.TESTED: "a scenario that was run looks for this harm on this way; what it showed stands in section 5",
    NO_RESULT: "a scenario was planned, and none of its trials was run and decided; nothing is known",
    CoverageState.LEFT_OUT: "a scenario that fits the agent would look for it; somebody left it out, nothing is known",
    CoverageState.NOT_FITTING: "only scenarios that do not fit this agent would look for it",
    CoverageState.NO_SCENARIO: "no scenario of the packs in use looks for it; nothing is known",
}
"""Each state of a cell, as the key below the matrix explains it."""
_PLACE = re.compile(r"^(?P<fact>.*) \((?P<file>.+):(?P<place>\d+:\d+)\)$", re.DOTALL)


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario that was considered."""

    title: str
    about: str
    """Behaviour, pack, id and version."""
    reason: str
    reason_left: int
    """Characters of the reason that are not printed."""
    fits: str
    """Whether it fits the agent, in words: "yes, not tested" where it was left out; "not recorded" in older plans."""
    because_unknown: bool
    near_miss: str
    priority: str
    """Its place in the order of exposure; "unknown" where an older version made the plan."""
    exposure: tuple[str, ...]
    """What the priority rests on, each with its points; empty likewise."""
    score: str
    file: str
    """The profile in which every place of ``facts`` stands; empty where they stand in several."""
    facts: tuple[str, ...]
    facts_left: int
    by: str
    """Who left it out by name; empty where nobody did."""
    because: str


@dataclass(frozen=True)
class Mark:
    """One cell of the coverage matrix."""

    word: str
    css: str


@dataclass(frozen=True)
class MatrixRow:
    """One capability of the agent."""

    phrase: str
    capability: str
    tools: str
    open: bool
    """Risky, and nothing of it has a result."""
    general: bool
    """The simulated company answers all its tools only in general terms."""
    marks: tuple[Mark, ...]
    """One per behaviour of the closed list."""


@dataclass(frozen=True)
class ScopeView:
    """The plan of a run."""

    run: tuple[ScenarioRow, ...]
    """In the order of exposure."""
    left_out: tuple[ScenarioRow, ...]
    """Not run because somebody wanted it so, whether or not they fit."""
    not_fitting: tuple[ScenarioRow, ...]
    left_out_titles: tuple[str, ...]
    """Those of ``left_out`` that fit the agent."""
    left_out_sentences: tuple[str, ...]
    """The same as in the headline."""
    behaviours: tuple[str, ...]
    matrix: tuple[MatrixRow, ...]
    """Empty where an older version made the plan."""
    key: tuple[tuple[Mark, str], ...]
    """The marks that the matrix uses, each with its meaning."""
    unseen: tuple[str, ...]
    """Behaviours that no scenario looks for through any capability of the agent."""
    uncovered: tuple[tuple[str, str, str], ...]
    """Risky capabilities without a result: phrase, name, tools."""
    undescribed: tuple[str, ...]
    """Tools nobody has described."""
    unbound: tuple[tuple[str, str], ...]
    """Tools answered in general terms, each reason with the tools it holds for."""


def scope_view(result: AuditResult) -> ScopeView:
    """Prepare the plan of a result for the templates."""
    selections = entries(result.plan.get("selections"))
    rows = entries(result.plan.get("coverage"))
    matrix = tuple(_matrix_row(row, result) for row in rows)
    others = [entry for entry in selections if not entry.get("selected")]
    used = {mark.word for row in matrix for mark in row.marks}
    return ScopeView(
        run=tuple(_scenario(entry) for entry in selections if entry.get("selected")),
        left_out=tuple(_scenario(entry) for entry in others if entry.get("by") == "user"),
        not_fitting=tuple(_scenario(entry) for entry in others if entry.get("by") != "user"),
        left_out_titles=tuple(entry.title for entry in left_out(result.plan)),
        left_out_sentences=left_out_sentences(result.plan),
        behaviours=tuple(text.words(str(behaviour)) for behaviour in Behaviour),
        matrix=matrix,
        key=tuple((_mark(word), meaning) for word, meaning in MARKS.items() if word in used),
        unseen=tuple(
            text.words(str(behaviour))
            for place, behaviour in enumerate(Behaviour)
            if matrix and all(row.marks[place].word == CoverageState.NO_SCENARIO for row in matrix)
        ),
        uncovered=tuple(_uncovered(result, rows)),
        undescribed=tuple(_undescribed(result.profile)),
        unbound=tuple(_unbound(result.plan)),
    )


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list in plain data; nothing where it is no list."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def _texts(value: Any) -> list[str]:
    return [str(entry) for entry in value if entry] if isinstance(value, list | tuple) else []


def _scenario(entry: Mapping[str, Any]) -> ScenarioRow:
    exclusion = entry.get("exclusion")
    left_by = exclusion if isinstance(exclusion, Mapping) else {}
    exposure = entry.get("exposure")
    weight = exposure if isinstance(exposure, Mapping) else {}
    grounds = entries(entry.get("grounds"))
    file, facts = _places(list(dict.fromkeys(fact for ground in grounds for fact in _texts(ground.get("facts")))))
    reason, left = text.cut(str(left_by.get("because") or entry.get("reason") or ""), REASON_LIMIT)
    return ScenarioRow(
        title=text.plain(entry.get("title")),
        about=" · ".join(
            (
                text.words(entry.get("behaviour")),
                f"pack {text.plain(entry.get('pack'))}",
                f"{text.plain(entry.get('scenario'))} {text.plain(entry.get('version'))}",
            )
        ),
        reason="" if left_by else reason,
        reason_left=left,
        fits=_fits(entry, grounds),
        because_unknown=bool(entry.get("because_unknown")),
        near_miss=str(entry.get("near_miss") or ""),
        priority=text.plain(weight.get("priority")),
        exposure=tuple(_texts(weight.get("reasons"))),
        score=text.plain(weight.get("score")),
        file=file,
        facts=tuple(facts[:FACT_LIMIT]),
        facts_left=max(0, len(facts) - FACT_LIMIT),
        by=text.plain(left_by.get("by")) if left_by else "",
        because=reason if left_by else "",
    )


def _fits(entry: Mapping[str, Any], grounds: Sequence[Mapping[str, Any]]) -> str:
    if fits(entry):
        return "yes" if entry.get("selected") else "yes, not tested"
    missing = [str(ground.get("text")) for ground in grounds if not ground.get("holds")]
    if missing:
        return f"no: it {', and it '.join(missing)}"
    return "no" if "fits" in entry else "not recorded"


def _places(facts: Sequence[str]) -> tuple[str, list[str]]:
    """A file named once rather than at every place in it."""
    found = [_PLACE.match(fact) for fact in facts]
    files = {match["file"] for match in found if match}
    if len(files) != 1 or not all(found):
        return "", list(facts)
    return files.pop(), [f"{match['fact']} ({match['place']})" for match in found if match]


def _matrix_row(row: Mapping[str, Any], result: AuditResult) -> MatrixRow:
    tools, general = _texts(row.get("tools")), _texts(row.get("general"))
    named = ", ".join(tools[:TOOL_LIMIT]) or text.UNKNOWN
    return MatrixRow(
        phrase=text.plain(row.get("phrase")),
        capability=text.plain(row.get("capability")),
        tools=f"{named} and {len(tools) - TOOL_LIMIT} more" if len(tools) > TOOL_LIMIT else named,
        open=_is_open(row, result),
        general=bool(tools) and set(tools) <= set(general),
        marks=tuple(_mark(_state(row, behaviour, result)) for behaviour in Behaviour),
    )


def _mark(word: str) -> Mark:
    # The class comes from a closed list: nothing that is stored becomes a class name.
    return Mark(word, f"mark-{word.replace(' ', '-')}" if word in MARKS else "mark-unknown")


def _state(row: Mapping[str, Any], behaviour: Behaviour, result: AuditResult) -> str:
    """A cell's state. "tested" is a plan's word; without one usable verdict it becomes "no result"."""
    cell = next((cell for cell in entries(row.get("cells")) if cell.get("behaviour") == behaviour), {})
    state = str(cell.get("state"))
    if state == CoverageState.TESTED:
        decided = any(_decided(result, scenario, behaviour) for scenario in _texts(cell.get("scenarios")))
        return state if decided else NO_RESULT
    return state if state in list(CoverageState) else text.UNKNOWN


def _decided(result: AuditResult, scenario: str, behaviour: Behaviour) -> bool:
    """Whether a trial in which somebody could do harm was decided; the benign twin's are none."""
    mine = [c for c in result.conditions if c.scenario == scenario and not c.twin]
    about = [c for c in mine if c.behaviour == behaviour]
    return any(c.counts.valid for c in about or mine)


def _is_open(row: Mapping[str, Any], result: AuditResult) -> bool:
    return bool(row.get("risky")) and all(_state(row, b, result) != CoverageState.TESTED for b in Behaviour)


def _uncovered(result: AuditResult, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """From the matrix, so that what was planned and has no result is in it; older plans have only their own list."""
    found = [row for row in rows if _is_open(row, result)] if rows else entries(result.plan.get("uncovered"))
    for row in found:
        yield text.words(row.get("phrase")), text.plain(row.get("capability")), text.plain(row.get("tools"))


def _undescribed(profile: Mapping[str, Any]) -> Iterator[str]:
    for tool in entries(profile.get("tools")):
        if Capability.UNKNOWN in _texts(tool.get("capabilities")):
            yield text.plain(tool.get("name"))


def _unbound(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    by_reason: dict[str, list[str]] = {}
    for entry in entries(plan.get("unbound")):
        by_reason.setdefault(str(entry.get("reason") or ""), []).append(text.plain(entry.get("tool")))
    for reason, tools in by_reason.items():
        yield ", ".join(tools), reason
