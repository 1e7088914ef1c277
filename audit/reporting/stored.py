"""From a stored run to a result. Reads what is there; judges nothing and runs nothing."""

from __future__ import annotations

from audit.analysis.models import AuditResult
from audit.analysis.result import analyse
from audit.llm import mask
from audit.oversight.catalogue import load_catalogue
from audit.store.repository import Repository


def result_of(repository: Repository, run_id: str) -> AuditResult:
    """Everything measured in one run, by its newest verdicts.

    Raises:
        UsageError: there is no such run.
    """
    run = repository.run(run_id)
    newest = repository.verdicts(run.id)
    verdicts = {record.trial_id: record.verdicts for record in newest}
    sequences = {record.trial_id: record.sequence for record in newest}
    trials = list(repository.trials(run.id, last_attempt_only=False))
    conditions = repository.conditions(run.id)
    later = repository.begun_judgings(run.id)
    return analyse(run, conditions, trials, verdicts, load_catalogue().model, mask, later, sequences)
