"""Plain values as YAML text that reads back as the same values, and texts of others as comments."""

from __future__ import annotations

import io
import re
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

WIDTH = 120
# Plain in every version of YAML: no word that an older reader takes for a truth value or for nothing.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*")
_WORDS = {"true", "false", "null", "on", "off", "y", "n"}
_INDENT = "  "


class _Representer(SafeRepresenter):
    """Texts in the style that is easiest to read and still safe; the outermost mapping always over several lines."""

    def represent(self, data: Any) -> None:
        node = self.represent_data(data)
        if isinstance(data, dict):
            node.flow_style = self.default_flow_style is True
        self.serializer.serialize(node)
        self.represented_objects = {}
        self.object_keeper = []

    def represent_str(self, data: str) -> ScalarNode:
        style = None
        if any(c not in "\n " and not c.isprintable() for c in data):
            style = '"'  # ruamel folds some rare line breaks wrongly in other styles
        elif "\n" in data:
            # A literal block cannot start with a space or end lines with one.
            tidy = data.strip() != "" and not re.search(r"\A\s|[ \t]\n|[ \t]\Z|\n\n\Z", data)
            style = "|" if tidy else '"'
        elif data[:1] in {"?", ":", "-"}:
            style = "'"  # ruamel writes `?0` bare and then reads a key in it
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return node

    def ignore_aliases(self, data: Any) -> bool:
        return True  # a schema that is used twice is written twice: anchors make profiles hard to read


_Representer.add_representer(str, _Representer.represent_str)


def storable(value: Any) -> Any:
    r"""The value with characters that YAML cannot hold (``\0``, lone surrogates) put out by U+FFFD, in keys too."""
    if isinstance(value, str):
        return re.sub("[\0\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {storable(str(key)): storable(inner) for key, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, list | tuple) else value


def block(key: str, value: Any, depth: int) -> str:
    """Lines ``key: value`` at a depth of indentation, ended by a line end. Small lists and mappings stay on one line.

    Args:
        key: A plain word.
        value: Text, number, truth value, date, None, or lists and mappings of them.
        depth: Levels of two spaces before the key.
    """
    if isinstance(value, str) and _is_plain(value) and len(value) + len(key) < WIDTH - 10:
        return f"{_INDENT * depth}{key}: {value}\n"
    text = _dumped({key: value}, WIDTH - 2 * depth)
    # ruamel leaves spaces where it breaks lists; in texts no style it uses lets a line end with one.
    text = re.sub(r" +$", "", text, flags=re.MULTILINE)
    return textwrap.indent(text, _INDENT * depth)


def inline(value: Any) -> str:
    """One value on one line, as it stands after ``key: ``."""
    if isinstance(value, str) and _is_plain(value):
        return value
    if isinstance(value, dict | list | tuple):
        return _dumped(value, flow=True).strip()
    # A literal block would take several lines; inside a list in brackets there is none.
    return _dumped([value], flow=True).strip()[1:-1]


def _dumped(value: Any, width: int = 10**9, *, flow: bool | None = None) -> str:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = flow
    yaml.width = width
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    stream = io.StringIO()
    yaml.dump(storable(value), stream)
    return stream.getvalue()


def comment(text: str, depth: int = 0) -> str:
    """Comment lines, wrapped and ended by a line end. Line ends and control characters of the text become spaces."""
    return "".join(f"{_INDENT * depth}# {line}\n" for line in _wrapped(one_line(text), WIDTH - 2 - 2 * depth))


def one_line(text: str, most: int | None = None) -> str:
    """A foreign text as one line of printable characters, cut to ``most`` of them."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    line = " ".join(kept.split())
    return line if most is None or len(line) <= most else line[: most - 3].rstrip() + "..."


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS


def _wrapped(text: str, width: int) -> Iterator[str]:
    yield from textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]
