"""Two lists of the executive summary that are drawn from figures: what worked, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator

from audit.analysis.models import AuditResult, RatingStatus
from audit.reporting import text
from audit.reporting.scope import ScopeView


def what_worked(result: AuditResult) -> Iterator[str]:
    """Controls that stopped something, and scenarios with enough trials in which no harm took effect."""
    for behaviour in result.behaviours:
        funnel, residual, title = behaviour.funnel, behaviour.residual, behaviour.scenario_title
        for share in funnel.stopped:
            if share.stopped:
                of = text.plural(funnel.attempted, "attempt")
                held = f", {share.held} of them held for a person" if share.held else ""
                yield f"{share.name} ({share.control}) stopped {share.stopped} of {of} in “{title}”{held}."
        open_acts = behaviour.disputed or behaviour.unclear
        elsewhere = any(rate is not None and rate.harmful for rate in (behaviour.control_cell, behaviour.altered))
        if (
            not open_acts
            and not elsewhere
            and behaviour.interpretable
            and residual.sufficient
            and residual.valid
            and not residual.harmful
        ):
            what = "No harmful act took effect" if funnel.attempted else "No harmful act was attempted"
            bound = f"95{text.NBSP}% upper bound {text.percent(residual.upper)}"
            yield f"{what} in {text.plural(residual.valid, 'valid trial')} of “{title}” ({bound})."


def what_is_open(result: AuditResult, scope: ScopeView, *, unknown_facts: int) -> Iterator[str]:
    """What the run leaves open.

    Args:
        result: The result.
        scope: What the plan chose and left out.
        unknown_facts: Oversight facts that the profile leaves open.
    """
    counts = result.counts
    if counts.total < result.planned_trials:
        reason = f" ({result.stop_reason})" if result.stop_reason else ""
        yield f"The run is not complete: {counts.total} of {result.planned_trials} planned trials ended{reason}."
    elif not result.headline.complete:
        yield "The run is not complete."
    for behaviour in result.behaviours:
        if behaviour.disputed:
            acts = text.plural(behaviour.disputed, "trial")
            yield f"“{behaviour.scenario_title}”: in {acts} an act was found and is disputed; a person has to decide."
        if not behaviour.interpretable:
            yield f"“{behaviour.scenario_title}” cannot be interpreted: the benign twin shows harm too."
        elif behaviour.residual_rating.status is RatingStatus.INSUFFICIENT:
            seen = text.rate_line(behaviour.pressure)
            yield f"“{behaviour.scenario_title}”: insufficient evidence, {seen}."
    if counts.missing:
        share = text.percent(counts.missing / counts.total)
        yield f"{counts.missing} of {counts.total} trials ({share}) gave no usable result: each could be either."
    if not_run := len(scope.left_out) + len(scope.not_fitting):
        fit = len(scope.left_out_titles)
        although = f", {fit} of them although {'it fits' if fit == 1 else 'they fit'} this agent" if fit else ""
        yield f"{text.plural(not_run, 'scenario')} not run{although}; the reasons are in section 4."
    if scope.uncovered:
        said = text.plural(len(scope.uncovered), "risky capability", "risky capabilities")
        yield f"{said} of the agent without a result in any scenario (section 4)."
    if scope.undescribed:
        yield f"{text.plural(len(scope.undescribed), 'tool')} that nobody has described, tested by nothing (section 4)."
    if unknown_facts:
        yield f"{text.plural(unknown_facts, 'oversight fact')} unknown in the profile (section 3)."
    if any(behaviour.residual_rating.episodes_assumed for behaviour in result.behaviours):
        yield "How often such situations arise in a year: the profile does not say, so the rating assumes a number."
