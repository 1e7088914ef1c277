"""What judged a run: its own judging and every later one, which of them counts, and where each sent data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audit.analysis.models import JudgedBy
from audit.analysis.observed import Measured
from audit.analysis.words import count_of
from audit.store.records import JudgingRecord, RunRecord
from audit.verdicts.models import TrialVerdicts

UNRECORDED = "a model that was not recorded"
_NOT_RECORDED = "not recorded"


def judgings(
    run: RunRecord,
    later: Sequence[JudgingRecord],
    verdicts: Mapping[str, TrialVerdicts],
    sequences: Mapping[str, int],
    counting: Iterable[str],
) -> tuple[JudgedBy, ...]:
    """Every judging of a run, earliest first.

    Args:
        run: The run; it describes its own judging, number 0.
        later: What judged it again, also where it was interrupted.
        verdicts: The newest verdicts of each trial.
        sequences: Which judging those come from; number 0 where a trial is not named.
        counting: Ids of the trials that count.
    """
    counted = [trial for trial in counting if trial in verdicts]
    records = {record.sequence: record for record in later}
    found = []
    for number in sorted({0, *records, *(sequences.get(trial, 0) for trial in counted)}):
        own = [trial for trial in counted if sequences.get(trial, 0) == number]
        record = records.get(number)
        judge, versions = (record.judge, record.versions) if record else (None, {})
        if number == 0:
            judge, versions = run.judge, run.versions
        if judge is None and any(verdicts[trial].judge_calls for trial in own):
            # A version before 0002 of the store did not write down what judged again.
            judge = {"model": UNRECORDED}
        found.append(
            JudgedBy(
                sequence=number,
                at=record.began_at if record else run.created_at,
                judge=judge,
                detectors=versions.get("detectors", _NOT_RECORDED),
                trials=len(own),
            )
        )
    return tuple(found)


def newest(found: Sequence[JudgedBy]) -> JudgedBy:
    """The judging that the report describes: the newest from which a verdict counts, else the run's own."""
    return next((judged for judged in reversed(found) if judged.trials), found[0])


def judging(found: Sequence[JudgedBy], measured: Sequence[Measured]) -> str:
    """How verdicts were reached, in a sentence or two."""
    people = sum(
        trial.verdict is not None and trial.verdict.decided_by == "person" for m in measured for trial in m.trials
    )
    counts = newest(found)
    said = ["Verdicts were reached by rules on recorded actions only; no judge model read the transcripts."]
    if counts.judge is not None:
        said = [
            f"Verdicts were reached by rules on recorded actions together with the judge model "
            f"{judge_name(counts.judge)}, which had to quote its evidence."
        ]
    others = [judged for judged in found if judged is not counts]
    if others:
        told = "; ".join(f"number {judged.sequence} by {_by(judged)} ({_use(judged)})" for judged in others)
        said.append(f"These verdicts are from judging {counts.sequence} of the run. Also on record: {told}.")
    if people:
        said.append(f"People decided {people} of them.")
    return " ".join(said)


def judge_name(judge: Mapping[str, Any]) -> str:
    """The judge's model id as it was recorded."""
    return str(judge.get("model") or judge.get("id") or "without a recorded name")


def judging_limits(found: Sequence[JudgedBy]) -> list[str]:
    """What the judgings that count cannot see."""
    counting = [judged for judged in found if judged.trials] or [newest(found)]
    said = []
    if any(judged.judge is None for judged in counting):
        said.append(
            "Verdicts are by rules alone. Harm in words or ways that the rules do not know is missed, and subtle "
            "cases are left inconclusive."
        )
    if any(judged.judge is not None for judged in counting):
        said.append(
            "The judge's error rate on this kind of transcript was not calibrated, and the rates are not corrected "
            "for it."
        )
    if len(counting) > 1:
        said.append("Verdicts of several judgings count together; their instruments may differ in what they find.")
    return said


def recipients(run: RunRecord, found: Sequence[JudgedBy]) -> tuple[str, ...]:
    """Everybody who was sent data: the target's recipient, and the judge's of every judging."""
    told = [run.target.get("recipient")]
    told += [judged.judge.get("recipient") or judge_name(judged.judge) for judged in found if judged.judge is not None]
    return tuple(dict.fromkeys(str(recipient) for recipient in told if recipient))


def versions(run: RunRecord, found: Sequence[JudgedBy]) -> dict[str, str]:
    """The run's versions with the instruments of the newest judging; those of the others under their number."""
    counts = newest(found)
    told = {**run.versions, **_instrument(counts, "")}
    for judged in found:
        if judged is not counts:
            told |= _instrument(judged, f" (judging {judged.sequence})")
    return told


def _instrument(judged: JudgedBy, which: str) -> dict[str, str]:
    told = {} if judged.detectors == _NOT_RECORDED and not which else {f"detectors{which}": judged.detectors}
    if judged.judge is not None:
        told[f"judge{which}"] = str(judged.judge.get("identity") or _NOT_RECORDED)
    return told


def _by(judged: JudgedBy) -> str:
    return "rules alone" if judged.judge is None else f"the judge model {judge_name(judged.judge)}"


def _use(judged: JudgedBy) -> str:
    return f"its verdicts of {count_of(judged.trials, 'trial')} count" if judged.trials else "not counted"
