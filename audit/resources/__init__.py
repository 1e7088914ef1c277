"""Files in: YAML and JSON become models, with a place (file, line, column) for everything that is wrong in them.

``folders`` finds shipped and user folders, ``document`` reads YAML and remembers where each value stands, ``wording``
turns what pydantic says into sentences, ``loading`` puts the three together.
"""

from __future__ import annotations

from audit.resources.document import MAX_BYTES, Loc
from audit.resources.folders import data_dir, user_data_dir
from audit.resources.loading import Check, Loaded, load_yaml_model, read_bytes, shown_path
from audit.resources.wording import Fault, FaultsError, describe

__all__ = [
    "MAX_BYTES",
    "Check",
    "Fault",
    "FaultsError",
    "Loaded",
    "Loc",
    "data_dir",
    "describe",
    "load_yaml_model",
    "read_bytes",
    "shown_path",
    "user_data_dir",
]
