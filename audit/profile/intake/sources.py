"""Where tool lists come from: every source that was named is read, and the lists are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from audit.errors import Problem, ToolListError
from audit.profile.intake.lists.manifests import merged, read_tool_file, read_tool_list
from audit.profile.intake.models import ListedTool
from audit.profile.intake.servers.live import TIMEOUT_S, list_tools
from audit.profile.intake.servers.named import Server

STDIN = Path("-")
"""Stands for standard input where a file is named."""


def gather(
    files: Sequence[Path],
    piped: Callable[[], bytes],
    servers: Sequence[Server] = (),
    say: Callable[[str], None] = lambda _: None,
    timeout_s: float = TIMEOUT_S,
) -> tuple[ListedTool, ...]:
    """Read tool lists, and ask servers for theirs.

    Args:
        files: each a file, or ``-`` for standard input; one named twice is read once.
        piped: reads standard input, at most a little more than 5 MB of it.
        servers: MCP servers; each is told to the person before it is contacted.
        say: tells the person.
        timeout_s: seconds for each server.

    Returns:
        The tools of all lists, in the order of the lists, with distinct names.

    Raises:
        ToolListError: with every problem found in any of them.
        UsageError: servers cannot be asked, for want of the library.
    """
    lists: list[Sequence[ListedTool]] = []
    problems: list[Problem] = []
    for file in dict.fromkeys(files):
        try:
            lists.append(read_tool_list(piped(), "standard input") if file == STDIN else read_tool_file(file))
        except ToolListError as error:
            problems += error.problems
    if not problems:  # what is wrong with a file is said before anything is started or leaves the machine
        for server in servers:
            say(f"starting {server.source}" if server.command else f"asking {server.source} for its tools")
            try:
                lists.append(list_tools(server, timeout_s))
            except ToolListError as error:
                problems += error.problems
    if problems:
        raise ToolListError(problems)
    return merged(lists)
