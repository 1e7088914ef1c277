"""``schemas``: the JSON Schemas by which editors complete and check the files people write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audit.cli.options import Json
from audit.cli.output import clean, err, out, print_json, table


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(schemas)


def schemas(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Print this schema; left out, list them all.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the schemas (or the one named) into this folder instead."),
    ] = None,
    as_json: Json = False,
) -> None:
    """JSON Schemas of profiles, packs, designs, checklists and controls, for editors that complete and check YAML."""
    import sys

    from audit.resources import shown_path
    from audit.schemas import KINDS, find, shipped_text, write_shipped

    kinds = KINDS if name is None else (find(name),)
    if output is not None:
        written = write_shipped(output, kinds)
        for path in written:
            err().print(clean(f"wrote {shown_path(path)}"))
    elif name is not None:
        sys.stdout.write(shipped_text(kinds[0]))
        return
    if as_json:
        print_json({"schemas": [{"name": k.name, "schema": k.schema, "file": k.file, "for": k.files} for k in kinds]})
    elif output is None:
        rows = [(kind.name, kind.schema, kind.file, kind.files) for kind in kinds]
        out().print(table("JSON Schemas", ["name", "schema", "file", "for"], rows))
