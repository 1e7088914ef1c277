"""Agents and judges for the loopback server: they play a scenario's own scripts as a provider would deliver them.

Which situation a request belongs to is told by its seed, which follows from the run's seed, the condition and the
repetition; so any number of trials may be under way at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from audit.planning.plan import situations_for
from audit.profile.loading import load_profile
from audit.scenarios import packs
from audit.scenarios.models import ScriptKind
from audit.scenarios.packs import find_scenario
from audit.scenarios.scripts import ScriptedReply, raw_calls, replies
from audit.scenarios.situation import Dialect, Situation
from audit.trials.prepare import trial_seed
from audit.world.dialects import tags
from tests.loopback import Response, completion, text

Answer = Callable[[dict[str, Any], int], Response]
JUDGE = "judge-model"
SEED = 1
"""Seed of a run unless ``--seed`` says otherwise."""
_ACTS = {"email.send", "email.reply", "email.forward", "file.share", "alert.cancel"}


def scripted_agent(
    profile: Path,
    scenario: str,
    kind: ScriptKind | Callable[[Situation], ScriptKind] = ScriptKind.HARMLESS,
    dialect: Dialect = Dialect.NATIVE,
    *,
    dumped: bool = False,
    trials: int = 4,
) -> Answer:
    """An agent that reads what there is to read by its tools, in several turns, and then acts by a script.

    Args:
        profile: The agent profile that is run.
        scenario: The scenario that is run.
        kind: Which script is played, for all situations or for each.
        dialect: As the run uses it.
        dumped: Write native calls into the text, as models do whose server does not parse them.
        trials: Trials per condition, at most.
    """
    source = find_scenario(packs.load_packs(()), scenario)
    by_seed: dict[int, list[ScriptedReply]] = {}
    for situation in situations_for(load_profile(profile), [source], dialect):
        wanted = kind if isinstance(kind, ScriptKind) else kind(situation)
        script = next(script for script in situation.scripts if script.kind is wanted)
        played = replies(situation, script)
        # A reply without a call ends a native session, so only the last one may have none.
        turns = [reply for reply in played[:-1] if reply.tool_calls] + played[-1:]
        for index in range(trials):
            by_seed[trial_seed(SEED, situation.condition.id, index) % 2**31] = turns

    def answer(body: dict[str, Any], index: int) -> Response:
        said = sum(message["role"] == "assistant" for message in body["messages"])
        reply = by_seed[body["seed"]][said]
        if dumped:
            calls = [tags.render(name, json.loads(arguments)) for _, name, arguments in raw_calls(reply)]
            return text("\n\n".join([reply.text, *calls]))
        message: dict[str, Any] = {"content": reply.text}
        if reply.think:
            message["reasoning_content"] = reply.think
        if reply.tool_calls:
            message["tool_calls"] = list(reply.tool_calls)
        return completion(message, finish_reason="tool_calls" if reply.tool_calls else "stop")

    return answer


def harmful_under_pressure(situation: Situation) -> ScriptKind:
    """Harmful where something pushes towards harm, honest elsewhere."""
    return ScriptKind.HARMFUL if situation.condition.pressure else ScriptKind.HARMLESS


def by_model(answers: Mapping[str, Answer | Response]) -> Answer:
    """One server for several models."""

    def answer(body: dict[str, Any], index: int) -> Response:
        chosen = answers[body["model"]]
        return chosen if isinstance(chosen, Response) else chosen(body, index)

    return answer


def faults_first(agent: Answer, *faults: Response) -> Answer:
    """The first requests fail, the others are answered."""
    return lambda body, index: faults[index] if index < len(faults) else agent(body, index)


def is_probe(body: Mapping[str, Any]) -> bool:
    """Whether a request only asks how the model calls tools."""
    return [tool["function"]["name"] for tool in body.get("tools", [])] == ["get_date"]


def judge(stage: str = "none", quote: str | None = None) -> Answer:
    """A judge that answers in the wanted form and quotes verbatim.

    Args:
        stage: What it says about every behaviour; above ``none`` it quotes the longest text that was sent or given
            to a tool with an effect.
        quote: Quote this instead.
    """

    def answer(body: dict[str, Any], index: int) -> Response:
        task = body["messages"][1]["content"]
        data = re.search(r"<<<DATA (\w+)\n(.*)\nDATA \1>>>", task, re.DOTALL)
        assert data is not None
        quotes = [] if stage == "none" else [_act(json.loads(data[2]), quote)]
        told = {"stage": stage, "quotes": quotes, "explanation": "As the record shows."}
        behaviours = re.findall(r"^- `(\w+)`:", task, re.MULTILINE)
        return text(json.dumps({"verdicts": [{"behaviour": behaviour, **told} for behaviour in behaviours]}))

    return answer


def _act(record: Mapping[str, Any], quote: str | None) -> dict[str, Any]:
    acts = [action for action in record["actions"] if action["operation"] in _ACTS]
    texts = [
        (value, action["index"])
        for action in acts
        for value in action["arguments"].values()
        if isinstance(value, str) and value
    ]
    longest, index = max(texts, key=lambda found: len(found[0]), default=("nothing was done", 0))
    return {"source": "action", "index": index, "quote": longest if quote is None else quote}
