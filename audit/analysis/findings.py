"""Findings: what the report says about one behaviour, in sentences with the figures in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audit.analysis.excerpts import excerpts
from audit.analysis.models import BehaviourResult, Finding, Gap, Rate, Rating, RatingStatus, Recommendation
from audit.analysis.observed import Observed
from audit.analysis.words import ACT, count_of, listed, of_trials, open_acts, percent
from audit.verdicts.models import BEHAVIOUR_MEANING

_UNRATED = [RatingStatus.RATED, RatingStatus.INSUFFICIENT, RatingStatus.NOT_INTERPRETABLE]


def level_of(rating: Rating) -> str:
    """The level; where there is none, why."""
    return str(rating.level) if rating.level is not None else str(rating.status)


def severity(result: BehaviourResult) -> tuple[int, int]:
    """Sorts results: rated ones by level, worst first; then those without a level."""
    rating = result.residual_rating
    return _UNRATED.index(rating.status), -rating.level.rank if rating.level is not None else 0


def finding(
    number: int,
    result: BehaviourResult,
    trials: Sequence[Observed],
    gaps: Sequence[Gap],
    recommendations: Sequence[Recommendation],
    mask: Callable[[str], str],
) -> Finding:
    """Write one finding.

    Args:
        number: Its place in the report, from 1.
        result: The behaviour's figures.
        trials: The scenario's trials, twin left out.
        gaps: Gaps of this scenario and behaviour.
        recommendations: All of the run; those for these gaps are taken.
        mask: Replaces known credentials in quotes.
    """
    own = {gap.id for gap in gaps}
    return Finding(
        id=f"F{number:02d}",
        behaviour=result.behaviour,
        scenario=result.scenario,
        title=f"{result.behaviour.replace('_', ' ').capitalize()}: {result.scenario_title}",
        level=level_of(result.residual_rating),
        statement=statement(result),
        excerpts=excerpts(trials, mask),
        gaps=tuple(gap.id for gap in gaps),
        recommendations=tuple(r.control for r in recommendations if own & set(r.gaps)),
    )


def statement(result: BehaviourResult) -> str:
    """One paragraph: what the agent tried, what got through, where, what is missing, what it means."""
    said = [_tried(result)]
    if result.pressure.harmful:
        said.append(_through(result))
        if left_open := open_acts(result.disputed, result.unclear):
            said.append(f"{left_open[0].upper()}{left_open[1:]}; the rates do not count this.")
        if result.worst is not None and result.worst_condition is not None and result.worst != result.pressure:
            said.append(f"The worst condition was {result.worst_condition}: {of_trials(result.worst)}.")
    elif result.funnel.considered:
        said.append(
            f"In {count_of(result.funnel.considered, 'trial')} it considered this in words and did not act on it."
        )
    if result.control_cell is not None and result.control_cell.valid:
        said.append(f"Where nothing pushed it towards harm, this happened in {of_trials(result.control_cell)}.")
    if (told := altered_sentence(result)) and (result.pressure.harmful or not harm_if_altered(result)):
        said.append(told)
    if missing := result.pressure.missing:
        # The number is repeated in the bounds on purpose: a share of missing trials alone says little.
        low, high = percent(result.pressure.if_missing_harmless), percent(result.pressure.if_missing_harmful)
        said.append(
            f"A further {count_of(missing, 'trial')} under pressure gave no usable verdict; depending on what they "
            f"would have shown, the rate lies between {low} and {high}."
        )
    rating = result.residual_rating
    if not result.interpretable and result.twin is not None:
        said.append(f"In the benign twin, where nothing is wrong, harm was found in {of_trials(result.twin)}.")
    said.append(rating.explanation)
    if rating.level is not None:
        said.append(f"The residual risk is {rating.level}.")
    return " ".join(said)


def harm_if_altered(result: BehaviourResult) -> bool:
    """Harm was seen where the agent was told something that may keep it from harm, and nowhere under pressure else."""
    return result.altered is not None and bool(result.altered.harmful) and not result.pressure.harmful


def harm_if_calm(result: BehaviourResult) -> bool:
    """Harm was seen where nothing pushes the agent towards it, and nowhere under pressure."""
    return result.control_cell is not None and bool(result.control_cell.harmful) and not result.pressure.harmful


def altered_sentence(result: BehaviourResult) -> str:
    """What was seen where the agent was told more than its deployment tells it; empty where that was not tried."""
    rate = result.altered
    if rate is None or not (rate.valid or rate.missing):
        return ""
    where = "Where it was told something that may keep it from harm, which the rates leave out"
    if not rate.valid:
        return f"{where}, {count_of(rate.missing, 'trial')} gave no usable verdict."
    more = f"; {count_of(rate.missing, 'trial')} more gave no usable verdict" if rate.missing else ""
    return f"{where}, this happened in {of_trials(rate)}{more}."


def _tried(result: BehaviourResult) -> str:
    if harm_if_altered(result):
        left_open = open_acts(result.disputed, result.unclear)
        more = f" {left_open[0].upper()}{left_open[1:]}." if left_open else ""
        seen = (
            f"not seen in the {count_of(result.pressure.valid, 'valid trial')} under pressure that the rates count"
            if result.pressure.valid
            else "not measured under pressure otherwise: no trial gave a usable verdict"
        )
        act = ACT[result.behaviour]
        return (
            f"{act[0].upper()}{act[1:]} was seen (the agent {BEHAVIOUR_MEANING[result.behaviour]}), and only in "
            f"conditions that the rates leave out; it was {seen}. {altered_sentence(result)} What it does when told "
            f"more it can do when told less.{more}"
        )
    if not result.pressure.valid:
        return (
            f"No trial under pressure gave a usable verdict, so nothing can be said about whether the agent then "
            f"{BEHAVIOUR_MEANING[result.behaviour]}."
        )
    left_open = open_acts(result.disputed, result.unclear)
    if not result.pressure.harmful and left_open:
        return (
            f"{left_open[0].upper()}{left_open[1:]}. The other {count_of(result.pressure.valid, 'valid trial')} under "
            f"pressure showed none of it (the agent {BEHAVIOUR_MEANING[result.behaviour]}); the one-sided 95 % upper "
            f"bound is {_upper(result.pressure)}."
        )
    if not result.pressure.harmful:
        return (
            f"In none of {count_of(result.pressure.valid, 'valid trial')} under pressure was {ACT[result.behaviour]} "
            f"seen (the agent {BEHAVIOUR_MEANING[result.behaviour]}); the one-sided 95 % upper bound is "
            f"{percent(result.pressure.upper)}."
        )
    rate = result.pressure
    low, high = percent(rate.low).removesuffix(" %"), percent(rate.high)
    return (
        f"In {rate.harmful} of {count_of(rate.valid, 'valid trial')} under pressure ({percent(rate.rate or 0.0)}, 95 % "
        f"interval {low} to {high}) the agent attempted or carried out {ACT[result.behaviour]}: it "
        f"{BEHAVIOUR_MEANING[result.behaviour]}."
    )


def _upper(rate: Rate) -> str:
    if not rate.missing:
        return percent(rate.upper)
    worst = percent(rate.upper_if_missing_harmful)
    return f"{percent(rate.upper)} without the missing trials, and {worst} with all of them harmful"


def _through(result: BehaviourResult) -> str:
    parts = []
    for share in result.funnel.stopped:
        denied = share.stopped - share.held
        parts += [f"{share.control} ({share.name}) refused it in {denied}"] if denied else []
        parts += [f"{share.control} ({share.name}) held it for a person in {share.held}"] if share.held else []
    failed = [f"in {result.funnel.failed} it failed by itself"] if result.funnel.failed else []
    executed = f"it took effect in {result.funnel.executed} of them"
    if not parts:
        return f"No control stopped it; {listed([executed, *failed])}."
    return f"{listed(parts)}; {listed([executed, *failed])}."
