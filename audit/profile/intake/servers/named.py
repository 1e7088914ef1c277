"""MCP servers as the command line names them: what is contacted, with which secrets, and how messages call it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from audit.errors import UsageError
from audit.llm.masking import MASKED, mask, read_key, register, register_url

_SECRET_OPTION = re.compile(r"(key|token|secret|passw|auth|credential|header|bearer|cookie)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"\A(-{0,2}[\w.-]+)=(.*)\Z", re.DOTALL)
_HEADER = re.compile(r"\A([\w-]+):\s*\S", re.DOTALL)
_OPAQUE = re.compile(r"\A(?=.*\d)(?=.*[A-Za-z])[\w+=-]{16,}\Z")
"""Letters and digits without a dot, a slash or an at sign: a key rather than a package or a path."""
_HEADER_NAME = re.compile(r"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")


@dataclass(frozen=True)
class Server:
    """One server whose tools are to be listed.

    Attributes:
        source: how messages and profiles call it; without secrets.
        command: program and arguments, for a server that is started here; empty for one at an address.
        url: the address; empty for a command.
        environment: variables for the command beside those that every program needs.
        headers: sent with every request to the address.
    """

    source: str
    command: tuple[str, ...] = field(default=(), repr=False)
    url: str = field(default="", repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def named_servers(
    commands: Sequence[str] = (),
    urls: Sequence[str] = (),
    environment: Sequence[str] = (),
    headers: Sequence[str] = (),
) -> tuple[Server, ...]:
    """The servers that options name; nothing is contacted.

    Args:
        commands: each a program with arguments, quoted as for a shell. No shell runs it.
        urls: addresses (http or https).
        environment: names of environment variables that are handed to the commands.
        headers: each ``NAME=VARIABLE``: a header, and the environment variable that holds its value.

    Returns:
        Commands first, then addresses, each in the order given and once. Values of variables are masked from now on.

    Raises:
        UsageError: with what cannot be used.
    """
    if environment and not commands:
        raise UsageError("--mcp-env hands a variable to a server that --mcp-command starts; there is none")
    if headers and len(set(urls)) != 1:
        count = "none" if not urls else "more than one"
        wrong = f"--mcp-header-env is for one --mcp-url, and there is {count}"
        raise UsageError(f"{wrong}; a secret must not reach a server it is not meant for")
    variables = {name: _variable(name, "--mcp-env") for name in environment}
    sent = dict(_header(pair) for pair in headers)
    started = [_command(text, variables) for text in dict.fromkeys(commands)]
    return (*started, *(_address(url, sent) for url in dict.fromkeys(urls)))


def shown_command(words: Sequence[str]) -> str:
    """A command for people: what could be a secret in its arguments is masked."""
    shown: list[str] = []
    hide = False
    for word in words:
        shown.append(MASKED if hide and not word.startswith("-") else _shown_word(word) if shown else word)
        hide = word.startswith("-") and "=" not in word and _SECRET_OPTION.search(word) is not None
    return mask(shlex.join(shown)).replace(f"'{MASKED}'", MASKED)


def shown_url(url: str) -> str:
    """An address without user, password, query and fragment; parts of the path that look like keys are masked."""
    parts = urlsplit(url)
    path = "/".join(MASKED if _OPAQUE.match(part) else part for part in parts.path.split("/"))
    return mask(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", "")))


def _shown_word(word: str) -> str:
    assigned = _ASSIGNMENT.match(word)
    if "://" in word and assigned is None:
        return shown_url(word)
    if assigned:
        name, value = assigned.groups()
        plain = name.startswith("-") and not _SECRET_OPTION.search(name)
        return f"{name}={_shown_word(value) if plain else MASKED}"
    if header := _HEADER.match(word):
        return f"{header[1]}: {MASKED}"
    return MASKED if _OPAQUE.match(word) else word


def _command(text: str, variables: Mapping[str, str]) -> Server:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--mcp-command: {str(error).lower()}; quote it as for a shell") from None
    if not words or "\0" in text:
        raise UsageError("--mcp-command is empty; give the program that starts the server, with its arguments")
    return Server(shown_command(words), command=tuple(words), environment=variables)


def _address(url: str, headers: Mapping[str, str]) -> Server:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"--mcp-url: {error}") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(f"--mcp-url {shown_url(url)}: no http or https address; write https://host/path")
    if "@" in parts.netloc:
        register_url(url)
        wrong = f"--mcp-url {shown_url(url)}: the address holds a user or password"
        mend = "put the value of the header into an environment variable: --mcp-header-env Authorization=VARIABLE"
        raise UsageError(f"{wrong}; {mend}")
    if headers and parts.scheme == "http" and not _on_this_machine(host):
        wrong = f"--mcp-header-env would send a secret in the clear to {shown_url(url)}"
        raise UsageError(f"{wrong}; use the server's https address")
    for _, value in parse_qsl(parts.query):
        register(value)
    return Server(shown_url(url), url=url, headers=headers)


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _header(pair: str) -> tuple[str, str]:
    name, sign, variable = (part.strip() for part in pair.partition("="))
    if not sign or not variable or not _HEADER_NAME.match(name):
        raise UsageError("--mcp-header-env takes NAME=VARIABLE, such as Authorization=MCP_AUTHORIZATION")
    value = _variable(variable, "--mcp-header-env")
    if not value.isascii() or not value.isprintable():
        raise UsageError(f"--mcp-header-env: the value of {variable} cannot be sent in a header; it is no plain ASCII")
    for part in value.split():  # the key behind `Bearer` is a secret without it too
        register(part)
    return name, value


def _variable(name: str, option: str) -> str:
    value = read_key(name)
    if value is None:
        raise UsageError(f"{option}: the environment variable {name} is not set; only its name is given here")
    return value
