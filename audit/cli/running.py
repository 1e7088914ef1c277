"""``run`` and ``demo``: carry out an audit and show what it found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli import matrix
from audit.cli.options import (
    DEFAULT_DESIGN,
    ApiBase,
    ApiKeyEnv,
    Because,
    By,
    Concurrency,
    Database,
    DesignOption,
    DressOption,
    Exclude,
    Json,
    JudgeModel,
    LeftOut,
    Models,
    OnlyScenarios,
    Packs,
    Trials,
    excluded_scenarios,
    judge_settings,
    read_profile,
)
from audit.cli.output import clean, err, out, print_json
from audit.cli.plan import folded_sentence, undescribed
from audit.cli.summary import print_summary
from audit.cli.usage import speed
from audit.errors import AuditError, ExitCode, UsageError

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
    "dress",
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
    app.command()(demo)


def run(
    context: typer.Context,
    profile: Annotated[Path | None, typer.Argument(metavar="PROFILE", help="Agent profile; not with --resume.")] = None,
    design: DesignOption = DEFAULT_DESIGN,
    dress: DressOption = "organisation",
    trials: Trials = None,
    model: Models = None,
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
    from audit.targets.factory import check_model
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
        left_out = LeftOut(exclude, because, by)

        def begin(name: str | None, settings: RunSettings) -> Started:
            loaded = read_profile(profile, name, api_base, api_key_env)
            judging = judge_settings(loaded, judge)
            return _start(
                repository, loaded, judging, packs, design, trials, scenario, seed, settings, policy, left_out, dress
            )

        for name in model or ():
            check_model(read_profile(profile, name, api_base, api_key_env).model.model)
        if model is not None and len(model) > 1:
            return _run_models(repository, model, begin, settings, error_budget, as_json)
        started = begin(model[0] if model else None, settings)
        return _carry_out(repository, started, settings, error_budget, as_json)


def _run_models(
    repository: Repository,
    models: list[str],
    begin: Callable[[str, RunSettings], Started],
    settings: RunSettings,
    error_budget: float,
    as_json: bool,
) -> int:
    """One run for each model, one after the other, with the same plan and seed; then the matrix.

    The budget is that of the whole command. A model that cannot be run does not lose the others' runs.

    Returns:
        The gravest of the runs' exit codes.
    """
    from audit.analysis.side_by_side import side_by_side
    from audit.reporting.stored import result_of
    from audit.trials.audit import group_id

    if len(set(models)) < len(models):
        raise UsageError("a model is named twice with --model; name each once")
    settings = replace(settings, group=group_id())
    err().print(f"group {settings.group}: one run for each of {len(models)} models")
    results: list[AuditResult] = []
    codes: list[int] = []
    left = settings.budget_usd
    for model in models:
        err().print(clean(f"\n{model}"))
        try:
            started = begin(model, replace(settings, budget_usd=left))
        except AuditError as error:
            err().print(clean(f"{model} is not run: {error}"))
            codes.append(error.exit_code)
            continue
        progress = played(repository, started, replace(settings, budget_usd=left))
        if progress is None:
            return ExitCode.INTERRUPTED
        if left is not None:
            left = max(left - progress.spent_usd, 0.0)
        results.append(result_of(repository, started.run.id))
        codes.append(run_code(results[-1], error_budget, progress, settings))
        if not as_json:
            print_summary(results[-1])
    made = side_by_side(results, anyway=True) if len(results) > 1 else None
    if as_json:
        compared = made.model_dump(mode="json", by_alias=True) if made else None
        runs = [result.model_dump(mode="json", by_alias=True) for result in results]
        print_json({"group": settings.group, "runs": runs, "matrix": compared})
    elif made is not None:
        matrix.print_matrix(made)
    return max(codes, default=ExitCode.OK)


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
    dress: str = "organisation",
) -> Started:
    """Plan the run and write it down; everything that can be wrong is said before the first trial."""
    from audit.planning.designs import load_design
    from audit.planning.plan import make_plan
    from audit.scenarios.packs import load_packs
    from audit.scenarios.subject import Dress
    from audit.targets.factory import check_model
    from audit.trials.audit import judge_for, start

    chosen = load_design(design)
    check_model(loaded.model.model)
    if judging is not None:
        judge_for(judging, policy)
    found = load_packs(packs or ())
    pace = speed(repository, loaded.model.model, judging, settings.concurrency)
    excluded = excluded_scenarios(found, left_out, only)
    made = make_plan(loaded, found, trials, only or (), judging, excluded, pace, chosen, Dress(dress))
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
    from audit.reporting.stored import result_of

    progress = played(repository, started, settings)
    if progress is None:
        return ExitCode.INTERRUPTED
    result = result_of(repository, started.run.id)
    if as_json:
        print_json(result)
    else:
        print_summary(result)
    return run_code(result, error_budget, progress, settings)


def played(repository: Repository, started: Started, settings: RunSettings) -> Progress | None:
    """Run the trials of a run that is written down, with a bar. None: somebody interrupted it."""
    from audit.cli.progress import run_progress
    from audit.trials.audit import carry_out

    run_id = started.run.id
    err().print(clean(f"run {run_id}: {repository.where}"))
    try:
        with run_progress("trials") as listener:
            return asyncio.run(carry_out(repository, started, settings, listener))
    except KeyboardInterrupt:
        err().print(f"interrupted; every finished trial is kept. Go on with: insider-audit run --resume {run_id}")
        return None


def run_code(
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
