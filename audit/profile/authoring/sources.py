"""The files a profile is made from: tool lists and the system prompt, read while the questions go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from audit.errors import InputError, ProfileError, UsageError
from audit.profile.authoring.answers import AnswerError
from audit.profile.authoring.interview import Session, read_typed
from audit.profile.authoring.steps import Step
from audit.profile.intake.models import InferredTool, ListedTool
from audit.resources import read_bytes

STDIN = "-"


class Sources:
    """Keeps a session's tools and prompt in step with the files that its answers name.

    Args:
        folder: the profile's folder; answers name files relative to it.
        piped: the tool list that came through standard input, where one did.
        live: the tools that running servers listed.
        propose: adds what a model says of tools to what the rules say; None where none is asked.
    """

    def __init__(
        self,
        folder: Path,
        piped: bytes | None = None,
        live: Sequence[ListedTool] = (),
        propose: Callable[[Sequence[InferredTool]], tuple[InferredTool, ...]] | None = None,
    ) -> None:
        self._folder = folder
        self._piped = piped
        self._live = tuple(live)
        self._propose = propose
        self._proposed: dict[str, InferredTool] = {}
        self._read: tuple[Any, Any] = (None, None)

    def refresh(self, session: Session) -> None:
        """Read the files that the answers name, where they changed.

        Raises:
            UsageError: one of them cannot be used; the message lists everything wrong with it.
        """
        known = session.known
        names = [*(known.get("tools.names") or ()), *_named_tools(session)]
        wanted = (known.get("prompt"), (known.get("tools"), names))
        try:
            if wanted[0] != self._read[0]:
                session.prompt = read_prompt(wanted[0], self._folder) if wanted[0] else ""
            if wanted[1] != self._read[1]:
                session.tools = self._with_proposals(self._tools(known.get("tools") or (), names))
        except AnswerError as error:
            raise UsageError(str(error)) from None
        self._read = wanted

    def accept(self, step: Step, typed: str) -> Any:
        """What was typed at a question, as the value to keep. Files are named relative to the working folder.

        Raises:
            AnswerError: it cannot be used; the message says why.
        """
        value = read_typed(step, typed)
        if step.key == "prompt":
            value = relative(Path(value).expanduser(), self._folder)
            read_prompt(value, self._folder)
        elif step.key == "tools":
            value = [relative(Path(name).expanduser(), self._folder) for name in value]
            try:
                self._tools(value, ())
            except InputError as error:
                raise AnswerError(str(error)) from None
        elif step.key == "tools.names":
            for name in value:
                check_tool_name(name)
        return value

    def _tools(self, files: Iterable[str], names: Iterable[str]) -> tuple[InferredTool, ...]:
        from audit.profile.intake.inference.infer import infer
        from audit.profile.intake.lists.manifests import merged, read_tool_file, read_tool_list

        lists = []
        for name in files:
            if name == STDIN:
                lists.append(read_tool_list(self._piped or b"", "standard input"))
            else:
                lists.append(read_tool_file(_at(self._folder, name)))
        listed = merged([*lists, self._live])
        there = {tool.name for tool in listed} | {tool.listed_as for tool in listed}
        added = [_only_named(name) for name in dict.fromkeys(names) if name not in there]
        return infer([*listed, *added])

    def _with_proposals(self, tools: tuple[InferredTool, ...]) -> tuple[InferredTool, ...]:
        """The tools with what the model says; it is asked about each once, as answers change."""
        if self._propose is None:
            return tools
        new = [tool for tool in tools if _key(tool) not in self._proposed]
        if new:
            self._proposed |= {_key(old): raised for old, raised in zip(new, self._propose(new), strict=True)}
        return tuple(self._proposed[_key(tool)] for tool in tools)


def _key(tool: InferredTool) -> str:
    return tool.model_dump_json()


def _named_tools(session: Session) -> list[str]:
    """Tools that somebody gave capabilities to on the command line or in a file."""
    keys = [key.split(".") for key in session.given]
    return [key[1] for key in keys if key[0] == "tools" and key[2:] == ["capabilities"]]


def _only_named(name: str) -> ListedTool:
    return ListedTool(name=name, listed_as=name, parameters={"type": "object", "properties": {}}, source="answers")


def check_tool_name(name: str) -> None:
    """Refuse names that model providers refuse.

    Raises:
        AnswerError: with what a name may be.
    """
    from audit.profile.intake.lists.names import mended_name

    if mended_name(name) != name:
        raise AnswerError(
            f"`{name}` is not a name that model providers accept; use 1 to 64 letters, digits, `_` and `-`"
        )


def _at(folder: Path, name: str) -> Path:
    """A file as the profile names it, while the profile's folder may not be there yet."""
    return folder / name if folder.exists() else Path(os.path.normpath(folder / name))


def read_prompt(name: str, folder: Path) -> str:
    """The text of the prompt's file.

    Raises:
        AnswerError: it cannot be a prompt.
    """
    try:
        text = read_bytes(_at(folder, name), ProfileError).decode("utf-8")
    except ProfileError as error:
        problem = error.problems[0]
        raise AnswerError(f"{problem.file}: {problem.wrong}; {problem.mend}") from None
    except UnicodeDecodeError:
        raise AnswerError(f"{name} is not UTF-8 text; save it as UTF-8") from None
    if not text.strip():
        raise AnswerError(f"{name} is empty; write the prompt into it")
    return text


def relative(path: Path, folder: Path) -> str:
    """The path as a file in ``folder`` names it, with forward slashes; ``-`` stays what it is."""
    if str(path) == STDIN:
        return STDIN
    try:
        # Links to folders are followed: `..` behind one leads elsewhere than the text of the path says.
        return Path(os.path.relpath(path.parent.resolve() / path.name, folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()
