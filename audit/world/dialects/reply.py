"""The reply text around the calls: reasoning that is cut, quoted lines, code fences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

# A tag name directly between backticks is talk about the tag, not the tag.
_REASONING = re.compile(
    r"(?<!`)<[ \t]*(?P<close>/?)[ \t]*(?P<name>scratchpad_reasoning|scratchpad|thinking|think|reasoning)"
    r"\b[^<>\n]{0,100}>(?!`)",
    re.IGNORECASE,
)
_QUOTED_LINE = re.compile(r"^[ \t]*>[^\n]*", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*", re.MULTILINE)


def visible(text: str) -> str:
    """The reply without its reasoning.

    Cut are blocks in ``SCRATCHPAD_REASONING``, ``scratchpad``, ``think``, ``thinking`` or ``reasoning`` tags, in any
    case and nested; a block that never closes, to the end of the text; and what stands before a lone closing tag,
    because chat templates often swallow the opening one. Each cut leaves one line break, so that the pieces cannot
    grow together into a new tag. Text without such tags comes back unchanged.
    """
    tokens = list(_REASONING.finditer(text))
    if not tokens:
        return text
    ends = _block_ends(tokens, len(text))
    kept: list[str] = []
    position = 0
    opened = False
    for index, token in enumerate(tokens):
        if token.start() < position:
            continue
        if index in ends:
            kept += [text[position : token.start()], "\n"]
            position = ends[index]
        elif opened:
            kept += [text[position : token.start()], "\n"]
            position = token.end()
        else:
            kept = ["\n"]
            position = token.end()
        opened = True
    kept.append(text[position:])
    return "".join(kept)


def uncertain(text: str) -> list[str]:
    """What ``visible`` cut without seeing both ends of a reasoning block.

    That is the text after an opening tag that nothing closes, and before a lone closing tag that comes first.
    Whether an act in there was meant as one cannot be told; the parser reports it as a call that could not be read.
    """
    tokens = list(_REASONING.finditer(text))
    ends = _block_ends(tokens, len(text))
    position = 0
    opened = False
    found: list[str] = []
    for index, token in enumerate(tokens):
        if token.start() < position:
            continue
        if index in ends:
            position = ends[index]
            if position > len(text):
                found.append(text[token.end() :])
        else:
            if not opened:
                found.append(text[: token.start()])
            position = token.end()
        opened = True
    return [stretch for stretch in found if stretch.strip()]


def _block_ends(tokens: list[re.Match[str]], length: int) -> dict[int, int]:
    """Where the block of each opening tag ends: at its own closing tag, else at the first that could be meant.

    A block that nothing closes ends one past the text.
    """
    ends: dict[int, int] = {}
    waiting: dict[str, list[int]] = {}
    closers: dict[str, list[int]] = {}
    spare: list[int] = []
    for index, token in enumerate(tokens):
        name = token["name"].casefold()
        if not token["close"]:
            waiting.setdefault(name, []).append(index)
            continue
        closers.setdefault(name, []).append(index)
        if waiting.get(name):
            ends[waiting[name].pop()] = token.end()
        else:
            spare.append(index)
    for name, left in waiting.items():
        for index in left:
            for candidates in (closers.get(name, []), spare):
                place = bisect_right(candidates, index)
                if place < len(candidates):
                    ends[index] = tokens[candidates[place]].end()
                    break
            else:
                ends[index] = length + 1
    return ends


class Spans:
    """Sorted, separate stretches of a text, asked whether they cover an offset."""

    def __init__(self, matches: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in matches]
        self._ends = [end for _, end in matches]

    def cover(self, offset: int) -> bool:
        """Whether one of them holds ``offset``."""
        place = bisect_right(self._starts, offset) - 1
        return place >= 0 and offset < self._ends[place]


def quoted_lines(text: str) -> Spans:
    """Lines quoted with ``>``, as in a forwarded mail: a call standing there is somebody else's."""
    return Spans([match.span() for match in _QUOTED_LINE.finditer(text)])


class Fences:
    """Tells, walking forward through a text, whether an offset lies in a code fence."""

    def __init__(self, text: str) -> None:
        self._lines = [match.start() for match in _FENCE.finditer(text)]
        self._next = 0
        self._open = False

    def inside(self, offset: int) -> bool:
        """Whether ``offset`` is fenced. Offsets must not go back."""
        while self._next < len(self._lines) and self._lines[self._next] < offset:
            self._open = not self._open
            self._next += 1
        return self._open

    def skip(self, offset: int) -> None:
        """Pass over a call that ends at ``offset``: fences in its own text do not count."""
        self._next = max(self._next, bisect_left(self._lines, offset))

    def end(self, offset: int, default: int) -> int:
        """Start of the first fence line at or after ``offset``."""
        place = bisect_left(self._lines, offset)
        return self._lines[place] if place < len(self._lines) else default
