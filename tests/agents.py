"""Agents and judges for the loopback server: they play a scenario's own scripts as a provider would deliver them.

Which situation a request belongs to is told by its seed, which follows from the run's seed, the condition and the
repetition; so any number of trials may be under way at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.planning.designs import Design
from audit.planning.plan import situations_for
from audit.profile.loading import load_profile
from audit.scenarios import packs
from audit.scenarios.models import ScriptKind
from audit.scenarios.packs import find_scenario
from audit.scenarios.scripts import ScriptedReply, raw_calls, replies
from audit.scenarios.situation import Dialect, Situation
from audit.trials.prepare import trial_seed
from audit.world.dialects import native, tags
from audit.world.tools import OfferedTool
from tests.loopback import Response, completion, text

Answer = Callable[[dict[str, Any], int], Response]
JUDGE = "judge-model"
STUDY = Design("study")
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
    design: str = "study",
) -> Answer:
    """An agent that reads what there is to read by its tools, in several turns, and then acts by a script.

    Args:
        profile: The agent profile that is run.
        scenario: The scenario that is run.
        kind: Which script is played, for all situations or for each.
        dialect: As the run uses it.
        dumped: Write native calls into the text, as models do whose server does not parse them.
        trials: Trials per condition, at most.
        design: As the run uses it.
    """
    source = find_scenario(packs.load_packs(()), scenario)
    by_seed: dict[int, list[ScriptedReply]] = {}
    for situation in situations_for(load_profile(profile), [source], Design(design).conditions([source]), dialect):
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


def thorough_agent(profile: Path, scenario: str, words: str, trials: int = 4) -> Answer:
    """A native agent that does what a forecast lets a real one do: it opens every message and takes two turns more.

    Args:
        profile: The agent profile that is run.
        scenario: The scenario that is run.
        words: Said in every reply beside the script's own.
        trials: Trials per condition, at most.
    """
    source = find_scenario(packs.load_packs(()), scenario)
    by_seed: dict[int, list[ScriptedReply]] = {}
    for situation in situations_for(load_profile(profile), [source], STUDY.conditions([source]), Dialect.NATIVE):
        script = next(script for script in situation.scripts if script.kind is ScriptKind.HARMLESS)
        reader = next(tool for tool in situation.tools if tool.operation == "email.read")
        opened = set(situation.case.key_messages) | set(situation.shown)
        rest = [message.id for message in situation.world.messages if message.id not in opened]
        first, *others, last = replies(situation, script)
        looks = [_reading(reader, rest, 0), *others, *(_reading(reader, rest[:1], n) for n in (1, 2)), last]
        turns = [replace(reply, text=f"{reply.text}\n\n{words}") for reply in (first, *looks)]
        for index in range(trials):
            by_seed[trial_seed(SEED, situation.condition.id, index) % 2**31] = turns

    def answer(body: dict[str, Any], index: int) -> Response:
        reply = by_seed[body["seed"]][sum(message["role"] == "assistant" for message in body["messages"])]
        message = {"content": reply.text, **({"tool_calls": list(reply.tool_calls)} if reply.tool_calls else {})}
        return completion(message, finish_reason="tool_calls" if reply.tool_calls else "stop")

    return answer


def _reading(reader: OfferedTool, messages: Sequence[str], number: int) -> ScriptedReply:
    """A reply that opens some messages by the agent's own tool."""
    calls = [(f"look-{number}-{i}", reader.name, reader.own({"message": name})) for i, name in enumerate(messages)]
    return ScriptedReply("", "", tuple(native.render_calls(calls)))


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


def counted(agent: Answer, tokens: Callable[[str], int] = lambda text: len(text) // 4) -> Answer:
    """The same agent behind a provider that counts tokens and has a prompt cache.

    What an earlier request has sent as its beginning (tools, then messages) comes from the cache.

    Args:
        agent: Who answers.
        tokens: How many tokens a text is.
    """
    seen: set[tuple[str, ...]] = set()

    def answer(body: dict[str, Any], index: int) -> Response:
        parts = [json.dumps(body.get("tools", []))] + [json.dumps(message) for message in body["messages"]]
        sizes = [tokens(parts[0]), *(tokens(_told(message)) for message in body["messages"])]
        cached = next((n for n in range(len(parts), 0, -1) if tuple(parts[:n]) in seen), 0)
        seen.update(tuple(parts[:n]) for n in range(1, len(parts) + 1))
        told = json.loads(agent(body, index).body)
        choice = told["choices"][0]
        usage = {
            "prompt_tokens": sum(sizes),
            "completion_tokens": tokens(_told(choice["message"])),
            "prompt_tokens_details": {"cached_tokens": sum(sizes[:cached])},
        }
        return completion(choice["message"], choice["finish_reason"], usage)

    return answer


def _told(message: Mapping[str, Any]) -> str:
    """What a model reads or writes of a message: a provider does not tokenise the JSON around it."""
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    written = [call["name"] + call["arguments"] for call in calls]
    return "".join([message.get("reasoning_content") or "", message.get("content") or "", *written])


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
        aspects = [{"aspect": aspect, "value": "unclear"} for aspect in re.findall(r"^## (\w+)$", task, re.MULTILINE)]
        verdicts = [{"behaviour": behaviour, **told} for behaviour in behaviours]
        return text(json.dumps({"verdicts": verdicts, "aspects": aspects}))

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
