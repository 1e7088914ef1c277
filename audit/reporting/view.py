"""What the templates print, prepared: rows, labels and the sentences that are drawn from figures.

The result's ``profile``, ``plan``, ``target`` and ``judge`` are plain data that an older version may have written. They
are read here without trust: what is missing reads "unknown", what has another shape is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from audit.analysis.models import (
    AuditResult,
    BehaviourResult,
    ConditionResult,
    Counts,
    Excerpt,
    Finding,
    Gap,
    Level,
    Rate,
    Rating,
    RatingStatus,
    Recommendation,
    UsageComparison,
)
from audit.profile.models import AgentProfile
from audit.reporting import text
from audit.reporting.charts import Chart, funnel_chart, interval_charts
from audit.reporting.effects import EffectTable, charted, effect_tables
from audit.reporting.matrix import Placed, risk_matrix
from audit.reporting.scope import ScopeView, scope_view
from audit.reporting.scope import entries as _entries
from audit.reporting.sentences import what_is_open, what_worked
from audit.verdicts.models import Behaviour
from audit.world.capabilities import CAPABILITIES, Capability, Effect

QUOTE_LIMIT = 2000
"""Characters of one quote that are printed. The JSON report has the whole text."""
EXCERPT_LIMIT = 6
SUMMARY_FINDINGS = 5
_NOT_OVERSIGHT = {"schema_", "organisation", "agent", "model", "judge", "tools", "data"}


@dataclass(frozen=True)
class ToolRow:
    """One tool of the agent, in words."""

    name: str
    description: str
    capabilities: str
    effect: str
    reach: str
    approval: str


@dataclass(frozen=True)
class Fact:
    """One declared fact."""

    label: str
    value: str

    @property
    def unknown(self) -> bool:
        """True when the profile leaves it open."""
        return self.value == text.UNKNOWN

    @property
    def pair(self) -> tuple[str, str]:
        """Label and value."""
        return self.label, self.value


@dataclass(frozen=True)
class ResultRow:
    """Figures of one part of a scenario: its pressure conditions, its control cell or its twin."""

    label: str
    counts: Counts
    inherent: Rate | None
    residual: Rate | None
    released: Rate | None


@dataclass(frozen=True)
class UsageRow:
    """One kind of effort, forecast and used."""

    label: str
    forecast: str
    used: str
    ratio: str


@dataclass(frozen=True)
class Quote:
    """An excerpt with its text cut to what is printed."""

    excerpt: Excerpt
    condition: str
    shown: str
    left: int


@dataclass(frozen=True)
class FindingView:
    """A finding with everything it refers to."""

    finding: Finding
    behaviour: BehaviourResult | None
    funnel: Chart | None
    quotes: tuple[Quote, ...]
    quotes_left: int
    gaps: tuple[Gap, ...]
    recommendations: tuple[Recommendation, ...]
    worst: str
    """The worst condition's label."""
    elsewhere: tuple[str, ...]
    """Gaps and recommendations it names that the result does not hold."""


@dataclass(frozen=True)
class View:
    """Everything the templates need beside the result itself."""

    label: str
    """What the agent is called: its name, else its role."""
    purpose: str
    environment: str
    model: str
    model_facts: tuple[Fact, ...]
    judge_facts: tuple[Fact, ...]
    tools: tuple[ToolRow, ...]
    scopes: tuple[tuple[str, str, str, str], ...]
    scopes_declared: bool
    oversight: tuple[tuple[str, tuple[Fact, ...]], ...]
    prompt: str
    prompt_left: int
    scope: ScopeView
    trials_per_condition: str
    results: tuple[tuple[BehaviourResult, tuple[ResultRow, ...]], ...]
    intervals: tuple[Chart, ...]
    charts_left: int
    """Conditions that the charts leave to the table of factors."""
    effects: tuple[EffectTable, ...]
    """What each factor does, scenario by scenario; empty where the run compares nothing."""
    comparisons: int
    matrix: Chart | None
    unplaced: tuple[str, ...]
    findings: tuple[FindingView, ...]
    ratings: tuple[tuple[BehaviourResult, str, Rating], ...]
    worked: tuple[str, ...]
    open_points: tuple[str, ...]
    usage: tuple[Fact, ...]
    usage_compared: tuple[UsageRow, ...]
    """The forecast beside what was used; empty where the run holds no forecast."""
    version: str
    titles: Mapping[str, str]
    """Scenario id -> title."""
    behaviours_seen: frozenset[Behaviour]
    conditions: tuple[tuple[str, tuple[ConditionResult, ...]], ...]
    """Title of each scenario with its conditions."""
    advice_number: Mapping[str, int]
    """Control -> its place among the recommendations."""
    condition_count: int
    known_rates: bool


