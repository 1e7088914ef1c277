"""Tool lists asked from MCP servers that really run: over stdio and over loopback HTTP."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.errors import ToolListError, UsageError
from audit.llm import mask
from audit.profile.intake.inference.infer import infer
from audit.profile.intake.servers.live import list_tools
from audit.profile.intake.servers.named import named_servers, shown_command, shown_url
from audit.profile.intake.sources import gather
from audit.world.capabilities import Effect
from tests.loopback import LoopbackServer, broken_json, drop, garbage_body, hang, status, text

SCRIPT = Path(__file__).with_name("mcp_server.py")
SECRET = "ward-2209-acorn-secret"


def started(*words: object) -> str:
    return shlex.join([sys.executable, str(SCRIPT), *map(str, words)])


def refused(command: str = "", url: str = "", timeout_s: float = 20, **more: list[str]) -> str:
    (server,) = named_servers([command] if command else [], [url] if url else [], **more)
    with pytest.raises(ToolListError) as raised:
        list_tools(server, timeout_s)
    return str(raised.value)


@pytest.fixture(scope="module")
def http() -> Iterator[str]:
    """The address of a server with 150 tools."""
    with subprocess.Popen([sys.executable, str(SCRIPT), "http", "150"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def test_a_started_server_lists_all_its_pages_and_what_it_says_of_itself_is_not_believed() -> None:
    (server,) = named_servers([started("stdio", 150)])
    tools = list_tools(server)
    assert [tool.name for tool in tools[:3]] == ["delete_record", "send_mail", "token_missing_True"]
    assert (len(tools), tools[149].name) == (150, "mystery_146")
    assert {tool.source for tool in tools} == {server.source}
    assert tools[1].parameters["required"] == ["to"]
    assert tools[1].title == "Send mail"
    assert tools[0].hints.read_only is True
    found = infer(tools)
    assert found[0].effect.value is Effect.IRREVERSIBLE


def test_only_named_variables_reach_a_started_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARD_TOKEN", SECRET)
    command = started("stdio", 3)
    (without,) = named_servers([command])
    assert list_tools(without)[2].name == "token_missing_True"
    (given,) = named_servers([command], environment=["WARD_TOKEN"])
    assert list_tools(given)[2].name == "token_there_True"
    assert SECRET not in repr(given)


def test_an_address_lists_all_pages_and_is_called_without_its_query(http: str) -> None:
    (server,) = named_servers(urls=[f"{http}/mcp?key={SECRET}"])
    tools = list_tools(server)
    assert len(tools) == 150
    assert {tool.source for tool in tools} == {f"{http}/mcp"}
    assert SECRET not in mask(f"it was {SECRET}")


def test_the_older_transport_is_tried_where_the_newer_is_not_there(http: str) -> None:
    (server,) = named_servers(urls=[f"{http}/sse"])
    assert len(list_tools(server)) == 150


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("dies", "it ended before it had listed its tools; its last words: no licence found for nobody"),
        ("leaves", "it ended before it had listed its tools"),
        ("garbage", "it did not list its tools within 3 s (one line that is no message of MCP came"),
        ("silent", "it did not list its tools within 3 s; see whether it runs by itself, or give it longer"),
        ("endless", "its list has no end"),
        ("refuses", "it answers with an error: your plan has no tools"),
        ("empty", "the server lists no tool"),
    ],
)
def test_servers_that_give_no_list_are_named_with_the_reason(way: str, said: str) -> None:
    message = refused(started("odd", way), timeout_s=3 if way in {"garbage", "silent"} else 20)
    assert f"mcp_server.py odd {way}: {said}" in message


def test_broken_entries_are_each_named_and_the_list_is_not_used_without_them() -> None:
    message = refused(started("odd", "broken"))
    lines = message.splitlines()
    assert len(lines) == 2
    assert "entry 2 of a page breaks the protocol: inputSchema: field required" in lines[0]
    assert "entry 3 of a page breaks the protocol" in lines[1]


def test_last_words_of_a_server_do_not_tell_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARD_TOKEN", SECRET)
    message = refused(started("odd", "dies"), environment=["WARD_TOKEN"])
    assert "no licence found for [masked]" in message
    assert SECRET not in message


def test_a_program_that_is_not_there() -> None:
    assert "there is no such program" in refused("no-such-mcp-server --stdio")


def test_authorisation_is_asked_for_and_sent_from_the_environment(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.script = status(401)
    url = f"{loopback.base_url}/mcp"
    message = refused(url=url)
    assert "it wants authorisation (HTTP 401)" in message
    assert "--mcp-header-env Authorization=VARIABLE" in message
    assert not any(request.has_key for request in loopback.requests)
    monkeypatch.setenv("WARD_AUTH", f"Bearer {SECRET}")
    message = refused(url=url, headers=["Authorization=WARD_AUTH"])
    assert "it refuses the header that was sent (HTTP 401)" in message
    assert loopback.requests[-1].key_is(SECRET)
    assert SECRET not in message
    assert SECRET not in mask(f"{SECRET} without its first word")


def test_addresses_that_are_no_mcp_server(loopback: LoopbackServer) -> None:
    for answer in (garbage_body(), broken_json(), text("hello")):
        loopback.script = answer
        assert "its answers are no messages of MCP" in refused(url=loopback.base_url)
    loopback.script = drop()
    assert "its answers cannot be read" in refused(url=loopback.base_url)
    loopback.script = status(500)
    assert "it answers HTTP 500" in refused(url=loopback.base_url)
    loopback.script = status(404)
    assert "it answers HTTP 404" in refused(url=loopback.base_url)
    loopback.script = hang(30)
    assert "it did not list its tools within 1 s" in refused(url=loopback.base_url, timeout_s=1)


def test_nobody_listens() -> None:
    assert "it cannot be reached" in refused(url="http://127.0.0.1:9/mcp")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"commands": ['server "half']}, "quote it as for a shell"),
        ({"commands": [" "]}, "--mcp-command is empty"),
        ({"urls": ["ftp://ward.example/x"]}, "no http or https address"),
        ({"urls": [f"https://mira:{SECRET}@ward.example/mcp"]}, "--mcp-header-env Authorization=VARIABLE"),
        ({"environment": ["WARD_TOKEN"]}, "there is none"),
        ({"commands": ["x"], "environment": ["WARD_TOKEN"]}, "WARD_TOKEN is not set"),
        ({"headers": ["A=WARD_TOKEN"]}, "is for one --mcp-url, and there is none"),
        ({"urls": ["http://a.example", "http://b.example"], "headers": ["A=B"]}, "there is more than one"),
        ({"urls": ["http://a.example"], "headers": ["nothing"]}, "takes NAME=VARIABLE"),
    ],
)
def test_options_that_cannot_be_used(given: dict[str, list[str]], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        named_servers(**given)
    assert said in str(raised.value)
    assert SECRET not in str(raised.value)


def test_commands_and_addresses_are_shown_without_what_could_be_a_secret() -> None:
    words = [
        "run",
        "@ward/server",
        "--api-key",
        "k",
        "-e",
        "TOKEN=t",
        "--port=80",
        "Authorization: Bearer b",
        "a1" * 10,
    ]
    shown = shown_command(words)
    assert shown == (
        "run @ward/server --api-key [masked] -e 'TOKEN=[masked]' --port=80 'Authorization: [masked]' [masked]"
    )
    assert shown_command(["run", "https://u:p@ward.example/x?key=1"]) == "run https://ward.example/x"
    assert shown_url("https://ward.example/s/a1b2c3d4e5f6a7b8c9/mcp#top") == "https://ward.example/s/[masked]/mcp"


def test_what_is_contacted_is_said_and_wrong_files_are_found_before(tmp_path: Path) -> None:
    said: list[str] = []
    servers = named_servers([started("odd", "refuses")], ["http://127.0.0.1:9/mcp"])
    with pytest.raises(ToolListError) as raised:
        gather([], bytes, servers, said.append)
    assert len(raised.value.problems) == 2
    assert said == [f"starting {servers[0].source}", "asking http://127.0.0.1:9/mcp for its tools"]
    said.clear()
    with pytest.raises(ToolListError):
        gather([tmp_path / "missing.json"], bytes, servers, said.append)
    assert said == []


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    (server,) = named_servers([started("stdio", 3)])
    with pytest.raises(UsageError, match=r"pip install 'insider-audit\[mcp\]'"):
        list_tools(server)


def test_a_secret_header_does_not_leave_the_machine_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARD_AUTH", f"Bearer {SECRET}")
    with pytest.raises(UsageError) as raised:
        named_servers((), ["http://ward.example/mcp"], (), ["Authorization=WARD_AUTH"])
    assert "in the clear to http://ward.example/mcp; use the server's https address" in str(raised.value)
    assert SECRET not in str(raised.value)
    for url in ("https://ward.example/mcp", "http://127.0.0.1:9/mcp", "http://localhost:9/mcp", "http://[::1]:9/mcp"):
        assert named_servers((), [url], (), ["Authorization=WARD_AUTH"])[0].headers
