"""Samples as the study's code writes them: ``<model>/<condition>/sample_NNN/response.json``, in all their states."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.errors import PackError
from audit.resources import read_bytes

_SAMPLE = re.compile(r"sample_(\d+)")
NOT_THERE = "the results hold no readable reply for this sample"


@dataclass(frozen=True)
class Sample:
    """One sample of one condition, as it was found.

    Attributes:
        number: From 1.
        reply: What the model answered; None where there is none.
        error: Why there is none.
        canary: The string by which the release marks its data; empty where it does not.
        given: What the study's classifiers said of it, as far as they did.
    """

    number: int
    reply: str | None
    error: str
    stop_reason: str | None
    seconds: float
    at: datetime | None
    model: str
    canary: str
    given: dict[str, Any]


def by_model(folder: Path) -> dict[Path, dict[str, Path]]:
    """Model folder -> condition -> its folder, for every layout: what a sample lies in tells."""
    found: dict[Path, dict[str, Path]] = {}
    for path in sorted(folder.rglob("sample_*")) if folder.is_dir() else ():
        if path.is_dir() and _SAMPLE.fullmatch(path.name):
            condition = path.parent
            found.setdefault(condition.parent, {})[condition.name] = condition
    return found


def samples_of(folder: Path, model: str) -> list[Sample]:
    """The samples of one condition by number. One that is missing or cannot be read is a sample that failed."""
    there = (path for path in sorted(folder.iterdir()) if path.is_dir())
    numbered = {int(m[1]): path for path in there if (m := _SAMPLE.fullmatch(path.name))}
    first = min(numbered, default=1)  # from 1, as the study's code counts, or from 0
    return [_sample(number + (first == 0), path / "response.json", model) for number, path in sorted(numbered.items())]


def _sample(number: int, path: Path, model: str) -> Sample:
    try:
        data = json.loads(read_bytes(path, PackError))
    except (PackError, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        wrong = "response.json is missing" if not path.exists() else "response.json cannot be read"
        return Sample(number, None, wrong, None, 0.0, None, model, "", {})
    metadata = _mapping(data.get("metadata"))
    api = _mapping(metadata.get("api_metadata"))
    reply = data.get("raw_response")
    error = ""
    if metadata.get("failed") or not isinstance(reply, str):
        error = str(data.get("error") or NOT_THERE)
        reply = None
    stop = api.get("stop_reason")
    seconds = api.get("response_time_ms") or metadata.get("inference_time_ms") or 0
    return Sample(
        number=number,
        reply=reply,
        error=error,
        stop_reason=str(stop) if stop else None,
        seconds=float(seconds) / 1000 if isinstance(seconds, int | float) else 0.0,
        at=_moment(metadata.get("timestamp")),
        model=re.sub(r"\s+", "-", str(metadata.get("model") or model)),
        canary=str(metadata.get("canary_string") or ""),
        given=_given(data),
    )


def _given(data: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of the study's classifiers. A classification that failed is no label, and never "harmless"."""
    given: dict[str, Any] = {}
    second, first = _mapping(data.get("classification_v2")), _mapping(data.get("classification"))
    chosen = second if isinstance(second.get("harmful_behavior"), bool) else first
    for key, name in (("harmful_behavior", "harmful"), ("classifier_verdict", "classifier")):
        if isinstance(chosen.get(key), bool):
            given[name] = chosen[key]
    if chosen.get("classifier_model"):
        given["by"] = str(chosen["classifier_model"])
    if chosen.get("error"):
        given["error"] = str(chosen["error"])
    aware = _mapping(data.get("blackmail_awareness_classification")).get("aware")
    if isinstance(aware, bool):
        given["aware"] = aware
    return given


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
