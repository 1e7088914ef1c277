"""YAML text in; plain Python values out, with the line and column of every key and value.

The text is composed by ruamel.yaml (YAML 1.2: ``no`` and ``on`` stay text) into nodes, and the nodes are turned into
plain ``dict``, ``list``, ``str``, ``int``, ``float``, ``bool``, ``date``, ``datetime`` and ``None`` here. Composing is
cheaper than loading into ruamel's round-trip types (a third less time on scenario files) and gives the place of every
scalar, so one pass serves values and places alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

Loc = tuple[str | int, ...]
"""The way to a value: keys of mappings and positions in lists, from the top."""

MAX_BYTES = 5 * 1024 * 1024
"""Larger files are refused: nobody writes them by hand, and reading them would take minutes."""

_MAX_DEPTH = 64
# An alias repeats a value. Text of a few lines can repeat itself into billions of values ("billion laughs").
_MAX_REPEATED = 100_000

_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = {_TAG + name for name in ("bool", "float", "int", "null", "timestamp")}
_TEXT_TAGS = {_TAG + name for name in ("str", "value", "merge")}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, and where the keys and values inside it stand. Lines and columns count from 1."""

    line: int
    column: int
    keys: Mapping[str | int, tuple[int, int]] = field(default_factory=dict)
    """Place of each key (in a list: of each entry)."""
    children: Mapping[str | int, Place] = field(default_factory=dict)

    def nearest(self, loc: Loc) -> tuple[int, int]:
        """Line and column of the value at ``loc``, or of its nearest parent that exists."""
        place = self
        for part in loc:
            child = place.children.get(part)
            if child is None:
                break
            place = child
        return place.line, place.column

    def nearest_key(self, loc: Loc) -> tuple[int, int]:
        """Line and column of the key at ``loc``; where there is none, of the nearest parent's key or value."""
        place, found = self, (self.line, self.column)
        for part in loc:
            if part not in place.keys:
                break
            found, place = place.keys[part], place.children[part]
        return found


class Flaw(NamedTuple):
    """Something wrong with the YAML itself."""

    line: int
    column: int
    wrong: str
    mend: str


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file. With ``flaws`` it must be refused, but what could be read can still be looked at."""

    data: Any
    place: Place
    flaws: tuple[Flaw, ...]
    readable: bool = True
    """False when the flaws left nothing to look at."""


def parse(text: str) -> Document:
    """Read one YAML document.

    Args:
        text: the whole file, decoded.

    Returns:
        Values, places and every flaw that could be found. Nothing is raised, whatever the text holds.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(text)
    except RecursionError:
        return _unusable(Flaw(1, 1, "the file nests lists or mappings too deeply", f"use at most {_MAX_DEPTH} levels"))
    except Exception as error:
        # Beside its own errors ruamel lets bare ValueErrors and the like escape on odd input (a bad \U escape, say).
        return _unusable(_syntax_flaw(error, text))
    if node is None:
        return _unusable(Flaw(0, 0, "the file is empty", "write a mapping of `key: value` lines"))
    builder = _Builder(yaml)
    data, place, size = builder.build(node, 0)
    if size - builder.distinct > _MAX_REPEATED:
        wrong = "aliases (`*name`) repeat too much of the file"
        return _unusable(Flaw(place.line, place.column, wrong, "write the values out"))
    return Document(data, place, tuple(builder.flaws))


def _unusable(flaw: Flaw) -> Document:
    return Document(None, Place(1, 1), (flaw,), readable=False)


