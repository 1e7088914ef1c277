"""A text cut into sentences, with the line and column of each."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

_BREAK = re.compile(r"\r\n|\r|\n")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•\u2013]|\d{1,3}[.)]|[a-zA-Z][.)]|#{1,6}|>)[ \t]+")
# A full stop ends a sentence where white space and something that can begin one follow; "e.g. x" and "v1.2" do not.
_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bz\.B)(?<!\bno)(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bSt)[.!?…]+[\"'”\u2019)\]*_`]*\s+(?=[^\sa-z])"
)
_LONGEST_QUOTE = 220

COVERED = "•"
"""Stands for each character of a credential in what is read and quoted."""


class Quote(NamedTuple):
    """A sentence of the prompt.

    Attributes:
        line: Line of the prompt it begins on, from 1.
        column: Column there, from 1.
        text: The sentence on one line, cut after some 200 characters; credentials are masked.
    """

    line: int
    column: int
    text: str


class Sentence(NamedTuple):
    """A sentence as a span of the text.

    Attributes:
        start: Offset of its first character.
        text: The characters as they stand, line breaks included.
        heading: The nearest line above that ends with a colon or is a heading; empty where there is none.
    """

    start: int
    text: str
    heading: str


class Text:
    """A prompt with its sentences and places.

    Args:
        text: The prompt, with credentials already covered (see :data:`COVERED`).
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.sentences = tuple(self._cut())

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column (from 1) of a character."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def indented(self, offset: int) -> bool:
        """Whether the line of a character begins with two or more spaces or a tab."""
        line = self.text[self._lines[self.place(offset)[0] - 1] :]
        return line.startswith(("  ", "\t"))

    def quote(self, sentence: Sentence) -> Quote:
        """The sentence for people."""
        plain = re.sub(r"\*\*|```\w*", "", sentence.text)
        shown = re.sub(rf"{COVERED}+", "[masked]", " ".join(plain.split()))
        if len(shown) > _LONGEST_QUOTE:
            shown = shown[: _LONGEST_QUOTE - 3].rsplit(" ", 1)[0] + " ..."
        return Quote(*self.place(sentence.start), shown)

    def _cut(self) -> list[Sentence]:
        found: list[Sentence] = []
        heading = ""
        for start, end in self._blocks():
            block = self.text[start:end]
            item = _LIST_ITEM.match(block)
            inner = start + (item.end() if item else 0)
            position = inner
            for stop in [*(inner + m.end() for m in _END.finditer(self.text[inner:end])), end]:
                piece = self.text[position:stop]
                stripped = piece.strip()
                if stripped:
                    found.append(Sentence(position + len(piece) - len(piece.lstrip()), stripped, heading))
                position = stop
            plain = block.strip().strip("*_ ")
            if plain.endswith(":") or block.lstrip().startswith("#"):
                heading = plain
        return found

    def _blocks(self) -> list[tuple[int, int]]:
        """Spans of paragraphs and list items; a line that begins an item or follows an empty one begins a block."""
        blocks: list[tuple[int, int]] = []
        begin: int | None = None
        before = ""
        ends = [*self._lines[1:], len(self.text)]
        for start, end in zip(self._lines, ends, strict=True):
            line = self.text[start:end]
            if not line.strip():
                if begin is not None:
                    blocks.append((begin, start))
                begin = None
            elif begin is None:
                begin = start
            elif _LIST_ITEM.match(line) or before.rstrip().endswith(":"):
                blocks.append((begin, start))
                begin = start
            before = line
            if begin is not None and line.lstrip().startswith("#"):
                blocks.append((begin, end))
                begin = None
        if begin is not None:
            blocks.append((begin, len(self.text)))
        return blocks
