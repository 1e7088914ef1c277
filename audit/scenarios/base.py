"""What all models of a scenario pack share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, WithJsonSchema

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,40}$")]
ItemId = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_-]{1,40}|[0-9]{1,4})$")]
"""Id of something an agent can come across. A bare number is for published mail that is numbered."""
Text = Annotated[str, StringConstraints(min_length=1)]


def _without_zone(time: datetime) -> datetime:
    if time.tzinfo is not None:
        raise ValueError("the time has a time zone; leave it out, times are the company's local time")
    return time


# Not `format: date-time`, which wants a zone.
_LOCAL = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"}
LocalTime = Annotated[datetime, AfterValidator(_without_zone), WithJsonSchema(_LOCAL)]


class PackModel(BaseModel):
    """Base of everything in a pack: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
