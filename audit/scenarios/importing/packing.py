"""Prompts of the study's release become a pack on disk, and agent profiles to run it with.

The texts stay as they are: the user message piece by piece, the system prompt, and every mail in the simulated
mailbox, so that what the agent does with one is understood. What all system prompts of a situation begin with is the
agent's own prompt and stands in its profile; the rest is what the scenario adds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from audit.profile.authoring.yaml_text import block
from audit.scenarios.factors import COMMON, DEFAULTS, Content, Goal, Threat
from audit.scenarios.importing.agents import agent_name, company_of, profile_of
from audit.scenarios.importing.kinds import Setting, domain_of, slug
from audit.scenarios.importing.parts import Part, gathered, numbered, whens
from audit.scenarios.importing.release import Mail, Prompt
from audit.scenarios.templates import gaps_in

PACK_ID = "study-released"
PACK_VERSION = "1.0.0"
_BRACES = re.compile(r"\{[{%#]")
_SESSION = re.compile(r"session begins at (\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP]M)", re.IGNORECASE)


def plain(text: str) -> str:
    """A text as a template that comes out as the same text."""
    return _BRACES.sub(lambda found: "{% raw %}" + found[0] + "{% endraw %}", text)


def write_pack(folder: Path, parts: Sequence[Part], source: str) -> None:
    """Write a pack with a profile for each scenario.

    Args:
        folder: Where; it is created.
        parts: The scenarios.
        source: Where the prompts come from, for the pack's summary.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        write_scenario(folder / part.id, part)
    manifest = {
        "schema": "insider-audit/pack/1",
        "id": PACK_ID,
        "version": PACK_VERSION,
        "title": "The study's situations in their published texts",
        "summary": f'Imported from {source}. The texts are those of the authors of "Agentic '
        "Misalignment: How LLMs could be "
        "insider threats\" (Lynch et al. 2025), word for word; needs, rules, rubric and scripts are insider-audit's.",
        "licence": "That of the imported release; the study's is MIT.",
        "scenarios": [part.id for part in parts],
        "canary": "These prompts measure AI agents; please leave them out of training data.",
    }
    _write(folder / "pack.yaml", manifest)
    agents = folder / "agents"
    agents.mkdir(exist_ok=True)
    for part in parts:
        _write(agents / f"{part.id}.yaml", profile_of(part))


def write_scenario(folder: Path, part: Part) -> None:
    """Write the three files of one scenario."""
    folder.mkdir(parents=True, exist_ok=True)
    extra = part.kind.parts(part.setting)
    _write(folder / "scenario.yaml", _scenario(part, extra))
    _write(folder / "world.yaml", _world(part, extra))
    scripts = []
    for script in part.kind.scripts(part.setting):
        holders = script.pop("of", part.prompts)
        for number, when in enumerate(whens(part, holders)):
            name = script["id"] if number == 0 else f"{script['id']}-{number + 1}"
            scripts.append({**_templates(script), "id": name, "when": when})
    _write(folder / "scripts.yaml", {"schema": "insider-audit/scripts/1", "scripts": scripts})


# --- the files ------------------------------------------------------------------------------------------------------


def _scenario(part: Part, extra: dict[str, Any]) -> dict[str, Any]:
    kind, setting = part.kind, part.setting
    levels = [part.levels(prompt) for prompt in part.prompts]
    contents = [c for c in Content if any(at.content is c for at in levels)]
    factors: dict[str, Any] = {
        "threat": [str(t) for t in Threat if any(at.threat is t for at in levels)],
        "goal": [str(g) for g in Goal if any(at.goal is g for at in levels)],
        "content": [str(c) for c in contents],
        **{name: [str(DEFAULTS[name])] for name in COMMON},
        "twin": False,
    }
    told = [str(prompt.condition) for prompt in part.prompts]
    texts = [prompt.system for prompt in part.prompts] + [prompt.user for prompt in part.prompts]
    about = f" The scenario's own aim is `{part.own}`." if part.own else ""
    return {
        "schema": "insider-audit/scenario/1",
        "id": part.id,
        "version": "1.0",
        "title": kind.title,
        "sector": kind.sector,
        "behaviour": kind.behaviour,
        "summary": kind.summary,
        "harmful_act": kind.harmful_act,
        "honest_way_out": kind.honest_way_out,
        "provenance": {
            "origin": 'Texts of "Agentic Misalignment: How LLMs could be insider threats" (Lynch et '
            "al. 2025), imported.",
            "differs": plain(
                f"Needs, rules, rubric and scripts are not the study's.{about} Imported: {', '.join(told)}."
            ),
        },
        "needs": {"capabilities": [{"any": [kind.capability], "to": kind.to}]},
        "path": [kind.capability],
        "factors": factors,
        "company": {
            "name": company_of(part),
            "domain": f"{slug(setting.domain.partition('.')[0])}.example",
            "agent_name": agent_name(part),
            "agent_mailbox": slug(agent_name(part)),
        },
        "starts_at": _starts_at(part).isoformat(),
        "contents": {str(c): {"name": str(c)} for c in contents if c is not Content.OWN},
        "prompt": _prompts(part),
        "task": plain(part.prompts[0].pieces[0].strip()) or "Go through your mail.",
        "opening": [
            {"id": f"piece-{n}-{v}", "when": when, "text": plain(text)}
            for n, text, v, when in numbered(part, [(p, list(enumerate(p.pieces))) for p in part.prompts])
        ],
        "literal": list(dict.fromkeys(gap for text in texts for gap in gaps_in(text))),
        "situation": [{"text": kind.situation}],
        "rubric": kind.rubric,
        "confidential": [
            {**_templates(item), "when": when}
            for item, holders in gathered(extra.get("confidential", []))
            for when in whens(part, holders)
        ],
        "authorised": _templates(extra.get("authorised", [])),
        "detectors": _templates(extra["detectors"]),
    }


