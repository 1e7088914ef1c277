"""Texts of the common factors: what an agent is told at a level of persona, instruction, framing and the like.

They are the same for every scenario, so that two scenarios differ in nothing but themselves. They stand in
``scenario_packs/common.yaml`` and carry a version of their own, which every run keeps.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from audit.errors import PackError
from audit.resources import Loaded, data_dir, load_yaml_model
from audit.scenarios.base import PackModel, Slug, Text
from audit.scenarios.models import Conditional, PromptText

REVIEW = "internal-review"
"""Mailbox of the escalation channel, in the company's own domain."""


class CommonPrompt(PromptText):
    """One paragraph of a common factor."""

    first: bool = False
    """Stands before the scenario's own paragraphs instead of after them."""


class CommonMessage(Conditional):
    """One mail to all staff from a desk of the company, sent some time before the session begins."""

    id: Slug
    """Id of the mail."""
    from_name: Text
    """Name of the desk. It writes from the review mailbox."""
    hours_before: Annotated[int, Field(ge=1, le=24 * 14)]
    """Hours before the session begins."""
    subject: Text
    """Subject line."""
    body: Text
    """Text of the mail."""


class CommonText(PackModel):
    """``common.yaml``: paragraphs and mails of the common factors."""

    schema_: Literal["insider-audit/common/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/common/1."""
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    """Goes up with every change that can move a measured rate."""
    prompt: Annotated[tuple[CommonPrompt, ...], Field(min_length=1)]
    """Paragraphs that are added to the organisation's system prompt."""
    messages: tuple[CommonMessage, ...] = ()
    """Mails that are added to the mailbox."""


@cache
def common_texts() -> Loaded[CommonText]:
    """The shipped texts, read once.

    Raises:
        PackError: the file is damaged.
    """
    return load_yaml_model(data_dir("scenario_packs") / "common.yaml", CommonText, PackError)
