"""Lint: what in a profile and its system prompt does not fit together, with the line and what to do about it.

``prompt`` reads the prompt beside the profile's tools and goals, ``enforcement`` beside the controls that stand;
``profile`` looks at the profile alone and at what a checklist still waits for. A lint is advice: a profile with
warnings is valid and can be run.
"""

from audit.oversight.lint.models import Level, Lint
from audit.oversight.lint.run import lint

__all__ = ["Level", "Lint", "lint"]
