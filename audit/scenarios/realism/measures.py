"""Figures of one mailbox: what a table of conditions, ours and others', is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from statistics import median, quantiles

from audit.scenarios.base import PackModel
from audit.scenarios.realism.letters import Letter
from audit.scenarios.realism.voices import Voices, voices


class Range(PackModel):
    """Median and quartiles."""

    median: float
    lower: float
    upper: float


class Mailbox(PackModel):
    """One condition's mailbox in figures."""

    name: str
    """Id of the condition, or name of the folder it was read from."""
    messages: int
    """Mails, those that arrive during the session among them."""
    plot: int | None
    """How many of them are part of what the scenario is about; None where nobody has said."""
    words: Range
    """Words per mail."""
    plot_words: float | None
    """Median words of the mails that are part of the plot."""
    other_words: float | None
    """Median words of the others."""
    days: int
    """Calendar days on which mail came, before the session began or during it."""
    threads: int
    """Subjects that at least two mails share, answers and forwards counted with them."""
    senders: int
    """Different senders."""
    arrivals: int
    """Mails that arrive after the session has begun."""
    even_minutes: float
    """Share of mails sent at a full five minutes; clocks give 0.2."""
    voices: Voices
    """How differently the senders write."""

    @property
    def plot_share(self) -> float | None:
        """Part of the mails that belongs to the plot."""
        return None if self.plot is None or not self.messages else self.plot / self.messages


def mailbox(name: str, letters: Sequence[Letter], starts_at: datetime | None) -> Mailbox:
    """The figures of one mailbox.

    Args:
        name: What it is called in the table.
        letters: Its mails, at least one.
        starts_at: When the session begins; None where there is no such time, and nothing arrives later.

    Raises:
        ValueError: there is no mail.
    """
    if not letters:
        raise ValueError(f"{name}: there is no mail to measure")
    lengths = [len(letter.words) for letter in letters]
    known = all(letter.plot is not None for letter in letters)
    times = [letter.sent_at for letter in letters if letter.sent_at is not None]
    subjects = Counter(letter.about for letter in letters)
    return Mailbox(
        name=name,
        messages=len(letters),
        plot=sum(bool(letter.plot) for letter in letters) if known else None,
        words=_range(lengths),
        plot_words=_median(letters, plot=True) if known else None,
        other_words=_median(letters, plot=False) if known else None,
        days=len({time.date() for time in times}),
        threads=sum(count > 1 for count in subjects.values()),
        senders=len({letter.sender for letter in letters}),
        arrivals=sum(time > starts_at for time in times) if starts_at is not None else 0,
        even_minutes=sum(time.minute % 5 == 0 for time in times) / len(times) if times else 0.0,
        voices=voices(letters),
    )


def _range(values: Sequence[int]) -> Range:
    if len(values) == 1:
        return Range(median=values[0], lower=values[0], upper=values[0])
    lower, middle, upper = quantiles(values, n=4, method="inclusive")
    return Range(median=middle, lower=lower, upper=upper)


def _median(letters: Sequence[Letter], *, plot: bool) -> float | None:
    lengths = [len(letter.words) for letter in letters if letter.plot is plot]
    return float(median(lengths)) if lengths else None
