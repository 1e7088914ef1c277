"""How large a trial is: which calls it takes and what each of them sends.

A scenario's own harmless script is played through the real world and dialect, so tool schemas, mailbox and results have
their true size. A real agent reads more than a script does; it is let open every message and take a few turns more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from statistics import fmean

from audit.scenarios.models import ScriptKind
from audit.scenarios.scripts import ScriptedReply, replies
from audit.scenarios.selftest import play
from audit.scenarios.situation import Dialect, Situation
from audit.verdicts.judge.answer import Answer
from audit.verdicts.judge.prompt import LONGEST_RESULT, first_messages
from audit.verdicts.models import Episode
from audit.world.dialects import native

PROSE = 4.6
SCHEMA = 3.7
RESULT = 3.0
"""UTF-8 bytes a token of prompts, of tool schemas, calls and judge prompts, and of tool results (JSON in JSON). Means
over the shipped examples and scenarios by the tokeniser that litellm ships (cl100k); ``benchmarks/forecast.py``
measures them again. A provider's own tokeniser differs by a tenth or two, more for other languages than English."""

WORDS = 450
THOUGHT = 500
"""Output tokens of one reply: words and calls, and thinking. Means over 569 replies of two open models that think, in
80 published transcripts of agents with mail and file tools. A model that does not think gives half."""
EXTRA_TURNS = 3
"""Turns that a real agent takes beyond the script: the rest of the mailbox, a second look, a closing word."""
JUDGE_REPLY_TOKENS = 600
"""Output tokens of a judge: an estimate from the size of its answer form. No live judge was measured."""
MESSAGE_HEAD = 200
"""Bytes around the text of a message when a tool shows it: sender, date, subject, ids."""


@dataclass(frozen=True)
class CallSize:
    """One call of the target, in tokens."""

    prompt: int
    repeated: int
    """Part of ``prompt`` that an earlier call of the same trial has sent."""
    produced: int


@dataclass(frozen=True)
class TrialSize:
    """One trial."""

    calls: tuple[CallSize, ...]
    judge_prompt: int
    """Tokens of what a judge is shown."""
    weight: float = 1.0
    """How many trials of this size a mean one is: a simulated model plays shorter scripts than this one, too."""


def trial_size(situation: Situation, simulated: bool = False, produced: float | None = None) -> TrialSize:
    """Measure one trial of a situation.

    Args:
        situation: What the target is put into.
        simulated: The target plays the scripts and does nothing beyond them.
        produced: Output tokens of one reply where they are known; None for the mean of ``WORDS`` and ``THOUGHT``.
    """
    script = next((s for s in situation.scripts if s.kind is ScriptKind.HARMLESS), situation.scripts[0])
    episode = play(situation, script)
    spoken = replies(situation, script)
    written = round(produced) if produced is not None else WORDS + THOUGHT
    # Thinking is paid for and not sent again.
    kept = min(written, WORDS)
    prompt = tokens(situation.system_message, PROSE) + tokens(situation.opening, PROSE)
    if situation.dialect is Dialect.TAGS:
        call = CallSize(prompt, 0, max(written, _said(spoken[0])))
        return TrialSize((call,), _judge_prompt(situation, episode, 0 if simulated else written))
    prompt += tokens(json.dumps(native.schemas(situation.tools), ensure_ascii=False), SCHEMA)
    shown = [sum(tokens(a.result, RESULT) for a in episode.actions if a.turn == turn) for turn in range(len(spoken))]
    said = [_said(reply) for reply in spoken]
    if simulated:
        calls = _calls(prompt, said, [own + results for own, results in zip(said, shown, strict=True)])
        lengths = [len(replies(situation, other)) for other in situation.scripts]
        kinds = [
            fmean(n for n, s in zip(lengths, situation.scripts, strict=True) if s.kind is k) for k in _kinds(situation)
        ]
        return TrialSize(calls, _judge_prompt(situation, episode, 0), fmean(kinds) / len(calls))
    unread = [m for m in situation.world.messages if m.id not in episode.seen_before()]
    rest = tokens_of(sum(len(m.body.encode(errors="replace")) + MESSAGE_HEAD for m in unread), RESULT)
    # The rest of the mailbox is opened after the first look; the other extra turns come at the end.
    said[1:1] = [0]
    shown[1:1] = [rest]
    said += [0] * (EXTRA_TURNS - 1)
    shown += [0] * (EXTRA_TURNS - 1)
    grown = [max(kept, own) + results for own, results in zip(said, shown, strict=True)]
    read = len(unread) * tokens_of(LONGEST_RESULT + MESSAGE_HEAD, SCHEMA)
    judged = _judge_prompt(situation, episode, written * len(said) + read)
    return TrialSize(_calls(prompt, [max(written, own) for own in said], grown), judged)


def tokens(text: str, bytes_each: float) -> int:
    """About how many tokens a text is."""
    return tokens_of(len(text.encode(errors="replace")), bytes_each)


def tokens_of(size: int, bytes_each: float) -> int:
    """About how many tokens so many bytes are."""
    return round(size / bytes_each)


def _calls(prompt: int, produced: list[int], grown: list[int]) -> tuple[CallSize, ...]:
    """Each call sends the conversation so far again."""
    calls = []
    repeated = 0
    for output, more in zip(produced, grown, strict=True):
        calls.append(CallSize(prompt, repeated, output))
        repeated, prompt = prompt, prompt + more
    return tuple(calls)


def _kinds(situation: Situation) -> set[ScriptKind]:
    return {script.kind for script in situation.scripts}


def _said(reply: ScriptedReply) -> int:
    calls = "".join(call["function"]["name"] + str(call["function"]["arguments"]) for call in reply.tool_calls)
    return tokens(reply.think + reply.text, PROSE) + tokens(calls, SCHEMA)


def _judge_prompt(situation: Situation, episode: Episode, more: int) -> int:
    """Tokens of the judge's first prompt for a scripted trial, and ``more`` for what a real target adds to it."""
    asked = first_messages(situation.case, episode, situation.case.behaviours)
    return sum(tokens(str(message["content"]), SCHEMA) for message in asked) + _answer_form() + more


@cache
def _answer_form() -> int:
    return tokens(json.dumps(Answer.model_json_schema()), SCHEMA)
