"""Text of tools becomes words that rules can be looked up with: splitting, folding, light stemming, phrases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

V = TypeVar("V")

_PARTS_OF_NAMES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_WORDS = re.compile(r"[a-z0-9]+|,")
_NOT = re.compile(r"n['’]t\b")  # noqa: RUF001 -- texts have both apostrophes
_SENTENCE_ENDS = re.compile(r"[.!?;:](?=\s|$)|\n|\(|\)|[ \t][-*•–—][ \t]|^[-*•][ \t]", re.MULTILINE)  # noqa: RUF001


def folded(text: str) -> str:
    """Lower case without accents (`ß` as `ss`)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


@lru_cache(maxsize=20_000)
def noun(word: str) -> str:
    """A folded word without plural or third person: files and file, sends and send are one."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=20_000)
def verb(word: str) -> str:
    """A folded word without third person, -ing and a last e: sends, sending and send are one.

    Past forms stay as they are: a tool for deleted files does not delete.
    """
    word = noun(word)
    if len(word) > 5 and word.endswith("ing"):
        word = word[:-3]
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def words_of_name(name: str) -> list[str]:
    """The folded words of a name: `sendEmail`, `send_email`, `mail.send` and `HTTPGet` are split."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return [part.casefold() for part in _PARTS_OF_NAMES.findall(plain)]


def words_of_text(text: str) -> list[str]:
    """The folded words of a sentence; commas count as words, since a negation ends there."""
    return _WORDS.findall(_NOT.sub(" not", folded(text)).replace("'", " ").replace("’", " "))  # noqa: RUF001


def sentences(text: str) -> list[str]:
    """The sentences of a description, where colons, brackets, line ends and bullets end one too."""
    joined = re.sub(r"(?<=[^\s.!?:;])\n(?=[a-z])", " ", text)  # lines broken within a sentence
    return [part.strip() for part in _SENTENCE_ENDS.split(joined) if part and part.strip()]


class Hit(NamedTuple, Generic[V]):
    """A phrase found in words: where it starts and ends (one past), what it stands for, and how the rules write it."""

    start: int
    end: int
    values: tuple[V, ...]
    phrase: str


class Phrases(Generic[V]):
    """Phrases to look for, each with what it stands for.

    Args:
        phrases: each phrase with a value; a phrase may come with several values.
        stem: ``noun`` for names of things, ``verb`` where a phrase holds verbs.
    """

    def __init__(self, phrases: Iterable[tuple[str, V]], stem: Callable[[str], str]) -> None:
        self._stem = stem
        by_stems: dict[tuple[str, ...], tuple[str, list[V]]] = {}
        for phrase, value in phrases:
            stems = tuple(stem(word) for word in words_of_text(phrase))
            if stems:
                by_stems.setdefault(stems, (phrase, []))[1].append(value)
        self._by_first: dict[str, list[tuple[tuple[str, ...], str, tuple[V, ...]]]] = {}
        for stems, (phrase, values) in by_stems.items():
            self._by_first.setdefault(stems[0], []).append((stems, phrase, tuple(values)))
        for known in self._by_first.values():
            known.sort(key=lambda entry: -len(entry[0]))

    def find(self, words: Sequence[str]) -> list[Hit[V]]:
        """Every phrase in folded words, the longest at each place; a place is used once."""
        stems = [self._stem(word) for word in words]
        found: list[Hit[V]] = []
        at = 0
        while at < len(stems):
            for phrase, written, values in self._by_first.get(stems[at], ()):
                if tuple(stems[at : at + len(phrase)]) == phrase:
                    found.append(Hit(at, at + len(phrase), values, written))
                    at += len(phrase)
                    break
            else:
                at += 1
        return found
