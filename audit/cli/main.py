"""The command ``insider-audit``: one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from audit import __version__
from audit.cli import check, imports, init, plan, replicate, running, runs, scenarios, schemas, tools
from audit.cli.output import clean
from audit.errors import AuditError, ExitCode, InputError

app = typer.Typer(
    name="insider-audit",
    help="Stress-test an AI agent for insider risk: from an agent profile to a PDF risk report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"insider-audit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Stress-test an AI agent for insider risk: from an agent profile to a PDF risk report."""


init.add_to(app)
tools.add_to(app)
check.add_to(app)
plan.add_to(app)
running.add_to(app)
runs.add_to(app)
replicate.add_to(app)
imports.add_to(app)
scenarios.add_to(app)
schemas.add_to(app)


def main() -> None:
    """Run the command line and exit with the documented code."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words after the command's name; None for those of this process.

    Returns:
        The exit code. Messages for people have been written to standard error.
    """
    try:
        code = app(args=arguments, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        show = getattr(error, "show", None)  # usage errors have it; the class that typer names in public does not
        if show is None:
            print(clean(f"error: {error}"), file=sys.stderr)  # noqa: T201
        else:
            show()
        return ExitCode.USAGE
    except (typer.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)  # noqa: T201
        return ExitCode.INTERRUPTED
    except InputError as error:
        count = len(error.problems)
        print(clean(f"{error}\n{count} problem{'s' if count != 1 else ''} found"), file=sys.stderr)  # noqa: T201
        return error.exit_code
    except AuditError as error:
        print(clean(f"error: {error}"), file=sys.stderr)  # noqa: T201
        return error.exit_code
    except BrokenPipeError:
        # The reader (head, say) has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except SystemExit as error:
        # The same, noticed while a command was printing: typer makes an exit of it.
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        return ExitCode.OK
    return code if isinstance(code, int) else ExitCode.OK
