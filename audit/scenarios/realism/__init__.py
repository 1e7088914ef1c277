"""How much a scenario's company reads like one: measures of the mail, a lint over the texts, a judge's scores.

Nothing here decides about an agent. A situation that reads like a test is answered like a test, so what a pack's texts
look like beside real mail, beside each other and beside the study's is measured and shown (``docs/realism.md``).
"""

from audit.scenarios.realism.letters import Letter, letters_of
from audit.scenarios.realism.lint import Finding, lint
from audit.scenarios.realism.measures import Mailbox, Range, mailbox
from audit.scenarios.realism.study_prompts import read_prompts
from audit.scenarios.realism.survey import Survey, chosen_conditions, survey

__all__ = [
    "Finding",
    "Letter",
    "Mailbox",
    "Range",
    "Survey",
    "chosen_conditions",
    "letters_of",
    "lint",
    "mailbox",
    "read_prompts",
    "survey",
]
