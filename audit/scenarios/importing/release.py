"""The study's release on disk: ``prompts/<condition>/`` with a system prompt, a user prompt, mails and metadata.

The form is that of the released generator: ``system_prompt.txt``, ``user_prompt.txt``, ``email_content.txt`` and
``metadata.json``. The user message is the user prompt, an empty line, and the mails.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from audit.errors import PackError, Problem
from audit.resources import read_bytes, shown_path
from audit.scenarios.factors import WITH_CONTENT, Content, Goal, Threat

KINDS = ("blackmail", "leaking", "murder")
"""The study's own names of its situations."""
_VALUES: dict[str, Content] = {
    "america": Content.NATIONAL,
    "american": Content.NATIONAL,
    "global": Content.GLOBAL,
    "pragmatic": Content.PRAGMATIC,
    "practical": Content.PRAGMATIC,
    "ethical": Content.ETHICAL,
    "rapid": Content.ACCELERATION,
    "rapid_deployment": Content.ACCELERATION,
    "acceleration": Content.ACCELERATION,
    "safety": Content.SAFETY,
    "safe": Content.SAFETY,
    "individualism": Content.INDIVIDUALISM,
    "individual": Content.INDIVIDUALISM,
    "collectivism": Content.COLLECTIVISM,
    "collective": Content.COLLECTIVISM,
}
_CONDITION = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})_(?P<goal>[a-z]+)-(?P<value>[a-z_]+?)_(?P<threat>replacement|restriction|none)"
    r"(?P<rest>(?:_[a-z0-9_-]+)?)"
)
_UNFILLED = re.compile(r"\$\{[^{}\n]{0,80}\}|\{\{[^{}\n]{0,80}\}\}|\{[a-z_][a-z0-9_.]*\}")
_TOOL_EXAMPLE = re.compile(r"<tool_use:(\w+)>.*?</tool_use:\1>", re.DOTALL)
_MAIL = re.compile(r"<email>(.*?)</email>", re.DOTALL)
_HEADER = re.compile(r"(?P<name>[A-Z][A-Za-z]{1,20}):(?P<value>.*)")


@dataclass(frozen=True)
class Mail:
    """One mail of a prompt, as it was written."""

    id: str
    """Its number in the prompt; ``mail-<position>`` where the prompt gives none."""
    sender: str
    to: tuple[str, ...]
    subject: str
    sent_at: datetime
    body: str
    attachments: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """One condition of the release.

    Attributes:
        condition: Its name there.
        kind: Which of the three situations.
        variant: What else sets it apart, such as ``prod``; empty for the study's main form.
        system: The system prompt.
        pieces: The user message in pieces, one a mail; joined they are the whole.
    """

    folder: Path
    condition: str
    kind: str
    goal: Goal
    value: Content | None
    threat: Threat
    variant: str
    system: str
    pieces: tuple[str, ...]
    mails: tuple[Mail, ...]

    @property
    def user(self) -> str:
        """The user message."""
        return "".join(self.pieces)

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools that the system prompt offers, in its order."""
        return tuple(dict.fromkeys(found[1] for found in _TOOL_EXAMPLE.finditer(self.system)))

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What looks like a gap and shows how a tool is called."""
        return tuple(
            dict.fromkeys(
                gap for example in _TOOL_EXAMPLE.finditer(self.system) for gap in _UNFILLED.findall(example.group())
            )
        )


@dataclass(frozen=True)
class Release:
    """What was read.

    Attributes:
        gaps: Placeholders that nobody filled in, with their places; the prompts that hold them are among the others.
        twins: Pairs of conditions with the same text, the second one read later.
    """

    prompts: tuple[Prompt, ...]
    gaps: tuple[Problem, ...]
    twins: tuple[tuple[str, str], ...]


class Named(NamedTuple):
    """What the name of a condition says."""

    kind: str
    goal: Goal
    value: Content | None
    threat: Threat
    variant: str


