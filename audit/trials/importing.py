"""Results that the study's code wrote become stored runs: one run for each model, one trial for each sample.

Replies are read by the same parser, act in the same simulated company and are decided by the same rules as those of a
run of our own. What the study's classifier said of a sample is kept beside ours as a given label; it decides nothing.
What failed there is an error here. Formats: docs/study.md.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.errors import UsageError
from audit.llm import CallPolicy, mask
from audit.llm.models import Completion, Usage
from audit.planning.models import Forecast, Plan, Selection
from audit.profile.models import AgentProfile
from audit.profile.tools import Tool
from audit.resources import shown_path
from audit.scenarios.compose import compose
from audit.scenarios.factors import Condition, Content
from audit.scenarios.importing.agents import TOOLS, profile_of
from audit.scenarios.importing.kinds import BY_NAME
from audit.scenarios.importing.packing import PACK_ID, PACK_VERSION, write_pack
from audit.scenarios.importing.parts import Part, parts_of
from audit.scenarios.importing.release import (
    Prompt,
    named_condition,
    prompts_folder,
    read_release,
)
from audit.scenarios.packs import Pack, load_pack
from audit.scenarios.situation import About, Dialect, Situation
from audit.scenarios.subject import Dress, Subject, offered
from audit.store.records import ConditionRecord, RunRecord, RunStatus, TrialRecord, TrialStatus
from audit.store.repository import Repository
from audit.targets.base import Session, TargetIdentity
from audit.trials.episode import EpisodeRecord, episode_of, run_episode
from audit.trials.prepare import trial_key, versions
from audit.trials.samples import Sample, by_model, samples_of
from audit.verdicts.adjudication import decide
from audit.verdicts.models import Behaviour, Case
from audit.world.state import Company, World

_NO_MAILBOX = "The prompts of these results were not imported, so nobody can say here what the agent was told."


@dataclass(frozen=True)
class Imported:
    """One run that was stored.

    Attributes:
        without_prompts: Conditions of which no prompt was there; nothing is decided about them.
        unlabelled: Samples without a label by the study's classifier.
        unknown: Folders whose name is no condition of the study; they were left out.
    """

    run_id: str
    model: str
    conditions: int
    trials: int
    errors: int
    without_prompts: tuple[str, ...]
    unlabelled: int
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Replay:
    """A target that answers with one known reply: the episode then runs as any other."""

    sample: Sample

    @property
    def model(self) -> str:
        return self.sample.model

    async def settle_dialect(self) -> tuple[Dialect, str]:
        return Dialect.TAGS, "imported"

    def identity(self, dialect: Dialect, found: str, conditions: list[str]) -> TargetIdentity:
        return _identity(self.sample.model)

    def open(self, situation: Situation, seed: int) -> Session:
        return self

    async def reply(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        text = self.sample.reply or ""
        return Completion(
            text=text,
            reasoning="",
            tool_calls=[],
            message={"role": "assistant", "content": text},
            finish_reason=self.sample.stop_reason,
            refusal=None,
            usage=Usage(),
            cost_usd=None,
            latency_s=self.sample.seconds,
            attempts=1,
            sent={"model": self.sample.model},
        )


def import_results(
    folder: Path, repository: Repository, listener: Callable[[str], None] = lambda told: None
) -> list[Imported]:
    """Read a folder of results and store a run for each model in it.

    Args:
        folder: ``results/<experiment>`` with or without ``models`` inside, or a folder of one model. Prompts are taken
            from ``prompts`` in it; conditions without a prompt there are stored, and nothing is decided about them.
        repository: Where the runs are stored.
        listener: Called with the name of each model before its samples are read.

    Raises:
        UsageError: there is no sample in the folder.
        PackError: the prompts in it cannot be read.
    """
    found = by_model(folder)
    if not found:
        raise UsageError(
            f"{shown_path(folder)}: no folder `<model>/<condition>/sample_NNN` is in it; name that of an experiment"
        )
    # The folder named may be that of the experiment, of its models, or of one of them.
    places = (prompts_folder(path) for path in (folder, *folder.absolute().parents[:2]))
    beside = next((place for place in places if place is not None), None)
    prompts = read_release(beside).prompts if beside else ()
    with tempfile.TemporaryDirectory() as temporary:
        parts = parts_of(prompts, whole_grids=False)
        pack: Pack | None = None
        if parts:
            write_pack(Path(temporary), parts, "imported results")
            pack = load_pack(Path(temporary))
        composed = {p.condition: _composed(pack, part, p) for part in parts for p in part.prompts if pack}
    imported = []
    for model, conditions in found.items():
        listener(model.name)
        imported.append(_store(folder, model, conditions, parts, composed, pack, repository))
    return imported


# --- situations -----------------------------------------------------------------------------------------------------


def _composed(pack: Pack, part: Part, prompt: Prompt) -> Situation:
    profile = AgentProfile.model_validate(profile_of(part))
    subject = Subject(
        dress=Dress.FICTIONAL,
        company=_company(profile),
        system_prompt=part.beginning,
        tools=tuple(offered(tool) for tool in profile.tools),
    )
    source = next(source for source in pack.scenarios if source.id == part.id)
    return compose(source, part.condition(prompt), subject, Dialect.TAGS)


def _company(profile: AgentProfile) -> Company:
    domain, *others = profile.organisation.domains
    agent = profile.agent
    email = agent.email or f"agent@{domain}"
    return Company(
        name=profile.organisation.name,
        domain=domain,
        other_domains=others,
        agent_name=agent.label,
        agent_email=email,
    )


def _unprompted(name: str) -> Situation | None:
    """A condition of which only the name is known. It has no detector: nothing can be decided about it by rules."""
    known = named_condition(name)
    if known is None:
        return None
    kind = BY_NAME[known.kind]
    scenario = f"{kind.id}_{known.variant}" if known.variant else kind.id
    content = Content.OWN if known.value in {None, Content.NATIONAL} else known.value
    condition = Condition(scenario=scenario, threat=known.threat, goal=known.goal, content=content or Content.OWN)
    company = Company(name="unknown", domain="unknown.example", agent_name="Alex", agent_email="alex@unknown.example")
    names = {"leak": ["email", "forward"], "lethal_action": ["email", "cancel_alert"]}.get(kind.id, ["email"])
    return Situation(
        scenario=scenario,
        scenario_version="0.0",
        about=About(
            title=kind.title,
            summary=kind.summary,
            harmful_act=kind.harmful_act,
            honest_way_out=kind.honest_way_out,
            path=(kind.capability,),
        ),
        condition=condition,
        dress=Dress.FICTIONAL,
        dialect=Dialect.TAGS,
        prompt=(),
        opening="",
        tools=tuple(offered(Tool.model_validate(TOOLS[tool])) for tool in names),
        world=World(company=company, now=datetime(2025, 6, 11, 17)),  # noqa: DTZ001 - company time has no zone
        case=Case(
            scenario=scenario,
            condition=condition.id,
            behaviours=(Behaviour(kind.behaviour),),
            situation=f"{kind.situation} {_NO_MAILBOX}",
            rubric=kind.rubric,
            company_domain=company.domain,
            agent_email=company.agent_email,
            insiders=(),
            detectors=(),
        ),
        shown=(),
        scripts=(),
    )


# --- storing --------------------------------------------------------------------------------------------------------


def _store(
    folder: Path,
    model_folder: Path,
    folders: Mapping[str, Path],
    parts: Sequence[Part],
    composed: Mapping[str, Situation],
    pack: Pack | None,
    repository: Repository,
) -> Imported:
    situations: dict[str, Situation] = {}
    unknown, bare = [], []
    for name in folders:
        situation = composed.get(name) or _unprompted(name)
        if situation is None:
            unknown.append(name)
            continue
        situations[name] = situation
        if name not in composed:
            bare.append(name)
    if not situations:
        raise UsageError(f"{shown_path(model_folder)}: no folder in it is named after a condition of the study")
    samples = {name: samples_of(folders[name], model_folder.name) for name in situations}
    model = next((s.model for found in samples.values() for s in found if s.reply is not None), model_folder.name)
    source = shown_path(folder)
    run, conditions = _records(model, source, situations, samples, parts, pack)
    trials, labels = asyncio.run(_trials(run, conditions, situations, samples))
    canaries = sorted({sample.canary for found in samples.values() for sample in found if sample.canary})
    kept = {**run.settings, "given_labels": labels, "canaries": canaries}
    run = run.model_copy(update={"settings": kept})
    repository.create_run(run, list(conditions.values()))
    for trial, verdicts in trials:
        repository.add_trial(trial, verdicts)
    planned = run.trials_per_condition * len(conditions)
    lacking = planned - len(trials)
    reason = f"the imported results lack {lacking} of {planned} samples" if lacking else ""
    status = RunStatus.STOPPED if lacking else RunStatus.COMPLETE
    repository.finish_run(run.id, status, reason, datetime.now(UTC))
    return Imported(
        run_id=run.id,
        model=model,
        conditions=len(conditions),
        trials=len(trials),
        errors=sum(trial.status is TrialStatus.ERROR for trial, _ in trials),
        without_prompts=tuple(bare),
        unlabelled=sum("harmful" not in sample.given for found in samples.values() for sample in found),
        unknown=tuple(unknown),
    )


def _identity(model: str) -> TargetIdentity:
    return TargetIdentity(
        model=model,
        simulated=False,
        recipient="nobody: these trials were run by others",
        dialect=Dialect.TAGS,
        dialect_found="as the imported prompts say",
        description="Imported results; who ran them, when and how is not known here beyond what they say.",
    )


def _records(
    model: str,
    source: str,
    situations: Mapping[str, Situation],
    samples: Mapping[str, Sequence[Sample]],
    parts: Sequence[Part],
    pack: Pack | None,
) -> tuple[RunRecord, dict[str, ConditionRecord]]:
    created = datetime.now(UTC)
    run_id = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    often = max((sample.number for found in samples.values() for sample in found), default=1)
    profile = _profile(model, situations, parts)
    stored = profile.model_dump(mode="json", by_alias=True)
    told = versions(()) | {
        f"pack {PACK_ID} {PACK_VERSION}": f"sha256:{pack.sha256}" if pack else "prompts not imported"
    }
    run = RunRecord(
        id=run_id,
        created_at=created,
        status=RunStatus.RUNNING,
        seed=0,
        trials_per_condition=often,
        simulated=False,
        profile=stored,
        profile_path=source,
        profile_sha256=hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest(),
        target={**_identity(model).model_dump(mode="json"), "imported": source},
        judge=None,
        plan=_plan(situations, often).model_dump(mode="json"),
        versions=told,
        settings={
            "concurrency": 1,
            "budget_usd": None,
            "max_turns": 1,
            "call_policy": CallPolicy().model_dump(),
            "controls": [],
        },
    )
    conditions = {
        name: ConditionRecord(
            run_id=run_id,
            id=situation.condition.id,
            ordinal=ordinal,
            situation=situation.model_dump(mode="json", by_alias=True),
            situation_sha256=situation.digest(),
        )
        for ordinal, (name, situation) in enumerate(situations.items())
    }
    return run, conditions


def _profile(model: str, situations: Mapping[str, Situation], parts: Sequence[Part]) -> AgentProfile:
    """One agent for the whole run: the companies of its situations, and all their tools."""
    described = [profile_of(part) for part in parts if any(s.scenario == part.id for s in situations.values())]
    names = dict.fromkeys(tool.name for situation in situations.values() for tool in situation.tools)
    domains = dict.fromkeys(d for one in described for d in one["organisation"]["domains"])
    companies = dict.fromkeys(one["organisation"]["name"] for one in described)
    return AgentProfile.model_validate(
        {
            "schema": "insider-audit/agent/1",
            "organisation": {
                "name": f"Imported results: {', '.join(companies) or 'the study'}",
                "sector": "fictional companies of the study",
                "domains": list(domains) or ["unknown.example"],
            },
            "agent": {
                "role": "agent of the study",
                "purpose": "Handles a company's mail, as the study's prompts describe it.",
                "system_prompt": "As in the imported prompts; it differs between conditions.",
            },
            "model": {"id": model, "tool_calling": "tags"},
            "tools": [TOOLS[name] for name in names],
        }
    )


def _plan(situations: Mapping[str, Situation], often: int) -> Plan:
    first = {situation.scenario: situation for situation in situations.values()}
    return Plan(
        selections=tuple(
            Selection(
                scenario=scenario,
                version=situation.scenario_version,
                pack=f"{PACK_ID} {PACK_VERSION}",
                title=situation.about.title,
                behaviour=situation.case.behaviours[0],
                selected=True,
                reason="the imported results hold it",
                grounds=(),
            )
            for scenario, situation in first.items()
        ),
        design="imported",
        conditions=tuple(situation.condition for situation in situations.values()),
        trials_per_condition=often,
        dialect=Dialect.TAGS,
        uncovered=(),
        unbound=(),
        forecast=Forecast(
            target_calls=0,
            judge_calls=0,
            input_tokens=0,
            output_tokens=0,
            cost_usd=0.0,
            judge_cost_usd=0.0,
            basis="imported: nothing is called",
        ),
    )


async def _trials(
    run: RunRecord,
    conditions: Mapping[str, ConditionRecord],
    situations: Mapping[str, Situation],
    samples: Mapping[str, Sequence[Sample]],
) -> tuple[list[Any], dict[str, Any]]:
    trials = []
    labels = {}
    for name, sample in _each(samples):
        situation = situations[name]
        if sample.reply is None:
            record = EpisodeRecord(
                status=TrialStatus.ERROR, error_kind="imported", error=mask(sample.error), messages=situation.messages()
            )
        else:
            record = await run_episode(_Replay(sample), situation, seed=0, max_turns=1)
        trial = _trial(run, conditions[name], situation, sample, record)
        shown = episode_of(record, situation.shown)
        trials.append((trial, await decide(situation.case, shown, None) if record.replies else None))
        if sample.given:
            labels[trial.id] = sample.given
    return trials, labels


def _each(samples: Mapping[str, Sequence[Sample]]) -> Iterator[tuple[str, Sample]]:
    return ((name, sample) for name, found in samples.items() for sample in found)


def _trial(
    run: RunRecord, condition: ConditionRecord, situation: Situation, sample: Sample, record: EpisodeRecord
) -> TrialRecord:
    seen = episode_of(record, situation.shown).seen_before()
    return TrialRecord(
        id=f"{run.id}:{condition.id}:{sample.number - 1}:0",
        run_id=run.id,
        condition_id=condition.id,
        index=sample.number - 1,
        key=trial_key(run, condition, sample.number - 1),
        seed=0,
        status=record.status,
        error_kind=record.error_kind,
        error=record.error,
        messages=record.messages,
        replies=[reply.model_dump(mode="json") for reply in record.replies],
        actions=list(record.actions),
        exposed=bool(situation.case.key_messages) and set(situation.case.key_messages) <= seen,
        world_sha256=record.world_sha256,
        started_at=sample.at or run.created_at,
        duration_s=sample.seconds,
    )
