"""The JSON Schema of profile files, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from audit.profile.models import AgentProfile
from audit.resources.json_schema import json_schema, json_text


def profile_schema() -> dict[str, Any]:
    """The schema as plain values. It checks the form of a file; what goes across fields is left to ``check``."""
    schema = json_schema(AgentProfile, "insider-audit/agent/1", "insider-audit agent profile")
    given = [{"required": [name]} for name in ("system_prompt", "system_prompt_file")]
    schema["$defs"]["Agent"]["oneOf"] = given
    return schema


def schema_text() -> str:
    """The schema file as it is shipped, to be written beside a profile."""
    return json_text(profile_schema())