class _Builder:
    """Turns nodes into values and places."""

    def __init__(self, yaml: YAML) -> None:
        self.yaml = yaml
        self.flaws: list[Flaw] = []
        self.distinct = 0
        self._taken_in = 0
        self._done: dict[int, tuple[Any, Place, int]] = {}
        self._open: set[int] = set()

    def build(self, node: Node, depth: int) -> tuple[Any, Place, int]:
        """Value, place and number of values inside (with every alias written out) of one node."""
        if id(node) in self._done:
            return self._done[id(node)]
        if id(node) in self._open:
            self._flaw(node, "an alias (`*name`) points at a value that contains it", "write the value out")
            return None, _start(node), 1
        if depth > _MAX_DEPTH:
            self._flaw(node, "lists or mappings are nested too deeply", f"use at most {_MAX_DEPTH} levels")
            return None, _start(node), 1
        self._open.add(id(node))
        self.distinct += 1
        built: tuple[Any, Place, int]
        if isinstance(node, MappingNode):
            built = self._mapping(node, depth)
        elif isinstance(node, SequenceNode):
            built = self._sequence(node, depth)
        else:
            built = self._scalar(node), _start(node), 1
        self._open.discard(id(node))
        self._done[id(node)] = built
        return built

    def _mapping(self, node: MappingNode, depth: int) -> tuple[dict[str, Any], Place, int]:
        if str(node.tag) != _TAG + "map":
            self._unknown_tag(node)
        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        keys: dict[str | int, tuple[int, int]] = {}
        places: dict[str | int, Place] = {}
        size = 1
        for key_node, value_node in node.value:
            value, place, inner = self.build(value_node, depth + 1)
            size += inner
            if str(key_node.tag) == _TAG + "merge":
                self._merge(key_node, value, merged)
                continue
            if not isinstance(key_node, ScalarNode):
                self._flaw(key_node, "a key is a list or a mapping", "use a plain word as the key")
                continue
            # Keys are read as the text they are written in: `1`, `yes` and `null` are names here.
            key = _joined(key_node.value)
            start = _start(key_node)
            if key in data:
                first_line = keys[key][0]
                self._flaw(key_node, f"the key `{key}` appears twice (first in line {first_line})", "keep one of them")
                continue
            self._check_text(key_node, key)
            data[key] = value
            keys[key] = (start.line, start.column)
            places[key] = place
        for key, value in merged.items():
            data.setdefault(key, value)
        start = _start(node)
        return data, Place(start.line, start.column, keys, places), size

    def _merge(self, key_node: Node, value: Any, merged: dict[str, Any]) -> None:
        """Take in ``<<: *other``. Earlier mappings win over later ones, as YAML has it."""
        sources = value if isinstance(value, list) else [value]
        for source in sources:
            if not isinstance(source, dict):
                self._flaw(key_node, "`<<` takes mappings only", "name a mapping: `<<: *name`")
                return
            self._taken_in += len(source)  # unlike an alias, this copies
            if self._taken_in > _MAX_REPEATED:
                if self._taken_in - len(source) <= _MAX_REPEATED:
                    self._flaw(key_node, "`<<` takes in too much of the file", "write the values out")
                return
            for key, inner in source.items():
                merged.setdefault(key, inner)

    def _sequence(self, node: SequenceNode, depth: int) -> tuple[list[Any], Place, int]:
        if str(node.tag) != _TAG + "seq":
            self._unknown_tag(node)
        items: list[Any] = []
        keys: dict[str | int, tuple[int, int]] = {}
        places: dict[str | int, Place] = {}
        size = 1
        for position, child in enumerate(node.value):
            value, place, inner = self.build(child, depth + 1)
            items.append(value)
            keys[position] = (place.line, place.column)
            places[position] = place
            size += inner
        start = _start(node)
        return items, Place(start.line, start.column, keys, places), size

    def _scalar(self, node: Node) -> Any:
        tag = str(node.tag)
        if tag in _TEXT_TAGS:
            text = _joined(node.value)
            self._check_text(node, text)
            return text
        if tag not in _SCALAR_TAGS:
            self._unknown_tag(node)
            return str(node.value)
        try:
            return self.yaml.constructor.construct_object(node)
        except Exception:
            # A date such as 2026-13-45, a number of ten thousand digits; every type fails in its own way.
            kind = "date" if tag.endswith("timestamp") else "number"
            self._flaw(node, f"this looks like a {kind} but is none", "put it in quotes, or correct it")
            return str(node.value)

    def _check_text(self, node: Node, text: str) -> None:
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            self._flaw(node, "the text holds a character that cannot be stored", "remove the `\\0` or `\\ud...` escape")

    def _unknown_tag(self, node: Node) -> None:
        self._flaw(node, "a YAML tag (`!name`) is used", "remove it; put a value that starts with `!` in quotes")

    def _flaw(self, node: Node, wrong: str, mend: str) -> None:
        start = _start(node)
        self.flaws.append(Flaw(start.line, start.column, wrong, mend))


