"""Answers in files: the draft of a session that was left, and answers that come with the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audit.errors import AuditError, Problem, ProfileError, UsageError
from audit.profile.authoring.answers import AnswerError, checked, flat, read_answer
from audit.profile.authoring.interview import Session
from audit.profile.authoring.sources import check_tool_name, relative
from audit.profile.authoring.steps import GROUPS
from audit.profile.authoring.yaml_text import block, comment
from audit.profile.vocabulary import UNKNOWN
from audit.resources import read_bytes, shown_path
from audit.resources.document import parse

DRAFT_SCHEMA = "insider-audit/draft/1"
_HEAD = (
    "Answers of a session of `insider-audit init` that is not finished. The same command goes on with it; the file goes"
    " when the profile is written."
)
_OWN_WORDS = ("tools.unsure", "tools.open", "tools.names", "data.scopes.more")


def draft_path(profile: Path) -> Path:
    """Where the answers to a profile's questions are kept until it is written."""
    return profile.with_name(f"{profile.name}.draft.yaml")


def save_draft(session: Session, profile: Path) -> None:
    """Keep what is known, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    path = draft_path(profile)
    text = comment(_HEAD) + block("schema", DRAFT_SCHEMA, 0)
    text += block("given", session.given, 0) + block("answers", session.answers, 0)
    fresh = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror or 'unknown reason'})") from None


def load_draft(profile: Path) -> Session | None:
    """The session that was left, without its tools and prompt; None where there is none.

    Raises:
        ProfileError: there is a draft and it cannot be used.
    """
    path = draft_path(profile)
    if not path.exists():
        return None
    data = _mapping_in(path)
    if data.get("schema") != DRAFT_SCHEMA:
        raise _unusable(path, "this is no draft of `init`", "remove it, or move it away")
    session = Session()
    for part, kept in (("given", session.given), ("answers", session.answers)):
        inner = data.get(part)
        if not isinstance(inner, dict):
            raise _unusable(path, f"`{part}` is missing", "remove the draft, to start anew")
        kept.update(_checked_all(inner, path, profile.parent, path.parent))
    return session


def load_answers(path: Path, folder: Path) -> dict[str, Any]:
    """Answers from a file.

    Args:
        path: YAML with facts under dotted names, or nested as in a profile; also the draft of another session.
            ``prompt`` and ``tools`` name files relative to it.
        folder: the profile's folder; the names of files in the result are relative to it.

    Raises:
        ProfileError: with every answer that cannot be used.
    """
    data = _mapping_in(path)
    if data.get("schema") == DRAFT_SCHEMA:
        parts = [part for part in (data.get("answers"), data.get("given")) if isinstance(part, dict)]
        data = {key: value for part in parts for key, value in part.items()}
    data.pop("schema", None)
    return _checked_all(data, path, folder, path.parent)


def _checked_all(data: Mapping[str, Any], path: Path, folder: Path, base: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    problems = []
    for key, value in flat(data):
        try:
            found[key] = _checked(key, value, folder, base)
        except AnswerError as error:
            problems.append(Problem(shown_path(path), 0, 0, f"`{key}`: {error}"))
    if problems:
        raise ProfileError(problems)
    return found


def _checked(key: str, value: Any, folder: Path, base: Path) -> Any:
    if key == "prompt":
        return relative(base / _text(value), folder)
    if key == "tools":
        return [relative(base / _text(name), folder) for name in (value if isinstance(value, list) else [value])]
    if key in _OWN_WORDS or key.endswith(".which"):
        if isinstance(value, str) or (isinstance(value, list) and all(isinstance(entry, str) for entry in value)):
            return value
        raise AnswerError("a text or a list of texts is expected")
    if key.endswith(".*"):
        return UNKNOWN
    if key == "data.scopes" and value in ("describe", "none", UNKNOWN):
        return value
    if key.startswith("data.scopes.") and (value == [] or (key.endswith(".category") and value in ("absent", UNKNOWN))):
        return value
    if value == "some" and key.removeprefix("tools[].") in GROUPS:
        return value
    if key in {"agent.system_prompt", "agent.system_prompt_file"}:
        raise AnswerError("name the prompt's file as `prompt`, relative to this file")
    return checked(key.replace("tools[].", "tools.each."), value) if value is not None else read_answer(key, "none")


def read_set(pairs: Sequence[str]) -> dict[str, Any]:
    """Answers of ``--set FACT=VALUE``.

    Raises:
        UsageError: with every pair that cannot be used.
    """
    found: dict[str, Any] = {}
    wrong = []
    for pair in pairs:
        fact, sign, typed = pair.partition("=")
        fact = fact.strip()
        if not sign or not fact:
            wrong.append(f"--set {pair}: write it as FACT=VALUE, such as comms.external=yes")
            continue
        try:
            if fact == "data.scopes" and typed.strip() in {"none", UNKNOWN}:
                found[fact] = typed.strip()
            elif fact.startswith("data.scopes.") and fact.endswith(".category") and typed.strip() == UNKNOWN:
                found[fact] = UNKNOWN
            else:
                found[fact] = read_answer(
                    fact.replace("tools[].", "tools.each."), typed, ";" if fact == "agent.goals" else ","
                )
        except AnswerError as error:
            wrong.append(f"--set {fact}: {error}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return found


def read_tool_flags(pairs: Sequence[str]) -> dict[str, Any]:
    """Answers of ``--tool NAME=capability,...``, and the names themselves under ``tools.names``.

    Raises:
        UsageError: with every pair that cannot be used.
    """
    found: dict[str, Any] = {}
    wrong = []
    for pair in pairs:
        name, sign, typed = (part.strip() for part in pair.partition("="))
        try:
            if not sign or not typed:
                raise AnswerError("write it as NAME=capability, such as send_mail=email.send")
            check_tool_name(name)
            found[f"tools.{name}.capabilities"] = read_answer(
                f"tools.{name}.capabilities", "[unknown]" if typed == UNKNOWN else typed
            )
        except AnswerError as error:
            wrong.append(f"--tool {pair}: {error}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return found


def _mapping_in(path: Path) -> dict[str, Any]:
    try:
        text = read_bytes(path, ProfileError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(path, "the file is not UTF-8 text", "save it as UTF-8") from None
    document = parse(text)
    if document.flaws:
        raise ProfileError([Problem(shown_path(path), *flaw) for flaw in document.flaws])
    if not isinstance(document.data, dict):
        raise _unusable(path, "the file holds no mapping at its top", "write lines such as `comms.external: yes`")
    return document.data


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise AnswerError("the name of a file is expected")
    return value


def _unusable(path: Path, wrong: str, mend: str) -> AuditError:
    return ProfileError([Problem(shown_path(path), 0, 0, wrong, mend)])
