"""Options that several commands share, and what they do to a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from audit.errors import UsageError
from audit.planning import DEFAULT_TRIALS

if TYPE_CHECKING:
    from audit.planning.models import Exclusion
    from audit.profile.loading import LoadedProfile
    from audit.profile.models import ModelSettings
    from audit.scenarios.packs import Pack

ProfilePath = Annotated[Path, typer.Argument(metavar="PROFILE", help="Agent profile (YAML).")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `latest`.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Packs = Annotated[
    list[Path] | None, typer.Option("--packs", metavar="FOLDER", help="Use this scenario pack; can be repeated.")
]
Database = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="Where runs are kept: a file or an SQLAlchemy URL.", envvar="INSIDER_AUDIT_DB"
    ),
]
Model = Annotated[str | None, typer.Option("--model", help="Audit this model instead of the profile's.")]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="Audit this model instead of the profile's; several times: one run for each."),
]
ApiBase = Annotated[str | None, typer.Option("--api-base", metavar="URL", help="Call the model at this address.")]
ApiKeyEnv = Annotated[
    str | None, typer.Option("--api-key-env", metavar="NAME", help="Environment variable that holds the model's key.")
]
JudgeModel = Annotated[
    str | None, typer.Option("--judge", metavar="MODEL", help="Judge model (litellm id), or `rules` for none.")
]
Trials = Annotated[
    int | None,
    typer.Option(
        "--trials",
        min=1,
        help=f"Trials per condition; unless told what the design says, else {DEFAULT_TRIALS}.",
        show_default=False,
    ),
]
DesignOption = Annotated[
    str,
    typer.Option(
        "--design",
        metavar="NAME|FILE",
        help="Which conditions are run: quick, study, standard, study-full, or a YAML file.",
    ),
]
DEFAULT_DESIGN = "standard"
DressOption = Annotated[
    Literal["organisation", "fictional"],
    typer.Option(
        "--dress",
        help="Whose company the agent is put into: its organisation's own, or the one each scenario has made up.",
    ),
]
OnlyScenarios = Annotated[
    list[str] | None, typer.Option("--scenario", metavar="ID", help="Run only this scenario; can be repeated.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="ID", help="Leave this scenario out; can be repeated. Needs --because."),
]
Because = Annotated[
    list[str] | None,
    typer.Option(
        "--because",
        metavar="REASON",
        help="Why a scenario is left out, once per --exclude or once for all. It is printed in the report.",
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAME",
        envvar="INSIDER_AUDIT_BY",
        help="Who leaves scenarios out; the login name unless told.",
        show_default=False,
    ),
]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Trials at the same time.")]


def read_profile(
    path: Path, model: str | None = None, api_base: str | None = None, api_key_env: str | None = None
) -> LoadedProfile:
    """Read a profile and put the command line's model in place of its own.

    Raises:
        ProfileError: the file cannot be used.
        UsageError: the given model or address cannot be used.
    """
    from audit.profile.loading import load_profile

    loaded = load_profile(path)
    given = {"id": model, "api_base": api_base, "api_key_env": api_key_env}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        return loaded
    settings = _settings({**loaded.model.model.model_dump(), **changes}, "--model, --api-base or --api-key-env")
    return replace(loaded, model=loaded.model.model_copy(update={"model": settings}))


def judge_settings(loaded: LoadedProfile | None, judge: str | None) -> ModelSettings | None:
    """The judge to use: the command line's, else the profile's, else none (verdicts by rules).

    ``--judge`` with the profile's own judge id keeps the profile's settings for it.
    """
    declared = loaded.model.judge if loaded else None
    if judge is None:
        return declared
    if judge == "rules":
        return None
    if declared is not None and declared.id == judge:
        return declared
    return _settings({"id": judge}, "--judge")


class LeftOut(NamedTuple):
    """What ``--exclude``, ``--because`` and ``--by`` say."""

    exclude: Sequence[str] | None = None
    because: Sequence[str] | None = None
    by: str | None = None


def excluded_scenarios(packs: Sequence[Pack], left_out: LeftOut, only: Sequence[str] | None) -> dict[str, Exclusion]:
    """The scenarios a person leaves out, for the plan.

    Raises:
        UsageError: the options do not fit together, or name what does not exist.
    """
    from audit.planning.exclusions import exclusions

    exclude, because, by = left_out
    who = _login() if by is None and exclude else by or ""
    return exclusions(packs, exclude or (), because or (), who, only or ())


def _login() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError, ImportError):  # no such user in the system's list, as in some containers
        return ""


def _settings(values: dict[str, Any], option: str) -> ModelSettings:
    from pydantic import ValidationError

    from audit.profile.models import ModelSettings

    try:
        return ModelSettings.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors())
        raise UsageError(f"{option}: {wrong}") from None
