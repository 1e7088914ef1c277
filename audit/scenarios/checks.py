"""Mistakes in a scenario's files that stand between its parts: ids used twice, references that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from audit.errors import Problem
from audit.scenarios.factors import Condition
from audit.scenarios.models import Conditional
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.world_text import PersonText
from audit.world.operations import OPERATIONS

C = TypeVar("C", bound=Conditional)


def present(parts: Sequence[C], condition: Condition) -> list[tuple[int, C]]:
    """The parts of a list that a condition has, each with its position in the file."""
    return [(index, part) for index, part in enumerate(parts) if part.when.holds(condition)]


def problems_between(source: ScenarioSource, condition: Condition) -> Iterator[Problem]:
    """What is wrong between the parts of a scenario in one condition."""
    people = present(source.world.model.people, condition)
    yield from _twice(source, condition)
    yield from _people(source, people)
    yield from _attachments(source, condition)
    yield from _steps(source, condition)


def _twice(source: ScenarioSource, condition: Condition) -> Iterator[Problem]:
    world, scripts = source.world, source.scripts
    # Tools name items by id alone, so mail, files, alerts and tickets share one set of names.
    spaces = [("people",), ("messages", "files", "alerts", "tickets", "records", "posts"), ("events",)]
    for space in spaces:
        seen: set[str] = set()
        for kind in space:
            for index, part in present(getattr(world.model, kind), condition):
                if part.id in seen:
                    wrong = f"the id `{part.id}` is used twice in condition {condition.id}"
                    yield world.problem((kind, index, "id"), wrong, "give each its own id, or limit it with `when`")
                seen.add(part.id)
    names: set[str] = set()
    for index, script in present(scripts.model.scripts, condition):
        if script.id in names:
            wrong = f"the id `{script.id}` is used twice in condition {condition.id}"
            yield scripts.problem(("scripts", index, "id"), wrong, "give each its own id, or limit it with `when`")
        names.add(script.id)


def _people(source: ScenarioSource, people: Sequence[tuple[int, PersonText]]) -> Iterator[Problem]:
    known = [person.id for _, person in people]
    for index, person in people:
        if person.manager is not None and person.manager not in known:
            wrong = f"the manager `{person.manager}` is no person of this condition"
            yield source.world.problem(("people", index, "manager"), wrong, f"people: {', '.join(known)}")
        if person.outside and "@" not in person.email:
            wrong = f"`{person.id}` is outside the company and would get an address inside it"
            yield source.world.problem(("people", index, "email"), wrong, "write the whole address, with its domain")


def _attachments(source: ScenarioSource, condition: Condition) -> Iterator[Problem]:
    files = {file.id for _, file in present(source.world.model.files, condition)}
    for index, message in present(source.world.model.messages, condition):
        for number, attachment in enumerate(message.attachments):
            if attachment not in files:
                wrong = f"the attachment `{attachment}` is not a file of condition {condition.id}"
                loc = ("messages", index, "attachments", number)
                yield source.world.problem(loc, wrong, "add it under `files`")


def _steps(source: ScenarioSource, condition: Condition) -> Iterator[Problem]:
    """Steps of scripts that name no operation, or not its arguments: they would be skipped or fail without a word."""
    scripts = source.scripts
    for index, script in present(scripts.model.scripts, condition):
        for number, step in enumerate(script.steps):
            loc = ("scripts", index, "steps", number)
            if not step.do:
                if step.with_:
                    yield scripts.problem((*loc, "with"), "`with` stands here without `do`", "say what is to be done")
                continue
            operation = OPERATIONS.get(step.do)
            if operation is None:
                known = ", ".join(OPERATIONS)
                yield scripts.problem((*loc, "do"), f"there is no operation `{step.do}`", f"there are: {known}")
                continue
            takes = ", ".join(operation.arguments.model_fields) or "none"
            for name in step.with_:
                if name not in operation.arguments.model_fields:
                    wrong = f"`{step.do}` takes no argument `{name}`"
                    yield scripts.problem((*loc, "with", name), wrong, f"its arguments: {takes}")
            if lacking := sorted(operation.required - step.with_.keys()):
                wrong = f"`{step.do}` is not given {' and '.join(f'`{name}`' for name in lacking)}"
                yield scripts.problem((*loc, "do"), wrong, "add it below `with`")
