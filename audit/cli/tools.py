"""``tools``: what the tools of a list let an agent do, and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.asked import (
    McpCommands,
    McpEnv,
    McpHeaderEnv,
    McpTimeout,
    McpUrls,
    asked_model,
    proposals_document,
    proposed,
    say,
)
from audit.cli.options import ApiBase, ApiKeyEnv, Json
from audit.cli.output import clean, err, out, print_json, table

if TYPE_CHECKING:
    from audit.profile.intake.models import Inferred, InferredTool

_WIDE = 120
"""Columns from which there is room for the table; narrower terminals get two lines for each tool."""

ToolLists = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE",
        help="Tool list: MCP tools/list, OpenAI or Anthropic tools, a registry's list (JSON, JSON Lines or YAML);"
        " `-` reads standard input.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(tools)


def tools(
    files: ToolLists = None,
    mcp_command: McpCommands = None,
    mcp_url: McpUrls = None,
    mcp_env: McpEnv = None,
    mcp_header_env: McpHeaderEnv = None,
    mcp_timeout: McpTimeout = 60.0,
    model: Annotated[
        str | None, typer.Option("--model", help="Have this model (litellm id) propose what the rules may have missed.")
    ] = None,
    api_base: ApiBase = None,
    api_key_env: ApiKeyEnv = None,
    why: Annotated[bool, typer.Option("--why", help="Print every inference with its evidence.")] = False,
    as_json: Json = False,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the `tools:` part of an agent profile.")] = False,
) -> None:
    """Read tool lists; say what each tool lets an agent do, how bad one call can be, and what that rests on.

    Lists come from files, or from running MCP servers. A model, where one is named, only adds to what the rules say.
    """
    from audit.errors import UsageError
    from audit.profile.intake.inference.infer import infer
    from audit.profile.intake.servers.named import named_servers
    from audit.profile.intake.sources import gather

    if as_json and as_yaml:
        raise UsageError("--json and --yaml exclude each other; give one of them")
    servers = named_servers(mcp_command or (), mcp_url or (), mcp_env or (), mcp_header_env or ())
    if not files and not servers:
        raise UsageError("no tool list is given; name a file, `-` for standard input, --mcp-command or --mcp-url")
    settings = asked_model(model, api_base, api_key_env, "--model")
    inferred = infer(gather(files or (), _piped, servers, say, mcp_timeout))
    added: dict[str, Any] = {}
    if settings is not None:
        found = proposed(settings, inferred)
        inferred, added = found.tools, {"proposals": proposals_document(settings, found)}
    if as_json:
        print_json(_document(inferred) | added)
    elif as_yaml:
        from audit.profile.authoring.tool_yaml import tools_yaml

        sys.stdout.write(tools_yaml(inferred))
        _print_notes(inferred)
    elif why:
        _print_reasons(inferred)
        _print_summary(inferred)
    else:
        _print_table(inferred)
        _print_summary(inferred)


def _piped() -> bytes:
    from audit.resources import MAX_BYTES

    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _document(inferred: tuple[InferredTool, ...]) -> dict[str, Any]:
    from audit.profile.intake.inference.rules import shipped_rules

    return {
        "rules": shipped_rules().version,
        "tools": [
            {
                "name": tool.name,
                "unsure": tool.unsure,
                "capabilities": tool.capabilities,
                "effect": tool.effect,
                "reach": tool.reach,
                "reversibility": tool.reversibility,
                **tool.listed.model_dump(mode="json", exclude={"name"}),
            }
            for tool in inferred
        ],
    }


def _sure(inferred: Inferred[Any]) -> str:
    return f"{inferred.value} ({inferred.confidence})"


def _short(inferred: Inferred[Any]) -> str:
    return f"{inferred.value}{'?' if inferred.confidence == 'low' else ''}"


def _print_table(inferred: tuple[InferredTool, ...]) -> None:
    console = out()
    if console.width < _WIDE:
        for tool in inferred:
            console.print(clean(tool.name))
            capabilities = ", ".join(_short(found) for found in tool.capabilities)
            rest = ", ".join(_short(found) for found in (tool.effect, tool.reach, tool.reversibility))
            console.print(clean(f"  {capabilities}: {rest}"))
        console.print("Effect, reach and reversibility stand behind the colon; `?` marks what rests on little.")
        return
    columns = ["tool", "capabilities", "effect", "reach", "reversibility", "because"]
    rows = [
        (
            tool.name,
            "\n".join(_sure(found) for found in tool.capabilities),
            _sure(tool.effect),
            _sure(tool.reach),
            _sure(tool.reversibility),
            "\n".join(found.evidence[0] for found in tool.capabilities),
        )
        for tool in inferred
    ]
    console.print(table("Tools (confidence in brackets)", columns, rows))


def _print_reasons(inferred: tuple[InferredTool, ...]) -> None:
    console = out()
    for tool in inferred:
        console.print(clean(f"{tool.name}  [{tool.listed.source}]"))
        named: list[tuple[str, Inferred[Any]]] = [("", one) for one in tool.capabilities]
        named += [("effect ", tool.effect), ("reach ", tool.reach), ("reversibility ", tool.reversibility)]
        for label, found in named:
            console.print(clean(f"  {label}{_sure(found)}: {'; '.join(found.evidence)}"))


def _print_summary(inferred: tuple[InferredTool, ...]) -> None:
    console = out()
    unsure = [tool.name for tool in inferred if tool.unsure]
    count = len(inferred)
    console.print(f"{count} tool{'s' if count != 1 else ''} read.")
    if unsure:
        console.print(clean(f"Look at these, they rest on little: {', '.join(unsure)}"))
    console.print("--why prints all evidence, --yaml the `tools:` part of an agent profile.")
    _print_notes(inferred)


def _print_notes(inferred: tuple[InferredTool, ...]) -> None:
    for tool in inferred:
        for note in tool.listed.notes:
            err().print(clean(f"{tool.name}: {note}"))