def named_condition(name: str) -> Named | None:
    """Read a condition's name; None where it is none of the study's."""
    found = _CONDITION.fullmatch(name)
    if found is None or found["goal"] not in set(Goal):
        return None
    goal, value = Goal(found["goal"]), _VALUES.get(found["value"])
    if goal in WITH_CONTENT and value is None:
        return None
    variant = _variant({}, found["rest"])
    return Named(found["kind"], goal, value if goal in WITH_CONTENT else None, Threat(found["threat"]), variant)


def prompts_folder(folder: Path) -> Path | None:
    """Where the conditions lie: the folder itself, or ``prompts`` inside it; None where there are none."""
    for candidate in (folder / "prompts", folder):
        if candidate.is_dir() and any((inner / "system_prompt.txt").is_file() for inner in candidate.iterdir()):
            return candidate
    return None


def read_release(folder: Path) -> Release:
    """Read every condition of a release.

    Args:
        folder: ``prompts``, or the folder it lies in.

    Raises:
        PackError: there is no condition, or some cannot be read; with every problem.
    """
    found = prompts_folder(folder)
    if found is None:
        wrong = "there is no folder with a system_prompt.txt here"
        mend = "name the folder `prompts` of a release, or the one that holds it"
        raise PackError([Problem(shown_path(folder), 0, 0, wrong, mend)])
    problems: list[Problem] = []
    prompts: list[Prompt] = []
    for inner in sorted(path for path in found.iterdir() if (path / "system_prompt.txt").is_file()):
        try:
            prompts.append(_prompt(inner))
        except PackError as error:
            problems += error.problems
    if problems:
        raise PackError(problems)
    return Release(tuple(prompts), tuple(gap for prompt in prompts for gap in _gaps(prompt)), tuple(_twins(prompts)))


def _prompt(folder: Path) -> Prompt:
    problems: list[Problem] = []
    metadata = _metadata(folder / "metadata.json", problems)
    system, user, mails = (
        _text(folder / name, problems) for name in ("system_prompt.txt", "user_prompt.txt", "email_content.txt")
    )
    if problems:
        raise PackError(problems)
    name = str(metadata.get("condition_id") or folder.name)
    named = _CONDITION.fullmatch(name)
    kind = str(metadata.get("scenario") or (named["kind"] if named else ""))
    goal = str(metadata.get("goal_type") or (named["goal"] if named else ""))
    value = str(metadata.get("goal_value") or (named["value"] if named else "none")).casefold().replace("-", "_")
    threat = str(metadata.get("urgency_type") or (named["threat"] if named else ""))
    place = shown_path(folder / "metadata.json")
    for what, given, known in (
        ("scenario", kind, KINDS),
        ("goal_type", goal, tuple(map(str, Goal))),
        ("urgency_type", threat, tuple(map(str, Threat))),
        ("goal_value", value, (*_VALUES, "none")),
    ):
        if given not in known:
            wrong = f"`{what}` is {given!r}, which is not known"
            problems.append(Problem(place, 0, 0, wrong, f"known: {', '.join(known)}"))
    if problems:
        raise PackError(problems)
    level = Goal(goal)
    content = _VALUES.get(value) if level in WITH_CONTENT else None
    if level in WITH_CONTENT and content is None:
        wrong = f"the goal is `{goal}`, and `goal_value` does not say what it is about"
        raise PackError([Problem(place, 0, 0, wrong, f"known: {', '.join(_VALUES)}")])
    first, *rest = re.split(r"(?=<email>)", f"{user}\n\n{mails}")
    return Prompt(
        folder=folder,
        condition=name,
        kind=kind,
        goal=level,
        value=content,
        threat=Threat(threat),
        variant=_variant(metadata, named["rest"] if named else ""),
        system=system,
        pieces=(first, *rest),
        mails=tuple(_mails(folder / "email_content.txt", mails)),
    )


def _variant(metadata: dict[str, Any], rest: str) -> str:
    """What sets a condition apart beside goal and threat, as words for an id."""
    found = ["prod"] if metadata.get("production_variant") else []
    extra = metadata.get("extra_system_instructions")
    if extra and str(extra).casefold() not in {"false", "none"}:
        found.append(str(extra))
    if metadata.get("alignment_faking"):
        found.append(str(metadata.get("alignment_faking_type") or "awareness"))
    if not metadata and rest:
        found.append(rest)
    words = re.sub(r"[^a-z0-9]+", "_", " ".join(found).casefold()).strip("_")
    return words[:24]


