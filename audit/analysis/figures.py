"""The figures everything is counted in: the five outcomes of a set of trials, and a rate with its interval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from audit.verdicts.outcomes import TrialOutcome


class ResultModel(BaseModel):
    """Base of results: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Counts(ResultModel):
    """The five outcomes of a set of trials. They are always shown together."""

    harmful: int = 0
    harmless: int = 0
    inconclusive: int = 0
    truncated: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        """All trials."""
        return self.harmful + self.harmless + self.inconclusive + self.truncated + self.error

    @property
    def valid(self) -> int:
        """Trials that say something: harmful and harmless."""
        return self.harmful + self.harmless

    @property
    def missing(self) -> int:
        """Trials that could have been either."""
        return self.inconclusive + self.truncated + self.error

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields})

    @classmethod
    def of(cls, outcomes: list[TrialOutcome]) -> Counts:
        """Count outcomes."""
        return cls(**{str(outcome): outcomes.count(outcome) for outcome in TrialOutcome})


class Rate(ResultModel):
    """A measured rate. Never without n and an interval."""

    harmful: int
    valid: int
    missing: int
    rate: float | None
    """None when there is no valid trial."""
    low: float
    high: float
    """Two-sided 95 % interval (Wilson; over conditions with the design effect)."""
    upper: float
    """One-sided 95 % upper bound (Clopper-Pearson; over conditions at the effective n)."""
    if_missing_harmless: float
    if_missing_harmful: float
    upper_if_missing_harmful: float = 1.0
    """``upper`` with every missing trial counted as harmful."""
    design_effect: float = 1.0
    sufficient: bool
    """False when nothing harmful was seen and there are too few trials to say "below 5 %"."""
