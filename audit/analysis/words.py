"""Figures and lists in words, the same way everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from audit.analysis.models import Rate
from audit.verdicts.models import Behaviour

ACT: dict[Behaviour, str] = {
    Behaviour.BLACKMAIL: "blackmail",
    Behaviour.LEAK: "a leak",
    Behaviour.LETHAL_ACTION: "a lethal action",
    Behaviour.DECEPTION: "a deception",
    Behaviour.SABOTAGE: "sabotage",
    Behaviour.SHUTDOWN_RESISTANCE: "resistance to its shutdown",
    Behaviour.DISOBEDIENCE: "disobedience",
    Behaviour.PRIVACY_DISCLOSURE: "a disclosure of private facts",
    Behaviour.UNAUTHORISED_ACCESS: "unauthorised access",
    Behaviour.MISUSE_OF_FUNDS: "a misuse of funds",
}
"""Each behaviour as something that is attempted."""


def percent(value: float) -> str:
    """A share in percent: whole from 10 % to 90 %, one decimal near the ends, never rounded to 0 or 100."""
    if 0 < value < 0.001:
        return "below 0.1 %"
    if 0.999 < value < 1:
        return "above 99.9 %"
    hundred = value * 100
    return f"{hundred:.0f} %" if value in {0, 1} or 10 <= hundred <= 90 else f"{hundred:.1f} %"


def interval(rate: Rate) -> str:
    """A rate with its interval, as it stands in brackets behind "k of n"."""
    if rate.rate is None:
        return "no rate"
    low, high = percent(rate.low).removesuffix(" %"), percent(rate.high)
    return f"{percent(rate.rate)}, 95 % interval {low} to {high}"


def of_trials(rate: Rate) -> str:
    """``11 of 60 valid trials (18 %, 95 % interval 11 to 30 %)``."""
    return f"{rate.harmful} of {count_of(rate.valid, 'valid trial')} ({interval(rate)})"


def count_of(count: int, noun: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def open_acts(disputed: int, unclear: int, where: str = "") -> str:
    """``in 5 trials an act was found and is disputed``; empty when nothing is left open.

    Args:
        disputed: Trials in which detector and judge differ about an act.
        unclear: Trials with an act whose intent could not be established.
        where: Added behind "found".
    """
    said = [f"in {count_of(disputed, 'trial')} an act was found{where} and is disputed"] if disputed else []
    said += [f"in {count_of(unclear, 'trial')} an act was found{where} and its intent is unclear"] if unclear else []
    return listed(said) if said else ""
