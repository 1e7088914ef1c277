"""From a result to files."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from audit.analysis.models import AuditResult
from audit.errors import UsageError

FORMATS = ("pdf", "html", "json")
_ALSO = {".htm": "html"}


def write_report(result: AuditResult, output: Path, formats: Sequence[str]) -> list[Path]:
    """Write the report in one or several formats.

    Args:
        result: What an audit found.
        output: For one format the file; without its suffix the suffix is added. For several formats a base: files are
            called ``<base>.<format>``. An existing folder gets files called ``insider-audit-<run>.<format>``. Missing
            folders are created.
        formats: Among ``pdf``, ``html`` and ``json``.

    Returns:
        The files, in the order of ``formats``. Everything is rendered before the first file is touched, and each file
        is replaced in one step: a failure leaves what was there before.

    Raises:
        UsageError: no format or one that does not exist, a suffix that belongs to another format, a place that cannot
            be written, or a PDF on a machine without Pango.
    """
    wanted = _checked(formats)
    paths = _paths(result, output, wanted)
    for path in paths:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file")
    rendered = _render(result, wanted)
    for path, data in zip(paths, rendered, strict=True):
        _replace(path, data)
    return paths


def render_json(result: AuditResult) -> str:
    """The whole result as JSON, in ASCII so that no control or direction character reaches a terminal."""
    return json.dumps(result.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=True) + "\n"


def _checked(formats: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(name.strip().lower() for name in formats))
    known = ", ".join(FORMATS)
    if not wanted:
        raise UsageError(f"no format is given; choose among {known}")
    if wrong := [name for name in wanted if name not in FORMATS]:
        raise UsageError(f"there is no report format {', '.join(map(repr, wrong))}; choose among {known}")
    return wanted


def _paths(result: AuditResult, output: Path, formats: Sequence[str]) -> list[Path]:
    if output.is_dir():
        return [output / f"insider-audit-{_file_name(result.run_id)}.{name}" for name in formats]
    if not output.name:
        raise UsageError("the output has no file name; give one, such as report.pdf")
    suffix = output.suffix.lower()
    meant = _ALSO.get(suffix, suffix.removeprefix("."))
    if len(formats) == 1:
        if meant == formats[0]:
            return [output]
        if meant in FORMATS:
            raise UsageError(f"{output} ends like {meant}, but the format is {formats[0]}; change one of the two")
    base = output.with_suffix("") if meant in FORMATS else output
    return [base.with_name(f"{base.name}.{name}") for name in formats]


def _file_name(run_id: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in run_id) or "run"


def _render(result: AuditResult, formats: Sequence[str]) -> list[bytes]:
    from audit.reporting.html import render_html
    from audit.reporting.pdf import render_pdf

    html = render_html(result) if {"html", "pdf"} & set(formats) else ""
    made = {
        "html": lambda: html.encode(),
        "pdf": lambda: render_pdf(html).data,
        "json": lambda: render_json(result).encode(),
    }
    return [made[name]() for name in formats]


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then put it in its place."""
    # A link stays a link; what it leads to is replaced.
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            file.write(data)
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise UsageError(f"{path} cannot be written: {reason}; choose another place with --output") from error
