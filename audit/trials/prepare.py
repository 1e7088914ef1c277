"""From a plan to the records of a run: what is written down before the first trial."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from audit import __version__
from audit.analysis.rating import RATING_VERSION
from audit.planning.models import Plan
from audit.profile.loading import LoadedProfile
from audit.resources import shown_path
from audit.scenarios.common import common_texts
from audit.scenarios.packs import Pack
from audit.scenarios.situation import Situation
from audit.statistics import STATISTICS_VERSION
from audit.store.records import ConditionRecord, RunRecord, RunStatus
from audit.targets.base import TargetIdentity
from audit.verdicts.aspects import ASPECTS_VERSION
from audit.verdicts.detectors.finding import DETECTORS_VERSION


def prepare(
    loaded: LoadedProfile,
    plan: Plan,
    packs: Sequence[Pack],
    situations: Sequence[Situation],
    target: TargetIdentity,
    judge: Mapping[str, Any] | None,
    seed: int,
    settings: Mapping[str, Any],
) -> tuple[RunRecord, list[ConditionRecord]]:
    """Write down a run that is about to start.

    Args:
        loaded: The profile, with its prompt.
        plan: What was decided.
        packs: Where the scenarios come from; their digests are kept.
        situations: One per condition of the plan, exactly as they will be used.
        target: Who is audited.
        judge: Identity of the judge, None for verdicts by rules.
        seed: Seed of the run; every trial's seed follows from it.
        settings: How it is run: concurrency, budget and the like.
    """
    created = datetime.now(UTC)
    run_id = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    run = RunRecord(
        id=run_id,
        created_at=created,
        status=RunStatus.RUNNING,
        seed=seed,
        trials_per_condition=plan.trials_per_condition,
        simulated=target.simulated,
        profile=stored_profile(loaded),
        profile_path=shown_path(loaded.path),
        profile_sha256=loaded.sha256,
        target=target.model_dump(mode="json"),
        judge=dict(judge) if judge else None,
        plan=plan.model_dump(mode="json"),
        versions=versions(packs),
        settings=dict(settings),
    )
    conditions = [
        ConditionRecord(
            run_id=run_id,
            id=situation.condition.id,
            ordinal=ordinal,
            situation=situation.model_dump(mode="json", by_alias=True),
            situation_sha256=situation.digest(),
        )
        for ordinal, situation in enumerate(situations)
    ]
    return run, conditions


def stored_profile(loaded: LoadedProfile) -> dict[str, Any]:
    """The profile as plain data, with the system prompt's text in place of its file."""
    data = loaded.model.model_dump(mode="json", by_alias=True)
    data["agent"] |= {"system_prompt": loaded.system_prompt, "system_prompt_file": None}
    return data


def versions(packs: Sequence[Pack]) -> dict[str, str]:
    """Versions of everything that can move a figure."""
    found = {"insider-audit": __version__}
    found |= {f"pack {pack.name}": f"sha256:{pack.sha256}" for pack in packs}
    common = common_texts()
    found[f"common texts {common.model.version}"] = f"sha256:{common.sha256}"
    found |= {
        "detectors": DETECTORS_VERSION,
        "aspects": ASPECTS_VERSION,
        "statistics": STATISTICS_VERSION,
        "rating": RATING_VERSION,
    }
    try:
        found["litellm"] = version("litellm")
    except PackageNotFoundError:
        found["litellm"] = "not installed"
    return found


def trial_seed(run_seed: int, condition_id: str, index: int) -> int:
    """Seed of one trial, from 0 to 2**63 - 1. It does not depend on the run's id, so two runs can be paired by it."""
    digest = hashlib.sha256(f"{run_seed}:{condition_id}:{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def trial_key(run: RunRecord, condition: ConditionRecord, index: int) -> str:
    """Hash over everything that decides what a trial is: profile, situation, target and repetition."""
    target = json.dumps({k: run.target.get(k) for k in ("model", "parameters", "dialect")}, sort_keys=True)
    parts = [run.profile_sha256, condition.situation_sha256, target, str(run.seed), str(index)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
