"""``run``, ``judge``, ``report``, ``demo`` and ``runs``: carry out an audit and show what it found."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.options import (
    DEFAULT_DESIGN,
    ApiBase,
    ApiKeyEnv,
    Because,
    By,
    Concurrency,
    Database,
    DesignOption,
    Exclude,
    Json,
    JudgeModel,
    LeftOut,
    Model,
    OnlyScenarios,
    Packs,
    RunId,
    Trials,
    excluded_scenarios,
    judge_settings,
    read_profile,
)
from audit.cli.output import clean, err, out, print_json, table
from audit.cli.plan import folded_sentence, undescribed
from audit.cli.summary import print_summary
from audit.cli.usage import speed
from audit.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from audit.analysis.models import AuditResult
    from audit.llm import CallPolicy
    from audit.profile.loading import LoadedProfile
    from audit.profile.models import ModelSettings
    from audit.store.repository import Repository
    from audit.trials.audit import Started
    from audit.trials.runner import Progress, RunSettings

ErrorBudget = Annotated[
    float,
    typer.Option("--error-budget", min=0.0, max=1.0, help="Share of trials without a verdict that is tolerated."),
]
Budget = Annotated[float | None, typer.Option("--budget-usd", min=0.0, help="Start no trial once this much is spent.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1.0, help="Seconds to wait for one reply of a model.")]
Attempts = Annotated[int, typer.Option("--attempts", min=1, max=20, help="Attempts for one call of a model.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the run; the same seed repeats a simulated run exactly.")]

_SETTLED = (
    "design",
    "trials",
    "model",
    "api_base",
    "api_key_env",
    "judge",
    "scenario",
    "exclude",
    "because",
    "by",
    "packs",
    "seed",
    "timeout",
    "attempts",
)
"""Options of ``run`` that a stored run has settled already."""
_NOTHING_LEFT_OUT = LeftOut()


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(run)
    app.command()(judge)
    app.command()(report)
    app.command()(demo)
    group = typer.Typer(no_args_is_help=True, help="What is stored.")
    group.command("list")(list_runs)
    group.command("show")(show_run)
    app.add_typer(group, name="runs")


def run(
    context: typer.Context,
    profile: Annotated[Path | None, typer.Argument(metavar="PROFILE", help="Agent profile; not with --resume.")] = None,
    design: DesignOption = DEFAULT_DESIGN,
    trials: Trials = None,
    model: Model = None,
    api_base: ApiBase = None,
    api_key_env: ApiKeyEnv = None,
    judge: JudgeModel = None,
    concurrency: Concurrency = 8,
    budget_usd: Budget = None,
    scenario: OnlyScenarios = None,
    exclude: Exclude = None,
    because: Because = None,
    by: By = None,
    packs: Packs = None,
    seed: Seed = 1,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that stopped.")
    ] = None,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="With --resume: run trials again that ended in an error.")
    ] = False,
    error_budget: ErrorBudget = 0.1,
    timeout: Timeout = 120.0,
    attempts: Attempts = 5,
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Run the plan against the model, judge, store, and print what was found."""
    from audit.llm import CallPolicy
    from audit.store.repository import open_store
    from audit.trials.audit import reopen
    from audit.trials.runner import RunSettings

    if (profile is None) is (resume is None):
        raise UsageError("give either an agent profile, or --resume with the id of a run that stopped")
    if retry_errors and resume is None:
        raise UsageError("--retry-errors goes with --resume")
    if resume is not None:
        _refuse_changes(context)
    settings = RunSettings(concurrency=concurrency, budget_usd=budget_usd, retry_errors=retry_errors)
    policy = CallPolicy(max_attempts=attempts, timeout_s=timeout, max_elapsed_s=max(300.0, 2 * timeout))
    with open_store(db) as repository:
        if resume is not None:
            return _carry_out(repository, reopen(repository, resume), settings, error_budget, as_json)
        assert profile is not None  # noqa: S101 - one of the two is there
        loaded = read_profile(profile, model, api_base, api_key_env)
        judging = judge_settings(loaded, judge)
        left_out = LeftOut(exclude, because, by)
        started = _start(repository, loaded, judging, packs, design, trials, scenario, seed, settings, policy, left_out)
        return _carry_out(repository, started, settings, error_budget, as_json)


