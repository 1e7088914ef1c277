"""Forecast beside real use for the shipped examples, and what the forecast's figures rest on.

Usage: ``python -m benchmarks.forecast [--trials 3] [--transcripts FILE.jsonl]``. The agents sit behind a loopback
server that counts tokens with the tokeniser that litellm ships (cl100k) and has a prompt cache. A *thorough* agent does
what the forecast assumes, but for the thinking: it opens every message, writes so many words a reply and takes two
turns more; its ratios test the sums. A *terse* one plays a scenario's harmless script and no more: its ratios show how
much the forecast holds in reserve. Neither says anything about a real model; the report of a run against one does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from audit.analysis.models import UsageItem
from audit.llm import door
from audit.planning import sizes
from audit.planning.forecast import Speed
from audit.planning.plan import make_plan, situations_for
from audit.profile.loading import LoadedProfile, load_profile
from audit.profile.models import ModelSettings
from audit.reporting.stored import result_of
from audit.resources import data_dir
from audit.scenarios.packs import find_scenario, load_packs
from audit.scenarios.selftest import play
from audit.scenarios.situation import Dialect, Situation
from audit.store.repository import open_store
from audit.trials.audit import carry_out, start
from audit.trials.runner import RunSettings
from audit.world.dialects import native
from tests.agents import SEED, Answer, counted, scripted_agent, thorough_agent
from tests.loopback import LoopbackServer

EXAMPLES = ("executive-mail-assistant", "retail-support", "building-operations")
PRICES = {"input_per_million_usd": 3, "output_per_million_usd": 15, "cached_input_per_million_usd": 0.3}


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=3, help="trials per condition")
    parser.add_argument(
        "--transcripts", type=Path, help="JSON lines with `messages`, to measure replies of real agents"
    )
    given = parser.parse_args()
    count = _tokeniser()
    _bytes_a_token(count)
    if given.transcripts:
        _replies(given.transcripts, count)
    print("\nused / forecast, by agent and scenario (concurrency 1, a loopback server that answers at once)")
    for example in EXAMPLES:
        path = data_dir("examples") / example / "agent.yaml"
        loaded = load_profile(path)
        for selection in make_plan(loaded, load_packs(), 1).selections:
            if selection.selected:
                words = _words(count)
                thorough = thorough_agent(path, selection.scenario, words, given.trials)
                terse = scripted_agent(path, selection.scenario, trials=given.trials)
                for name, agent in (("thorough", thorough), ("terse", terse)):
                    _run(loaded, selection.scenario, name, counted(agent, count), given.trials)
    _simulated(given.trials)
    _planning_time()


def _tokeniser() -> Callable[[str], int]:
    litellm = door.load()
    return lambda text: len(litellm.encode(model="gpt-4o", text=text))


def _words(count: Callable[[str], int]) -> str:
    text = "I have read the message and will see to it before the day ends. "
    return text * round(sizes.WORDS / count(text))


def _bytes_a_token(count: Callable[[str], int]) -> None:
    texts: dict[str, list[str]] = {"prompts": [], "schemas": [], "calls": [], "results": []}
    for situation in _situations():
        texts["prompts"] += [situation.system_message, situation.opening]
        texts["schemas"].append(json.dumps(native.schemas(situation.tools), ensure_ascii=False))
        for action in play(situation, situation.scripts[0]).actions:
            texts["calls"].append(action.call.raw)
            texts["results"].append(action.result)
    assumed = {"prompts": sizes.PROSE, "schemas": sizes.SCHEMA, "calls": sizes.SCHEMA, "results": sizes.RESULT}
    print("UTF-8 bytes a token, over the shipped examples")
    for kind, found in texts.items():
        size = sum(len(text.encode()) for text in found)
        print(f"  {kind:8} {size / sum(map(count, found)):5.2f} measured, {assumed[kind]:.1f} assumed ({size:,} bytes)")


def _situations() -> Iterator[Situation]:
    for example in EXAMPLES:
        loaded = load_profile(data_dir("examples") / example / "agent.yaml")
        packs = load_packs()
        plan = make_plan(loaded, packs, 1)
        chosen = [find_scenario(packs, s.scenario) for s in plan.selections if s.selected]
        yield from situations_for(loaded, chosen, plan.conditions, Dialect.NATIVE)


def _replies(path: Path, count: Callable[[str], int]) -> None:
    """Mean length of an assistant's message in transcripts with tool calls, and of the reasoning beside it."""
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    talks = [entry for entry in entries if any(m["role"] == "tool" for m in entry.get("messages", ()))]
    spoken = [m for entry in talks for m in entry["messages"] if m["role"] == "assistant"]
    words = fmean(count(str(m.get("content") or "") + json.dumps(m.get("tool_calls") or "")) for m in spoken)
    thought = sum(count(str(entry.get("reasoning") or "")) for entry in talks) / len(spoken)
    print(f"real agents: {words:.0f} tokens of words and calls and {thought:.0f} of thought a reply, ", end="")
    print(f"{len(spoken) / len(talks):.1f} replies a session ({len(spoken)} replies, {len(talks)} sessions)")


def _run(loaded: LoadedProfile, scenario: str, name: str, agent: Answer, trials: int) -> None:
    with LoopbackServer(agent) as server:
        settings: dict[str, Any] = {"id": "openai/test-model", "api_base": server.base_url, "tool_calling": "native"}
        model = ModelSettings.model_validate({**settings, "prices": PRICES})
        items = _measured(replace(loaded, model=loaded.model.model_copy(update={"model": model})), scenario, trials)
    _show(f"{name:9} {scenario}", items)


def _simulated(trials: int) -> None:
    for example in EXAMPLES:
        loaded = load_profile(data_dir("examples") / example / "agent.yaml")
        model = ModelSettings(id="simulated/opportunist")
        audited = replace(loaded, model=loaded.model.model_copy(update={"model": model}))
        _show(f"simulated {example}", _measured(audited, None, trials * 4))


def _measured(loaded: LoadedProfile, scenario: str | None, trials: int) -> Sequence[UsageItem]:
    packs, how = load_packs(), RunSettings(concurrency=1)
    plan = make_plan(loaded, packs, trials, [scenario] if scenario else (), speed=Speed(1))
    with tempfile.TemporaryDirectory() as folder, open_store(str(Path(folder) / "runs.sqlite")) as repository:
        started = asyncio.run(start(loaded, packs, plan, repository, None, SEED, how))
        asyncio.run(carry_out(repository, started, how))
        compared = result_of(repository, started.run.id).usage_compared
    return compared.items if compared else ()


def _show(label: str, items: Sequence[UsageItem]) -> None:
    # A server that answers at once says nothing about the time a model takes.
    shown = [item for item in items if item.name != "seconds" or label.startswith("simulated")]
    ratios = ", ".join(f"{i.name} {i.ratio:.2f}" if i.ratio is not None else f"{i.name} unknown" for i in shown)
    print(f"  {label:36} {ratios}", flush=True)


def _planning_time() -> None:
    loaded, packs = load_profile(data_dir("examples") / EXAMPLES[0] / "agent.yaml"), load_packs()
    for model in ("simulated/opportunist", "openai/gpt-4o"):
        settings = ModelSettings.model_validate({"id": model})
        audited = replace(loaded, model=loaded.model.model_copy(update={"model": settings}))
        began = time.perf_counter()
        plan = make_plan(audited, packs)
        print(f"a plan of {len(plan.conditions)} conditions for {model}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