def build_view(result: AuditResult) -> View:
    """Prepare a result for the templates. Draws the figures."""
    agent = _mapping(result.profile.get("agent"))
    prompt = agent.get("system_prompt")
    shown, left = text.cut(prompt, 6000) if isinstance(prompt, str) and prompt else (text.UNKNOWN, 0)
    scope = scope_view(result)
    oversight = tuple(oversight_facts(result.profile))
    findings = tuple(_finding(result, finding) for finding in result.findings)
    rated = [
        Placed(v.finding.id, v.behaviour.inherent_rating, v.behaviour.residual_rating) for v in findings if v.behaviour
    ]
    data = _mapping(result.profile.get("data"))
    groups = [(title, charted(result, rows), len(rows)) for title, rows in by_scenario(result)]
    return View(
        label=result.agent or text.words(agent.get("role")),
        purpose=text.words(agent.get("purpose")),
        environment=text.words(agent.get("environment")),
        model=text.words(result.target.get("model") or _mapping(result.profile.get("model")).get("id")),
        model_facts=tuple(_identity(result.target)),
        judge_facts=tuple(_identity(result.judge)) if result.judge else (),
        tools=tuple(map(_tool, _entries(result.profile.get("tools")))),
        scopes=tuple(map(_scope, _entries(data.get("scopes")))),
        scopes_declared="scopes" in data,
        oversight=oversight,
        prompt=shown,
        prompt_left=left,
        scope=scope,
        trials_per_condition=text.words(result.plan.get("trials_per_condition")),
        results=tuple((behaviour, tuple(_rows(result, behaviour))) for behaviour in result.behaviours),
        intervals=tuple(interval_charts([(title, rows) for title, rows, _ in groups])),
        charts_left=sum(count - len(rows) for _, rows, count in groups),
        effects=tuple(effect_tables(result)),
        comparisons=sum(effect.p is not None for effect in result.factors),
        matrix=risk_matrix(rated),
        unplaced=tuple(_unplaced(findings)),
        findings=findings,
        ratings=tuple(
            (b, kind, rating)
            for b in result.behaviours
            for kind, rating in (("inherent", b.inherent_rating), ("residual", b.residual_rating))
        ),
        worked=tuple(what_worked(result)),
        open_points=tuple(
            what_is_open(result, scope, unknown_facts=sum(fact.unknown for _, facts in oversight for fact in facts))
        ),
        usage=tuple(_usage(result.usage)),
        usage_compared=tuple(_compared(result.usage_compared)),
        version=result.versions.get("insider-audit", text.UNKNOWN),
        titles={b.scenario: b.scenario_title for b in result.behaviours},
        behaviours_seen=frozenset(b.behaviour for b in result.behaviours),
        conditions=tuple((title, tuple(rows)) for title, rows in by_scenario(result)),
        advice_number={advice.control: place for place, advice in enumerate(result.recommendations, start=1)},
        condition_count=len({c.condition for c in result.conditions}),
        known_rates=any(c.known_rate is not None for c in result.conditions),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _identity(data: Mapping[str, Any]) -> Iterator[Fact]:
    """Every fact of a model's identity, the long table of known rates aside."""
    for key, value in data.items():
        if key == "known_rates":
            continue
        label = "API address" if key == "api_base" else key.replace("_", " ").capitalize()
        if isinstance(value, Mapping):
            shown = ", ".join(f"{text.plain(name)} = {text.plain(inner)}" for name, inner in value.items())
        else:
            shown = text.words(value) if isinstance(value, bool) else text.plain(value)
        # What a run recorded as empty was not set; that is known.
        yield Fact(label, "not set" if value in (None, "", {}, []) else shown)


def _tool(tool: Mapping[str, Any]) -> ToolRow:
    names = tool.get("capabilities")
    known = [Capability(n) for n in names if n in list(Capability)] if isinstance(names, list | tuple) else []
    effect = text.words(tool.get("effect"))
    if effect == text.UNKNOWN and known:
        worst = max((CAPABILITIES[c].effect for c in known), key=list(Effect).index)
        effect = f"unknown; {text.words(str(worst))} assumed"
    return ToolRow(
        name=text.plain(tool.get("name")),
        description=str(tool.get("description") or "no description"),
        capabilities=text.words([CAPABILITIES[c].phrase for c in known] or None),
        effect=effect,
        reach=text.words(tool.get("reach")),
        approval=text.words(tool.get("approval")),
    )


def _scope(scope: Mapping[str, Any]) -> tuple[str, str, str, str]:
    category, sensitivity, access = (text.words(scope.get(key)) for key in ("category", "sensitivity", "access"))
    return text.plain(scope.get("name")), category, sensitivity, access


def oversight_facts(profile: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """Every declared oversight fact under the words of the profile's own model, section by section."""
    for name, field in AgentProfile.model_fields.items():
        if name in _NOT_OVERSIGHT or not (
            isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        ):
            continue
        values = _mapping(profile.get(name))
        yield _section(name, field.description or ""), tuple(_facts(field.annotation, values))


def _section(name: str, description: str) -> str:
    """The profile's own key, so that it is found there, and what it is about."""
    return f"{name.capitalize()}: {description[:1].lower()}{description[1:]}" if description else name.capitalize()


def _facts(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[Fact]:
    for name, field in model.model_fields.items():
        value = values.get(name, text.UNKNOWN)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _facts(field.annotation, _mapping(value))
        else:
            # In a profile an explicit null says that there is none.
            said = "none" if value is None else text.words(value)
            # What follows the semicolon tells the profile's author how to write it.
            yield Fact((field.description or name.replace("_", " ")).partition(";")[0], said)


def _rows(result: AuditResult, behaviour: BehaviourResult) -> Iterator[ResultRow]:
    mine = [c for c in result.conditions if (c.scenario, c.behaviour) == (behaviour.scenario, behaviour.behaviour)]
    pressure = [c for c in mine if c.counted]
    altered = [c for c in mine if c.altered and not c.twin]
    calm = [c for c in mine if not c.pressure and not c.altered and not c.twin]
    twins = [c for c in mine if c.twin]
    yield ResultRow(
        f"under pressure ({text.plural(len(pressure), 'condition')})",
        _sum(pressure),
        behaviour.pressure,
        behaviour.residual,
        behaviour.residual_if_released,
    )
    told = f"told more than usual, not counted above ({text.plural(len(altered), 'condition')})"
    for label, rows, rate in (
        ("no pressure", calm, behaviour.control_cell),
        (told, altered, behaviour.altered),
        ("benign twin", twins, behaviour.twin),
    ):
        if rows or rate is not None:
            only = rows[0] if len(rows) == 1 else None
            residual, released = (only.residual, only.residual_if_released) if only else (None, None)
            yield ResultRow(label, _sum(rows), rate, residual, released)


def by_scenario(result: AuditResult) -> Iterator[tuple[str, list[ConditionResult]]]:
    """The conditions under the title of their scenario and behaviour, in the report's order."""
    titles = {(b.scenario, b.behaviour): b.scenario_title for b in result.behaviours}
    for key in dict.fromkeys([*titles, *((c.scenario, c.behaviour) for c in result.conditions)]):
        rows = [c for c in result.conditions if (c.scenario, c.behaviour) == key]
        if rows:
            yield f"{titles.get(key, key[0])} ({text.words(str(key[1]))})", rows


def _sum(conditions: Sequence[ConditionResult]) -> Counts:
    return sum((condition.counts for condition in conditions), Counts())


def _finding(result: AuditResult, finding: Finding) -> FindingView:
    labels = {c.condition: c.label for c in result.conditions}
    same = [b for b in result.behaviours if b.scenario == finding.scenario]
    behaviour = next((b for b in same if b.behaviour == finding.behaviour), None)
    gaps = tuple(gap for gap in result.gaps if gap.id in finding.gaps)
    recommendations = tuple(r for r in result.recommendations if r.control in finding.recommendations)
    found = {gap.id for gap in gaps} | {r.control for r in recommendations}
    worst = (behaviour.worst_condition if behaviour else None) or text.UNKNOWN
    quotes = []
    for excerpt in finding.excerpts[:EXCERPT_LIMIT]:
        shown, left = text.cut(text.fewer_blank_lines(excerpt.quote), QUOTE_LIMIT)
        quotes.append(Quote(excerpt, labels.get(excerpt.condition, excerpt.condition), shown, left))
    return FindingView(
        finding=finding,
        behaviour=behaviour,
        funnel=funnel_chart(behaviour) if behaviour else None,
        quotes=tuple(quotes),
        quotes_left=max(0, len(finding.excerpts) - EXCERPT_LIMIT),
        gaps=gaps,
        recommendations=recommendations,
        worst=labels.get(worst, worst),
        elsewhere=tuple(name for name in (*finding.gaps, *finding.recommendations) if name not in found),
    )


def _unplaced(findings: Sequence[FindingView]) -> Iterator[str]:
    for view in findings:
        if view.behaviour is None:
            yield f"{view.finding.id}: no figures"
        elif view.behaviour.residual_rating.status is not RatingStatus.RATED:
            yield f"{view.finding.id}: {view.behaviour.residual_rating.status}"


def _usage(usage: Mapping[str, float | None]) -> Iterator[Fact]:
    for key, value in usage.items():
        label = key.replace("_", " ").removesuffix(" usd").removesuffix(" s").capitalize()
        if "cost" in key or key.endswith("usd"):
            yield Fact(label, text.money(value))
        elif "duration" in key or "second" in key or key.endswith("_s"):
            yield Fact(label, text.duration(value))
        else:
            yield Fact(label, text.number(value))


def _compared(compared: UsageComparison | None) -> Iterator[UsageRow]:
    shown = {"count": text.whole, "usd": text.money, "seconds": text.duration}
    for item in compared.items if compared else ():
        write = shown[item.unit]
        ratio = f"{item.ratio:.2f}" if item.ratio is not None else text.NO_RATIO
        yield UsageRow(item.label, write(item.forecast), write(item.actual), ratio)


def level_class(level: str) -> str:
    """CSS class of a level or status, from a closed list: model output never becomes a class name."""
    return f"level-{level.replace(' ', '-')}" if level in list(Level) else "level-none"
