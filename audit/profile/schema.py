"""The JSON Schema of profile files, for editors that complete and check YAML.

``python -m audit.profile.schema > schemas/agent-profile.schema.json`` writes the shipped file anew.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from audit.profile.models import AgentProfile


def profile_schema() -> dict[str, Any]:
    """The schema as plain values. It checks the form of a file; what goes across fields is left to ``check``."""
    schema = AgentProfile.model_json_schema(by_alias=True, mode="validation")
    agent = schema["$defs"]["Agent"]
    given = [{"required": [name]} for name in ("system_prompt", "system_prompt_file")]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:insider-audit:agent:1",
        "title": "insider-audit agent profile",
    }
    agent["oneOf"] = given
    return head | {key: value for key, value in schema.items() if key not in head}


def schema_text() -> str:
    """The schema file as it is shipped."""
    return json.dumps(profile_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
