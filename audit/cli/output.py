"""What the commands print, and how. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


_WIDTH_OF_FILES = 200
"""Columns of tables that do not go to a terminal: at the usual 80, ids are broken over lines and cannot be found."""


def out() -> Console:
    """Where results go."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH_OF_FILES
    return Console(
        file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=width is not None, width=width
    )


def err() -> Console:
    """Where progress and messages go."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: Any) -> None:
    """One JSON document on standard output, and nothing else there. In ASCII: no control code reaches a terminal.

    Args:
        value: A model, or plain data that may hold models.
    """
    sys.stdout.write(json.dumps(value, ensure_ascii=True, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    """Models as JSON data; anything else that JSON does not know as text."""
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else str(value)


def clean(text: object) -> str:
    """Text for a terminal: control codes and characters that change direction are taken out."""
    return "".join(c for c in str(text) if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = ()) -> Table:
    """A table of cleaned texts.

    Args:
        title: Printed above it.
        columns: Headings.
        rows: Cells.
        numbers: Indices of columns that hold figures; they are set flush right.
    """
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", header_style="bold", title_style="bold", expand=False)
    for index, column in enumerate(columns):
        drawn.add_column(column, justify="right" if index in numbers else "left", overflow="fold", no_wrap=index == 0)
    for row in rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    return drawn
