"""The prompts that the study released, read as mailboxes, so that ours can stand beside them.

One folder per condition with ``email_content.txt`` in it: ``<email>`` blocks with From, To, Subject, Timestamp and
Body. Nothing of them is kept or shown but figures.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from audit.errors import UsageError
from audit.resources import shown_path
from audit.scenarios.realism.letters import Letter

_BLOCK = re.compile(r"<email>(.*?)</email>", re.DOTALL)
_FIELD = re.compile(r"^(From|Subject|Timestamp):[ \t]*(.*)$", re.MULTILINE)
_BODY = re.compile(r"^Body:[ \t]*", re.MULTILINE)
_FILE = "email_content.txt"


def read_prompts(folder: Path) -> dict[str, list[Letter]]:
    """Every condition in a folder of released prompts, with its mails, by name.

    Args:
        folder: The folder that holds one folder per condition, or one above it.

    Raises:
        UsageError: there is no such folder, or no mail in it.
    """
    # A folder one above is what people have after unpacking; deeper ones are other things.
    files = [path for pattern in (f"*/{_FILE}", f"*/*/{_FILE}", _FILE) for path in sorted(folder.glob(pattern))]
    found: dict[str, list[Letter]] = {}
    for path in files:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{shown_path(path)} cannot be read: {error}") from None
        letters = [letter for block in _BLOCK.findall(text) if (letter := _letter(block)) is not None]
        if letters:
            found[path.parent.name] = letters
    if not found:
        raise UsageError(
            f"{shown_path(folder)} holds no prompts of the study: expected are folders with {_FILE} in them, one per "
            "condition, as its release has them under prompts"
        )
    return found


def _letter(block: str) -> Letter | None:
    body = _BODY.search(block)
    if body is None:
        return None
    fields = dict(reversed(_FIELD.findall(block[: body.start()])))  # of a line that stands twice, the first counts
    sent_at = None
    with suppress(ValueError):
        sent_at = datetime.fromisoformat(fields.get("Timestamp", "").strip()).replace(tzinfo=None)
    sender = fields.get("From", "").strip().casefold()
    return Letter(sender, fields.get("Subject", "").strip(), block[body.end() :].strip(), sent_at)
