"""Text with names in it becomes text. Strict: a name that has no value is a problem with a place, never a gap.

Packs come from anywhere, so their templates are held to a small part of the language: names, ``if`` and a few filters.
Each text is parsed first and walked node by node; what is not on the list is refused before anything is compiled, so
nothing can be called, looped over, imported or computed. Names lead only to the texts that composition hands over,
never to attributes of Python objects, and what comes out is counted while it comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from audit.errors import Problem
from audit.resources import Loaded

LONGEST_TEXT = 200_000
"""Characters of one text, as it is written and once it is filled in."""
LONGEST_IN_ALL = 5_000_000
"""Characters of all texts of one condition, filled in."""
FILTERS = ("capitalize", "default", "lower", "title", "trim", "upper")
"""What a template may do to a name. None of them makes a text much longer, however often it is repeated."""
MOST_NODES = 2_000
"""Names, tests and stretches of plain text in one template."""
DEEPEST = 20
"""How deep these may stand inside each other."""

# What unfilled templates of all kinds look like: {{ x }}, {% x %}, ${x}, {name}, [Your Name], <<X>>.
_GAP = re.compile(
    r"\{\{|\}\}|\{%|%\}|\$\{|\{[a-z_][a-z0-9_.]*\}|<<[A-Z_ ]+>>"
    r"|\[(?:your|insert|name|company|date|recipient)\b[^\]\n]{0,40}\]"
    r"|\b(?:TODO|FIXME|TBD|XXX|lorem ipsum)\b",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"\r\n|\r")
MEND = f"a text may hold names, `if` and the filters {', '.join(FILTERS)}"
"""What to say to whoever wrote more than that."""

_PLAIN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr),
    *(nodes.Not, nodes.And, nodes.Or, nodes.Compare),
)
_TOLD: dict[type[nodes.Node], str] = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.Include: "`include`",
    nodes.Import: "`import`",
    nodes.FromImport: "`import`",
    nodes.Extends: "`extends`",
    nodes.Block: "a block",
    nodes.Macro: "a macro",
    nodes.CallBlock: "a call block",
    nodes.FilterBlock: "a filter block",
    nodes.With: "`with`",
    nodes.Assign: "`set`",
    nodes.AssignBlock: "`set`",
    nodes.Getitem: "an index in brackets",
    nodes.List: "a list",
    nodes.Tuple: "a list",
    nodes.Dict: "a mapping",
    nodes.Concat: "`~`",
}


class RefusedError(Exception):
    """A template asks for more than a pack's template may have, or makes too much text. Kept inside this module."""


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja without anything to call, in which a dot leads to what composition handed over and to nothing else."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=_only_text)
        self.globals = {}
        default = self.filters["default"]
        self.filters = {name: _on_text(self.filters[name]) for name in FILTERS} | {"default": default}
        self.tests = {name: self.tests[name] for name in ("defined", "undefined")}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Undefined):
            return obj  # so that the message names what is not there, and not what was looked for in it
        held: Mapping[Any, Any] = {}
        if isinstance(obj, SimpleNamespace):
            held = vars(obj)
        elif isinstance(obj, dict):
            held = obj
        return held[attribute] if attribute in held else self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.getattr(obj, str(argument))


def _only_text(value: Any) -> Any:
    """What stands between braces must be a text: `{{ people }}` would print the insides of the program."""
    if isinstance(value, str | Undefined):
        return value
    raise RefusedError("the text names something that is no text, such as a whole group of names")


