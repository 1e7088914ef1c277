"""``init``: questions and tool lists become a profile."""

from __future__ import annotations

import shlex
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
    proposed,
    say,
)
from audit.cli.options import Json
from audit.cli.output import clean, err, out, print_json, table
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.profile.authoring.interview import Session
    from audit.profile.authoring.sources import Sources
    from audit.profile.loading import LoadedProfile

Files = list[Path] | None
Texts = list[str] | None


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(init)


def init(
    profile: Annotated[Path | None, typer.Argument(metavar="PROFILE", help="The profile to write (YAML).")] = None,
    tools: Annotated[
        Files,
        typer.Option("--tools", metavar="FILE", help="Tool list, `-` for standard input; can be repeated."),
    ] = None,
    mcp_command: McpCommands = None,
    mcp_url: McpUrls = None,
    mcp_env: McpEnv = None,
    mcp_header_env: McpHeaderEnv = None,
    mcp_timeout: McpTimeout = 60.0,
    tools_model: Annotated[
        str | None,
        typer.Option(
            "--tools-model", metavar="MODEL", help="Have this model propose what the rules may miss in the tools."
        ),
    ] = None,
    tools_api_base: Annotated[
        str | None, typer.Option("--tools-api-base", metavar="URL", help="Call --tools-model at this address.")
    ] = None,
    tools_api_key_env: Annotated[
        str | None,
        typer.Option("--tools-api-key-env", metavar="NAME", help="Environment variable with the key of --tools-model."),
    ] = None,
    prompt: Annotated[
        Path | None, typer.Option("--prompt", metavar="FILE", help="File with the system prompt.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", metavar="NAME", help="Name of the organisation.")
    ] = None,
    sector: Annotated[str | None, typer.Option("--sector", metavar="TEXT", help="What the organisation does.")] = None,
    domain: Annotated[
        Texts, typer.Option("--domain", metavar="DOMAIN", help="A mail domain of its own; can be repeated.")
    ] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", metavar="TEXT", help="What the agent is for.")] = None,
    model_id: Annotated[str | None, typer.Option("--model-id", metavar="MODEL", help="Model behind the agent.")] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", metavar="WHERE", help="development, test, production or unknown.")
    ] = None,
    settings: Annotated[
        Texts, typer.Option("--set", metavar="FACT=VALUE", help="Any fact of the profile; can be repeated (--facts).")
    ] = None,
    tool: Annotated[
        Texts, typer.Option("--tool", metavar="NAME=CAPABILITY,...", help="What a tool can do; can be repeated.")
    ] = None,
    answers: Annotated[Path | None, typer.Option("--answers", metavar="FILE", help="Answers in a file (YAML).")] = None,
    unattended: Annotated[bool, typer.Option("--unattended", help="Ask nothing; the rest is unknown.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing profile.")] = False,
    no_schema: Annotated[bool, typer.Option("--no-schema", help="Put no JSON Schema for editors beside it.")] = False,
    facts: Annotated[bool, typer.Option("--facts", help="List the facts that can be set, and exit.")] = False,
    as_json: Json = False,
) -> None:
    """Write an agent profile: import its tools, ask what cannot be read off them, explain each question.

    Every answer can come by option. Without a terminal nothing is asked. A session that is left goes on where it was.
    """
    from audit.profile.authoring.draft import draft_path, load_answers, read_set, read_tool_flags
    from audit.profile.authoring.finishing import check_live, check_names, required_options
    from audit.profile.authoring.interview import Session
    from audit.profile.authoring.sources import STDIN, Sources, relative
    from audit.profile.authoring.writing import write_profile
    from audit.profile.intake.servers.named import named_servers
    from audit.profile.intake.sources import gather
    from audit.resources import shown_path
    from audit.schemas import find, shipped_text

    if facts:
        _list_facts(as_json)
        return
    if profile is None:
        raise UsageError("name the profile to write: insider-audit init agent.yaml")
    if profile.is_dir():
        raise UsageError(f"{shown_path(profile)} is a folder; name a file in it: {shown_path(profile / 'agent.yaml')}")
    if profile.exists() and not force:
        raise UsageError(f"{shown_path(profile)} exists; choose another name, or --force to replace it")
    folder = profile.parent
    short = {
        "organisation.name": ("--organisation", organisation),
        "organisation.sector": ("--sector", sector),
        "organisation.domains": ("--domain", ",".join(domain) if domain else None),
        "agent.purpose": ("--purpose", purpose),
        "model.id": ("--model-id", model_id),
        "agent.environment": ("--environment", environment),
    }
    given = load_answers(answers, folder) if answers else {}
    given |= read_set(settings or [], short) | read_tool_flags(tool or [])
    if tools:
        given["tools"] = [relative(path, folder) for path in tools]
    if prompt:
        given["prompt"] = relative(prompt, folder)
    second = asked_model(tools_model, tools_api_base, tools_api_key_env, "--tools-model")
    servers = named_servers(mcp_command or (), mcp_url or (), mcp_env or (), mcp_header_env or ())
    piped = sys.stdin.buffer.read() if STDIN in given.get("tools", []) else None
    live = gather((), bytes, servers, say, mcp_timeout)
    if servers:
        given["tools.live"] = [server.source for server in servers]
        if "tools" not in given:  # then no other list is asked for
            given |= {"tools": [], "tools.names": given.get("tools.names", [])}
    else:
        check_live(given)
    propose = None if second is None else lambda tools: proposed(second, tools).tools
    sources = Sources(folder, piped, live, propose)
    asked = not (unattended or as_json) and piped is None and sys.stdin.isatty() and sys.stderr.isatty()
    session = Session(given=given)
    if asked:
        _ask(session, sources, profile)
    else:
        sources.refresh(session)
        if draft_path(profile).exists():
            left = shown_path(draft_path(profile))
            err().print(
                clean(f"{left} holds answers of an earlier session; use them with --answers {shlex.quote(left)}")
            )
    if missing := session.missing():
        raise UsageError(required_options(missing))
    check_names(session)
    loaded = write_profile(
        session, profile, force=force, schema=None if no_schema else shipped_text(find("agent-profile"))
    )
    if asked:
        draft_path(profile).unlink(missing_ok=True)
    _say(loaded, session, as_json=as_json)


