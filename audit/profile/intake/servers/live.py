"""Tool lists asked from running MCP servers. Listing only: no tool is ever called."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from audit.errors import Problem, ToolListError, UsageError
from audit.llm import mask
from audit.profile.intake.lists.manifests import MAX_TOOLS, read_tool_list
from audit.profile.intake.models import ListedTool
from audit.profile.intake.servers.named import Server
from audit.resources import MAX_BYTES

if TYPE_CHECKING:
    import httpx2
    from mcp.client import Transport
    from pydantic import ValidationError

TIMEOUT_S = 60.0
"""For one server, from its start to its last page: programs that are fetched first take their time."""

_QUIET = logging.NullHandler()
"""The library logs every line that is no message, with a traceback; they are counted here instead."""
_MOST_PAGES = 500
_LONGEST = 300
"""Characters of a server's own words in a message."""
_ADDRESS = "see whether this is the address of an MCP server (often it ends in /mcp)"
_NO_STREAMABLE = frozenset({400, 404, 405})
"""What a server answers that only speaks the older transport (SSE)."""


def list_tools(server: Server, timeout_s: float = TIMEOUT_S) -> tuple[ListedTool, ...]:
    """Ask a server for its tools, all pages of them.

    Args:
        server: which one. A command is started, asked and ended.
        timeout_s: seconds for all of it.

    Returns:
        The tools as :func:`audit.profile.intake.lists.manifests.read_tool_list` gives them.

    Raises:
        UsageError: the library that speaks MCP is not installed.
        ToolListError: the server gives no list that can be used; the message says why and how to go on.
    """
    try:
        import mcp  # noqa: F401 -- is it there?
    except ImportError:
        raise UsageError(
            "asking MCP servers needs a library that is not installed: pip install 'insider-audit[mcp]'; or save the"
            " reply of tools/list and give the file"
        ) from None
    logging.getLogger("mcp").addHandler(_QUIET)
    heard = _Heard()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        try:
            tools = asyncio.run(_asked(server, timeout_s, heard, errors))
        except ToolListError:
            raise
        except Exception as error:  # whatever a foreign program's answers set off in the library
            raise ToolListError(list(_problems(server, error, timeout_s, heard, errors))) from None
    if not tools:
        raise _refused(server, "the server lists no tool", "see whether it needs a setting, or a permission")
    raw = json.dumps({"tools": tools}).encode()
    if len(raw) > MAX_BYTES:
        raise _refused(server, f"its list is larger than {MAX_BYTES // 1024**2} MB", "list fewer of its tools")
    return read_tool_list(raw, server.source)


@dataclass
class _Heard:
    """What came back beside messages.

    Attributes:
        statuses: HTTP statuses, in order.
        noise: lines that are no message of the protocol.
    """

    statuses: list[int] = field(default_factory=list)
    noise: int = 0

    @property
    def said(self) -> str:
        """The noise in words."""
        if self.noise == 1:
            return "one line that is no message of MCP"
        return f"{self.noise} lines that are no messages of MCP"


async def _asked(server: Server, timeout_s: float, heard: _Heard, errors: TextIO) -> list[Any]:
    async with asyncio.timeout(timeout_s):
        if server.command:
            return await _pages(server, _started(server, errors), heard)
        try:
            return await _pages(server, _streamable(server, timeout_s, heard), heard)
        except Exception:
            if not heard.statuses or heard.statuses[-1] not in _NO_STREAMABLE:
                raise
            tried = list(heard.statuses)
        try:
            return await _pages(server, _older(server, timeout_s, heard), heard)
        except Exception:
            heard.statuses = tried  # it speaks neither: the first answer says more
            raise


async def _pages(server: Server, transport: Transport, heard: _Heard) -> list[Any]:
    """The entries of all pages, as the server wrote them."""
    from importlib.metadata import version

    from mcp import Client, Implementation
    from mcp_types import ListToolsRequest, PaginatedRequestParams, PaginatedResult

    class Page(PaginatedResult):
        tools: list[Any]

    async def count(message: object) -> None:
        heard.noise += isinstance(message, Exception)

    us = Implementation(name="insider-audit", version=version("insider-audit"))
    tools: list[Any] = []
    seen: set[str] = set()
    cursor: str | None = None
    async with Client(transport, cache=None, client_info=us, message_handler=count) as client:
        while True:
            # Not client.list_tools(): it leaves out entries it finds unsuitable, and an audit must see them all.
            request = ListToolsRequest(params=PaginatedRequestParams(cursor=cursor))
            page = await client.session.send_request(request, Page)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                return tools
            if cursor in seen or len(seen) >= _MOST_PAGES:
                raise _refused(server, "its list has no end: pages come round again", "tell whoever runs the server")
            if len(tools) > MAX_TOOLS:
                raise _refused(server, f"it lists more than {MAX_TOOLS:,} tools", "list fewer of its tools")
            seen.add(cursor)


def _started(server: Server, errors: TextIO) -> Transport:
    from mcp import StdioServerParameters, stdio_client

    program, *arguments = server.command
    given = StdioServerParameters(
        command=program, args=arguments, env=dict(server.environment), encoding_error_handler="replace"
    )
    return stdio_client(given, errlog=errors)


def _client(
    server: Server, timeout_s: float, heard: _Heard, headers: dict[str, Any] | None = None
) -> httpx2.AsyncClient:
    import httpx2

    async def note(response: httpx2.Response) -> None:
        heard.statuses.append(response.status_code)

    return httpx2.AsyncClient(
        headers={**(headers or {}), **server.headers},
        timeout=httpx2.Timeout(timeout_s),
        event_hooks={"response": [note]},
    )


