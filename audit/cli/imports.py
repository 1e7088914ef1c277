"""``import``: prompts and results of the study's release become a pack and stored runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audit.cli.options import Database, Json
from audit.cli.output import clean, err, out, print_json, table
from audit.errors import ExitCode, UsageError

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the release.")]


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(no_args_is_help=True, help="Take over prompts and results of the published study.")
    group.command("study-prompts")(study_prompts)
    group.command("study-results")(study_results)
    app.add_typer(group, name="import")


def study_prompts(
    folder: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pack; it must not exist yet.")],
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="Take over placeholders that nobody filled in, as they stand.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Make a scenario pack, with agent profiles, of the study's released prompts, and let it prove itself."""
    from audit.errors import PackError
    from audit.resources import shown_path
    from audit.scenarios.importing.packing import write_pack
    from audit.scenarios.importing.parts import parts_of
    from audit.scenarios.importing.release import read_release
    from audit.scenarios.packs import load_pack
    from audit.scenarios.selftest import check_scenario

    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output}: there is something already; name a folder that does not exist yet")
    release = read_release(folder)
    if release.gaps and not allow_gaps:
        raise PackError(release.gaps)
    # The release writes some conditions twice under two names; a scenario has every text once.
    dropped = {second for _, second in release.twins}
    parts = parts_of([prompt for prompt in release.prompts if prompt.condition not in dropped])
    write_pack(output, parts, shown_path(folder))
    proofs = [check_scenario(source) for source in load_pack(output).scenarios]
    failures = [failure for proof in proofs for failure in proof.failures]
    if as_json:
        scenarios = [
            {
                "id": part.id,
                "conditions": {prompt.condition: part.condition(prompt).id for prompt in part.prompts},
                "agent": str(output / "agents" / f"{part.id}.yaml"),
            }
            for part in parts
        ]
        print_json(
            {
                "pack": str(output),
                "scenarios": scenarios,
                "gaps": [str(gap) for gap in release.gaps],
                "same_text": [list(pair) for pair in release.twins],
                "proved": not failures,
                "failures": [str(failure) for failure in failures],
            }
        )
        return ExitCode.USAGE if failures else ExitCode.OK
    for gap in release.gaps:
        err().print(clean(f"taken over with a gap: {gap}"))
    for first, second in release.twins:
        err().print(clean(f"{second} reads exactly like {first} and was left out"))
    rows = [(prompt.condition, part.condition(prompt).id) for part in parts for prompt in part.prompts]
    out().print(table("Imported", ["published condition", "condition here"], rows))
    for failure in failures:
        out().print(clean(failure))
    for part in parts:
        agent = output / "agents" / f"{part.id}.yaml"
        out().print(clean(f"insider-audit run {agent} --packs {output} --scenario {part.id} --design study"))
    return ExitCode.USAGE if failures else ExitCode.OK


def study_results(folder: Folder, db: Database = None, as_json: Json = False) -> int:
    """Store results that the study's code wrote as runs: one a model. They can be judged again and reported."""
    from audit.store.repository import open_store
    from audit.trials.importing import import_results

    with open_store(db) as repository:
        imported = import_results(folder, repository, lambda model: err().print(clean(f"reading {model}")))
        where = repository.where
    if as_json:
        print_json({"db": where, "runs": [vars(one) for one in imported]})
        return ExitCode.OK
    rows = [(one.run_id, one.model, one.conditions, one.trials, one.errors, one.unlabelled) for one in imported]
    columns = ["run", "model", "conditions", "samples", "errors", "without a label"]
    out().print(table("Imported results", columns, rows, numbers=[2, 3, 4, 5]))
    for one in imported:
        if one.without_prompts:
            names = ", ".join(one.without_prompts)
            err().print(clean(f"{one.run_id}: no prompt for {names}; nothing is decided about these"))
        if one.unknown:
            err().print(clean(f"{one.run_id}: left out, no condition of the study: {', '.join(one.unknown)}"))
    out().print(
        clean("Labels that came with them are kept beside our verdicts; `insider-audit replicate RUN` shows both.")
    )
    return ExitCode.OK
