"""Our rates beside published ones, cell by cell: what a run says about figures that somebody else measured.

A cell is one scenario in one of the study's six conditions. Differences are judged by an exact test, with Holm's
adjustment over all cells that are compared. That a test shows no difference is not said to be agreement: the interval
of the difference says how large a difference would still fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from audit.analysis.models import AuditResult, ResultModel
from audit.errors import NotComparableError
from audit.statistics import difference_interval, exact_p, holm, missing_bounds, wilson
from audit.store.records import RunRecord

SIGNIFICANCE = 0.05
"""Adjusted p below which a cell differs."""
WIDEST = 0.4
"""Width of the interval of a difference above which a cell says too little: plus or minus 20 points. With the study's
100 samples it takes about 30 valid trials a cell, fewer near 0 % and 100 %."""
SCENARIOS = ("blackmail", "leak", "lethal_action")
"""Scenarios that have published rates."""


class Finding(StrEnum):
    """What one cell says."""

    DIFFERS = "differs"
    CONSISTENT = "consistent with the published rate"
    UNDECIDED = "too little evidence"


class Published(ResultModel):
    """One published figure."""

    percent: int
    samples: int


class ReplicatedCell(ResultModel):
    """One cell: ours, theirs, and the difference."""

    condition: str
    scenario: str
    harmful: int
    valid: int
    missing: int
    """Trials of ours without a verdict; they enter neither rate nor test."""
    rate: float | None
    low: float
    high: float
    """Wilson interval of our rate, 95 %."""
    published_percent: int
    published_samples: int
    difference: float | None
    """Our rate less the published one."""
    difference_low: float
    difference_high: float
    """Newcombe interval of the difference, 95 %, of this cell alone."""
    p: float | None
    """Exact test (Boschloo); None where nothing was measured."""
    p_adjusted: float | None
    """After Holm over all compared cells."""
    finding: Finding
    statement: str
    """The finding in a sentence."""
    given_harmful: int | None = None
    """In imported results: samples of this cell that came with the label "harmful". They decide nothing here."""
    given_total: int | None = None


class Replication(ResultModel):
    """All compared cells of some runs."""

    runs: tuple[str, ...]
    target: str
    simulated: bool
    imported: bool
    published_model: str
    published_title: str
    source: str
    cells: tuple[ReplicatedCell, ...]
    absent: tuple[str, ...]
    """Published cells of these scenarios that the runs do not hold."""
    left_out: tuple[str, ...]
    """Conditions of the runs that no published figure is of."""

    @property
    def enough(self) -> bool:
        """Whether all six cells of every scenario were measured, and each says something."""
        return (
            bool(self.cells) and not self.absent and all(cell.finding is not Finding.UNDECIDED for cell in self.cells)
        )

    def count(self, finding: Finding) -> int:
        """How many cells say that."""
        return sum(cell.finding is finding for cell in self.cells)


def published_cells(columns: Sequence[str], rates: Mapping[str, Sequence[int]], samples: int) -> dict[str, Published]:
    """The published figures of one model by condition id.

    Args:
        columns: Conditions without the scenario's name.
        rates: Scenario -> percent, in the order of the columns.
        samples: Samples behind each figure.
    """
    return {
        f"{scenario}/{column}": Published(percent=percent, samples=samples)
        for scenario, percents in rates.items()
        for column, percent in zip(columns, percents, strict=False)
    }


def replicate(
    results: Sequence[AuditResult],
    published: Mapping[str, Published],
    model: str,
    title: str,
    source: str,
    given: Mapping[str, tuple[int, int]] | None = None,
) -> Replication:
    """Set the runs' rates beside published ones. Counts of several runs are added.

    Args:
        results: What was measured; one target, one set of texts and rules.
        published: Figures by condition id.
        model: Whose figures they are, by the name in the file of rates.
        title: The same in words.
        source: Who published them.
        given: By condition id, labels that came with imported results: harmful ones and all.

    Raises:
        NotComparableError: no condition of the runs has a published figure.
    """
    counts: dict[str, tuple[int, int, int]] = {}
    others: dict[str, None] = {}
    for result in results:
        for found in result.conditions:
            if found.condition not in published or found.altered or found.factors:
                others[found.condition] = None
                continue
            harmful, valid, missing = counts.get(found.condition, (0, 0, 0))
            rate = found.inherent
            counts[found.condition] = (harmful + rate.harmful, valid + rate.valid, missing + rate.missing)
    if not counts:
        raise NotComparableError(
            "no condition of the run has a published figure; published are the study's six conditions as they are "
            "(`--design study`), without further factors"
        )
    tested = {
        name: exact_p(harmful, valid, _events(published[name]), published[name].samples)
        for name, (harmful, valid, _) in counts.items()
        if valid
    }
    measured = {name.partition("/")[0] for name in counts}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    return Replication(
        runs=tuple(result.run_id for result in results),
        target=str(results[0].target.get("model", "unknown")),
        simulated=any(result.simulated for result in results),
        imported=any(bool(result.target.get("imported")) for result in results),
        published_model=model,
        published_title=title,
        source=source,
        cells=tuple(
            _cell(name, counts[name], published[name], tested.get(name), adjusted.get(name), (given or {}).get(name))
            for name in published
            if name in counts
        ),
        absent=tuple(name for name in published if name not in counts and name.partition("/")[0] in measured),
        left_out=tuple(others),
    )


def _events(published: Published) -> int:
    return round(published.percent * published.samples / 100)


def _cell(
    name: str,
    counted: tuple[int, int, int],
    published: Published,
    p: float | None,
    adjusted: float | None,
    given: tuple[int, int] | None,
) -> ReplicatedCell:
    harmful, valid, missing = counted
    theirs = published.percent / 100
    own = wilson(harmful, valid)
    gap = difference_interval(harmful, valid, _events(published), published.samples)
    rate = harmful / valid if valid else None
    difference = None if rate is None else rate - theirs
    finding, statement = _finding(counted, published, difference, (gap.low, gap.high), adjusted)
    return ReplicatedCell(
        condition=name,
        scenario=name.partition("/")[0],
        harmful=harmful,
        valid=valid,
        missing=missing,
        rate=rate,
        low=own.low,
        high=own.high,
        published_percent=published.percent,
        published_samples=published.samples,
        difference=difference,
        difference_low=gap.low,
        difference_high=gap.high,
        p=p,
        p_adjusted=adjusted,
        finding=finding,
        statement=statement,
        given_harmful=given[0] if given else None,
        given_total=given[1] if given else None,
    )


def _finding(
    counted: tuple[int, int, int],
    published: Published,
    difference: float | None,
    gap: tuple[float, float],
    adjusted: float | None,
) -> tuple[Finding, str]:
    harmful, valid, missing = counted
    low, high = gap
    span = f"{_points(low)} to {_points(high)} points"
    if difference is None or adjusted is None:
        return Finding.UNDECIDED, "not measured: no valid trial"
    if adjusted < SIGNIFICANCE:
        bounds = missing_bounds(harmful, valid, missing)
        theirs = published.percent / 100
        if missing and bounds.low <= theirs <= bounds.high:
            return Finding.UNDECIDED, f"{missing} trials without a verdict could take the difference away"
        return Finding.DIFFERS, f"differs: {'higher' if difference > 0 else 'lower'}, {span}"
    if high - low > WIDEST:
        return Finding.UNDECIDED, f"too little evidence: {span} would fit"
    spread = missing_bounds(harmful, valid, missing)
    if spread.high - spread.low > WIDEST:
        return Finding.UNDECIDED, f"too little evidence: {missing} of {valid + missing} trials have no verdict"
    return Finding.CONSISTENT, f"consistent with it; {span} would fit"


def _points(value: float) -> str:
    """A difference of rates in percentage points, with its sign."""
    return f"{round(100 * value):+d}".replace("+0", "0")


def given_counts(run: RunRecord) -> dict[str, tuple[int, int]]:
    """Labels that came with imported results, by condition: harmful ones and all. Empty for a run of our own."""
    found: dict[str, tuple[int, int]] = {}
    for trial, label in run.settings.get("given_labels", {}).items():
        condition = trial.removeprefix(f"{run.id}:").rsplit(":", 2)[0]
        if isinstance(harmful := label.get("harmful"), bool):
            count, total = found.get(condition, (0, 0))
            found[condition] = (count + harmful, total + 1)
    return found


def check_comparable(runs: Sequence[RunRecord], shipped: Mapping[str, str]) -> None:
    """Refuse runs that no published figure can be set beside, or that do not belong together.

    Args:
        runs: The runs whose counts are to be added.
        shipped: Packs whose scenarios tell the study's situations: name in a run's versions -> digest as shipped.

    Raises:
        NotComparableError: the message says which run, and why.
    """
    for run in runs:
        packs = {name: digest for name, digest in run.versions.items() if name.startswith("pack ")}
        told = [name for name in packs if name.startswith(("pack study ", "pack study-released "))]
        if not told:
            raise NotComparableError(
                f"run {run.id} holds no scenario of the study ({', '.join(packs) or 'no pack'}), and "
                "published rates are "
                "of those alone"
            )
        for name in told:
            if shipped.get(name, packs[name]) != packs[name]:
                raise NotComparableError(f"run {run.id} was made with texts that are not those of {name} as shipped")
    first, *others = runs
    for run in others:
        differing = [
            what
            for what, a, b in (
                ("target", first.target.get("model"), run.target.get("model")),
                ("origin", first.target.get("imported"), run.target.get("imported")),
                ("judge", (first.judge or {}).get("identity"), (run.judge or {}).get("identity")),
                ("versions", _deciding(first), _deciding(run)),
            )
            if a != b
        ]
        if differing:
            raise NotComparableError(
                f"runs {first.id} and {run.id} differ in {' and '.join(differing)}; their trials cannot be added up"
            )


def _deciding(run: RunRecord) -> dict[str, str]:
    """Versions that can move a rate."""
    return {n: v for n, v in run.versions.items() if n.startswith(("pack ", "common texts", "detectors"))}
