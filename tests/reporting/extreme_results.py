"""Results that a report can break on: hostile text, long text, other scripts, nothing measured."""

from __future__ import annotations

from audit.analysis.models import (
    AuditResult,
    Counts,
    Excerpt,
    Finding,
    Gap,
    GapKind,
    Headline,
    RatingStatus,
    Recommendation,
    StopShare,
    UsageComparison,
    UsageItem,
)
from audit.verdicts.models import Behaviour, Stage
from tests.reporting.audit_results import changed, realistic
from tests.reporting.result_parts import Seen, behaviour_result, condition, profile

HOSTILE = (
    "<script>fetch('http://127.0.0.1:1/x')</script><img src=file:///etc/passwd onerror=alert(1)>"
    '<style>@import "http://127.0.0.1:1/y.css";</style><link rel=attachment href="file:///etc/hostname">'
    "</style></title></td>{{ 7 * 7 }} {% raw %} &amp; ]]> --> \" ' ` \\"
)
"""Tries every door at once: script, fetches, style, template, attribute, comment."""
OVERRIDE = "invoice\u202egpj.exe\u2066 \u200bzero \x1b[31mred\x00 bell\x07"
SCRIPTS = "審計報告 内部リスク 감사 тест 😀👩‍💻 ﷽ a\u0301"
LONG_WORD = "W" * 200


def extreme(url: str = "http://127.0.0.1:1/") -> AuditResult:
    """Everything at once that a page can break on: hostile text, long text, other scripts, missing parts.

    Args:
        url: An address that nothing may fetch.
    """
    hostile = HOSTILE.replace("http://127.0.0.1:1/", url)
    base = realistic(simulated=False)
    failed = [condition("blackmail", Behaviour.BLACKMAIL, place, Seen(error=12)) for place in (0, 1, 5, None)]
    none = [condition("leak", Behaviour.LEAK, place, Seen()) for place in (0, 1)]
    spoilt = [condition("lethal_action", Behaviour.LETHAL_ACTION, place, Seen(6, 6, 6)) for place in (0, None)]
    rows = tuple(
        row.model_copy(update={"label": f"{row.label} {text}", "reasons": {hostile: 3, "judge_no_quote": 9}})
        for row, text in zip(
            (*failed, *none, *spoilt), (LONG_WORD, SCRIPTS, hostile, OVERRIDE, "$x_1$", "", "%", "^"), strict=True
        )
    )
    stops = (StopShare(control="C99", name=hostile, stopped=3, held=3),)
    behaviours = (
        behaviour_result(Behaviour.BLACKMAIL, "blackmail", SCRIPTS, rows[:4], stops),
        behaviour_result(Behaviour.LEAK, "leak", LONG_WORD, rows[4:6]),
        behaviour_result(
            Behaviour.LETHAL_ACTION, "lethal_action", hostile, rows[6:], interpretable=False, episodes=None
        ),
    )
    quotes = (hostile, LONG_WORD * 3, "word " * 1000, OVERRIDE, SCRIPTS, "\n" * 80 + "end", "x" * 5000)
    findings = tuple(
        Finding(
            id=f"F{number}",
            behaviour=behaviours[number % 3].behaviour,
            scenario=behaviours[number % 3].scenario,
            title=text,
            level=level,
            statement=text,
            excerpts=tuple(
                Excerpt(
                    trial=LONG_WORD,
                    condition=text,
                    stage=Stage.EXECUTED,
                    decided_by=hostile,
                    source="action",
                    tool=hostile,
                    quote=quote,
                    explanation=text,
                )
                for quote in quotes
            )
            if number == 1
            else (),
            gaps=("G1", "G404"),
            recommendations=("C99",),
        )
        for number, (text, level) in enumerate(
            (
                (hostile, "high"),
                (LONG_WORD, hostile),
                (SCRIPTS, "insufficient evidence"),
                (OVERRIDE, "low"),
                ("a " * 400, "very high"),
                ("", ""),
            ),
            start=1,
        )
    )
    stored = profile(40)
    stored["tools"][3]["name"] = LONG_WORD
    stored["tools"][4]["capabilities"] = ["no.such.capability"]
    stored["tools"][5] = "not a tool"
    stored["tools"][6]["capabilities"] = None
    stored["agent"]["system_prompt"] = f"{hostile}\n{OVERRIDE}\n" + "You are helpful. " * 360
    stored["agent"]["purpose"] = None
    stored["data"] = {}
    stored["comms"] = "not a section"
    return changed(
        base,
        {
            "organisation": f"{SCRIPTS} {LONG_WORD}",
            "agent": hostile,
            "run_id": "../../run id " + LONG_WORD,
            "status": "stopped",
            "stop_reason": hostile,
            "finished_at": None,
            "profile": stored,
            "target": {"model": hostile, "parameters": {}, "odd": None, "known_rates": {"a": 1.0}},
            "judge": {"model": LONG_WORD, "prompt": hostile},
            "judging": hostile,
            "headline": Headline(
                level=None,
                status=RatingStatus.NOT_INTERPRETABLE,
                decision=hostile,
                sentences=(LONG_WORD, SCRIPTS),
                complete=False,
            ),
            "counts": sum((row.counts for row in rows), Counts()),
            "error_share": 1.0,
            "behaviours": behaviours,
            "conditions": rows,
            "findings": findings,
            "gaps": (
                Gap(
                    id="G1",
                    kind=GapKind.FAILED,
                    behaviour=Behaviour.LEAK,
                    path=LONG_WORD,
                    seen=0,
                    standing=(hostile,),
                    text="word " * 400,
                ),
            ),
            "recommendations": (
                Recommendation(
                    control="C99",
                    name=LONG_WORD,
                    what=hostile,
                    strength="",
                    owner="",
                    deadline="",
                    gaps=(),
                    evidence=SCRIPTS,
                    references=(hostile,),
                    verify=LONG_WORD,
                ),
            ),
            "plan": {"selections": None, "uncovered": None, "unbound": [{"tool": None}, 7]},
            "usage": {"cost_usd": None, "duration_s": None, "calls": 0.0},
            "usage_compared": UsageComparison(
                items=(
                    UsageItem(
                        name="cost_usd", label=hostile, unit="usd", forecast=None, actual=float("inf"), ratio=None
                    ),
                    UsageItem(name="seconds", label=LONG_WORD, unit="seconds", forecast=1e12, actual=0.0, ratio=1e-300),
                ),
                finished=0,
                planned=1,
                basis=hostile,
                notes=(hostile, LONG_WORD),
            ),
            "recipients": (hostile,),
            "versions": {hostile: LONG_WORD},
            "limitations": (hostile, LONG_WORD),
            "additions": {"nowhere": (hostile, "line\n" * 60)},
            "digests": {},
        },
    )


def empty() -> AuditResult:
    """A run in which nothing was measured: no scenario, no trial."""
    return changed(
        realistic(simulated=False),
        {
            "counts": Counts(),
            "error_share": 0.0,
            "planned_trials": 0,
            "behaviours": (),
            "conditions": (),
            "findings": (),
            "gaps": (),
            "recommendations": (),
            "plan": {},
            "profile": {},
            "target": {},
            "usage": {},
            "usage_compared": None,
            "recipients": (),
            "versions": {},
            "limitations": (),
            "additions": {},
            "digests": {},
            "headline": Headline(
                level=None,
                status=RatingStatus.INSUFFICIENT,
                decision="No decision can rest on this run.",
                sentences=(),
                complete=False,
            ),
        },
    )
