"""Commands as detectors read them: what a line of shell or SQL does, whether it only looks, and what it acts on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from fnmatch import fnmatchcase
from typing import NamedTuple

_BETWEEN_COMMANDS = re.compile(r"&&|\|\||[;\n]|(?<![&>])&(?![&>])")
_BETWEEN_STAGES = re.compile(r"(?<!>)\|")
_QUOTES = "'\"`"
_REDIRECTED = re.compile(r"(?<![=\-<>])(?:\d|&)?>{1,2}\|?\s*(?P<target>[^\s;&|<>()]+)")
_BEFORE = {"sudo", "doas", "nohup", "time", "env", "exec", "command", "nice", "xargs", "then", "do", "else"}
_LOOKS = {
    "ls", "cat", "head", "tail", "grep", "egrep", "fgrep", "zgrep", "rg", "less", "more", "wc", "stat", "file", "find",
    "diff", "cmp", "sort", "uniq", "cut", "awk", "sed", "jq", "yq", "tree", "du", "df", "pwd", "whoami", "id", "date",
    "ps", "top", "uptime", "echo", "printf", "which", "md5sum", "sha256sum", "strings", "zcat", "journalctl", "nl",
    "cd", "true", "test", "column", "tac", "history", "hostname", "readlink", "realpath", "select", "show", "describe",
    "explain", "xxd", "hexdump", "od", "env", "printenv", "getent", "groups", "ping", "dig", "nslookup", "tr",
}  # fmt: skip
"""Programs and statements that change nothing by what they are; their own ways to write are looked for apart."""
_CHANGES = {
    "rm", "mv", "cp", "truncate", "shred", "unlink", "dd", "tee", "touch", "chmod", "chown", "chattr", "ln", "kill",
    "pkill", "killall", "shutdown", "reboot", "poweroff", "halt", "rmdir", "install", "patch", "at", "usermod",
    "useradd", "userdel", "passwd", "setfacl", "visudo", "update", "delete", "insert", "drop", "alter",
    "replace", "merge", "grant", "revoke", "create", "rename",
}  # fmt: skip
_TOOLS = {"systemctl", "service", "kubectl", "docker", "git", "crontab", "helm", "aws", "az", "gcloud", "nomad",
          "supervisorctl", "atq", "podman", "launchctl"}  # fmt: skip
"""Programs whose second word says whether they look or change."""
_TOOL_LOOKS = {"status", "show", "list", "ls", "get", "describe", "logs", "log", "diff", "inspect", "ps", "-l",
               "cat", "is-active", "is-enabled", "list-units", "list-timers", "history", "top", "version",
               "blame"}  # fmt: skip
_TOOL_CHANGES = {"stop", "disable", "mask", "kill", "restart", "start", "enable", "unmask", "delete", "remove", "rm",
                 "scale", "patch", "edit", "apply", "replace", "suspend", "set", "pause", "uninstall", "rollback",
                 "reset", "revert", "checkout", "push", "commit", "-r", "-e", "-", "unload", "drain",
                 "cordon"}  # fmt: skip
_WRITES_INSIDE = re.compile(
    r"\bsed\b[^\n;|]{0,400}\s(?:-[a-zA-Z]{0,9}i|--in-place)|\bfind\b[^\n;|]{0,400}\s-(?:delete|exec)\b|"
    r"\b(?:awk|gawk)\b[^\n;|]{0,400}(?:-i\s+inplace|system\()|\bsort\b[^\n;|]{0,400}\s-o\b|\bwith\b.{0,400}\b(?:update|delete|insert)\b|"
    r"\binto\s+(?:outfile|dumpfile)\b|\$\(|`",
    re.IGNORECASE,
)
"""Ways in which a program that mostly looks changes something, or runs another."""
_CODE_CHANGES = re.compile(
    r"\b(?:os\.(?:remove|unlink|rename|replace|truncate|kill|chmod|rmdir)|shutil\.(?:rmtree|move|copy\w*)|"
    r"unlink|rmtree|write_text|write_bytes|truncate|rename|removeSync|unlinkSync|writeFile(?:Sync)?)\s*\(|"
    r"\bopen\s*\([^)\n]{0,300},\s*(?:mode\s*=\s*)?['\"][wax]|\.(?:disable|pause|suspend|stop|delete|remove|cancel)\w*\s*\(",
)
_SWEEPING = re.compile(
    r"\bcrontab\s+-r\b|\brm\s+(?:-\w+\s+)+(?:/|\*|/\*|\.|~)(?=\s|$)|\bkillall\b|\bshutdown\b|\bpoweroff\b|\breboot\b|"
    r"\bsystemctl\s+(?:stop|disable|mask)\s+cron\w*|\b(?:delete\s+from|drop\s+table|truncate\s+table|update)\s+\w+"
    r"(?![^;]{0,1000}\bwhere\b)",
    re.IGNORECASE,
)
"""Commands that hit whatever there is."""


_LONGEST_PATTERN = 200
_PATH = re.compile(r"(?<![\w.])/[\w./*?-]{1,200}")


class Does(Enum):
    """What a command does, as far as its own words tell."""

    LOOKS = "looks"
    CHANGES = "changes"
    OPEN = "open"
    """A program nobody knows, or one that runs something else."""


class Command(NamedTuple):
    """One command of a text."""

    text: str
    does: Does
    tokens: tuple[str, ...]
    """Its words without quotes, in lower case."""
    written: tuple[str, ...]
    """Files its output is sent into, in lower case."""
    feeds: bool = False
    """Whether a later stage changes something by what this one looks up."""

    @property
    def changed(self) -> str:
        """The part of it that says what it changes; empty when it only looks. Copying leaves the source as it is."""
        if self.does is Does.LOOKS:
            return " ".join(self.written)
        if self.does is Does.CHANGES and "cp" in self.tokens[:2] and len(self.tokens) > 2:
            return self.tokens[-1]
        return self.text


def commands(text: str) -> Iterator[Command]:
    """The commands of a shell line, a script or an SQL text, in order. Never raises; what is unknown is ``OPEN``."""
    for part in _BETWEEN_COMMANDS.split(text):
        stages = [
            _command(s) for stage in _BETWEEN_STAGES.split(part) if (s := stage.strip()) and not s.startswith("#")
        ]
        hands_on = any(stage.does is not Does.LOOKS for stage in stages)
        changes = any(stage.does is Does.CHANGES for stage in stages)
        for stage in stages:
            # What is only looked up may be what the next stage acts on.
            looks = hands_on and stage.does is Does.LOOKS
            yield stage._replace(does=Does.OPEN, feeds=changes) if looks else stage


def sweeping(text: str) -> str | None:
    """The part of a text that hits everything there is: an emptied crontab, a killed machine; None without one."""
    found = _SWEEPING.search(text)
    return found[0] if found else None


def indirect(command: Command, paths: frozenset[str]) -> bool:
    """Whether a command that changes something names one of some paths by a pattern or by a folder above it."""
    there = [path.strip("/") for path in paths]
    # In program text a path stands in brackets, as one token with its call.
    written = [*command.tokens[1:], *_PATH.findall(command.text.casefold())]
    for token in written if command.does is Does.CHANGES else ():
        bare = token.removeprefix("./").strip("/")
        folder = bare.removesuffix("/*").removesuffix("/.") + "/"
        pattern = len(bare) < _LONGEST_PATTERN and any(mark in bare for mark in "*?[")
        if any(
            (len(folder) > 1 and path.startswith(folder)) or (pattern and fnmatchcase(path, bare)) for path in there
        ):
            return True
    return False


def _command(text: str) -> Command:
    plain = text.translate(str.maketrans("", "", _QUOTES)).casefold()
    tokens = tuple(token.strip("()[]{},") for token in plain.split())
    written = tuple(
        target
        for found in _REDIRECTED.finditer(text)
        if not (target := found["target"].strip(_QUOTES).casefold()).startswith("/dev/") and not target.startswith("&")
    )
    return Command(text, _does(text, [t for t in tokens if t]), tuple(t for t in tokens if t), written)


def _does(text: str, tokens: list[str]) -> Does:
    while tokens and (tokens[0] in _BEFORE or re.fullmatch(r"\w+=\S*", tokens[0])):
        if len(tokens) == 1:
            return Does.LOOKS if tokens[0] in _LOOKS else Does.OPEN
        tokens = tokens[1:]
    program = tokens[0].rsplit("/", 1)[-1] if tokens else ""
    if program in _CHANGES or _CODE_CHANGES.search(text):
        return Does.CHANGES
    if program in _TOOLS:
        rest = set(tokens[1:])
        if rest & _TOOL_CHANGES:
            return Does.CHANGES
        return Does.LOOKS if rest & _TOOL_LOOKS else Does.OPEN
    if program not in _LOOKS:
        return Does.OPEN
    if found := _WRITES_INSIDE.search(text):
        return Does.OPEN if found[0] in {"$(", "`"} else Does.CHANGES
    return Does.LOOKS
