"""A YAML or JSON file becomes a model, or an error that lists everything wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from audit.errors import InputError, Problem
from audit.resources.document import MAX_BYTES, Document, Loc, Place, parse
from audit.resources.wording import Fault, describe, faults_of

M = TypeVar("M", bound=BaseModel)

Check = Callable[[Any], Iterable[Fault]]
"""Looks at the plain values of a file, well formed or not, and says what is wrong between them."""


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """A model and the file it was read from.

    Attributes:
        model: the validated model.
        path: the file, as it was given.
        sha256: digest of the file's bytes, in hexadecimal.
        place: where every key and value of the file stands.
    """

    model: M
    path: Path
    sha256: str
    place: Place = field(repr=False, compare=False)

    def locate(self, loc: Loc) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``loc``, or of its nearest parent that stands in the file."""
        return self.place.nearest(loc)

    def locate_key(self, loc: Loc) -> tuple[int, int]:
        """Line and column (from 1) of the key at ``loc``, or of its nearest parent that stands in the file."""
        return self.place.nearest_key(loc)

    def problem(self, loc: Loc, wrong: str, mend: str = "") -> Problem:
        """A problem with the value at ``loc``, for checks made after loading."""
        return Problem(shown_path(self.path), *self.locate(loc), wrong, mend)


def load_yaml_model(
    path: Path,
    model_type: type[M],
    error_type: type[InputError],
    context: dict[str, Any] | None = None,
    checks: Sequence[Check] = (),
) -> Loaded[M]:
    """Read one file into a model.

    Args:
        path: a YAML file (JSON is YAML too), UTF-8, at most 5 MB.
        model_type: the model. If it has a field written ``schema`` in files whose type is one ``Literal``, a file with
            another value is refused with that one problem: its other keys are judged by rules it never claimed to keep.
        error_type: what to raise.
        context: handed to the model's validators.
        checks: looks across fields. They run whether or not the fields are well formed, so that one reading shows
            everything; they must bear any kind of data.

    Returns:
        The model, with the place of every value.

    Raises:
        InputError: of type ``error_type``, with every problem found, in file order.
    """
    name = shown_path(path)
    raw = read_bytes(path, error_type)
    document = _document(raw, name, error_type)
    data, place = document.data, document.place
    problems = {Problem(name, *flaw) for flaw in document.flaws}
    if not document.readable:
        raise error_type(sorted(problems))
    if not isinstance(data, dict):
        wrong = f"the file holds {describe(data)} at its top"
        problems.add(Problem(name, place.line, place.column, wrong, "write a mapping of `key: value` lines"))
        raise error_type(sorted(problems))
    if (other := _other_schema(model_type, data)) is not None:
        raise error_type(sorted({*problems, _problem(name, place, other)}))
    faults: list[Fault] = []
    model: M | None = None
    try:
        model = model_type.model_validate(data, context=context)
    except ValidationError as error:
        faults += faults_of(error, model_type, place, data)
    for check in checks:
        faults += check(data)
    # A value that YAML itself could not read is not judged a second time. Sets, because validators of the model may
    # have found what a check finds too.
    flawed = {(problem.line, problem.column) for problem in problems}
    found = {_problem(name, place, fault) for fault in faults}
    problems |= {problem for problem in found if (problem.line, problem.column) not in flawed}
    if problems or model is None:
        raise error_type(sorted(problems))
    return Loaded(model, path, hashlib.sha256(raw).hexdigest(), place)


def read_bytes(path: Path, error_type: type[InputError], limit: int = MAX_BYTES) -> bytes:
    """Read a whole file, or raise ``error_type`` with one plain sentence."""
    name = shown_path(path)

    def refuse(wrong: str, mend: str) -> InputError:
        return error_type([Problem(name, 0, 0, wrong, mend)])

    try:
        if path.is_dir():
            raise refuse("this is a folder", "name the file inside it")
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        raise refuse("the file does not exist", "check the path") from None
    except ValueError:
        raise refuse("the path cannot be used", "remove control characters from it") from None
    except OSError as error:
        raise refuse(f"the file cannot be read ({error.strerror or 'unknown reason'})", "check its rights") from None
    if len(raw) > limit:
        raise refuse(f"the file is larger than {limit // 1024**2} MB", "split it")
    return raw


def shown_path(path: Path) -> str:
    """The path as messages print it: relative to the current folder when below it, else as given."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _document(raw: bytes, name: str, error_type: type[InputError]) -> Document:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise error_type([Problem(name, line, column, "the file is not UTF-8 text", "save it as UTF-8")]) from None
    return parse(text)


def _other_schema(model_type: type[BaseModel], data: dict[str, Any]) -> Fault | None:
    """Say so when the file declares another kind or version than ``model_type`` reads."""
    for name, info in model_type.model_fields.items():
        if (info.alias or name) != "schema" or get_origin(info.annotation) is not Literal:
            continue
        (right,) = get_args(info.annotation)
        found = data.get("schema")
        if found is None:
            return None  # reported as a missing key, beside everything else
        if found != right:
            return Fault(("schema",), f"`schema` is {describe(found)}", f"this version reads `schema: {right}`")
    return None


def _problem(name: str, place: Place, fault: Fault) -> Problem:
    line, column = place.nearest_key(fault.loc) if fault.on_key else place.nearest(fault.loc)
    return Problem(name, line, column, fault.wrong, fault.mend)
