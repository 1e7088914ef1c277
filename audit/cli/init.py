"""``init``: questions and tool lists become a profile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    prompt: Annotated[
        Path | None, typer.Option("--prompt", metavar="FILE", help="File with the system prompt.")
    ] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help="Name of the organisation.")] = None,
    sector: Annotated[str | None, typer.Option("--sector", help="What the organisation does.")] = None,
    domain: Annotated[Texts, typer.Option("--domain", help="A mail domain of its own; can be repeated.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="What the agent is for.")] = None,
    model_id: Annotated[str | None, typer.Option("--model-id", help="Model behind the agent.")] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", help="development, test, production or unknown.")
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
    from audit.profile.authoring.finishing import check_names, required_options
    from audit.profile.authoring.interview import Session
    from audit.profile.authoring.sources import STDIN, Sources, relative
    from audit.profile.authoring.writing import write_profile
    from audit.resources import shown_path
    from audit.schemas import find, shipped_text

    if facts:
        _list_facts(as_json)
        return
    if profile is None:
        raise UsageError("name the profile to write: insider-audit init agent.yaml")
    if profile.exists() and not force:
        raise UsageError(f"{shown_path(profile)} exists; choose another name, or --force to replace it")
    folder = profile.parent
    short = {
        "organisation.name": organisation,
        "organisation.sector": sector,
        "organisation.domains": ",".join(domain) if domain else None,
        "agent.purpose": purpose,
        "model.id": model_id,
        "agent.environment": environment,
    }
    given = load_answers(answers, folder) if answers else {}
    given |= read_set([f"{fact}={value}" for fact, value in short.items() if value is not None])
    given |= read_set(settings or []) | read_tool_flags(tool or [])
    if tools:
        given["tools"] = [relative(path, folder) for path in tools]
    if prompt:
        given["prompt"] = relative(prompt, folder)
    piped = sys.stdin.buffer.read() if STDIN in given.get("tools", []) else None
    sources = Sources(folder, piped)
    asked = not (unattended or as_json) and piped is None and sys.stdin.isatty() and sys.stderr.isatty()
    session = Session(given=given)
    if asked:
        _ask(session, sources, profile)
    else:
        sources.refresh(session)
        if draft_path(profile).exists():
            left = shown_path(draft_path(profile))
            err().print(clean(f"{left} holds answers of an earlier session; they are used with --answers {left}"))
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
    from audit.profile.authoring.interview import interview
    from audit.resources import shown_path

    terminal = Terminal(sources)
    left = shown_path(draft_path(profile))
    earlier = load_draft(profile)
    if earlier is not None and terminal.resume(left):
        session.answers = {**earlier.answers}
        session.given = {**earlier.given, **session.given}
    err().print(clean(HELP), style="dim")
    kept = False

    def keep() -> None:
        nonlocal kept
        save_draft(session, profile)
        kept = True
        sources.refresh(session)

    sources.refresh(session)
    try:
        interview(session, terminal.ask, keep)
    except KeyboardInterrupt:
        if kept or earlier is not None:
            where = f"{left} keeps your answers"
            err().print(clean(f"\n{where}; go on with: insider-audit init {shown_path(profile)}"))
        raise


def _say(loaded: LoadedProfile, session: Session, *, as_json: bool) -> None:
    """Say what was written and what comes next."""
    from audit.profile.facts import gaps
    from audit.resources import shown_path

    path = shown_path(loaded.path)
    still_open = gaps(loaded)
    doubtful = [t.name for t in session.tools if t.unsure and "capabilities" not in session.said_of(t.name)]
    following = [f"insider-audit {command} {path}" for command in ("check", "plan", "run")]
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
    console.print(clean(f"{path} is written: {loaded.model.agent.label}, {len(loaded.model.tools)} tools."))
    if doubtful:
        names = ", ".join(doubtful[:6]) + (f" and {len(doubtful) - 6} more" if len(doubtful) > 6 else "")
        console.print(clean(f'Tools that were read with doubt, marked "check this": {names}.'))
    if still_open:
        console.print(f"{len(still_open)} facts are unknown; `insider-audit check` says what each would decide.")
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
