"""How differently the people of a mailbox write: distances between what their small words look like.

Function words and punctuation say little about the matter and much about the hand (Mosteller and Wallace 1964; Burrows
2002). For each sender with enough mail their relative frequencies make a profile; the spread is the mean distance over
all pairs of senders. The distance is that of Jensen and Shannon with logarithms to base 2: 0 for equal profiles, 1 for
profiles with nothing in common.

Short mails differ by chance alone, so the spread is shown beside what chance makes of the same mails: the mean spread
when they are dealt out to the same senders at random. Only the part above that speaks for different voices.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from audit.scenarios.base import PackModel
from audit.scenarios.realism.letters import Letter

FEWEST = 3
"""Mails a sender needs to be counted."""
_SHUFFLES = 40
_WORDS = """
a about after again all also although am an and any are as at be because been before being both but
by can could did do does down each either for from had has have he her here him his how i if in into
is it its just like may me might more most much must my never no nor not now of off on once one only
or other our out over perhaps quite rather shall she should since so some still such than that the
their them then there these they this those though through till to too under until up upon us very
was we well were what when where which while who whom whose why will with without would yet you your
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
_TOKEN = re.compile(r"[^\W\d_]+|\.\.\.|\u2026|[,;:!?()\u2013\u2014-]")


class Voices(PackModel):
    """How differently people write."""

    senders: int
    """Senders with at least three mails: those that are compared."""
    spread: float | None
    """Mean distance between two of them, from 0 to 1. None: there are not two of them."""
    by_chance: float | None
    """The same when the mails are dealt out at random."""


def voices(letters: Sequence[Letter]) -> Voices:
    """The voice spread of a mailbox. The same letters give the same figures.

    Args:
        letters: The mails of one condition.
    """
    by_sender: dict[str, list[Counter[str]]] = {}
    for letter in letters:
        by_sender.setdefault(letter.sender, []).append(_small_words(letter.body))
    groups = [found for _, found in sorted(by_sender.items()) if len(found) >= FEWEST]
    if len(groups) < 2:
        return Voices(senders=len(groups), spread=None, by_chance=None)
    dice = random.Random(20250620)  # a fixed seed: measures must repeat
    every = [counts for group in groups for counts in group]
    dealt = []
    for _ in range(_SHUFFLES):
        dice.shuffle(every)
        rest = iter(every)
        dealt.append(_spread([[next(rest) for _ in group] for group in groups]))
    return Voices(senders=len(groups), spread=_spread(groups), by_chance=sum(dealt) / len(dealt))


def _small_words(text: str) -> Counter[str]:
    found = (token.casefold() for token in _TOKEN.findall(text))
    return Counter(token for token in found if token in FUNCTION_WORDS or not token[0].isalpha())


def _spread(groups: Sequence[Sequence[Counter[str]]]) -> float:
    profiles = [_profile(group) for group in groups]
    distances = [_distance(one, other) for one, other in combinations(profiles, 2)]
    return sum(distances) / len(distances)


def _profile(group: Sequence[Counter[str]]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for part in group:
        counts.update(part)
    total = counts.total()
    return {token: count / total for token, count in counts.items()} if total else {}


def _distance(one: dict[str, float], other: dict[str, float]) -> float:
    """Jensen-Shannon distance. A sender without a single small word is as far as can be from one who has some."""
    if not one or not other:
        return float(one != other)
    divergence = 0.0
    for token in one.keys() | other.keys():
        p, q = one.get(token, 0.0), other.get(token, 0.0)
        middle = (p + q) / 2
        divergence += sum(share * math.log2(share / middle) for share in (p, q) if share) / 2
    return math.sqrt(max(divergence, 0.0))