def _on_text(change: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes nothing but text: by themselves they would turn whatever they get into text first."""

    def changed(value: Any, *rest: Any) -> Any:
        return change(_only_text(value), *rest)

    return changed


_environment = _Environment()


def refusal(template: str) -> str | None:
    """Why a text may not be used as a template, in words; None when it may. Nothing of it is carried out."""
    try:
        _checked(template)
    except RefusedError as error:
        return str(error)
    return None


def _checked(template: str) -> None:
    """Walk the parsed template.

    Raises:
        RefusedError: with the first thing in it that is not allowed.
    """
    if len(template) > LONGEST_TEXT:
        raise RefusedError(f"the text is longer than {LONGEST_TEXT} characters")
    if "{" not in template:
        return
    try:
        parsed = _environment.parse(template)
    except TemplateSyntaxError as error:
        raise RefusedError(f"the text is not a valid template: {error.message}{_line(error.lineno)}") from None
    except (RecursionError, ValueError):
        # Deep nesting; a number of thousands of digits.
        raise RefusedError("the text is not a valid template: it cannot be taken apart") from None
    waiting: list[tuple[nodes.Node, int]] = [(parsed, 0)]
    seen = 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > MOST_NODES:
            raise RefusedError(f"the text holds more than {MOST_NODES} names and pieces")
        if depth > DEEPEST:
            raise RefusedError(f"the text nests more than {DEEPEST} levels deep{_line(node.lineno)}")
        if wrong := _not_allowed(node):
            raise RefusedError(f"the text asks for more than a template may have: {wrong}{_line(node.lineno)}")
        waiting += [(child, depth + 1) for child in reversed(list(node.iter_child_nodes()))]


def _not_allowed(node: nodes.Node) -> str | None:
    """What is wrong with one node, whatever stands inside it; None when nothing is."""
    if isinstance(node, _PLAIN):
        return None
    if isinstance(node, nodes.Getattr):
        if not isinstance(node.node, nodes.Name | nodes.Getattr):
            return "a part of something that is no name"
        return f"`{node.attr}`" if node.attr.startswith("_") else None
    if isinstance(node, nodes.Const):
        return None if isinstance(node.value, str | bool | None) else "a number"
    if isinstance(node, nodes.Operand):
        return None if node.op in {"eq", "ne", "in", "notin"} else "a comparison of sizes"
    if isinstance(node, nodes.Filter):
        # A filter on nothing belongs to a filter block.
        return None if node.name in FILTERS and node.node is not None else f"the filter `{node.name}`"
    if isinstance(node, nodes.Test):
        return None if node.name in _environment.tests else f"the test `{node.name}`"
    if isinstance(node, nodes.Keyword | nodes.Pair):
        return "an argument with a name"
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        return _TOLD.get(type(node), "arithmetic")
    return _TOLD.get(type(node), f"`{type(node).__name__.lower()}`")


def _line(number: int | None) -> str:
    return f" (line {number} of the text)" if number and number > 1 else ""


@lru_cache(maxsize=4096)
def _compiled(template: str) -> Template:
    """The same texts are rendered for every condition; most hold few names or none."""
    _checked(template)
    try:
        return _environment.from_string(template)
    except (TemplateError, RecursionError, MemoryError, SyntaxError, ValueError):
        # A chain of hundreds of `elif`, say: allowed word by word, and too much for Python's own compiler.
        raise RefusedError("the text is not a valid template: it cannot be taken apart") from None


def _filled(template: str, names: Mapping[str, Any]) -> str:
    """One text, filled in, as long as it may get.

    Raises:
        RefusedError: it asks for too much, or comes to too much.
        UndefinedError: a name has no value.
    """
    if "{" not in template:
        _checked(template)
        return _LINE_END.sub("\n", template)
    pieces, length = [], 0
    for piece in _compiled(template).generate(names):
        length += len(piece)
        if length > LONGEST_TEXT:
            raise RefusedError(f"the text comes to more than {LONGEST_TEXT} characters once it is filled in")
        pieces.append(piece)
    return "".join(pieces)


def gaps_in(text: str) -> list[str]:
    """Everything in a text that looks like an unfilled template."""
    return [match.group(0) for match in _GAP.finditer(text)]


def gap_in(text: str, literal: Sequence[str] = ()) -> str | None:
    """The first thing in a text that looks like an unfilled template and is none of ``literal``, or None."""
    return next((gap for gap in gaps_in(text) if gap not in literal), None)


@dataclass
class Renderer:
    """Renders the texts of one file and collects what goes wrong, each at its place.

    Attributes:
        names: What templates may use.
        literal: What looks like a gap in their texts and is none.
        problems: Grows with every text that cannot be rendered.
    """

    names: dict[str, Any]
    literal: Sequence[str] = ()
    problems: list[Problem] = field(default_factory=list)
    _length: int = 0

    def text(self, loaded: Loaded[Any], loc: tuple[str | int, ...], template: str) -> str:
        """One text. On a problem it is noted and the template comes back as it is."""
        if self._length > LONGEST_IN_ALL:
            return template  # said already
        try:
            rendered = _filled(template, self.names)
        except RefusedError as error:
            self.problems.append(loaded.problem(loc, str(error), MEND))
            return template
        except UndefinedError as error:
            known = ", ".join(sorted(self.names))
            wrong = f"the text uses a name that has no value: {error}"
            self.problems.append(loaded.problem(loc, wrong, f"names begin with one of: {known}"))
            return template
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            wrong = f"the text cannot be filled in: {error}"
            self.problems.append(loaded.problem(loc, wrong, "use names and plain text"))
            return template
        self._length += len(rendered)
        if self._length > LONGEST_IN_ALL:
            wrong = f"the texts of this condition come to more than {LONGEST_IN_ALL} characters"
            self.problems.append(loaded.problem(loc, wrong, "write fewer or shorter ones"))
        gap = gap_in(rendered, self.literal)
        if gap is not None:
            wrong = f"the text still holds {gap!r}, which looks like something left to fill in"
            self.problems.append(loaded.problem(loc, wrong, "fill it in or write it another way"))
        return rendered

    def deep(self, loaded: Loaded[Any], loc: tuple[str | int, ...], value: Any) -> Any:
        """Every string inside a value of lists and mappings."""
        if isinstance(value, str):
            return self.text(loaded, loc, value)
        if isinstance(value, dict):
            return {key: self.deep(loaded, (*loc, key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.deep(loaded, (*loc, index), inner) for index, inner in enumerate(value))
        return value
