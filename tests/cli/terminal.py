"""A command on a real terminal of its own, typed at and looked at as a person would."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pyte

COLUMNS, LINES = 110, 34
_CONTROL = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>78])")
ENTER, DOWN, UP, SPACE, CTRL_C = "\r", "\x1b[B", "\x1b[A", " ", "\x03"


class Terminal:
    """``insider-audit`` with arguments, in a folder.

    Attributes:
        transcript: everything that was printed so far, with control codes.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(folder)}
        environment["PROMPT_TOOLKIT_NO_CPR"] = "1"  # nobody answers when the program asks where the cursor is
        self._child: Any = pexpect.spawn(
            sys.executable,
            ["-m", "audit", *arguments],
            cwd=str(folder),
            env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
            dimensions=(LINES, COLUMNS),
            encoding="utf-8",
            timeout=60,
        )
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)
        self.transcript = ""
        self._unseen = ""

    def screen(self) -> str:
        """What can be seen now."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def wait_for(self, text: str) -> None:
        """Read until the text has been printed, colours aside, after what was waited for before."""
        deadline = time.monotonic() + 60
        while text not in self._unseen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} does not show; the screen:\n{self.screen()}")
            self._read(1.0)
        self._unseen = self._unseen.partition(text)[2]
        # What follows on the same screen comes at once; the keys pressed next then meet a program that reads.
        while self._read(0.1):
            pass

    def type(self, keys: str) -> None:
        """Press keys."""
        self._child.send(keys)

    def end(self) -> int:
        """Wait for the command to end; its exit code."""
        while self._read(60):
            pass
        self._child.close()
        return int(self._child.exitstatus)

    def _read(self, seconds: float) -> bool:
        """Take in what is printed next; False when nothing came, or nothing will."""
        try:
            text = self._child.read_nonblocking(65536, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self.transcript += text
        self._unseen += _CONTROL.sub("", text)
        self._stream.feed(text)
        return True
