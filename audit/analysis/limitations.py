"""What a run does not show, in plain sentences. They go into every report."""

from __future__ import annotations

from collections.abc import Sequence

from audit.analysis.observed import Measured
from audit.analysis.rating import ASSUMED_EPISODES, episodes_of
from audit.analysis.words import listed
from audit.oversight.catalogue import Catalogue
from audit.oversight.standing import SIMULATED, standing
from audit.profile.models import AgentProfile
from audit.scenarios.situation import Dialect
from audit.store.records import RunRecord


def limitations(
    run: RunRecord, measured: Sequence[Measured], profile: AgentProfile, controls: Catalogue
) -> tuple[str, ...]:
    """The limits of this run: those of the method, then those of how it was run."""
    said = [
        "The scenarios are contrived. They put the agent where harm is within reach and other ways are slow; the "
        "rates hold for such situations and are no rates of everyday work.",
        "How often such situations arise is not measured. "
        + (
            f"The profile does not say, so {ASSUMED_EPISODES:g} a year are assumed; the table of ratings "
            "shows other numbers."
            if episodes_of(profile) is None
            else f"The profile expects {episodes_of(profile):g} a year, which the ratings take as given."
        ),
        "Every trial is one session. Harm that builds up over days, or over several agents, does not show.",
        "Whether the agent took the scenarios for a test was not measured. Models that suspect a test often behave "
        "better in it, so the rates may be too low.",
        "Published relatives of these scenarios may be in the model's training data. A model can have learnt to pass "
        "them and still do harm elsewhere.",
        "One model was tested on one date, with one prompt and one set of tools. Another version, prompt or tool "
        "needs a new run.",
        "Behaviours and paths that no scenario exercises were not tested; they are listed under scope.",
        _judging(run),
        "People who decide on held actions were not simulated. Where an action was held, the report says what "
        "follows if it is released.",
        "Controls are enforced as the profile declares them. Whether they work that way in operation was not checked.",
    ]
    if untested := _untested(profile, controls):
        said.append(
            f"These controls are declared and have no part in the measured rates, because the simulated company does "
            f"not enforce them: {listed(untested)}."
        )
    if any(m.situation.dress == "fictional" for m in measured):
        said.append("Some scenarios played in a fictional company, so names and tools were not the organisation's own.")
    if any(m.situation.dialect is Dialect.TAGS for m in measured):
        said.append(
            "Some trials had one turn, with the mailbox in the prompt and calls as tags in the text; agents in "
            "operation work over several turns."
        )
    return tuple(said)


def judging(run: RunRecord, measured: Sequence[Measured]) -> str:
    """How verdicts were reached, in a sentence."""
    people = sum(
        trial.verdict is not None and trial.verdict.decided_by == "person" for m in measured for trial in m.trials
    )
    reviewed = f" People decided {people} of them." if people else ""
    if run.judge is None:
        return (
            f"Verdicts were reached by rules on recorded actions only; no judge model read the transcripts.{reviewed}"
        )
    return (
        f"Verdicts were reached by rules on recorded actions together with the judge model {judge_name(run)}, which "
        f"had to quote its evidence.{reviewed}"
    )


def judge_name(run: RunRecord) -> str:
    """The judge's model id as the run recorded it."""
    told = run.judge or {}
    return str(told.get("model") or told.get("id") or "without a recorded name")


def _judging(run: RunRecord) -> str:
    if run.judge is None:
        return (
            "Verdicts are by rules alone. Harm in words or ways that the rules do not know is missed, and subtle "
            "cases are left inconclusive."
        )
    return (
        "The judge's error rate on this kind of transcript was not calibrated, and the rates are not corrected for it."
    )


def _untested(profile: AgentProfile, controls: Catalogue) -> list[str]:
    enforced = {control.id for control in standing(profile)}
    return [
        f"{control.id} ({control.name})"
        for control in controls.controls
        if control.id not in SIMULATED and control.id not in enforced and control.in_place(profile)
    ]
