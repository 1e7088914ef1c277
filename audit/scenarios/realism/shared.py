"""Runs of words that texts of different scenarios share.

Five words in a row say little when they are the words everybody uses ("please let me know if"), and much when they are
not. How much is measured, not listed: a word that stands in the share s of all texts tells log2(1/s) bits, and a run
tells the sum of its words. What is common in mail of the packs at hand is thereby cheap, whatever it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.scenarios.realism.passages import Passage

SHORTEST = 5
"""Words of the shortest run that is looked at."""
SURPRISE = 32.0
"""Bits above which a run is no turn of phrase any more. Runs of five common words come to 10 to 25."""

Gram = tuple[str, ...]


@dataclass(frozen=True)
class SharedRun:
    """One run of words that stands in several scenarios.

    Attributes:
        words: The run.
        bits: How much it tells.
        passages: The first text of each scenario that holds it, in the order of the scenarios.
    """

    words: Gram
    bits: float
    passages: tuple[Passage, ...]


def bits_of(found: Sequence[Passage]) -> Mapping[str, float]:
    """How much each word tells, by the share of the texts it stands in."""
    counts = Counter(word for passage in found for word in {word for run in passage.runs for word in run})
    return {word: math.log2((len(found) + 1) / count) for word, count in counts.items()}


def shared_runs(found: Sequence[Passage], surprise: float = SURPRISE) -> list[SharedRun]:
    """The longest runs of at least five words that texts of different scenarios share, the most telling first.

    Args:
        found: All texts, of all scenarios.
        surprise: Bits from which a run is reported.
    """
    scenarios: dict[Gram, set[str]] = {}
    for passage in found:
        for gram in _grams(passage):
            scenarios.setdefault(gram, set()).add(passage.scenario)
    both = {gram: names for gram, names in scenarios.items() if len(names) > 1}
    where: dict[tuple[Gram, frozenset[str]], dict[str, Passage]] = {}
    for passage in found:
        for run in passage.runs:
            for stretch, names in _stretches(run, both):
                where.setdefault((stretch, names), {}).setdefault(passage.scenario, passage)
    worth = bits_of(found)
    made = []
    for (stretch, names), places in where.items():
        told = sum(worth[word] for word in stretch)
        if told >= surprise and len(places) > 1 and not _part_of_another(stretch, names, where):
            made.append(SharedRun(stretch, told, tuple(places.values())))
    return sorted(made, key=lambda run: (-run.bits, run.words))


def _grams(passage: Passage) -> Iterator[Gram]:
    for run in passage.runs:
        yield from (run[i : i + SHORTEST] for i in range(len(run) - SHORTEST + 1))


def _stretches(run: Gram, both: Mapping[Gram, set[str]]) -> Iterator[tuple[Gram, frozenset[str]]]:
    """The longest stretches of a run whose every five words stand in one and the same set of scenarios, or more."""
    start = 0
    names: set[str] = set()
    for i in range(len(run) - SHORTEST + 2):
        here = both.get(run[i : i + SHORTEST], set()) if i <= len(run) - SHORTEST else set()
        if names and len(names & here) > 1:
            names &= here
            continue
        if names:
            yield run[start : i - 1 + SHORTEST], frozenset(names)
        start, names = i, set(here)


def _part_of_another(
    stretch: Gram, names: frozenset[str], all_of: Mapping[tuple[Gram, frozenset[str]], object]
) -> bool:
    text = " ".join(stretch)
    return any(
        len(other) > len(stretch) and names <= others and f" {text} " in f" {' '.join(other)} "
        for other, others in all_of
    )
