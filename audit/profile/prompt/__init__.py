"""A system prompt becomes observations: what it asks for, forbids, promises and gives away, each with its place.

``sentences`` cuts the text, ``patterns`` holds the word lists (``patterns.yaml``), ``credentials`` finds secrets,
``toolnames`` finds tools that are named, ``reading`` puts them together, ``places`` finds a line of the prompt in the
file it stands in. Nothing here decides: each observation quotes its sentence, and a person reads it.
"""

from audit.profile.prompt.places import PromptPlaces
from audit.profile.prompt.reading import PromptFact, PromptReading, read_prompt

__all__ = ["PromptFact", "PromptPlaces", "PromptReading", "read_prompt"]
