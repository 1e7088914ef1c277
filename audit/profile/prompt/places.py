"""Where a line of the system prompt stands: in its own file, or inside the profile."""

from __future__ import annotations

import re
from pathlib import Path

from audit.errors import ProfileError
from audit.profile.loading import LoadedProfile
from audit.resources import read_bytes

_BREAK = re.compile(r"\r\n|\r|\n")


class PromptPlaces:
    """Turns places in a prompt's text into places in a file.

    Args:
        loaded: The profile with its prompt. For a prompt that stands in the profile its file is read once more.
    """

    def __init__(self, loaded: LoadedProfile) -> None:
        self._prompt = loaded.system_prompt
        self.path: Path = loaded.system_prompt_path or loaded.path
        self._inline = loaded.system_prompt_path is None
        self._start = loaded.locate(("agent", "system_prompt")) if self._inline else (1, 1)
        self._lines = self._profile_lines(loaded.path) if self._inline else []

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in :attr:`path` of a place in the prompt (all from 1).

        In a profile, a literal block (``|``) is followed line by line; in other styles of YAML the first words at the
        place are looked for, and where they are not found the beginning of the prompt is given.
        """
        if not self._inline:
            return line, column
        start_line, start_column = self._start
        opening = self._lines[start_line - 1][start_column - 1 :] if start_line <= len(self._lines) else ""
        if opening.startswith("|"):
            return self._in_block(start_line, line, column)
        return self._found(line, column)

    def _in_block(self, start: int, line: int, column: int) -> tuple[int, int]:
        inner = [text for text in self._lines[start:] if text.strip()]
        indent = len(inner[0]) - len(inner[0].lstrip(" ")) if inner else 0
        digits = re.search(r"\|[+-]?([1-9])", self._lines[start - 1][self._start[1] - 1 :])
        if digits:
            parent = len(self._lines[start - 1]) - len(self._lines[start - 1].lstrip(" "))
            indent = parent + int(digits[1])
        return start + line, column + indent

    def _found(self, line: int, column: int) -> tuple[int, int]:
        text = _BREAK.split(self._prompt)[line - 1][column - 1 :] if self._prompt else ""
        words = [re.escape(word) for word in re.findall(r"\w+", text)[:6]]
        rest = "\n".join([self._lines[self._start[0] - 1][self._start[1] - 1 :], *self._lines[self._start[0] :]])
        found = re.search(r"\W+".join(words), rest) if words else None
        if found is None:
            return self._start
        before = rest[: found.start()]
        down = before.count("\n")
        across = found.start() - (before.rfind("\n") + 1) + 1
        return self._start[0] + down, across + (self._start[1] - 1 if down == 0 else 0)

    @staticmethod
    def _profile_lines(path: Path) -> list[str]:
        return _BREAK.split(read_bytes(path, ProfileError).decode("utf-8-sig", "replace"))
