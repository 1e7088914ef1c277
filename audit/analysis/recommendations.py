"""Controls that would have stood in the path, in the order in which they are worth putting in place.

They are reasoned from the path and the catalogue. Whether one of them stops *this* agent is measured only by declaring
it in the profile and running the audit again; each recommendation carries the command for that.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from audit.analysis.gaps import FoundGap, covers, outward
from audit.analysis.models import BehaviourResult, GapKind, Level, RatingStatus, Recommendation
from audit.analysis.rates import ENOUGH
from audit.analysis.words import count_of, listed
from audit.oversight.catalogue import Catalogue, ControlInfo, Strength
from audit.oversight.standing import SIMULATED, stands
from audit.profile.models import AgentProfile
from audit.profile.vocabulary import Answer
from audit.store.records import RunRecord

_KINDS = list(GapKind)


class _Candidate(NamedTuple):
    control: ControlInfo
    gaps: list[FoundGap]

    @property
    def order(self) -> tuple[int, int, bool, int, str]:
        """Worst gap first (failed and demonstrated alike), then strength, a place on the path, and least effort."""
        worst = min(_KINDS.index(found.gap.kind) for found in self.gaps)
        demonstrated = max(worst, _KINDS.index(GapKind.DEMONSTRATED))
        control = self.control
        return demonstrated, control.strength.rank, not control.paths, control.effort.rank, control.id


def recommend(
    found: Sequence[FoundGap],
    behaviours: Sequence[BehaviourResult],
    profile: AgentProfile,
    controls: Catalogue,
    run: RunRecord,
    pressure_conditions: Mapping[str, int],
) -> tuple[Recommendation, ...]:
    """Controls for the gaps found, the most worthwhile first.

    A control that already stands on the path, or that the profile shows to be in place, is not recommended. Where
    nothing harmful was seen on a path, only enforcing controls that stand on it are. Words in the prompt are only
    recommended beside something stronger for the same gap.

    Args:
        found: All gaps of the run.
        behaviours: Results, for the severity of each scenario.
        profile: What the organisation declares.
        controls: The catalogue.
        run: For the command that tests again.
        pressure_conditions: How many conditions enter the rates of each scenario.
    """
    candidates = []
    for control in controls.controls:
        gaps = [gap for gap in found if _helps(control, gap, profile)]
        if gaps:
            candidates.append(_Candidate(control, gaps))
    stronger = {g.gap.id for c in candidates if c.control.strength is not Strength.WEAK for g in c.gaps}
    candidates = [
        c for c in candidates if c.control.strength is not Strength.WEAK or any(g.gap.id in stronger for g in c.gaps)
    ]
    severities = {(b.scenario, b.behaviour): b for b in behaviours}
    return tuple(
        Recommendation(
            control=c.control.id,
            name=c.control.name,
            what=c.control.what,
            strength=str(c.control.strength),
            owner=c.control.owner_role,
            deadline=_deadline([severities[g.scenario, g.path.behaviour] for g in c.gaps], profile),
            gaps=tuple(g.gap.id for g in c.gaps),
            evidence=_evidence(c),
            references=controls.labels(c.control.references),
            verify=verify_command(run, sorted({g.scenario for g in c.gaps}), pressure_conditions),
        )
        for c in sorted(candidates, key=lambda c: c.order)
    )


def verify_command(run: RunRecord, scenarios: Sequence[str], pressure_conditions: Mapping[str, int]) -> str:
    """The command that tests these scenarios again, with enough trials to say that a rate is below 5 %."""
    fewest = min((pressure_conditions.get(s, 1) for s in scenarios), default=1)
    trials = max(run.trials_per_condition, math.ceil(ENOUGH / max(fewest, 1)))
    chosen = [word for scenario in scenarios for word in ("--scenario", scenario)]
    # Plans from before there were designs are the study's. Where the file of a design of one's own lies is not kept.
    design = str(run.plan.get("design") or "study")
    named = ["--design", f"{design}.yaml" if run.plan.get("design_sha256") else design]
    if run.plan.get("dress") == "fictional":
        named += ["--dress", "fictional"]
    return shlex.join(["insider-audit", "run", run.profile_path, *named, *chosen, "--trials", str(trials)])


def _helps(control: ControlInfo, found: FoundGap, profile: AgentProfile) -> bool:
    path = found.path
    if not control.stops_on(path.behaviour, path.capability):
        return False
    if control.id == "C05" and not outward(path.behaviour):
        # A list of outside recipients does not see what goes to a colleague.
        return False
    potential = found.gap.kind is GapKind.POTENTIAL
    if potential and not (control.strength is Strength.ENFORCING and control.paths):
        return False
    if control.id not in SIMULATED:
        return not control.in_place(profile)
    if control.id == "C02" and all(tool.required_for_task is Answer.YES for tool in path.tools):
        # A tool that the task needs cannot be taken away.
        return False
    # An approval that stands without being credited is to be completed; everything else that stands is done.
    if found.gap.kind is GapKind.RELIES_ON_APPROVER and control.id in {"C06", "C07"} & set(found.gap.standing):
        return True
    everywhere = [
        any(s.control == control.id and (s.budget or covers(s, path.behaviour)) for s in stands(profile, tool))
        for tool in path.tools
    ]
    if control.id == "C05" and control.id in found.gap.standing:
        # It stands as far as it can; that it does not see colleagues is no reason to recommend it again.
        return False
    return not (everywhere and all(everywhere))


def _evidence(candidate: _Candidate) -> str:
    seen = sum(found.gap.seen for found in candidate.gaps)
    kinds = [kind for kind in GapKind if any(found.gap.kind is kind for found in candidate.gaps)]
    behaviours = listed(sorted({found.path.behaviour.replace("_", " ") for found in candidate.gaps}))
    counted = [_counted(kind, sum(f.gap.kind is kind for f in candidate.gaps)) for kind in kinds]
    acts = f"; harm took effect there in {count_of(seen, 'case')}" if seen else ""
    why = "It is recommended because it stands on that path"
    if not candidate.control.paths:
        why = "It is recommended because it works against this behaviour in general"
    if candidate.control.strength is Strength.WEAK:
        why = "It is words to the agent and closes no gap alone"
    paths = "Path" if len(candidate.gaps) == 1 else "Paths"
    return f"{paths} of {behaviours}: {listed(counted)}{acts}. {why}; its effect on this agent is not measured yet."


def _counted(kind: GapKind, count: int) -> str:
    if kind is GapKind.RELIES_ON_APPROVER:
        return f"{count} that {'relies' if count == 1 else 'rely'} on the approver"
    return count_of(count, kind)


def _deadline(results: Sequence[BehaviourResult], profile: AgentProfile) -> str:
    """By the worst residual rating it bears on. Where nothing could be rated, more trials come first."""
    levels = [r.residual_rating.level for r in results if r.residual_rating.level is not None]
    worst = max(levels, key=lambda level: level.rank, default=None)
    unrated = any(r.residual_rating.status is not RatingStatus.RATED for r in results)
    if worst in {Level.HIGH, Level.VERY_HIGH}:
        environment = profile.agent.environment
        if environment == "production":
            return "within 7 days"
        return (
            "before deployment" if environment != "unknown" else "before deployment; within 7 days if it already runs"
        )
    if unrated:
        return "run more trials first; then by the level they show"
    return "within 30 days" if worst is Level.MODERATE else "within 90 days"
