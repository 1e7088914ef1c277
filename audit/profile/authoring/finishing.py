"""The last look before a profile is written: what is missing, and names that lead nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from audit.errors import UsageError
from audit.profile.authoring.interview import Session
from audit.profile.prompt.credentials import find_credentials

_OPTIONS = {
    "prompt": "--prompt FILE",
    "tools": "--tools FILE (or --mcp-command COMMAND, --mcp-url URL, --tool NAME=CAPABILITY)",
    "organisation.name": "--organisation NAME",
    "organisation.sector": "--sector TEXT",
    "organisation.domains": "--domain DOMAIN",
    "agent.purpose": "--purpose TEXT",
    "model.id": "--model-id MODEL",
}


def required_options(missing: Sequence[str]) -> str:
    """Which options to give for required answers that are missing, as a message."""
    rows = [f"  {_OPTIONS.get(key, f'--set {key}=VALUE')}" for key in dict.fromkeys(missing)]
    return "a profile cannot do without these:\n" + "\n".join(rows)


def check_live(given: Mapping[str, Any]) -> None:
    """Refuse answers about the tools of servers that are not asked this time.

    Args:
        given: what came with the command, a file or a draft; ``tools.live`` names the servers that were asked then.

    Raises:
        UsageError: with the options to give.
    """
    if given.get("tools.live") and not given.get("tools"):
        servers = ", ".join(given["tools.live"])
        wrong = f"the answers are about tools that were listed by {servers}"
        raise UsageError(f"{wrong}; give the same --mcp-command or --mcp-url again, or --tools FILE")


def leaking_tools(session: Session) -> list[str]:
    """Names of tools whose texts seem to hold a credential; the profile keeps these texts word for word."""
    return [
        tool.name
        for tool in session.tools
        if find_credentials(tool.listed.description)
        or find_credentials(json.dumps(tool.listed.parameters, ensure_ascii=False))
    ]


def check_names(session: Session) -> None:
    """Refuse answers about tools that are in no list: a slip there would leave a control undeclared.

    Raises:
        UsageError: with every such name.
    """
    names = [tool.name for tool in session.tools]
    wrong = []
    for key in session.given:
        parts = key.split(".")
        if parts[0] != "tools" or len(parts) < 3 or parts[1] in names:
            continue
        near = get_close_matches(parts[1], names, n=2)
        mend = f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else f"there are {', '.join(names)}"
        wrong.append(f"`{key}`: no tool is called `{parts[1]}`; {mend}")
    if wrong:
        raise UsageError("\n".join(wrong))
