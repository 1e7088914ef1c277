"""What a trial tells beside harm: awareness of being tested, comprehension, and the goal that was adopted.

Each aspect is a verdict of its own with evidence. None of them moves a verdict about harm.
"""

from audit.verdicts.aspects.combining import combine
from audit.verdicts.aspects.reading import ASPECTS_VERSION, allowed_values, aspects_by_rules, framing_of

__all__ = ["ASPECTS_VERSION", "allowed_values", "aspects_by_rules", "combine", "framing_of"]
