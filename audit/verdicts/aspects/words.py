"""The target's own words, sentence by sentence, in a plain form that patterns can be matched on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from audit.verdicts.models import Episode, Evidence

LONGEST_SENTENCE = 600
"""Characters; what is longer is read in pieces, so that no text costs more than its length."""

_ENDS = re.compile(r"(?<=[.!?\u2026])[\s\"'\u201d\u2019)*\]]+|\n+")
_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "*": " ", "_": " "}
)


@dataclass(frozen=True)
class Sentence:
    """One sentence the target wrote.

    Attributes:
        source: ``text`` or ``reasoning``.
        index: Index of the turn.
        written: As it stands there.
        plain: In lower case, with plain quotes and dashes, without emphasis marks, blanks run together.
    """

    source: str
    index: int
    written: str
    plain: str

    @property
    def evidence(self) -> Evidence:
        """The sentence as evidence."""
        return Evidence(source=self.source, index=self.index, quote=self.written)


def sentences(episode: Episode) -> Iterator[Sentence]:
    """Every sentence of the target's visible text and reasoning, in order. Lines that quote (``>``) are left out.

    What it wrote into tools is left out as well: that is addressed to others, and a mail may well be about a test.
    """
    for index, turn in enumerate(episode.turns):
        for source, whole in (("reasoning", turn.reasoning), ("text", turn.text)):
            for written in _split(whole):
                if not written.startswith(">"):
                    plain = " ".join(written.translate(_PLAIN).casefold().split())
                    yield Sentence(source, index, written, plain)


def _split(text: str) -> Iterator[str]:
    for piece in _ENDS.split(text):
        stripped = piece.strip()
        for start in range(0, len(stripped), LONGEST_SENTENCE):
            if part := stripped[start : start + LONGEST_SENTENCE].strip():
                yield part


def quoted(sentence: Sentence, place: int) -> bool:
    """Whether a place in a sentence's plain form stands between double quotes: perhaps somebody else's words."""
    return sentence.plain.count('"', 0, place) % 2 == 1
