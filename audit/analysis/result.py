"""A run and its verdicts become one result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from audit.analysis.aspects import aspects_of
from audit.analysis.behaviours import behaviour_result
from audit.analysis.factors import factor_effects
from audit.analysis.findings import finding, severity
from audit.analysis.gaps import FoundGap, find_gaps
from audit.analysis.headline import error_share, headline
from audit.analysis.judged import judging, judgings, newest, recipients, versions
from audit.analysis.limitations import limitations
from audit.analysis.models import AuditResult, BehaviourResult, Counts, Gap, GapKind
from audit.analysis.observed import Measured, Observed, measure
from audit.analysis.rates import condition_result
from audit.analysis.rating import RATING_VERSION
from audit.analysis.recommendations import recommend
from audit.analysis.usage import compare, used
from audit.oversight.catalogue import Catalogue
from audit.profile.models import AgentProfile
from audit.statistics import STATISTICS_VERSION
from audit.store.records import ConditionRecord, JudgingRecord, RunRecord, TrialRecord
from audit.verdicts.models import Behaviour, TrialVerdicts
from audit.verdicts.outcomes import TrialOutcome


def analyse(
    run: RunRecord,
    conditions: Sequence[ConditionRecord],
    trials: Sequence[TrialRecord],
    verdicts: Mapping[str, TrialVerdicts],
    controls: Catalogue,
    mask: Callable[[str], str] = str,
    later: Sequence[JudgingRecord] = (),
    sequences: Mapping[str, int] = MappingProxyType({}),
) -> AuditResult:
    """Work out everything a report says about one run. Pure: the same input gives the same result.

    Args:
        run: The run. ``target["known_rates"]`` holds a rate per condition id where the target is simulated.
        conditions: All of its conditions, also those without trials.
        trials: All of its attempts, in any order; the last attempt of a trial counts.
        verdicts: The newest judging of each trial, by trial id. A trial without one is missing, never harmless.
        controls: The control catalogue.
        mask: Replaces known credentials, in quoted evidence and in everything that is shown of profile and prompts.
        later: What judged the run again.
        sequences: Which judging each trial's verdicts come from; the run's own where a trial is not named.

    Returns:
        The result.
    """
    profile = profile_of(run)
    plan = _masked(run.plan, mask)
    measured = measure(conditions, trials, verdicts)
    grouped: dict[tuple[str, Behaviour], list[Measured]] = {}
    for m in measured:
        grouped.setdefault((m.situation.scenario, m.behaviour), []).append(m)
    results = [behaviour_result(group, profile, controls, run.trials_per_condition) for group in grouped.values()]
    gaps = [gap for group in grouped.values() for gap in _gaps(group, profile, controls)]
    gaps.sort(key=lambda found: list(GapKind).index(found.gap.kind))
    recommendations = recommend(gaps, results, profile, controls, run, _pressure_conditions(measured))
    ordered = sorted(results, key=severity)
    planned = run.trials_per_condition * len(conditions)
    aspects = aspects_of(grouped.values(), verdicts, mask, simulated=run.simulated)
    counts = _counts(measured)
    known_rates = run.target.get("known_rates", {})
    counting = dict.fromkeys(trial.trial.id for m in measured for trial in m.trials)
    judged = judgings(run, later, verdicts, sequences, counting)
    return AuditResult(
        run_id=run.id,
        created_at=run.created_at,
        finished_at=run.finished_at,
        status=str(run.status),
        stop_reason=mask(run.stop_reason),
        simulated=run.simulated,
        imported=mask(str(run.target.get("imported", ""))),
        organisation=mask(profile.organisation.name),
        agent=mask(profile.agent.label),
        profile=_masked(run.profile, mask),
        target=_masked(run.target, mask),
        judge=_masked(newest(judged).judge, mask),
        judging=judging(judged, measured),
        judgings=tuple(entry.model_copy(update={"judge": _masked(entry.judge, mask)}) for entry in judged),
        headline=headline(
            run.model_copy(update={"plan": plan, "stop_reason": mask(run.stop_reason)}),
            results,
            counts,
            planned,
            profile,
        ),
        counts=counts,
        error_share=error_share(counts),
        planned_trials=planned,
        behaviours=tuple(ordered),
        conditions=tuple(condition_result(m, known_rates) for m in measured),
        factors=factor_effects(list(grouped.values())),
        aspects=aspects,
        findings=tuple(
            finding(number, result, _untwinned(grouped, result), _own(gaps, result), recommendations, mask)
            for number, result in enumerate(ordered, start=1)
        ),
        gaps=tuple(found.gap for found in gaps),
        recommendations=recommendations,
        plan=plan,
        usage=used(run, trials, verdicts),
        usage_compared=compare(run, trials, verdicts, planned, sequences),
        recipients=recipients(run, judged),
        versions={
            **versions(run, judged),
            "statistics": STATISTICS_VERSION,
            "rating": RATING_VERSION,
            "controls": controls.version,
        },
        limitations=(
            *limitations(judged, measured, profile, controls, plan),
            *(screen.statement for screen in (aspects.screens if aspects else ()) if screen.flagged),
        ),
        additions=_additions(measured, mask),
        digests=_digests(run, conditions, measured),
    )


def profile_of(run: RunRecord) -> AgentProfile:
    """The profile a run was made with. Its prompt is stored as text, so the file's name is left out."""
    stored = dict(run.profile)
    agent = dict(stored.get("agent", {}))
    if agent.get("system_prompt") is not None:
        agent.pop("system_prompt_file", None)
    return AgentProfile.model_validate({**stored, "agent": agent})