def _ask(session: Session, sources: Sources, profile: Path) -> None:
    """Put the questions, keeping each answer."""
    from audit.cli.asking import HELP, Terminal
    from audit.profile.authoring.draft import draft_path, load_draft, save_draft
    from audit.profile.authoring.finishing import check_live
    from audit.profile.authoring.interview import interview
    from audit.resources import shown_path

    terminal = Terminal(sources)
    left = shown_path(draft_path(profile))
    earlier = load_draft(profile)
    if earlier is not None and terminal.resume(left):
        session.answers = {**earlier.answers}
        if "tools.live" not in session.given:
            check_live({**earlier.given, **session.given})
        session.given = {**earlier.given, **session.given}
        session.before = {**earlier.before}
    err().print(clean(HELP), style="dim")
    kept = False

    def keep() -> None:
        nonlocal kept
        save_draft(session, profile)
        kept = True
        sources.refresh(session)

    try:
        sources.refresh(session)
    except UsageError as error:
        if earlier is None:
            raise
        raise UsageError(f"{error}\n{left} names it; give another with --prompt or --tools, or start anew") from None
    try:
        interview(session, terminal.ask, keep)
    except KeyboardInterrupt:
        if kept or earlier is not None:
            where = f"{left} keeps your answers"
            err().print(clean(f"\n{where}; go on with: insider-audit init {shlex.quote(shown_path(profile))}"))
        raise


def _say(loaded: LoadedProfile, session: Session, *, as_json: bool) -> None:
    """Say what was written and what comes next."""
    from audit.analysis.words import count_of
    from audit.profile.authoring.finishing import leaking_tools
    from audit.profile.facts import gaps
    from audit.resources import shown_path

    path = shown_path(loaded.path)
    still_open = gaps(loaded)
    doubtful = [t.name for t in session.tools if t.unsure and "capabilities" not in session.said_of(t.name)]
    following = [f"insider-audit {command} {shlex.quote(path)}" for command in ("check", "plan", "run")]
    if leaking := leaking_tools(session):
        names = ", ".join(leaking)
        err().print(clean(f"The texts of {names} seem to hold a credential; `insider-audit check` says where."))
    if as_json:
        document: dict[str, Any] = {
            "profile": path,
            "sha256": loaded.sha256,
            "tools": len(loaded.model.tools),
            "tools_to_check": doubtful,
            "unknown_facts": [gap.fact for gap in still_open],
            "next": following,
        }
        print_json(document)
        return
    console = out()
    console.print(clean(f"{path} is written: {loaded.model.agent.label}, {count_of(len(loaded.model.tools), 'tool')}."))
    if doubtful:
        names = ", ".join(doubtful[:6]) + (f" and {len(doubtful) - 6} more" if len(doubtful) > 6 else "")
        console.print(clean(f'Tools that were read with doubt, marked "check this": {names}.'))
    if any("capabilities" not in session.said_of(tool.name) for tool in session.tools):
        console.print(
            "What tools can do was read off their words, and words mislead: go through the `capabilities` lines."
        )
    if still_open:
        facts_are = f"{count_of(len(still_open), 'fact')} {'is' if len(still_open) == 1 else 'are'}"
        console.print(f"{facts_are} unknown; `insider-audit check` says what each would decide.")
    console.print(clean("Next:\n  " + "\n  ".join(following)))


def _list_facts(as_json: bool) -> None:
    """Every fact that ``--set`` takes."""
    from audit.profile.authoring.answers import fact_type, facts_there_are

    kinds = [fact_type(fact) for fact in facts_there_are()]
    if as_json:
        names = ("fact", "kind", "choices", "required", "about")
        print_json([dict(zip(names, (k.fact, k.kind, k.words, k.required, k.description), strict=True)) for k in kinds])
        return
    rows = [(k.fact, ", ".join(k.words) or str(k.kind), "yes" if k.required else "", k.description) for k in kinds]
    out().print(table("Facts", ["fact", "values", "required", "about"], rows))
    out().print("Also: tools.NAME.FIELD, tools[].FIELD for all tools (approval, policy, required_for_task, reach,")
    out().print("reversibility, effect ...), data.scopes.KEY.FIELD (name, category, sensitivity, access), data.scopes.")
