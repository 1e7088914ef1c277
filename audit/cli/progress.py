"""Live progress on standard error: a bar at a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.cli.output import err

if TYPE_CHECKING:
    from collections.abc import Callable

    from audit.trials.runner import Progress as RunProgress

_EVERY_S = 15.0


@contextmanager
def run_progress(label: str) -> Iterator[Callable[[RunProgress], None]]:
    """Give out a listener for a run. All five outcomes are shown, so nobody mistakes errors for results."""

    def words(progress: RunProgress) -> str:
        return ", ".join(f"{count} {outcome}" for outcome, count in sorted(progress.outcomes.items()))

    with counter(label) as advance:

        def listen(progress: RunProgress) -> None:
            advance(progress.finished, progress.planned, words(progress))

        yield listen


@contextmanager
def counter(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """Give out a function that takes (done, planned, words)."""
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, TextColumn("{task.fields[words]}"), console=err(), transient=True) as bar:
            task = bar.add_task(label, total=None, words="")

            def draw(done: int, planned: int, words: str = "") -> None:
                bar.update(task, completed=done, total=planned, words=words)

            yield draw
        return
    last = monotonic()

    def line(done: int, planned: int, words: str = "") -> None:
        nonlocal last
        if done == planned or monotonic() - last >= _EVERY_S:
            last = monotonic()
            print(f"{label}: {done}/{planned}" + (f" ({words})" if words else ""), file=sys.stderr)  # noqa: T201

    yield line
