"""The one door to litellm: settings, one retry layer, usage, cost, masking.

Importing this package is cheap. litellm itself (seconds) loads on the first call, inside :mod:`audit.llm.door`, the
only module that imports it.
"""

from __future__ import annotations

from audit.llm.client import ModelClient
from audit.llm.door import cached_price_known, estimate_cost, recipient
from audit.llm.masking import mask
from audit.llm.messages import replayable, split_reasoning
from audit.llm.models import CallPolicy, Completion, Limits, ModelSettings, Prices, ToolCallText, Usage

__all__ = [
    "CallPolicy",
    "Completion",
    "Limits",
    "ModelClient",
    "ModelSettings",
    "Prices",
    "ToolCallText",
    "Usage",
    "cached_price_known",
    "estimate_cost",
    "mask",
    "recipient",
    "replayable",
    "split_reasoning",
]
