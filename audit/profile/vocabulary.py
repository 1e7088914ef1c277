"""Words and small types that all parts of a profile share."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Declared(BaseModel):
    """Base of everything an organisation declares: unknown keys are an error, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, serialize_by_alias=True)


UNKNOWN: Literal["unknown"] = "unknown"

Unknown = Literal["unknown"]
"""Not known to whoever wrote the profile. It is no "no": a checklist leaves the question open."""


class Answer(StrEnum):
    """Answer to a yes-or-no question. In YAML ``true`` and ``false`` are read as yes and no."""

    YES = "yes"
    PARTIAL = "partial"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Answer | None:
        if isinstance(value, bool):
            return cls.YES if value else cls.NO
        return None

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(schema))
        return {"enum": [*described["enum"], True, False], "description": described.get("description", "")}


# In some groups of letters a label may hold any letter or digit; a domain has at least two labels.
_DOMAIN = re.compile(r"(?=.{1,253}$)([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_]([\w-]{0,61}[^\W_])?", re.IGNORECASE)
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")


def is_domain(text: str) -> bool:
    """True for a bare mail domain such as ``example.com``."""
    return _DOMAIN.fullmatch(text) is not None and "_" not in text


def is_address(text: str) -> bool:
    """True for a bare mail address such as ``jo@example.com``."""
    local, _, domain = text.rpartition("@")
    return _LOCAL_PART.fullmatch(local) is not None and is_domain(domain)


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty; write something, or remove the line")
    return text


def _domain(text: str) -> str:
    if not is_domain(text):
        raise ValueError("this is not a mail domain; write the bare domain, such as example.com")
    return text.lower()


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("this is not a mail address; write the bare address, such as jo@example.com")
    return text


def _recipient(text: str) -> str:
    if not (is_domain(text) or is_address(text)):
        wrong = "this is neither a mail address nor a mail domain"
        raise ValueError(f"{wrong}; write jo@example.com for one person or example.com for everybody there")
    return text.lower()


def _no_timestamp(value: object) -> object:
    # pydantic would read a number as seconds since 1970.
    if isinstance(value, int | float):
        raise ValueError("this is a number, not a date; write a date such as 2026-11-21")
    return value


def as_list(value: Any) -> Any:
    """One value where a list may stand becomes a list of one."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_filled)]
Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Recipient = Annotated[str, AfterValidator(_recipient)]
Day = Annotated[date, BeforeValidator(_no_timestamp)]
Count = Annotated[int, Strict(), Field(ge=0)]
"""A whole number from 0. Strict, because ``true`` is not 1."""
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
