"""What each listed tool lets an agent do, and why: rules looked up in its name, description, schema and hints.

A verb with the thing it is done to shows a capability (``send`` + ``mail``); so do some phrases and arguments by
themselves. The name counts most, then the first sentence of the description, then the rest. Words about other tools and
negated words do not count. A hint (annotation) may raise a risk and never lowers one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from audit.profile.intake.inference.judging import judged
from audit.profile.intake.inference.reading import Reader
from audit.profile.intake.inference.rules import ToolRules, shipped_rules
from audit.profile.intake.models import InferredTool, ListedTool


def infer(listed: Sequence[ListedTool], rules: ToolRules | None = None) -> tuple[InferredTool, ...]:
    """Infer capabilities, effect, reach and reversibility of tools.

    Args:
        listed: the tools of one or several lists. Each is judged by itself, but mentions of the others in its
            description do not count for it.
        rules: what words mean; None for the shipped rules.

    Returns:
        One entry per tool, in the same order. The result for a tool does not depend on the order.
    """
    reader = _shipped_reader() if rules is None else Reader(rules)
    names = frozenset(name for tool in listed for name in (tool.name, tool.listed_as))
    return tuple(judged(tool, reader.signs(tool, names), reader) for tool in listed)


@lru_cache(maxsize=1)
def _shipped_reader() -> Reader:
    return Reader(shipped_rules())