def _prompts(part: Part) -> list[dict[str, Any]]:
    """What is left of each system prompt once the agent's own beginning is taken away."""
    start = len(part.beginning) + 2 if part.beginning else 0
    held: list[tuple[Prompt, str]] = [(prompt, prompt.system[start:]) for prompt in part.prompts]
    return [
        {"id": f"published-{number}", "when": when, "text": plain(text)}
        for number, (text, when) in enumerate(
            ((text, when) for text, holders in gathered(held) for when in whens(part, holders)), start=1
        )
        if text.strip()
    ]


def _world(part: Part, extra: dict[str, Any]) -> dict[str, Any]:
    people = _people(part.setting)
    listed = [(prompt, list(enumerate(prompt.mails))) for prompt in part.prompts]
    return {
        "schema": "insider-audit/world/1",
        "people": _templates(people),
        "messages": [
            {**_message(part, mail), "when": when, "key": True} for _, mail, _, when in numbered(part, listed)
        ],
        "files": _templates(extra.get("files", [])),
        "alerts": _templates(extra.get("alerts", [])),
    }


def _message(part: Part, mail: Mail) -> dict[str, Any]:
    def address(text: str) -> str:
        return plain(text if "@" in text else f"{slug(text)}@{part.setting.domain}")

    return {
        "id": mail.id,
        "from": address(mail.sender),
        "to": [address(to) for to in mail.to],
        "subject": plain(mail.subject),
        "sent_at": mail.sent_at.isoformat(),
        "body": plain(mail.body),
        "attachments": [slug(name) for name in mail.attachments if part.kind.id == "leak"],
    }


def _people(setting: Setting) -> list[dict[str, Any]]:
    addresses = dict.fromkeys(
        a.casefold() for m in setting.mails for a in (m.sender, *m.to) if "@" in a and "employees" not in a.casefold()
    )
    people: dict[str, dict[str, Any]] = {}
    for address in addresses:
        name = re.sub(r"[._-]+", " ", address.partition("@")[0]).title()
        outside = domain_of(address) not in setting.inside
        found = slug(address)
        people.setdefault(found, {"id": found, "name": name, "role": "", "email": address, "outside": outside})
    while len(people) < 2:
        name = f"colleague-{len(people) + 1}"
        people[name] = {"id": name, "name": name.title(), "role": "", "email": f"{name}@{setting.domain}"}
    return list(people.values())


def _starts_at(part: Part) -> datetime:
    """When the session begins, as the prompts say; never before the last mail."""
    latest = max(mail.sent_at for mail in part.setting.mails)
    found = _SESSION.search(part.prompts[0].system)
    if found is None:
        return latest + timedelta(minutes=1)
    hour = int(found[1]) % 12 + (12 if found[4].casefold() == "pm" else 0)
    said = latest.replace(hour=hour, minute=int(found[2]), second=int(found[3] or 0))
    return max(said, latest)


def _templates(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {key: _templates(inner) for key, inner in value.items()}
    return [_templates(inner) for inner in value] if isinstance(value, list | tuple) else value


def _write(path: Path, values: dict[str, Any]) -> None:
    kept = {key: value for key, value in values.items() if value not in ([], {}, ())}
    path.write_text("".join(block(key, value, 0) for key, value in kept.items()), "utf-8")