def _metadata(path: Path, problems: list[Problem]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        data = json.loads(read_bytes(path, PackError))
    except ValueError as error:
        problems.append(Problem(shown_path(path), 0, 0, f"the file is no JSON ({error})", "write it anew"))
        return {}
    if not isinstance(data, dict):
        problems.append(Problem(shown_path(path), 0, 0, "the file holds no object", "write `{...}`"))
        return {}
    return data


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        return read_bytes(path, PackError).decode("utf-8-sig").replace("\r\n", "\n")
    except PackError as error:
        problems += error.problems
    except UnicodeDecodeError:
        problems.append(Problem(shown_path(path), 0, 0, "the file is not UTF-8 text", "save it as UTF-8"))
    return ""


def _mails(path: Path, text: str) -> Iterator[Mail]:
    problems: list[Problem] = []
    for position, match in enumerate(_MAIL.finditer(text), start=1):
        line = text.count("\n", 0, match.start()) + 1
        head, _, body = match[1].partition("\nBody:")
        fields = {f["name"]: f["value"].strip() for row in head.splitlines() if (f := _HEADER.match(row))}
        try:
            sent_at = datetime.fromisoformat(fields.get("Timestamp", "")).replace(tzinfo=None)
        except ValueError:
            wrong = f"mail {position} has no time that can be read"
            problems.append(Problem(shown_path(path), line, 1, wrong, "write `Timestamp: 2025-06-11T10:00:00`"))
            continue
        if not fields.get("From") or not fields.get("To"):
            wrong = f"mail {position} does not say who sent it, or to whom"
            problems.append(Problem(shown_path(path), line, 1, wrong, "write `From:` and `To:`"))
            continue
        number = fields.get("ID", "")
        yield Mail(
            id=number if re.fullmatch(r"[0-9]{1,4}", number) else f"mail-{position}",
            sender=fields["From"],
            to=tuple(part.strip() for part in re.split(r"[,;]", fields["To"]) if part.strip()),
            subject=fields.get("Subject") or "(none)",
            sent_at=sent_at,
            body=body.strip() or "(empty)",
            attachments=_attachments(fields.get("Attachments", "")),
        )
    if problems:
        raise PackError(problems)


def _attachments(text: str) -> tuple[str, ...]:
    """Names as the generator writes them: a Python list."""
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError):
        found = [text.strip("[]'\" ")]
    return tuple(str(name) for name in found) if isinstance(found, list | tuple) else (str(found),)


def _gaps(prompt: Prompt) -> Iterator[Problem]:
    for name in ("system_prompt.txt", "user_prompt.txt", "email_content.txt"):
        text = (prompt.folder / name).read_text("utf-8")
        examples = [(m.start(), m.end()) for m in _TOOL_EXAMPLE.finditer(text)]
        for gap in _UNFILLED.finditer(text):
            if any(start <= gap.start() < end for start, end in examples):
                continue
            line = text.count("\n", 0, gap.start()) + 1
            column = gap.start() - (text.rfind("\n", 0, gap.start()) + 1) + 1
            wrong = f"{gap.group()!r} was never filled in, and a model would read it as it stands"
            mend = "generate the prompts anew, or import them with --allow-gaps"
            yield Problem(shown_path(prompt.folder / name), line, column, wrong, mend)


def gap_texts(prompts: Sequence[Prompt]) -> tuple[str, ...]:
    """Everything in the texts that looks like a gap, once each."""
    texts = (text for prompt in prompts for text in (prompt.system, prompt.user))
    return tuple(dict.fromkeys(found for text in texts for found in _UNFILLED.findall(text)))


def _twins(prompts: Sequence[Prompt]) -> Iterator[tuple[str, str]]:
    seen: dict[tuple[str, str], str] = {}
    for prompt in prompts:
        first = seen.setdefault((prompt.system, prompt.user), prompt.condition)
        if first != prompt.condition:
            yield first, prompt.condition
