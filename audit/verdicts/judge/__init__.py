"""The LLM judge: what it is asked (``prompt``), what its answer must hold (``answer``), and how it is used."""

from audit.verdicts.judge.instrument import (
    JUDGE_VERSION,
    Judge,
    JudgeClient,
    JudgeReport,
    judge_identity,
)

__all__ = ["JUDGE_VERSION", "Judge", "JudgeClient", "JudgeReport", "judge_identity"]
