"""The profile as a commented file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from audit.errors import ProfileError, UsageError
from audit.profile.authoring.answers import FactType, Kind, fact_type, section_of
from audit.profile.authoring.interview import Session
from audit.profile.authoring.steps import KINDS, kinds_of, usual_access
from audit.profile.authoring.tool_yaml import tools_yaml
from audit.profile.authoring.yaml_text import block, comment
from audit.profile.facts import decides, moot
from audit.profile.loading import LoadedProfile, load_profile
from audit.profile.models import PROFILE_SCHEMA, AgentProfile
from audit.profile.safeguards import Category
from audit.profile.vocabulary import UNKNOWN

SCHEMA_FILE = "agent-profile.schema.json"
_MODELINE = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n"
_HEAD = (
    "An agent profile, written by `insider-audit init`. Edit it by hand as you like; `insider-audit check` says what is"
    " wrong with it and what it leaves open. `unknown` means that nobody has said: it counts as possible, never as no."
)


class Scope(NamedTuple):
    """One body of data for the profile, as plain values, with a remark where something was assumed."""

    values: dict[str, Any]
    remark: str = ""


def profile_text(session: Session, *, modeline: bool = True) -> str:
    """The profile as YAML with comments.

    Args:
        session: everything that is known. Facts nobody has spoken of are written as unknown, or left out where the
            profile has no "unknown" for them.
        modeline: whether the first line names the JSON Schema for editors.
    """
    known = session.known
    parts = [(_MODELINE + "#\n" if modeline else "") + comment(_HEAD) + block("schema", PROFILE_SCHEMA, 0)]
    for key, info in AgentProfile.model_fields.items():
        if key == "schema_":
            continue
        if key == "tools":
            parts.append(tools_yaml(session.tools, {tool.name: session.said_of(tool.name) for tool in session.tools}))
            continue
        model = section_of(key)
        body = _section(model, key, known, session) if model else ""
        if body:
            parts.append(comment(f"{info.description}.") + f"{key}:\n{body}")
    return "\n".join(parts)


def scopes(session: Session) -> list[Scope] | None:
    """The bodies of data that the answers describe; None where nobody has said what there is."""
    known = session.known
    said = known.get("data.scopes")
    if isinstance(said, list):
        return [Scope(dict(entry)) for entry in said]
    keys = list(dict.fromkeys(key.split(".")[2] for key in known if key.startswith("data.scopes.")))
    keys = [key for key in keys if key != "more"]
    more = known.get("data.scopes.more") or []
    keys += [key for key in (f"more{number}" for number in range(1, len(more) + 1)) if key not in keys]
    if said == "none":
        return []
    if said == UNKNOWN or not keys:  # "describe" and no word on any: nobody has said that there are none
        return None
    tools = session.capabilities()
    reached = kinds_of(tools)
    found = []
    for key in keys:
        facts = {
            field.split(".", 3)[3]: value for field, value in known.items() if field.startswith(f"data.scopes.{key}.")
        }
        if facts.get("category") == "absent":
            continue
        found.append(_scope(key, facts, more, tools, reached.get(key, [])))
    return found


def _scope(
    key: str, facts: Mapping[str, Any], more: list[str], tools: Mapping[str, list[str]], names: list[str]
) -> Scope:
    kind = KINDS.get(key)
    number = key.removeprefix("more")
    named = more[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(more) else key
    category = facts.get("category", UNKNOWN)
    remark = ""
    if category == UNKNOWN:
        category = str(kind.gravest if kind else Category.OTHER)
        remark = f"Nobody has said what kind of data these are; {category} is assumed."
    access = list(facts.get("access") or ()) or [UNKNOWN]
    if "access" not in facts and kind:
        remark = f"{remark} Its tools suggest the access {' and '.join(usual_access(key, names, tools))}.".strip()
    values: dict[str, Any] = {
        "name": facts.get("name") or (kind.name if kind else named),
        "category": category,
        "sensitivity": facts.get("sensitivity", UNKNOWN),
        "access": access,
        "required_for_task": facts.get("required_for_task", UNKNOWN),
    }
    through = facts.get("tools", names)
    return Scope(values | ({"tools": list(through)} if through else {}), remark)


def _section(model: type[BaseModel], start: str, known: Mapping[str, Any], session: Session, depth: int = 1) -> str:
    text = ""
    for name, info in model.model_fields.items():
        fact = f"{start}.{info.alias or name}"
        key = info.alias or name
        if fact == "agent.system_prompt_file":
            text += comment("The prompt, sent word for word. The path is relative to this file.", depth)
            text += block(key, known["prompt"], depth)
        elif fact == "data.scopes":
            text += _scopes(session)
        elif fact in {"agent.system_prompt"}:
            continue
        elif (below := section_of(fact)) is not None:
            inner = _section(below, fact, known, session, depth + 1)
            text += f"{'  ' * depth}{key}:\n{inner}" if inner else ""
        else:
            text += _fact(fact, key, known, depth)
    return text


def _fact(fact: str, key: str, known: Mapping[str, Any], depth: int) -> str:
    kind = fact_type(fact)
    value = _value(fact, kind, known)
    about = comment(_about(kind), depth)
    if fact not in known and value == kind.default:
        if not kind.has_unknown or moot(fact, known):
            return ""
        value = UNKNOWN
    if value == UNKNOWN and kind.has_unknown:
        why = decides(fact)
        return about + f"{'  ' * depth}{key}: unknown" + (f" # it decides {why}\n" if why else "\n")
    if value is None and (kind.default is None or not kind.nullable):
        return ""
    if value == [] and kind.default == []:
        return ""
    return about + block(key, value, depth)


def _value(fact: str, kind: FactType, known: Mapping[str, Any]) -> Any:
    """What is known of a fact, with what is known of the keys inside it put in."""
    value = known.get(fact, kind.default)
    inside = {key.removeprefix(f"{fact}."): inner for key, inner in known.items() if key.startswith(f"{fact}.")}
    if not inside or (fact in known and not isinstance(value, Mapping)):
        return value
    filled: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    for path, inner in inside.items():
        at, parts = filled, path.split(".")
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        if inner is not None:
            at[parts[-1]] = inner
    return filled


def _about(kind: FactType) -> str:
    words = [word for word in kind.words if word != UNKNOWN]
    return kind.description + (f" (one of {', '.join(words)})" if words and kind.kind is Kind.CHOICE else "")


def _scopes(session: Session) -> str:
    found = scopes(session)
    if found is None:
        kinds = kinds_of(session.capabilities())
        text = comment(
            f"Bodies of data it can reach are not described: open. That decides {decides('data.scopes[]')}.", 1
        )
        rows = [f"{KINDS[key].name} (through {', '.join(names)})" for key, names in kinds.items()]
        return text + (comment(f"Its tools suggest: {'; '.join(rows)}.", 1) if rows else "") + "\n"
    about = comment("Bodies of data it can reach", 1)
    if not found:
        return about + "  scopes: []\n"
    text = about + "  scopes:\n"
    for scope in found:
        lines = "".join(block(key, value, 3) for key, value in scope.values.items())
        text += (comment(scope.remark, 2) if scope.remark else "") + "    - " + lines.lstrip(" ")
    return text


def write_profile(session: Session, path: Path, *, force: bool = False, schema: str | None = None) -> LoadedProfile:
    """Write the profile, and read it back to be sure of it.

    Args:
        session: everything that is known; nothing required is missing.
        path: the profile's file. Its folder is made.
        force: whether a file of that name may be replaced.
        schema: text of the JSON Schema to put beside it; None for none.

    Returns:
        The profile as it was read back.

    Raises:
        UsageError: there is such a file already, it cannot be written, or the answers do not fit together. No file is
            left behind, and an old one stays as it was.
    """
    text = profile_text(session, modeline=schema is not None)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        try:
            loaded = load_profile(draft)
        except ProfileError as error:
            said = "\n".join(f"{p.wrong}; {p.mend}" for p in error.problems)
            raise UsageError(f"the answers do not make a profile:\n{said}") from None
        if schema is not None:
            _write_schema(path.with_name(SCHEMA_FILE), schema)
        if force:
            draft.replace(path)
        else:
            with path.open("x", encoding="utf-8") as file:  # never replaces what somebody wrote meanwhile
                file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists; --force replaces it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror or 'unknown reason'})") from None
    finally:
        draft.unlink(missing_ok=True)
    return LoadedProfile(
        loaded.model, path, loaded.sha256, loaded.place, loaded.system_prompt, loaded.system_prompt_path
    )


def _write_schema(path: Path, text: str) -> None:
    """Put the schema beside the profile; a file of somebody else's under that name stays."""
    if path.exists() and '"urn:insider-audit:' not in path.read_text("utf-8", errors="replace"):
        raise UsageError(f"{path} is no schema of this toolkit and stays as it is; --no-schema does without it")
    path.write_text(text, "utf-8")
