"""Rendered reports, each made once per test process, and a reader for the HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from audit.analysis.models import AuditResult
from audit.reporting.html import render_html
from audit.reporting.pdf import Rendered, render_pdf
from tests.reporting.audit_results import realistic
from tests.reporting.extreme_results import empty, extreme

RESULTS = {
    "simulated": realistic,
    "real": lambda: realistic(simulated=False),
    "extreme": extreme,
    "empty": empty,
}


@cache
def result(name: str) -> AuditResult:
    """One of the fixtures by name."""
    return RESULTS[name]()


@cache
def html(name: str) -> str:
    """Its report as HTML."""
    return render_html(result(name))


@cache
def pdf(name: str) -> Rendered:
    """Its report as PDF."""
    return render_pdf(html(name))


_VOID = {"meta", "br", "img", "col", "hr", "link", "input"}


@dataclass
class Page(HTMLParser):
    """What a browser would find in a document.

    Attributes:
        faults: Tags that do not match.
        tags: Every opening tag with its attributes.
        text: All text outside style sheets.
        cells: Text of each ``td``, with the id of the section it stands in.
    """

    faults: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    cells: list[tuple[str, str]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _section: str = ""
    _cell: list[str] | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self._section = dict(attrs).get("id") or ""
        if tag == "td":
            self._cell = []
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes {self._open[-1:]}")
        else:
            self._open.pop()
        if tag == "td" and self._cell is not None:
            self.cells.append((self._section, "".join(self._cell).strip(" \n")))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            return
        self.text += data
        if self._cell is not None:
            self._cell.append(data)


@cache
def page(name: str) -> Page:
    """Its HTML, read."""
    return read(html(name))


def read(document: str) -> Page:
    """Read a document."""
    reader = Page()
    reader.feed(document)
    reader.close()
    reader.faults += [f"<{tag}> is never closed" for tag in reader._open]
    return reader