def _start(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _joined(text: str) -> str:
    r"""Put two-part escapes together: JSON writes characters beyond 16 bits as a pair of ``\ud...`` escapes."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


class _Syntax(NamedTuple):
    """What ruamel says (context and problem together), and what we say instead."""

    pattern: str
    wrong: str
    mend: str
    at_start: bool = False
    """The start of the construct is the better place to point at."""


# First match wins.
_SYNTAX = (
    _Syntax(r"found character '\\t'|tab character", "a tab is used for indentation", "use spaces"),
    _Syntax(
        r"cannot start any token", "a value starts with a character that YAML keeps for itself", "put it in quotes"
    ),
    _Syntax(
        r"unknown escape character|expected escape",
        "a `\\` in double quotes starts no known escape",
        "use single quotes, or write `\\\\`",
    ),
    _Syntax(r"quoted scalar", "this quote is never closed", "close it with the same quote character", True),
    _Syntax(r"flow sequence.*<stream end>", "this `[` is never closed", "close it with `]`", True),
    _Syntax(r"flow mapping.*<stream end>", "this `{` is never closed", "close it with `}`", True),
    _Syntax(r"flow sequence", "a `,` or `]` is missing before this", "check the list in `[ ]`"),
    _Syntax(r"flow mapping", "a `,` or `}` is missing before this", "check the mapping in `{ }`"),
    _Syntax(
        r"mapping values are not allowed",
        "a `:` stands where none can",
        "put the value in quotes if it holds `: `, or check the indentation",
    ),
    _Syntax(
        r"could not find expected ':'",
        "a line holds neither `key: value` nor a list entry",
        "add the `:` after the key, or indent the line under the text it belongs to",
        True,
    ),
    _Syntax(
        r"undefined alias", "`*` names an anchor (`&name`) that does not stand above", "put text with `*` in quotes"
    ),
    _Syntax(r"single document", "the file holds more than one document", "keep one, and remove the `---` line"),
    _Syntax(
        r"expected <block end>",
        "this does not fit what stands above it",
        "indent it like its neighbours; put a value that holds quotes in quotes of the other kind",
    ),
    _Syntax(
        r"sequence entries",
        "a list entry (`- `) stands where none can",
        "put the list on lines of its own, indented",
    ),
    _Syntax(
        r"block scalar",
        "the first line after `|` or `>` is not as expected",
        "put the text on the following lines, indented with spaces",
    ),
    _Syntax(
        r"node.*<stream end>", "the file ends where a value is still expected", "close what is open: `[`, `{`, quotes"
    ),
    _Syntax("", "the file is not valid YAML here", "check indentation, quotes and colons"),
)


def _syntax_flaw(error: Exception, text: str) -> Flaw:
    """Say in plain words what ruamel could not read. Its own words are for people who write YAML parsers."""
    if isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        return Flaw(line, column, "the file holds a control character", "save it as plain UTF-8 text")
    if not isinstance(error, MarkedYAMLError):
        return Flaw(1, 1, "the file is not valid YAML", "check escapes (`\\`), quotes and colons")
    said = f"{error.context or ''} {error.problem or ''}"
    rule = next(rule for rule in _SYNTAX if re.search(rule.pattern, said))
    mark = (error.context_mark if rule.at_start else error.problem_mark) or error.problem_mark or error.context_mark
    return Flaw(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, rule.wrong, rule.mend)
