"""Running code: a small shell over the company's drive. What it does not know succeeds without output and effect."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator

from audit.world.capabilities import Capability
from audit.world.operations.registry import WHOLE, OperationError, Outcome, operation
from audit.world.state import File, World

_SILENCED = re.compile(r"\s(?:\d|&)?>{1,2}\s?(?:/dev/null|&\d)(?=\s|$)")
_BEYOND = re.compile(r"[|<>()`$=]")
"""Marks of what this shell does not do: pipes, redirections, substitutions, assignments."""
_FEW = 10


_SHELLS = frozenset({"bash", "dash", "sh", "zsh"})


def _as_commands(value: Any) -> Any:
    """A list is a command with its arguments where it begins with a program this shell knows; otherwise lines."""
    if isinstance(value, list | tuple) and all(isinstance(part, str | int | float) for part in value):
        parts = [str(part) for part in value]
        is_call = len(parts) > 1 and parts[0].rsplit("/", 1)[-1] in _SHELLS | {"sudo", *_COMMANDS}
        return shlex.join(parts) if is_call else "\n".join(parts)
    return str(value) if isinstance(value, int | float) else value


Commands = Annotated[str, WHOLE, BeforeValidator(_as_commands)]


class _ShellError(Exception):
    """A command could not be done; the text is what a shell would write."""


@dataclass
class _Session:
    """What one call has done so far."""

    world: World
    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    succeeded: bool = False


@operation(
    "code.run",
    Capability.CODE_EXECUTE,
    "run",
    "execute",
    "exec",
    "eval",
    "evaluate",
    "shell",
    "bash",
    "terminal",
    "command",
    "script",
    "python",
    code=("command", "cmd", "commands", "script", "source", "source_code", "python_code", "shell_command", "input",
          "program", "expression", "text"),
)  # fmt: skip
def run_code(world: World, code: Commands) -> Outcome:
    """Run commands over the drive: ls, cat, head, tail, grep, rm, cp, mv; one a line, or joined by ``&&`` and ``;``.

    Raises OperationError when every command it knows has failed.
    """
    session = _Session(world)
    _run_all(session, code)
    if session.errors and not session.succeeded:
        raise OperationError("; ".join(session.errors))
    result = {"exit_code": 1 if session.errors else 0, "output": "\n".join(session.out)}
    if session.errors:
        result["errors"] = "\n".join(session.errors)
    return Outcome(result, tuple(dict.fromkeys(session.seen)))


def _run_all(session: _Session, code: str) -> None:
    for line in code.splitlines():
        for chain in _split(line, ";"):
            for command in _split(chain, "&&"):
                if not command.strip():
                    continue
                try:
                    _run(session, command)
                except _ShellError as error:
                    session.errors.append(str(error))
                    break
                session.succeeded = True


def _split(line: str, mark: str) -> list[str]:
    """A line cut at a mark outside quotes."""
    pieces, start, quote, at = [], 0, "", 0
    while at < len(line):
        letter = line[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif line.startswith(mark, at):
            pieces.append(line[start:at])
            at += len(mark)
            start = at
            continue
        at += 1
    return [*pieces, line[start:]]


def _run(session: _Session, command: str) -> None:
    plain = _SILENCED.sub(" ", f" {command} ").strip()
    try:
        words = shlex.split(plain, comments=True)
    except ValueError:
        return
    if words[:1] == ["sudo"]:
        words = words[1:]
    if len(words) > 2 and words[0].rsplit("/", 1)[-1] in _SHELLS and words[1] in {"-c", "-lc"}:
        _run_all(session, words[2])
        return
    if not words or words[0] not in _COMMANDS:
        return
    if _BEYOND.search(_unquoted(plain)):
        return
    flags = [word for word in words[1:] if re.fullmatch(r"-{1,2}[A-Za-z][\w-]*|-\d+", word)]
    rest = [word for word in words[1:] if word not in flags and word != "--"]
    _COMMANDS[words[0]](session, flags, rest)


def _unquoted(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", text)


def _trimmed(path: str) -> str:
    return re.sub(r"^(?:\./|~/|/)+", "", path.strip()).rstrip("/")


def _named(session: _Session, path: str) -> list[File]:
    """Files that a path or a pattern names; a bare name counts where only one file bears it."""
    wanted, files = _trimmed(path), session.world.files
    if any(mark in path for mark in "*?"):
        return [f for f in files if fnmatch.fnmatchcase(_trimmed(f.path), wanted)]
    if found := [f for f in files if wanted == _trimmed(f.path) or path in {f.id, f.title}]:
        return found[:1]
    alike = [f for f in files if "/" not in wanted and _trimmed(f.path).rsplit("/", 1)[-1] == wanted]
    return alike if len(alike) == 1 else []


def _below(session: _Session, path: str) -> list[File]:
    folder = _trimmed("" if path.strip() in {".", "~"} else path)
    return [f for f in session.world.files if not folder or _trimmed(f.path).startswith(f"{folder}/")]


def _files(session: _Session, command: str, paths: list[str], *, folders: bool = False) -> list[File]:
    if not paths:
        raise _ShellError(f"{command}: an operand is needed")
    found: dict[str, File] = {}
    for path in paths:
        here = _named(session, path) or (_below(session, path) if folders else [])
        if not here:
            raise _ShellError(f"{command}: {path}: No such file or directory")
        found.update({f.id: f for f in here})
    return list(found.values())


def _ls(session: _Session, flags: list[str], paths: list[str]) -> None:
    for path in paths or ["."]:
        if files := _named(session, path):
            session.out += [f.path for f in files]
            continue
        below = _below(session, path)
        if not below and paths:
            raise _ShellError(f"ls: {path}: No such file or directory")
        if any("R" in flag for flag in flags):
            session.out += [f.path for f in below]
            continue
        depth = len([part for part in _trimmed("" if path in {".", "~"} else path).split("/") if part])
        parts = [_trimmed(f.path).split("/")[depth:] for f in below]
        session.out += dict.fromkeys(part[0] + ("/" if len(part) > 1 else "") for part in parts)


def _cat(session: _Session, flags: list[str], paths: list[str]) -> None:
    for file in _files(session, "cat", paths):
        session.out.append(file.content)
        session.seen.append(file.id)


def _part(command: str) -> Callable[[_Session, list[str], list[str]], None]:
    def show(session: _Session, flags: list[str], rest: list[str]) -> None:
        count = next((int(flag[1:]) for flag in flags if flag[1:].isdigit()), _FEW)
        if "-n" in flags and rest and rest[0].lstrip("+").isdigit():
            count, rest = int(rest[0].lstrip("+")), rest[1:]
        for file in _files(session, command, rest):
            lines = file.content.splitlines()
            shown = lines[:count] if command == "head" else lines[-count:] if count else []
            session.out += shown
            if len(shown) == len(lines):
                session.seen.append(file.id)

    return show


def _grep(session: _Session, flags: list[str], rest: list[str]) -> None:
    if len(rest) < 1:
        raise _ShellError("grep: a pattern is needed")
    letters = "".join(flag for flag in flags if not flag.startswith("--"))
    wanted = rest[0].casefold() if "i" in letters else rest[0]
    deep = "r" in letters or "R" in letters
    files = _files(session, "grep", rest[1:] or ["."], folders=deep)
    for file in files:
        for line in file.content.splitlines():
            if wanted in (line.casefold() if "i" in letters else line):
                session.out.append(f"{file.path}:{line}" if len(files) > 1 or deep else line)


def _rm(session: _Session, flags: list[str], paths: list[str]) -> None:
    letters = "".join(flags)
    gone = {f.id for f in _files(session, "rm", paths, folders="r" in letters or "R" in letters)}
    session.world.files = [f for f in session.world.files if f.id not in gone]


def _cp(session: _Session, flags: list[str], paths: list[str]) -> None:
    files, target = _sources(session, "cp", paths)
    for file in files:
        path = _target(session, file, target, several=len(files) > 1)
        there = next((f for f in session.world.files if _trimmed(f.path) == _trimmed(path)), None)
        if there is not None:
            new = there.model_copy(update={"content": file.content})
            session.world.files = [new if f is there else f for f in session.world.files]
            continue
        new = File(
            id=session.world.new_id("file"),
            path=path,
            title=path.rsplit("/", 1)[-1],
            owner=session.world.company.agent_email,
            classification=file.classification,
            content=file.content,
        )
        session.world.files = [*session.world.files, new]


def _mv(session: _Session, flags: list[str], paths: list[str]) -> None:
    files, target = _sources(session, "mv", paths)
    for file in files:
        path = _target(session, file, target, several=len(files) > 1)
        new = file.model_copy(update={"path": path})
        others = [f for f in session.world.files if f is file or _trimmed(f.path) != _trimmed(path)]
        session.world.files = [new if f is file else f for f in others]


def _sources(session: _Session, command: str, paths: list[str]) -> tuple[list[File], str]:
    if len(paths) < 2:
        raise _ShellError(f"{command}: a source and a target are needed")
    return _files(session, command, paths[:-1]), paths[-1]


def _target(session: _Session, file: File, target: str, *, several: bool) -> str:
    """Where a file goes: into a folder under its own name, else to the path that is written."""
    if several or target.endswith("/") or _below(session, target):
        return f"{target.rstrip('/')}/{file.path.rsplit('/', 1)[-1]}"
    return target


_COMMANDS: dict[str, Callable[[_Session, list[str], list[str]], None]] = {
    "ls": _ls,
    "cat": _cat,
    "head": _part("head"),
    "tail": _part("tail"),
    "grep": _grep,
    "rm": _rm,
    "cp": _cp,
    "mv": _mv,
}
