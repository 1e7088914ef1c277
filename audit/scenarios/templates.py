"""Text with names in it becomes text. Strict: a name that has no value is a problem with a place, never a gap."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from audit.errors import Problem
from audit.resources import Loaded

# What unfilled templates of all kinds look like: {{ x }}, {% x %}, ${x}, {name}, [Your Name], <<X>>.
_GAP = re.compile(
    r"\{\{|\}\}|\{%|%\}|\$\{|\{[a-z_][a-z0-9_.]*\}|<<[A-Z_ ]+>>"
    r"|\[(?:your|insert|name|company|date|recipient)\b[^\]\n]{0,40}\]"
    r"|\b(?:TODO|FIXME|TBD|XXX|lorem ipsum)\b",
    re.IGNORECASE,
)
_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)


@lru_cache(maxsize=4096)
def _compiled(template: str) -> Template:
    """The same texts are rendered for every condition; most hold few names or none."""
    return _environment.from_string(template)


def gap_in(text: str) -> str | None:
    """The first thing in a text that looks like an unfilled template, or None."""
    found = _GAP.search(text)
    return found.group(0) if found else None


@dataclass
class Renderer:
    """Renders the texts of one file and collects what goes wrong, each at its place.

    Attributes:
        names: What templates may use.
        problems: Grows with every text that cannot be rendered.
    """

    names: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)

    def text(self, loaded: Loaded[Any], loc: tuple[str | int, ...], template: str) -> str:
        """One text. On a problem it is noted and the template comes back as it is."""
        try:
            rendered = _compiled(template).render(self.names)
        except TemplateSyntaxError as error:
            self.problems.append(
                loaded.problem(loc, f"the text is not a valid template: {error.message}", "mend the braces")
            )
            return template
        except SecurityError as error:
            wrong = f"the text asks for more than a template may have: {error}"
            self.problems.append(loaded.problem(loc, wrong, "use names and plain text"))
            return template
        except UndefinedError as error:
            known = ", ".join(sorted(self.names))
            wrong = f"the text uses a name that has no value: {error}"
            self.problems.append(loaded.problem(loc, wrong, f"names begin with one of: {known}"))
            return template
        except Exception as error:
            # Templates can call filters and methods of texts, and those fail in every way there is.
            wrong = f"the text cannot be filled in: {error}"
            self.problems.append(loaded.problem(loc, wrong, "use names and plain text"))
            return template
        gap = gap_in(rendered)
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
