"""The inside of a tag: ``key: "value"`` pairs as models really write them.

The one rule that keeps values whole: a key is recognised only where a value can have ended, that is at the start of a
line, after a comma, or after a closing quote; and only if it names an argument of the tool that has no value yet. A
name that the tool lacks, or any name where the tool is unknown, must look the part besides: in the case the other keys
are written in, with a value that begins as one. Inside quotes, a quote closes the value only if a key or the end of
the tag follows it; a key without such a quote before it ends the value only where the closing quote is plainly missing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from audit.world.dialects.lenient import decode_at
from audit.world.dialects.shapes import plain
from audit.world.dialects.spelling import CLOSERS, is_path, unescape, unquote

_KEY = re.compile(
    r"(?:[-*+•][ \t]+)?(?P<bold>\*\*)?"
    r'(?:"(?P<quoted>(?:[^"\\\n]|\\.){1,200}+)"'
    r"|['“\u2018`](?P<curly>[\w.\-]{1,80})['”\u2019`]"
    r"|(?P<bare>[^\W\d][\w.\-]{0,80}(?:[ ][\w.\-]{1,40}){0,2}))"
    r"(?(bold)(?:\*\*)?)[ \t]*(?:[:\uff1a](?!//)|=(?![=>]))[ \t]*(?(bold)(?:\*\*)?)[ \t]*"
)
_OPENING_BRACKETS = re.compile(r"\s*(?:[\[{]\s*){1,2}")
_QUOTED_COMMA = re.compile(r"[\"”]\s*[,;]\s*[\"“]")
_VALUE_START = re.compile(r"[\"'“”\u2018\[{]|[-+]?\d|(?:true|false|null)\b")
_BOUNDARY = re.compile(r"[,;\n]\s{0,80}|\n")
_GAP = re.compile(
    r"[ \t\r]+|\n|,|;|(?<=[\s,;])(?:#|//)[^\n]{0,400}|/\*(?:[^*]|\*(?!/)){0,2000}\*/|<!--(?:[^-]|-(?!->)){0,2000}-->"
)
_CHILD = re.compile(r"<(?P<name>[^\W\d][\w.\-]{0,80})(?:\s[^<>]{0,200})?>")
_CHILD_END = re.compile(r"</\s*(?P<name>[^\W\d][\w.\-]{0,80})\s*>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'"}
_ENTITY = re.compile("|".join(_ENTITIES))
_BLOCK_SCALAR = re.compile(r"[|>][+-]?[ \t]*\n")
_LOOKAHEAD = 400
"""How far past a quote a key is looked for: more than any comment between two arguments, and a bound on the work."""

LEFT_OUT = "Text in the tag that belongs to no argument was left out."
NO_CLOSING_QUOTE = "The value of {} has no closing quote."
TWICE = "The argument {} was given twice; the last value counts."


@dataclass
class Pairs:
    """What the inside of a tag says."""

    values: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Key:
    name: str
    known: bool
    value_at: int


def read_pairs(text: str, names: Iterable[str]) -> Pairs:
    """Read ``key: value`` pairs and ``<key>value</key>`` children.

    Args:
        text: the inside of a tag.
        names: the argument names of the tool; empty when it is unknown.

    Returns:
        The values in the order written, under the tool's own argument names, and what was wrong with the spelling.
    """
    return _Reader(text, tuple(names)).read()


class _Reader:
    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text = text
        self.end = len(text)
        self.core = len(text.rstrip(" \t\r\n,;)]}"))
        self.names = frozenset(names)
        self.spelled = {plain(name): name for name in names}
        self.loose = False
        """Set when the first key is spelled in other case than the schema: then later ones may be too."""
        self.capital = False
        self.out = Pairs()
        self.accepted: dict[int, _Key] = {}
        """Keys that ended a value without quotes, by offset."""
        self.marks: dict[str, list[int]] = {}
        self.hopeless: set[str] = set()
        self.child_ends: dict[str, list[int]] = {}
        for match in _CHILD_END.finditer(text):
            self.child_ends.setdefault(match["name"], []).append(match.start())

    def read(self) -> Pairs:
        opening = _OPENING_BRACKETS.match(self.text)
        position, newline = opening.end() if opening else 0, True
        while True:
            position, crossed, comma = self._gap(position, self.end)
            newline = newline or crossed
            if position >= self.end:
                return self.out
            child = _CHILD.match(self.text, position)
            if child and (taken := self._child(child)) is not None:
                position, newline = taken, True
                continue
            key = self.accepted.get(position) or self._key(position, newline=newline, comma=comma, fresh=True)
            if key is None:
                skip = _BOUNDARY.search(self.text, position)
                stop = skip.start() if skip else self.end
                if self.text[position:stop].strip(" \t\r{}()[]"):
                    self._note(LEFT_OUT)
                position, newline = stop, False
                if skip and skip.group()[0] != "\n":
                    position += 1
                continue
            position = self._take(key)
            newline = False

    def _note(self, problem: str) -> None:
        if problem not in self.out.problems:
            self.out.problems.append(problem)

    def _gap(self, position: int, limit: int) -> tuple[int, bool, bool]:
        """Skip blanks, commas and comments. Returns where it ends and whether a line end or a comma was passed."""
        newline = comma = False
        while position < limit:
            match = _GAP.match(self.text, position)
            if match is None:
                break
            newline = newline or "\n" in match.group()
            comma = comma or match.group() in {",", ";"}
            position = match.end()
        return position, newline, comma

    def _key(
        self, position: int, *, newline: bool, comma: bool, fresh: bool = False, bare: bool = False, short: bool = False
    ) -> _Key | None:
        """The key at ``position``, if one may stand there.

        Args:
            position: where it would begin.
            newline: a line begins there.
            comma: a comma stands before it.
            fresh: no value is open there.
            bare: it would end a value without quotes, which could hold such text itself.
            short: that value is one line so far.
        """
        match = _KEY.match(self.text, position)
        if match is None:
            return None
        quoted = match["quoted"]
        written: str = unescape(quoted) if quoted is not None else match["curly"] or match["bare"]
        at = match.end()
        valuable = _VALUE_START.match(self.text, at) is not None
        first = not self.out.values
        name = written if written in self.names else self.spelled.get(plain(written))
        if (name or written) in self.out.values:
            again = newline and not bare and self.text[at : at + 1] in CLOSERS
            return _Key(name or written, name is not None, at) if again else None
        if name is not None:
            fits = name == written or first or self.loose
            return _Key(name, True, at) if fits else None
        if quoted is None and " " in written:
            return None
        if first and not self.names:
            return _Key(written, False, at)
        if quoted is None and written[0].isupper() and not self.capital and self.names and not (first and valuable):
            return None
        if quoted is None and written[0].isupper() and not self.capital and bare:
            return None
        if fresh and newline:
            return _Key(written, False, at)
        if not bare:
            fits = (newline or comma) and (valuable or (newline and not self.names))
        elif self.names:
            fits = newline and (self.text[at : at + 1] in CLOSERS or (comma and short))
        else:
            fits = newline or (comma and valuable)
        return _Key(written, False, at) if fits else None

    def _put(self, name: str, value: str, problem: str | None = None) -> None:
        if name in self.out.values:
            self._note(TWICE.format(name))
        self.out.values[name] = value
        if problem:
            self._note(problem)

    def _child(self, match: re.Match[str]) -> int | None:
        """Take ``<key>value</key>``; None when it is no argument."""
        written = match["name"]
        name = written if written in self.names else self.spelled.get(plain(written), "" if self.names else written)
        ends = self.child_ends.get(written, [])
        place = bisect_left(ends, match.end())
        if place == len(ends) or (not name and not self.out.values):
            return None
        inside = self.text[match.end() : ends[place]].strip("\r\n")
        self._put(name or written, unquote(_ENTITY.sub(lambda m: _ENTITIES[m.group()], inside)))
        close = _CHILD_END.match(self.text, ends[place])
        return close.end() if close else ends[place]

    def _take(self, key: _Key) -> int:
        """Read the value of ``key``; returns the offset after it."""
        if key.name in self.out.values:
            self._note(TWICE.format(key.name))
        if not self.out.values:
            written = self.text[: key.value_at].rsplit("\n", 1)[-1]
            self.loose = key.name not in written
            self.capital = bool(re.search(r"[^\W\d]", written)) and written.lstrip(" \t*-\"'<“")[:1].isupper()
        position = key.value_at
        if self.text[position : position + 1] in {"\n", "\r"}:
            after, _, _ = self._gap(position, min(self.end, position + _LOOKAHEAD))
            if self.text[after : after + 1] in CLOSERS:
                position = after
        opening = self.text[position : position + 1]
        if opening and opening in CLOSERS:
            return self._quoted(key.name, position, opening)
        if opening in {"[", "{"}:
            try:
                _, end = decode_at(self.text, position)
            except ValueError:
                pass
            else:
                if self._ends_value(end):
                    self._put(key.name, self.text[position:end])
                    return end
        return self._bare(key.name, position)

    def _ends_value(self, position: int) -> bool:
        """Whether a closed value may end at ``position``: a key or the end of the tag follows."""
        after, newline, comma = self._gap(position, min(self.end, position + _LOOKAHEAD))
        if after >= self.core:
            return True
        child = _CHILD.match(self.text, after)
        if child is not None and (child["name"] in self.names):
            return True
        return self._key(after, newline=newline, comma=comma) is not None

    def _quoted(self, name: str, position: int, opening: str) -> int:
        self.out.values.setdefault(name, "")  # seen from here on, so its own name inside the value is no key
        start = position + 1
        if self.text.startswith('"""', position) and (end := self.text.find('"""', position + 3)) >= 0:
            self.out.values[name] = unescape(self.text[position + 3 : end].strip("\n"))
            return end + 3
        closers = CLOSERS[opening]
        marks = self._marks(closers)
        index = begin = bisect_left(marks, start)
        while index < len(marks) and closers not in self.hopeless:
            mark = marks[index]
            if lost := self._lost_quote(start, mark):
                # A quote inside means that the opening one belonged to the value, as in `"Ann" <ann@example.org>`.
                self._close(name, start if index == begin else position, lost, NO_CLOSING_QUOTE.format(name))
                return lost
            if self._ends_value(mark + 1):
                self._close(name, start, mark)
                return mark + 1
            index += 1
        self.hopeless.add(closers)  # later keys are fewer, so no later quote of this kind will close a value either
        rest = self.text[start : self.end].rstrip(" \t\r\n,;")
        if rest and rest[-1] in closers:  # a last quote behind a backslash
            raw = rest[:-1]
            self._note(NO_CLOSING_QUOTE.format(name))
            self.out.values[name] = unescape(raw) if is_path(raw) else unescape(raw.removesuffix("\\"))
            return self.end
        if (
            len(marks) - begin
        ) % 2:  # an even number with the opening one: the last closes the value, the rest is not part of it
            self._close(name, start, marks[-1], LEFT_OUT)
            return self.end
        del self.out.values[name]
        self._note(NO_CLOSING_QUOTE.format(name))
        return self._bare(name, start)

    def _marks(self, closers: str) -> list[int]:
        """Offsets of all quotes of one kind that no backslash escapes."""
        if closers not in self.marks:
            quote = re.compile(rf"\\.|[{closers}]", re.DOTALL)
            self.marks[closers] = [m.start() for m in quote.finditer(self.text) if m.group()[0] != "\\"]
        return self.marks[closers]

    def _lost_quote(self, start: int, mark: int) -> int:
        """Where a value without closing quote ends, if ``mark`` opens the value of the next line's key; else 0.

        Args:
            start: where the value begins.
            mark: a quote after it.
        """
        line = self.text.rfind("\n", max(start, mark - _LOOKAHEAD), mark)
        if line < 0:
            return 0
        begin, _, _ = self._gap(line, mark)
        key = self._key(begin, newline=True, comma=True)
        if key is None or key.value_at != mark:
            return 0
        one_line = self.text.find("\n", start, line) < 0
        return line if key.known or one_line else 0

    def _close(self, name: str, start: int, end: int, problem: str | None = None) -> None:
        value = self.text[start:end]
        if problem and problem != LEFT_OUT:
            value = value.rstrip(" \t\r\n,")
        several = _QUOTED_COMMA.split(value) if "\n" not in value else []
        if len(several) > 1 and not any(mark in part for part in several for mark in '"“”'):
            value = ", ".join(several)  # to: "ann@example.org", "bob@example.org"
        self.out.values[name] = unescape(value)
        if problem:
            self._note(problem)

    def _bare(self, name: str, start: int) -> int:
        """Take a value without quotes: it ends before the next key, or with the tag."""
        self.out.values.setdefault(name, "")
        first_line = self.text.find("\n", start)
        end = self.end
        position = start
        while (match := _BOUNDARY.search(self.text, position)) is not None:
            separator = match.group()
            key = self._key(
                match.end(),
                newline="\n" in separator,
                comma="," in separator or self.text[match.start() - 1 : match.start()] == ",",
                bare=True,
                short=first_line < 0 or match.start() <= first_line,
            )
            child = _CHILD.match(self.text, match.end())
            if key is not None or (child is not None and child["name"] in self.names):
                end = match.start()
                if key is not None:
                    self.accepted[match.end()] = key
                break
            position = match.start() + 1
        written = self.text[start:end]
        self.out.values[name] = self._tidy(name, written, last=end == self.end)
        return end

    def _tidy(self, name: str, written: str, *, last: bool) -> str:
        """Take from a value without quotes what is not part of it: a comment, the comma, a stray quote."""
        if block := _BLOCK_SCALAR.match(written):
            lines = written[block.end() :].split("\n")
            margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            return unescape("\n".join(line[margin:] for line in lines).strip("\n"))
        value = written.strip()
        tail = self._comment(value)
        if tail < len(value):
            value = value[:tail].rstrip()
        if value.endswith(",") and ("\n" not in value or not last):
            value = value[:-1].rstrip()
        if last:
            value = value.rstrip("}").rstrip() if value.count("}") > value.count("{") else value
        if value.endswith(('"', "”")) and value.count('"') + value.count("”") == 1:
            value = value[:-1]
            self._note(f"The value of {name} has no opening quote.")
        return unescape(unquote(value))

    @staticmethod
    def _comment(value: str) -> int:
        """Where a closing comment of a one-line value begins; the length when there is none."""
        lines = value.split("\n")
        if any(not line.lstrip().startswith(("#", "//")) for line in lines[1:]):
            return len(value)
        mark = re.search(r"[ \t](?:#|//)[ \t]|[ \t]<!--", lines[0])
        return mark.start() if mark else len(lines[0])