@asynccontextmanager
async def _streamable(server: Server, timeout_s: float, heard: _Heard) -> AsyncIterator[Any]:
    from mcp.client.streamable_http import streamable_http_client

    async with AsyncExitStack() as held:
        client = await held.enter_async_context(_client(server, timeout_s, heard))
        yield await held.enter_async_context(
            streamable_http_client(server.url, http_client=client, max_sse_event_size=MAX_BYTES)
        )


@asynccontextmanager
async def _older(server: Server, timeout_s: float, heard: _Heard) -> AsyncIterator[Any]:
    from mcp.client.sse import sse_client

    def made(headers: dict[str, str] | None = None, timeout: Any = None, auth: Any = None) -> httpx2.AsyncClient:
        return _client(server, timeout_s, heard, headers)

    async with sse_client(server.url, httpx_client_factory=made) as streams:
        yield streams


def _refused(server: Server, wrong: str, mend: str) -> ToolListError:
    return ToolListError([Problem(server.source, 0, 0, wrong, mend)])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _problems(server: Server, error: Exception, timeout_s: float, heard: _Heard, errors: TextIO) -> Iterator[Problem]:
    """What went wrong, in words for people."""
    from mcp import MCPError
    from pydantic import ValidationError

    leaves = list(_leaves(error))
    for leaf in leaves:
        if isinstance(leaf, ToolListError):
            yield from leaf.problems
            return
        if isinstance(leaf, ValidationError):
            yield from _misfits(server, leaf)
            return
    said = next((leaf for leaf in leaves if isinstance(leaf, MCPError)), leaves[0])
    wrong, mend = _command_fault(said, heard) if server.command else _address_fault(said, server, heard)
    if isinstance(said, TimeoutError):
        wrong = f"it did not list its tools within {timeout_s:g} s"
        mend = "see whether it runs by itself, or give it longer: --mcp-timeout"
        if heard.noise:
            wrong += f" ({heard.said} came)"
            mend = "see whether this is the command of an MCP server; programs log to standard error, not to output"
    if server.command and (last := _last_words(errors)):
        wrong += f"; its last words: {last}"
    yield Problem(server.source, 0, 0, wrong, mend)


def _command_fault(said: BaseException, heard: _Heard) -> tuple[str, str]:
    from mcp import MCPError
    from mcp_types import CONNECTION_CLOSED

    if isinstance(said, FileNotFoundError):
        return "there is no such program", "install it, or give its whole path"
    if isinstance(said, OSError):
        return f"it cannot be started ({said.strerror or type(said).__name__})", "try the command by itself"
    # Servers use the library's number for their own errors too; the words tell them apart.
    if isinstance(said, MCPError) and (said.code, said.message) != (CONNECTION_CLOSED, "Connection closed"):
        return f"it answers with an error: {_quoted(said)}", "see its documentation"
    wrong = "it ended before it had listed its tools"
    if heard.noise:
        wrong += f", and wrote {heard.said}"
    return wrong, "try the command by itself; variables it needs are handed on with --mcp-env NAME"


def _address_fault(said: BaseException, server: Server, heard: _Heard) -> tuple[str, str]:
    from mcp import MCPError
    from mcp_types import PARSE_ERROR

    status = heard.statuses[-1] if heard.statuses else 0
    if status in {401, 403, 407}:
        mend = "put the whole value (such as `Bearer ...`) into an environment variable and give its name:"
        given = "it refuses the header that was sent" if server.headers else "it wants authorisation"
        return f"{given} (HTTP {status})", f"{mend} --mcp-header-env Authorization=VARIABLE"
    if status >= 400:
        return f"it answers HTTP {status}", _ADDRESS
    if isinstance(said, MCPError) and (said.code == PARSE_ERROR or said.message.startswith("Unexpected content type")):
        return "its answers are no messages of MCP", _ADDRESS
    if isinstance(said, MCPError):
        return f"it answers with an error: {_quoted(said)}", "see its documentation"
    if not heard.statuses:
        return f"it cannot be reached ({_quoted(said)})", "see whether it runs, and whether the address is right"
    return f"its answers cannot be read ({_quoted(said)})", _ADDRESS


def _misfits(server: Server, error: ValidationError) -> Iterator[Problem]:
    """Entries that are not what the protocol says, each once with its first fault."""
    mend = "mend the server, or save its list, mend that and give the file"
    told: set[Any] = set()
    for fault in error.errors(include_url=False):
        loc = list(fault["loc"])
        entry = loc.index("tools") + 1 if "tools" in loc else len(loc)
        number = loc[entry] if entry < len(loc) else None
        if number not in told:
            told.add(number)
            inner = ".".join(str(part) for part in (loc[entry + 1 :] if number is not None else loc)) or "it"
            place = f"entry {number + 1} of a page" if isinstance(number, int) else "its reply"
            yield Problem(server.source, 0, 0, f"{place} breaks the protocol: {inner}: {fault['msg'].lower()}", mend)


def _last_words(errors: TextIO) -> str:
    """The end of what a program wrote to its standard error, on one line, with known secrets masked."""
    errors.flush()
    size = errors.seek(0, 2)
    errors.seek(max(0, size - 4_000))
    return _cut(" ".join(errors.read().split()), last=True)


def _quoted(error: BaseException) -> str:
    return _cut(" ".join(str(error).split())) or type(error).__name__


def _cut(text: str, *, last: bool = False) -> str:
    shown = mask(text)
    if len(shown) <= _LONGEST:
        return shown
    return f"...{shown[-_LONGEST:]}" if last else f"{shown[:_LONGEST]}..."
