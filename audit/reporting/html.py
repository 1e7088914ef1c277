"""The report as one HTML document that needs nothing beside itself.

Everything that comes from a model or an organisation passes two gates on its way in: control and direction characters
are made visible (``finalize``), then the text is escaped. Style sheets and figures are the toolkit's own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from audit.analysis.models import AuditResult
from audit.analysis.rating import SENSITIVITY
from audit.reporting import text
from audit.reporting.aspects import aspects_view
from audit.reporting.view import SUMMARY_FINDINGS, build_view, level_class
from audit.resources import data_dir
from audit.verdicts.models import BEHAVIOUR_MEANING

TITLE = "AI agent insider-risk audit"
SIMULATED = "SIMULATED MODEL: these figures describe no real model"
IMPORTED = "IMPORTED RESULTS: these trials were run by others"
CONTENTS = (
    ("summary", "Executive summary"),
    ("reading", "How to read this report"),
    ("agent", "The agent"),
    ("scope", "Scope"),
    ("results", "Results"),
    ("findings", "Findings"),
    ("gaps", "Oversight gaps"),
    ("recommendations", "Recommendations"),
    ("additions", "What was added to the system prompt"),
    ("method", "Method"),
    ("limitations", "Limitations"),
    ("recipients", "Recipients of data"),
    ("conditions", "All conditions"),
    ("versions", "Versions and hashes"),
    ("glossary", "Glossary"),
    ("signoff", "Sign-off"),
)
"""Sections in order, by the id of their element; the first has number 1."""
_TEMPLATES = "report_templates"


def render_html(result: AuditResult) -> str:
    """Render a result.

    Args:
        result: What an audit found.

    Returns:
        A complete HTML document, the same for the same result. Figures are embedded; nothing in it makes a browser or
        WeasyPrint fetch anything. Its print styles are those of the PDF.
    """
    styles = "".join((data_dir(_TEMPLATES) / name).read_text("utf-8") for name in ("report.css", "print.css"))
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            result=result,
            view=build_view(result),
            aspects=aspects_view(result),
            title=TITLE,
            simulated_banner=SIMULATED,
            imported_banner=IMPORTED,
            contents=CONTENTS,
            summary_findings=SUMMARY_FINDINGS,
            behaviour_meaning=BEHAVIOUR_MEANING,
            sensitivity=[str(episodes) for episodes in SENSITIVITY],
            # Our own files; the only text of others in them is written as character codes.
            styles=Markup(styles + running_texts(result)),  # noqa: S704
        )
    )


def running_texts(result: AuditResult) -> str:
    """The page rules that hold this report's own words: organisation, run, and a label where it is not an own run."""
    right = text.css_string(text.one_line(result.organisation, 44)) + text.css_string(
        f"\nRun {text.one_line(result.run_id, 36)}"
    )
    rules = f"@page {{ @top-right {{ content: {right}; }} }}\n"
    if result.simulated or result.imported:
        # The first page, too: it is the one that gets passed on.
        look = "font-weight: bold; color: #1f2933; background: #fff3c4; border: 0.8pt solid #1f2933; padding: 0 5pt;"
        label = SIMULATED if result.simulated else IMPORTED
        return f"{rules}@page {{ @top-left {{ content: {text.css_string(label)}; {look} }} }}\n"
    return rules + f"@page {{ @top-left {{ content: {text.css_string(TITLE)}; }} }}\n"


@cache
def environment() -> Environment:
    """The template environment: escaping on, a name that does not exist is an error, missing values read "unknown"."""
    env = Environment(
        loader=FileSystemLoader(data_dir(_TEMPLATES)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.globals["t"] = text
    env.globals["level_class"] = level_class
    return env


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    if value is None or value == "":
        return text.UNKNOWN
    if isinstance(value, bool):
        return text.words(value)
    return text.clean(value) if isinstance(value, str) else value
