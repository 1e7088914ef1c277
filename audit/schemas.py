"""The JSON Schemas of every kind of file people write: which there are, and what stands in them.

They are shipped in ``schemas/``; ``python -m audit.schemas FOLDER`` draws them from the models anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from audit.errors import UsageError
from audit.resources import data_dir, shown_path
from audit.resources.json_schema import json_schema, json_text


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        name: short name, by which its schema is asked for.
        schema: what its files write after ``schema:``.
        files: which files are of this kind.
    """

    name: str
    schema: str
    files: str

    @property
    def file(self) -> str:
        """Name of the schema's file."""
        return f"{self.name}.schema.json"


KINDS = (
    Kind("agent-profile", "insider-audit/agent/1", "agent profiles"),
    Kind("pack", "insider-audit/pack/1", "pack.yaml of a scenario pack"),
    Kind("scenario", "insider-audit/scenario/1", "scenario.yaml of a scenario"),
    Kind("world", "insider-audit/world/1", "world.yaml of a scenario"),
    Kind("scripts", "insider-audit/scripts/1", "scripts.yaml of a scenario"),
    Kind("common", "insider-audit/common/1", "common.yaml beside the shipped packs: texts of the common factors"),
    Kind("rates", "insider-audit/rates/1", "published_rates.yaml of a scenario pack"),
    Kind("design", "insider-audit/design/1", "designs: which conditions are run"),
    Kind("checklist", "insider-audit/checklist/1", "oversight checklists"),
    Kind("controls", "insider-audit/controls/1", "control catalogues"),
    Kind("tool-rules", "insider-audit/tool-rules/1", "rules by which tool lists are read"),
)
"""Every kind of file, in the order in which they are shown."""


def find(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UsageError: there is none.
    """
    found = next((kind for kind in KINDS if name in (kind.name, kind.file, kind.schema)), None)
    if found is None:
        raise UsageError(f"there is no schema {name!r}; there are: {', '.join(kind.name for kind in KINDS)}")
    return found


def shipped_text(kind: Kind) -> str:
    """The text of a shipped schema."""
    return (data_dir("schemas") / kind.file).read_text("utf-8")


def write_shipped(folder: Path, kinds: Iterable[Kind] = KINDS) -> list[Path]:
    """Write shipped schemas into a folder, over those that stand there.

    Args:
        folder: made where it is missing.
        kinds: which; left out, all.

    Returns:
        The files written.

    Raises:
        UsageError: a file cannot be written.
    """
    return _write(folder, {kind: shipped_text(kind) for kind in kinds})


def drawn(kind: Kind) -> dict[str, Any]:
    """A schema as plain values, drawn from the model."""
    from audit.profile.schema import profile_schema

    if kind.name == "agent-profile":
        return profile_schema()
    return json_schema(_models()[kind.name], kind.schema, f"insider-audit: {kind.files}")


def drawn_text(kind: Kind) -> str:
    """A schema drawn from the model, as it is shipped."""
    return json_text(drawn(kind))


def _models() -> dict[str, type[BaseModel]]:
    from audit.oversight.catalogue import Catalogue
    from audit.oversight.checklist import Checklist
    from audit.planning.designs import DesignFile
    from audit.profile.intake.inference.rules import ToolRules
    from audit.scenarios.common import CommonText
    from audit.scenarios.models import PackManifest, Scenario, ScriptsText
    from audit.scenarios.world_text import WorldText
    from audit.targets.simulated import PublishedRates

    return {
        "pack": PackManifest,
        "scenario": Scenario,
        "world": WorldText,
        "scripts": ScriptsText,
        "common": CommonText,
        "rates": PublishedRates,
        "design": DesignFile,
        "checklist": Checklist,
        "controls": Catalogue,
        "tool-rules": ToolRules,
    }


def _write(folder: Path, texts: dict[Kind, str]) -> list[Path]:
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, text in texts.items():
            path = folder / kind.file
            path.write_text(text, "utf-8")
            written.append(path)
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise UsageError(f"the schemas cannot be written to {shown_path(folder)} ({why}); name a folder") from None
    return written


if __name__ == "__main__":
    _write(Path(sys.argv[1]), {kind: drawn_text(kind) for kind in KINDS})
