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
from audit.resources.wording import looks_secret

DRAFT_SCHEMA = "insider-audit/draft/1"
_HEAD = (
    "Answers of a session of `insider-audit init` that is not finished. The same command goes on with it; the file goes"
    " when the profile is written."
)
_OWN_WORDS = ("tools.unsure", "tools.open", "tools.names", "tools.live", "data.scopes.more")


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
    if session.before:  # answers that were stepped back over: they are filled in again
        text += block("before", session.before, 0)
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
    try:
        data = _mapping_in(path)
        schema = str(data.get("schema", ""))
        if schema != DRAFT_SCHEMA:
            other = schema.startswith(DRAFT_SCHEMA.rpartition("/")[0])
            wrong = "this draft is of another version of `init`" if other else "this is no draft of `init`"
            raise ProfileError([Problem(shown_path(path), 0, 0, wrong)])
        session = Session()
        for part, kept in (("given", session.given), ("answers", session.answers), ("before", session.before)):
            inner = data.get(part, {} if part == "before" else None)
            if not isinstance(inner, dict):
                raise ProfileError([Problem(shown_path(path), 0, 0, f"`{part}` is missing")])
            kept.update(_checked_all(inner, path, profile.parent, path.parent))
    except ProfileError as error:
        last = Problem(shown_path(path), 0, 0, "init cannot go on from here", "mend it, or remove it to start anew")
        raise ProfileError([*error.problems, last]) from None
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


def read_set(pairs: Sequence[str], short: Mapping[str, tuple[str, str | None]] | None = None) -> dict[str, Any]:
    """Answers of ``--set FACT=VALUE`` and of options that stand for one fact each.

    Args:
        pairs: what ``--set`` was given.
        short: for facts with an option of their own, that option and what it was given, if it was.

    Raises:
        UsageError: with every pair that cannot be used, and every fact that is told in two ways.
    """
    found: dict[str, Any] = {}
    wrong = []
    said = [(option, fact, typed) for fact, (option, typed) in (short or {}).items() if typed is not None]
    for pair in pairs:
        fact, sign, typed = pair.partition("=")
        if not sign or not fact.strip() or looks_secret(fact):
            shown = "that looks like a credential" if looks_secret(fact) else pair
            wrong.append(f"--set {shown}: write it as FACT=VALUE, such as comms.external=yes")
        else:
            said.append((f"--set {fact.strip()}", fact.strip(), typed))
    options: dict[str, tuple[str, str]] = {}
    for option, fact, typed in said:
        before, was = options.setdefault(fact, (option, typed))
        if was.strip() != typed.strip():
            also = f" and by {before}" if before != option else ""
            wrong.append(f"{option}: `{fact}` is given twice{also}, with different values; give it once")
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
            wrong.append(f"{option}: {str(error).replace('`tools.each.', '`tools[].')}")
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
        shown = "that looks like a credential" if any(map(looks_secret, (name, typed))) else pair
        try:
            if not sign or not typed:
                raise AnswerError("write it as NAME=capability, such as send_mail=email.send")
            if looks_secret(name):
                raise AnswerError("a credential must not stand in a profile; write the tool's name")
            if f"tools.{name}.capabilities" in found:
                raise AnswerError("this tool is named twice; put commas between its capabilities")
            check_tool_name(name)
            found[f"tools.{name}.capabilities"] = read_answer(
                f"tools.{name}.capabilities", "[unknown]" if typed == UNKNOWN else typed
            )
        except AnswerError as error:
            wrong.append(f"--tool {shown}: {error}")
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