def _refuse_changes(context: typer.Context) -> None:
    """A resumed run goes on as it began; an option that would change it must not be passed over in silence."""
    given = [name for name in _SETTLED if str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
    if given:
        options = ", ".join("--" + name.replace("_", "-") for name in given)
        raise UsageError(f"a resumed run goes on as it began; leave out {options}, or start a new run")


def _start(
    repository: Repository,
    loaded: LoadedProfile,
    judging: ModelSettings | None,
    packs: list[Path] | None,
    design: str,
    trials: int | None,
    only: list[str] | None,
    seed: int,
    settings: RunSettings,
    policy: CallPolicy,
    left_out: LeftOut = _NOTHING_LEFT_OUT,
) -> Started:
    """Plan the run and write it down; everything that can be wrong is said before the first trial."""
    from audit.planning.designs import load_design
    from audit.planning.plan import make_plan
    from audit.scenarios.packs import load_packs
    from audit.targets.factory import check_model
    from audit.trials.audit import judge_for, start

    chosen = load_design(design)
    check_model(loaded.model.model)
    if judging is not None:
        judge_for(judging, policy)
    found = load_packs(packs or ())
    pace = speed(repository, loaded.model.model, judging, settings.concurrency)
    excluded = excluded_scenarios(found, left_out, only)
    made = make_plan(loaded, found, trials, only or (), judging, excluded, pace, chosen)
    for selection in made.selections:
        if selection.selected and selection.undescribed:
            err().print(clean(f"{selection.scenario}: describe first {undescribed(selection)}."))
    started = asyncio.run(start(loaded, found, made, repository, judging, seed, settings, policy))
    if folded := started.run.plan["folded"]:
        err().print(clean(folded_sentence(folded)))
    return started


def _carry_out(
    repository: Repository, started: Started, settings: RunSettings, error_budget: float, as_json: bool
) -> int:
    from audit.cli.progress import run_progress
    from audit.reporting.stored import result_of
    from audit.trials.audit import carry_out

    run_id = started.run.id
    err().print(clean(f"run {run_id}: {repository.where}"))
    try:
        with run_progress("trials") as listener:
            progress = asyncio.run(carry_out(repository, started, settings, listener))
    except KeyboardInterrupt:
        err().print(f"interrupted; every finished trial is kept. Go on with: insider-audit run --resume {run_id}")
        return ExitCode.INTERRUPTED
    result = result_of(repository, run_id)
    if as_json:
        print_json(result)
    else:
        print_summary(result)
    return _code(result, error_budget, progress, settings)


def _code(
    result: AuditResult, error_budget: float, progress: Progress | None = None, settings: RunSettings | None = None
) -> int:
    """0 when the run says what it was asked to say, 3 when it does not; the reason goes to standard error.

    ``progress`` and ``settings`` are those of a run that has just ended; a judging has none.
    """
    from audit.analysis.models import RatingStatus

    faults = []
    if progress and progress.stop_reason:
        again = " --retry-errors" if result.counts.error else ""
        # The run keeps its budget; going on takes a larger one.
        again += " --budget-usd MORE" if progress.stop_reason.startswith("budget") else ""
        go_on = f"insider-audit run --resume {result.run_id}{again}"
        faults.append(f"the run stopped early: {progress.stop_reason}. Go on with: {go_on}")
    if result.error_share > error_budget:
        faults.append(f"{result.error_share:.0%} of the trials have no verdict; the error budget is {error_budget:.0%}")
    if progress and settings and progress.unpriced and settings.budget_usd is not None:
        faults.append(
            "the price of some calls is unknown, so the budget could not be watched; state prices in the profile"
        )
    if result.headline.status is not RatingStatus.RATED:
        faults.append(f"there is no overall rating: {result.headline.status}")
    for fault in faults:
        err().print(clean(fault))
    return ExitCode.INCOMPLETE if faults else ExitCode.OK


def judge(
    run: RunId,
    profile: Annotated[Path | None, typer.Option("--profile", help="Take the judge from this profile.")] = None,
    judge: JudgeModel = None,
    concurrency: Concurrency = 8,
    error_budget: ErrorBudget = 0.1,
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Judge a stored run again. The target is not called; earlier verdicts are kept."""
    from audit.cli.progress import counter
    from audit.profile.models import ModelSettings
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store
    from audit.trials.audit import judge_again

    with open_store(db) as repository:
        stored = repository.run(run)
        settings = judge_settings(read_profile(profile) if profile else None, judge)
        if judge is None and profile is None and stored.judge:
            settings = ModelSettings.model_validate(stored.judge["settings"])
        with counter("judged") as listener:
            record, _ = asyncio.run(judge_again(repository, stored.id, settings, concurrency, listener))
        result = result_of(repository, record.id)
    if as_json:
        print_json(result)
    else:
        print_summary(result)
    return _code(result, error_budget)


def report(
    run: RunId,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write; with several formats, its beginning.")
    ] = Path("report.pdf"),
    formats: Annotated[str, typer.Option("--format", help="pdf, html, json; several with commas.")] = "pdf",
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Write the report of a stored run. Nothing is run or judged again."""
    from audit.reporting.render import write_report
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store

    chosen = list(dict.fromkeys(part.strip().lower() for part in formats.split(",") if part.strip()))
    with open_store(db) as repository:
        result = result_of(repository, run)
    written = write_report(result, output, chosen)
    if as_json:
        print_json({"run": result.run_id, "written": [str(path) for path in written]})
    else:
        for path in written:
            out().print(clean(path))
    return ExitCode.OK


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report and the demo's database.")
    ] = Path("out"),
    model: Annotated[str, typer.Option("--model", help="A simulated model.")] = "simulated/opportunist",
    trials: Trials = None,
    as_json: Json = False,
) -> int:
    """Audit a shipped example agent with a simulated model, offline and without a key."""
    from audit.cli.progress import run_progress
    from audit.llm import CallPolicy
    from audit.reporting.render import write_report
    from audit.reporting.stored import result_of
    from audit.resources import data_dir
    from audit.store.repository import open_store
    from audit.trials.audit import carry_out
    from audit.trials.runner import RunSettings

    if not model.startswith("simulated/"):
        raise UsageError(f"the demo runs simulated models only, not {model}; use `insider-audit run` for a real one")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{output}: the folder cannot be made ({error.strerror}); choose another with --output"
        ) from None
    loaded = read_profile(data_dir("examples") / "executive-mail-assistant" / "agent.yaml", model)
    settings = RunSettings()
    err().print("Auditing a shipped example agent with a simulated model. Its figures say nothing about a real model.")
    with open_store(str(output / "demo.sqlite")) as repository:
        # The study's design: for its conditions the simulated models have rates that are known.
        started = _start(repository, loaded, None, None, "study", trials, None, 1, settings, CallPolicy())
        with run_progress("trials") as listener:
            asyncio.run(carry_out(repository, started, settings, listener))
        result = result_of(repository, started.run.id)
    written = write_report(result, output / "insider-audit-demo.pdf", ["pdf"])
    if as_json:
        print_json(result)
    else:
        print_summary(result)
        out().print(clean(f"\nReport: {written[0]}"))
    return ExitCode.OK


def list_runs(db: Database = None, as_json: Json = False) -> None:
    """List stored runs, newest first."""
    from audit.store.repository import open_store

    with open_store(db) as repository:
        found = repository.runs()
        where = repository.where
    if as_json:
        print_json({"runs": [summary.model_dump(mode="json") for summary in found]})
        return
    if not found:
        out().print(clean(f"no runs are stored in {where}"))
        return
    rows = [
        (
            s.id,
            f"{s.created_at:%Y-%m-%d %H:%M}",
            s.status,
            s.organisation,
            f"{s.target} (simulated)" if s.simulated else s.target,
            f"{s.finished}/{s.planned}",
            s.errors,
        )
        for s in found
    ]
    out().print(
        table("Runs", ["id", "started (UTC)", "status", "organisation", "target", "trials", "errors"], rows, [5, 6])
    )


def show_run(run: RunId, db: Database = None, as_json: Json = False) -> None:
    """Show what one stored run found."""
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store

    with open_store(db) as repository:
        result = result_of(repository, run)
    if as_json:
        print_json(result)
    else:
        print_summary(result)
