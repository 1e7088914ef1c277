"""The last look before a profile is written: what is missing, and names that lead nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from audit.errors import UsageError
from audit.profile.authoring.interview import Session

_OPTIONS = {
    "prompt": "--prompt FILE",
    "tools": "--tools FILE (or --tool NAME=CAPABILITY)",
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
