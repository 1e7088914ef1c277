"""Options of commands that ask MCP servers for tools, or a model about them; and the asking, told to the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.output import clean, err
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.llm import ModelSettings
    from audit.profile.intake.models import InferredTool
    from audit.profile.intake.proposals import Proposals

McpCommands = Annotated[
    list[str] | None,
    typer.Option(
        "--mcp-command",
        metavar="COMMAND",
        help="Start this MCP server and ask it for its tools; can be repeated. No tool is called.",
    ),
]
McpUrls = Annotated[
    list[str] | None,
    typer.Option("--mcp-url", metavar="URL", help="Ask the MCP server at this address; can be repeated."),
]
McpEnv = Annotated[
    list[str] | None,
    typer.Option("--mcp-env", metavar="NAME", help="Hand this environment variable to started servers; repeatable."),
]
McpHeaderEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--mcp-header-env",
        metavar="NAME=VARIABLE",
        help="Send this header to --mcp-url, its value taken from an environment variable; repeatable.",
    ),
]
McpTimeout = Annotated[
    float, typer.Option("--mcp-timeout", metavar="SECONDS", min=1, help="How long a server may take.")
]


def say(text: str) -> None:
    """Tell the person what happens, on standard error."""
    err().print(clean(text))


def asked_model(model: str | None, api_base: str | None, api_key_env: str | None, option: str) -> ModelSettings | None:
    """The model that is to be asked about tools; None where none is named.

    Args:
        model: its id.
        api_base: its address; None for the provider's own.
        api_key_env: the variable with its key.
        option: the option that names the model, for messages.

    Raises:
        UsageError: it cannot be used.
    """
    from pydantic import ValidationError

    from audit.llm import ModelSettings

    if model is None:
        if api_base is not None or api_key_env is not None:
            raise UsageError(f"an address or a key is given for a model, and none to ask; name it with {option}")
        return None
    if model.startswith("simulated/"):
        raise UsageError(f"{option} {model}: simulated models cannot read tools; name a real one")
    try:
        return ModelSettings(id=model, api_base=api_base, api_key_env=api_key_env)
    except ValidationError as error:
        wrong = "; ".join(fault["msg"] for fault in error.errors())
        raise UsageError(f"{option}: {wrong}") from None


def proposed(settings: ModelSettings, inferred: Sequence[InferredTool]) -> Proposals:
    """Ask a model about tools; say what is sent where, and what came of it."""
    import asyncio

    from audit.llm import CallPolicy, ModelClient, recipient
    from audit.profile.intake.proposals import propose

    count = _tools(len(inferred))
    say(f"sending names, descriptions and schemas of {count} to {settings.id} ({recipient(settings)})")
    found = asyncio.run(propose(ModelClient(settings, CallPolicy(max_attempts=3)), inferred))
    say(f"{settings.id} adds to what the rules say of {_tools(len(found.raised))}")
    for remark in found.remarks:
        say(f"warning: {settings.id}: {remark}")
    if found.without:
        say(f"warning: no proposal for {_tools(len(found.without))}, the rules stand: {', '.join(found.without)}")
    return found


def proposals_document(settings: ModelSettings, found: Proposals) -> dict[str, Any]:
    """What came of asking, as JSON data."""
    return {
        "model": settings.id,
        "calls": found.calls,
        "raised": found.raised,
        "without": found.without,
        "remarks": found.remarks,
    }


def _tools(count: int) -> str:
    return f"{count} tool{'s' if count != 1 else ''}"
