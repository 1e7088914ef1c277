"""Trials per second and peak memory: a simulated model, and a model behind loopback HTTP through litellm.

Usage: ``python -m benchmarks.throughput [--trials 20] [--concurrency 8]``. Every part runs in a process of its own, so
that each has its own peak memory. The loopback server answers at once, in the same process, from a scenario's own
scripts: the figures are those of the toolkit and litellm, with no time for a model in them.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from audit.planning.plan import make_plan
from audit.profile.loading import LoadedProfile, load_profile
from audit.profile.models import ModelSettings
from audit.resources import data_dir
from audit.scenarios.packs import load_packs
from audit.scenarios.situation import Dialect
from audit.store.repository import open_store
from audit.trials.audit import carry_out, start
from audit.trials.runner import Progress, RunSettings
from tests.agents import SEED, scripted_agent
from tests.loopback import LoopbackServer

PROFILE = data_dir("examples") / "executive-mail-assistant" / "agent.yaml"
SCENARIO = "leak"


def simulated(trials: int, concurrency: int) -> None:
    """Trials of a simulated model: composition, world, gateway, verdicts and storage, no HTTP."""
    for model in ("compliant", "opportunist"):
        settings = ModelSettings(id=f"simulated/{model}", tool_calling="native")
        calls, progress, seconds = _run(settings, trials, concurrency)
        _show(f"simulated/{model}", progress, calls, seconds)


def http(trials: int, concurrency: int) -> None:
    """Trials over HTTP: the same, and litellm, httpx and sockets."""
    for dialect in (Dialect.NATIVE, Dialect.TAGS):
        with LoopbackServer() as server:
            server.script = scripted_agent(PROFILE, SCENARIO, dialect=dialect, trials=trials)
            settings = ModelSettings(id="openai/test-model", api_base=server.base_url, tool_calling=dialect.value)
            _run(settings, 1, concurrency)  # litellm's first call takes seconds; it is not what is measured
            calls, progress, seconds = _run(settings, trials, concurrency)
            _show(f"loopback HTTP, {dialect}", progress, calls, seconds)


def _run(settings: ModelSettings, trials: int, concurrency: int) -> tuple[int, Progress, float]:
    loaded: LoadedProfile = load_profile(PROFILE)
    loaded = replace(loaded, model=loaded.model.model_copy(update={"model": settings}))
    packs = load_packs()
    plan = make_plan(loaded, packs, trials, [SCENARIO])
    how = RunSettings(concurrency=concurrency)
    with tempfile.TemporaryDirectory() as folder, open_store(str(Path(folder) / "runs.sqlite")) as repository:
        started = asyncio.run(start(loaded, packs, plan, repository, None, SEED, how))
        began = time.perf_counter()
        progress = asyncio.run(carry_out(repository, started, how))
        seconds = time.perf_counter() - began
        calls = sum(len(trial.replies) for trial in repository.trials(started.run.id))
    return calls, progress, seconds


def _show(label: str, progress: Progress, calls: int, seconds: float) -> None:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(progress.outcomes.items()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    print(
        f"{label:24} {progress.finished:6,} trials {calls:7,} calls {seconds:7.1f} s "
        f"{progress.finished / seconds:7.1f} trials/s {calls / seconds:7.1f} calls/s, "
        f"peak {peak:5.0f} MiB ({outcomes})",
        flush=True,
    )


PARTS = {"simulated": simulated, "http": http}


def main() -> None:
    """Run all parts, each in its own process; or one part, in this one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="trials per condition; there are seven")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--part", choices=list(PARTS))
    given = parser.parse_args()
    if given.part:
        PARTS[given.part](given.trials, given.concurrency)
        return
    for part in PARTS:
        options = ["--trials", str(given.trials), "--concurrency", str(given.concurrency), "--part", part]
        subprocess.run([sys.executable, "-m", "benchmarks.throughput", *options], check=True)


if __name__ == "__main__":
    main()