def _gaps(group: Sequence[Measured], profile: AgentProfile, controls: Catalogue) -> list[FoundGap]:
    scenario, behaviour = group[0].situation.scenario, group[0].behaviour
    trials = [trial for m in group if not m.condition.twin for trial in m.trials]
    return find_gaps(scenario, behaviour, group[0].situation.about.path, trials, profile, controls)


def _untwinned(grouped: Mapping[tuple[str, Behaviour], Sequence[Measured]], result: BehaviourResult) -> list[Observed]:
    group = grouped[result.scenario, result.behaviour]
    return [trial for m in group if not m.condition.twin for trial in m.trials]


def _own(gaps: Sequence[FoundGap], result: BehaviourResult) -> list[Gap]:
    return [g.gap for g in gaps if g.scenario == result.scenario and g.path.behaviour is result.behaviour]


def _pressure_conditions(measured: Sequence[Measured]) -> dict[str, int]:
    ids = {(m.situation.scenario, m.id) for m in measured if m.counted}
    return {scenario: sum(s == scenario for s, _ in ids) for scenario in {s for s, _ in ids}}


def _counts(measured: Sequence[Measured]) -> Counts:
    """Every trial once: harmful if any behaviour was, harmless only if all were."""
    worst_first = [
        TrialOutcome.HARMFUL,
        TrialOutcome.ERROR,
        TrialOutcome.TRUNCATED,
        TrialOutcome.INCONCLUSIVE,
        TrialOutcome.HARMLESS,
    ]
    found: dict[str, TrialOutcome] = {}
    for m in measured:
        for trial in m.trials:
            known = found.get(trial.trial.id, TrialOutcome.HARMLESS)
            found[trial.trial.id] = min(known, trial.outcome, key=worst_first.index)
    return Counts.of(list(found.values()))


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    """Plain data with every text in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {mask(key): _masked(inner, mask) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, mask) for inner in value]
    return value


def _additions(measured: Sequence[Measured], mask: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for m in measured:
        texts = found.setdefault(m.situation.scenario, {})
        texts.update(dict.fromkeys(part.text for part in m.situation.prompt if part.origin != "organisation"))
    return {scenario: tuple(mask(text) for text in texts) for scenario, texts in found.items()}


def _digests(run: RunRecord, conditions: Sequence[ConditionRecord], measured: Sequence[Measured]) -> dict[str, str]:
    prompts = [part.text for m in measured for part in m.situation.prompt if part.origin == "organisation"]
    prompt = {"system_prompt": hashlib.sha256(prompts[0].encode()).hexdigest()} if prompts else {}
    situations = {f"situation:{c.id}": c.situation_sha256 for c in sorted(conditions, key=lambda c: c.ordinal)}
    return {"profile": run.profile_sha256, **prompt, **situations}
