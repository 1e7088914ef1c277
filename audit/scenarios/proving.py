"""Many scenarios prove themselves at the same time: their conditions are spread over processes.

The order of what comes back is that of the packs and of the conditions, however many processes there are.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from audit.errors import PackError, Problem, UsageError
from audit.scenarios.compose import problems_of
from audit.scenarios.factors import Condition
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.selftest import Proof, Proved, joined, proved
from audit.scenarios.subject import fictional

Listener = Callable[[int, int, str], None]
"""Takes how many conditions are done, how many there are, and what is being done."""

_AT_ONCE = 4
"""Conditions that one process is given at a time: few enough to spread evenly, enough to be worth the way."""
_WORTH_PROCESSES = 8
"""Fewer conditions are proved where they are: starting a process takes about a second."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def check_scenarios(
    sources: Sequence[ScenarioSource],
    chosen: Mapping[str, Sequence[Condition]] | None = None,
    jobs: int | None = None,
    listen: Listener | None = None,
) -> list[Proof]:
    """Let scenarios prove themselves in their own dress.

    Args:
        sources: The scenarios.
        chosen: By scenario id, the conditions to prove; left out, all that a design can choose. A scenario that is
            not named in it is left out.
        jobs: Processes; left out, one for each processor.
        listen: Hears of the progress.

    Returns:
        One proof for each scenario, in the order given.

    Raises:
        PackError: texts that cannot be composed, of all scenarios together.
        UsageError: a process came to its end before it was done.
    """
    told = listen or (lambda done, planned, words: None)
    work = [
        (source, tuple(chosen.get(source.id, ()) if chosen is not None else source.scenario.model.conditions()))
        for source in sources
    ]
    work = [(source, conditions) for source, conditions in work if conditions]
    planned = sum(len(conditions) for _, conditions in work)
    problems: list[Problem] = []
    for source, conditions in work:
        told(0, planned, f"texts of {source.id}")
        problems += problems_of(source, fictional(source.scenario.model), conditions)
    if problems:
        raise PackError(problems)
    parts = [
        (source, conditions[start : start + _AT_ONCE])
        for source, conditions in work
        for start in range(0, len(conditions), _AT_ONCE)
    ]
    number = min(jobs or cores(), len(parts))
    found: dict[str, list[Proved]] = {source.id: [] for source, _ in work}
    done = 0

    def take(source: ScenarioSource, part: Sequence[Proved]) -> None:
        nonlocal done
        found[source.id] += part
        done += len(part)
        told(done, planned, source.id)

    if number < 2 or planned < _WORTH_PROCESSES:
        for source, conditions in parts:
            take(source, _part(source, conditions))
    else:
        # Spawned, because a bar at the terminal is drawn by a thread, and a fork would copy its locks as they stand.
        pool = ProcessPoolExecutor(number, get_context("spawn"), _leave_interrupts_to_the_parent)
        try:
            results = pool.map(_part, *zip(*parts, strict=True))
            for (source, _), part in zip(parts, results, strict=True):
                take(source, part)
        except BrokenProcessPool:
            raise UsageError("a process of the self-test ended early; try again with --jobs 1") from None
        finally:
            pool.shutdown(cancel_futures=True)
    return [joined(source.id, found[source.id]) for source, _ in work]


def _part(source: ScenarioSource, conditions: Sequence[Condition]) -> list[Proved]:
    subject = fictional(source.scenario.model)
    return [proved(source, subject, condition) for condition in conditions]


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
