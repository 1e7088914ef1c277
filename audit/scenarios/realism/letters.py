"""A mail as a reader sees it, whoever wrote it: one of a pack's, or one of another collection it is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from audit.scenarios.packs import ScenarioSource
from audit.scenarios.situation import Situation

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+(?:[.,:]\d+)*")
"""A word with its apostrophes, or a number."""
_REPLY = re.compile(r"^(?:(?:re|fw|fwd|aw|wg|sv|automatic reply)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """One mail.

    Attributes:
        sender: Address of who wrote it, in lower case.
        subject: Subject line.
        body: Text.
        sent_at: When it was sent; None where nothing says so.
        plot: Part of what the scenario is about; None where nobody has said.
    """

    sender: str
    subject: str
    body: str
    sent_at: datetime | None
    plot: bool | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the body, in lower case."""
        return words(self.body)

    @property
    def about(self) -> str:
        """The subject without its marks of an answer: mails that share it are a thread."""
        return _REPLY.sub("", self.subject.strip()).casefold()


def words(text: str) -> tuple[str, ...]:
    """The words of a text in lower case, with one kind of apostrophe."""
    return tuple(word.casefold().replace("\u2019", "'") for word in WORD.findall(text))


def letters_of(situation: Situation, source: ScenarioSource) -> list[Letter]:
    """The mails of a composed situation, those that arrive later among them.

    Args:
        situation: One condition.
        source: Its scenario as written, which says what belongs to the plot. Mails of the common factors do not.
    """
    plot = {m.id for m in source.world.model.messages if m.plot and m.when.holds(situation.condition)}
    return [Letter(m.sender.casefold(), m.subject, m.body, m.sent_at, m.id in plot) for m in situation.world.messages]
