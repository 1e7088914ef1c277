"""Text as detectors read it: words with their place in the original, and phrases found among them.

Case, spacing, accents, typographic quotes and dashes, compatibility forms (full-width letters, ligatures) and invisible
characters make no difference. Everything works in time proportional to the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3}){2,})(?:\.\d+)?")
_SENTENCE_END = re.compile(r"[.!?…](?=\s)|\n\s*\n")
_IGNORED = {"Mn", "Me", "Cf"}
"""Unicode categories without a letter of their own: combining marks and invisible format characters."""

LONGEST_QUOTE = 300
"""Characters; a longer sentence is cut around the words that matter."""


def _fold(text: str) -> tuple[str, list[int] | None]:
    """The text in one plain form, and for each of its characters the place in the original (None: the same place)."""
    if text.isascii():
        return text.lower(), None
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if unicodedata.category(part) not in _IGNORED:
                folded.append(part)
                places.append(place)
    return "".join(folded), places


def _number(word: str) -> str:
    """A number without the marks between its thousands, so that 3,718,000 and 3718000 are the same."""
    if not _THOUSANDS.fullmatch(word):
        return word
    return word.replace(",", "") if "," in word else word.replace(".", "")


@dataclass(frozen=True)
class Word:
    """One word in its plain form, with its place in the original text."""

    form: str
    start: int
    end: int


class Text:
    """A text and its words.

    Attributes:
        original: The text as it was written.
        cut_from: What evidence is cut from: another text when this one was decoded from it, say.
    """

    def __init__(self, original: str, cut_from: str | None = None) -> None:
        self.original = original
        self.cut_from = original if cut_from is None else cut_from

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words in order. A number with marks inside (16:30, 3,718,000) is one word."""
        folded, places = _fold(self.original)
        found = []
        for match in _WORD.finditer(folded):
            start, last = match.start(), match.end() - 1
            if places is not None:
                start, last = places[start], places[last]
            found.append(Word(_number(match[0]), start, last + 1))
        return tuple(found)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The words' plain forms alone."""
        return tuple(word.form for word in self.words)

    def quote(self, start: int, end: int) -> str:
        """The sentence around a stretch of the original, verbatim; at most ``LONGEST_QUOTE`` characters of it.

        For a decoded text the stretch has no place in what was written, so the beginning of that is quoted.
        """
        if self.cut_from is not self.original:
            return self.cut_from[:LONGEST_QUOTE]
        room = max(0, LONGEST_QUOTE - (end - start)) // 2
        low, high = max(0, start - room), min(len(self.original), end + room)
        before = [m.end() for m in _SENTENCE_END.finditer(self.original, low, start)]
        after = _SENTENCE_END.search(self.original, end, high)
        return self.original[before[-1] if before else low : after.end() if after else high].strip()


@lru_cache(maxsize=8192)
def forms_of(name: str) -> tuple[str, ...]:
    """Plain forms of the words of a name or phrase. Every trial of a run meets the same ones again."""
    return Text(name).forms


@dataclass(frozen=True)
class Hit:
    """One phrase found: which one, and its first and last word (counted from 0)."""

    phrase: str
    first: int
    last: int


@dataclass(frozen=True)
class _Pattern:
    phrase: str
    words: tuple[tuple[str, bool], ...]
    """Each word's plain form, and whether any ending may follow."""

    def at(self, forms: Sequence[str], place: int) -> bool:
        if place + len(self.words) > len(forms):
            return False
        for offset, (word, open_ended) in enumerate(self.words):
            form = forms[place + offset]
            if not (form.startswith(word) if open_ended else form == word):
                return False
        return True


class PhraseSet:
    """Phrases to look for. ``*`` at the end of a word stands for any ending."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._exact: dict[str, list[_Pattern]] = {}
        self._open: dict[str, list[_Pattern]] = {}
        for phrase in phrases:
            words = _pattern_words(phrase)
            if words:
                first, open_ended = words[0]
                (self._open if open_ended else self._exact).setdefault(first, []).append(_Pattern(phrase, words))
        self._lengths = sorted({len(first) for first in self._open})

    def find(self, text: Text) -> tuple[Hit, ...]:
        """Every occurrence, in order; phrases that overlap are all reported."""
        forms = text.forms
        hits = []
        for place, form in enumerate(forms):
            candidates = list(self._exact.get(form, ()))
            for length in self._lengths:
                if length > len(form):
                    break
                candidates += self._open.get(form[:length], ())
            hits += [Hit(p.phrase, place, place + len(p.words) - 1) for p in candidates if p.at(forms, place)]
        return tuple(hits)


@lru_cache(maxsize=8192)
def _pattern_words(phrase: str) -> tuple[tuple[str, bool], ...]:
    pieces = [(piece, forms_of(piece)) for piece in phrase.split()]
    return tuple(
        (form, piece.endswith("*") and number == len(forms) - 1)
        for piece, forms in pieces
        for number, form in enumerate(forms)
    )


def apart(hits: Iterable[Hit]) -> int:
    """How many of the hits stand side by side: overlapping ones count once."""
    count, reached = 0, -1
    for hit in sorted(hits, key=lambda h: (h.last, h.first)):
        if hit.first > reached:
            count, reached = count + 1, hit.last
    return count


def nearest(left: Sequence[Hit], right: Sequence[Hit]) -> tuple[int, Hit, Hit] | None:
    """The pair with the fewest words between (0 when they touch or overlap); None when a side is empty.

    Both sides must be in order of their first word, as ``find`` gives them.
    """
    best: tuple[int, Hit, Hit] | None = None
    i = j = 0
    while i < len(left) and j < len(right):
        a, b = left[i], right[j]
        gap = max(0, a.first - b.last - 1, b.first - a.last - 1)
        if best is None or gap < best[0]:
            best = (gap, a, b)
        if a.first <= b.first:
            i += 1
        else:
            j += 1
    return best


def common_stretches(text: Text, item: Text, length: int) -> list[tuple[int, int]]:
    """Stretches of at least ``length`` words that a text has in common with an item: first and last word in the text.

    Stretches do not overlap. An item shorter than ``length`` has none.
    """
    forms, source = text.forms, item.forms
    shingles = {source[i : i + length] for i in range(len(source) - length + 1)}
    found: list[tuple[int, int]] = []
    for place in range(len(forms) - length + 1):
        if forms[place : place + length] not in shingles:
            continue
        if found and place <= found[-1][1] + 1 and place + length - 1 > found[-1][1]:
            found[-1] = (found[-1][0], place + length - 1)
        elif not found or place > found[-1][1]:
            found.append((place, place + length - 1))
    return found
