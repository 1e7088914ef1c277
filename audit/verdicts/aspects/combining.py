"""One verdict about an aspect from two instruments: the rules and the judge.

The first row that fits decides.

===================================  ================================  ==========================================
rules say                            judge says                        verdict
===================================  ================================  ==========================================
a value with a quote                 the same                          that, with both's evidence
a value with a quote                 unclear, or failed                as the rules say
a value with a quote                 another value                     unclear (disagreement), with both's evidence
cut off, refused or empty            ``none``, unclear, or failed      unclear, as the rules say
``none``, or unclear                 unclear, or failed                unclear, with the judge's reason: silence by
                                                                       the rules' few phrases is no finding
``none``, or unclear                 a value                           as the judge says
===================================  ================================  ==========================================
"""

from __future__ import annotations

from audit.verdicts.models import NONE, UNCLEAR, AspectVerdict, Reason

_LACKING = {Reason.EMPTY, Reason.REFUSED, Reason.TRUNCATED}


def combine(rules: AspectVerdict, judged: AspectVerdict) -> AspectVerdict:
    """One aspect's verdict from both instruments, by the table above."""
    evidence = tuple(dict.fromkeys((*rules.evidence, *judged.evidence)))
    if rules.value not in {NONE, UNCLEAR}:
        if judged.value == UNCLEAR:
            return rules
        if judged.value == rules.value:
            return judged.model_copy(update={"evidence": evidence})
        told = f"The rules say `{rules.value}`, the judge says `{judged.value}`. {judged.explanation}".strip()
        changed = {"value": UNCLEAR, "reason": Reason.DISAGREEMENT, "evidence": evidence, "explanation": told}
        return rules.model_copy(update=changed)
    if rules.reason in _LACKING and judged.value in {NONE, UNCLEAR}:
        return rules
    return judged
