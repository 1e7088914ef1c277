"""A profile file becomes a profile with its system prompt, or an error that lists everything wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import ProfileError
from audit.profile.checks import cross_faults
from audit.profile.models import AgentProfile
from audit.resources import Fault, Loaded, load_yaml_model, read_bytes


@dataclass(frozen=True)
class LoadedProfile(Loaded[AgentProfile]):
    """A profile, the file it stands in, and the system prompt word for word.

    Attributes:
        system_prompt: the prompt as it is sent: from its file byte for byte, line ends included.
        system_prompt_path: the prompt's file; None when it stands in the profile.
    """

    system_prompt: str
    system_prompt_path: Path | None


def load_profile(path: Path) -> LoadedProfile:
    """Read an agent profile.

    Args:
        path: the YAML file. A prompt file is looked for relative to it.

    Returns:
        The profile with its system prompt.

    Raises:
        ProfileError: with every problem found in the profile and its prompt file.
    """
    prompts: list[str] = []

    def prompt_file(data: Any) -> Iterator[Fault]:
        agent = data.get("agent")
        name = agent.get("system_prompt_file") if isinstance(agent, dict) else None
        if not isinstance(name, str) or not name.strip():
            return
        prompt = _read_prompt(path.parent / name)
        if isinstance(prompt, Fault):
            yield prompt
        else:
            prompts.append(prompt)

    loaded = load_yaml_model(path, AgentProfile, ProfileError, checks=(cross_faults, prompt_file))
    agent = loaded.model.agent
    if agent.system_prompt_file is not None:
        prompt, prompt_path = prompts[0], path.parent / agent.system_prompt_file
    else:
        # The checks have made sure that one of the two is there.
        prompt, prompt_path = agent.system_prompt or "", None
    return LoadedProfile(loaded.model, path, loaded.sha256, loaded.place, prompt, prompt_path)


def _read_prompt(path: Path) -> str | Fault:
    loc = ("agent", "system_prompt_file")
    try:
        raw = read_bytes(path, ProfileError)
    except ProfileError as error:
        problem = error.problems[0]
        return Fault(loc, f"the prompt file `{problem.file}` cannot be used: {problem.wrong}", problem.mend)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Fault(loc, f"the prompt file is not UTF-8 text (line {line} of it)", "save it as UTF-8")
    if not text.strip():
        return Fault(loc, "the prompt file is empty", "write the prompt into it")
    return text
