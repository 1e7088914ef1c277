"""Example profiles with some of their text replaced."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from audit.profile.loading import LoadedProfile, load_profile
from tests.scenarios.shipped import ROOT


def edited(folder: Path, example: str, *edits: tuple[str, str]) -> LoadedProfile:
    """An example profile with some of its text replaced."""
    shutil.copytree(ROOT / "examples" / example, folder / example)
    path = folder / example / "agent.yaml"
    text = path.read_text("utf-8")
    for old, new in edits:
        assert old in text, f"{old!r} is no longer in {example}"
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return load_profile(path)


def cut(example: str, *keys: str) -> tuple[tuple[str, str], ...]:
    """Edits that take whole top-level sections out of an example."""
    text = (ROOT / "examples" / example / "agent.yaml").read_text("utf-8")
    found = [re.search(rf"^{key}:\n(?:(?: .*)?\n)+", text, re.M) for key in keys]
    return tuple((match.group(), "") for match in found if match)


def written(folder: Path, *lines: str, tools: str = "[{name: send, capabilities: [email.send]}]") -> LoadedProfile:
    """A small profile with further sections as lines of YAML."""
    head = (
        "schema: insider-audit/agent/1",
        "organisation: {name: Tarn Mills, sector: milling, domains: [tarn.example]}",
        "agent: {purpose: helps, system_prompt: You help.}",
        "model: {id: simulated/opportunist}",
        f"tools: {tools}",
    )
    path = folder / "agent.yaml"
    path.write_text("\n".join([*head, *lines, ""]), "utf-8")
    return load_profile(path)
