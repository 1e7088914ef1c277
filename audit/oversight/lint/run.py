"""All rules of lint over one profile."""

from __future__ import annotations

from dataclasses import replace

from audit.llm.masking import mask
from audit.oversight.catalogue import Catalogue, load_catalogue
from audit.oversight.checklist import Checklist, load_checklist
from audit.oversight.lint import enforcement, profile, prompt
from audit.oversight.lint.models import Lint, Looked
from audit.profile.loading import LoadedProfile
from audit.profile.prompt import PromptPlaces, read_prompt

RULES = (*prompt.RULES, *enforcement.RULES, *profile.RULES)
"""Every rule; their order does not matter."""


def lint(
    loaded: LoadedProfile, catalogue: Catalogue | None = None, checklist: Checklist | None = None
) -> tuple[Lint, ...]:
    """Look at a profile and its prompt for what does not fit together.

    Args:
        loaded: The profile with its prompt.
        catalogue: The controls that could enforce a prohibition; None for the shipped ones.
        checklist: The questions that unknown facts leave open; None for the shipped ones.

    Returns:
        Warnings first, each kind in the order of file and line. No credential's value is part of any text.
    """
    controls = catalogue or load_catalogue().model
    looked = Looked(
        loaded,
        read_prompt(loaded.system_prompt, loaded.model.tools),
        PromptPlaces(loaded),
        controls,
        checklist or load_checklist(controls=controls).model,
    )
    found = {_masked(each) for rule in RULES for each in rule(looked)}
    return tuple(
        sorted(found, key=lambda each: (each.level.rank, each.file, each.line, each.column, each.code, each.what))
    )


def _masked(each: Lint) -> Lint:
    return replace(each, what=mask(each.what), why=mask(each.why), advice=mask(each.advice))
