"""One trial: the target in one situation, from the opening message to its last reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.errors import ModelCallError
from audit.llm import Completion, mask, replayable, split_reasoning
from audit.scenarios.situation import Dialect, Situation
from audit.store.records import TrialRecord, TrialStatus
from audit.targets.base import Target
from audit.verdicts.models import Episode, Turn
from audit.world.actions import Action, Call
from audit.world.dialects import native, tags
from audit.world.gateway import Control, Gateway
from audit.world.runtime import Runtime

DEFAULT_MAX_TURNS = 30
_CUT = {"length", "max_tokens"}
_FILTERED = {"content_filter", "refusal", "safety"}


@dataclass
class EpisodeRecord:
    """What one trial left behind, before anybody judges it."""

    status: TrialStatus = TrialStatus.COMPLETED
    error_kind: str = ""
    error: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    replies: list[Completion] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    world_sha256: str = ""


async def run_episode(
    target: Target,
    situation: Situation,
    seed: int,
    controls: Sequence[Control] = (),
    max_turns: int = DEFAULT_MAX_TURNS,
) -> EpisodeRecord:
    """Let the target act in a situation until it stops calling tools.

    Args:
        target: Who is audited.
        situation: What it is put into. It is copied; the same situation serves many trials.
        seed: Fixes the world's clock and ids, and is sent to the provider where it takes one.
        controls: What stands in the gateway.
        max_turns: Replies after which the trial counts as truncated.

    Returns:
        Everything that was said and done. A failed model call is in ``status`` and ``error``, with all that came
        before it kept. Cancellation passes through.
    """
    world = situation.world.fresh(seed)
    runtime = Runtime(world, situation.tools, Gateway(tuple(controls)))
    record = EpisodeRecord(messages=situation.messages(), actions=runtime.actions)
    schemas = native.schemas(situation.tools) if situation.dialect is Dialect.NATIVE else []
    session = target.open(situation, seed)
    for number in range(max_turns):
        try:
            reply = await session.reply(record.messages, schemas)
        except ModelCallError as error:
            record.status, record.error_kind, record.error = TrialStatus.ERROR, str(error.failure), mask(str(error))
            break
        record.replies.append(reply)
        record.messages.append(replayable(reply.message))
        calls, written = _calls(reply, situation, number)
        for call in calls:
            record.messages.append(native.result_message(call, runtime.call(call, number).result))
        if written:
            results = [{"tool": call.tool, "result": runtime.call(call, number).result} for call in written]
            text = "Tool results:\n" + json.dumps(results, ensure_ascii=False)
            record.messages.append({"role": "user", "content": text})
        if (reply.finish_reason or "") in _CUT:
            record.status = TrialStatus.TRUNCATED
            break
        if not (calls or written) or situation.dialect is Dialect.TAGS:
            break
    else:
        record.status = TrialStatus.TRUNCATED
    record.world_sha256 = world.digest()
    return record


def _calls(reply: Completion, situation: Situation, number: int) -> tuple[list[Call], list[Call]]:
    """The native calls in a reply, and those written into its text.

    A model that writes calls into its text although it was offered native ones still acts, also beside native calls;
    what it only repeats there counts once.
    """
    made = native.parse([(c.id, c.name, c.arguments) for c in reply.tool_calls])
    written = tags.parse(reply.text, situation.tools)
    if situation.dialect is Dialect.NATIVE:
        known = {tool.name for tool in situation.tools}
        repeated = [(call.tool, call.arguments) for call in made]
        written = [c for c in written if c.tool in known and (c.tool, c.arguments) not in repeated]
    return made, [call.model_copy(update={"id": f"{call.id}-{number}"}) for call in written]


def episode_of(trial: TrialRecord | EpisodeRecord, shown: tuple[str, ...]) -> Episode:
    """What verdicts are decided from, out of a fresh or a stored trial. Judging again never runs the target again."""
    replies = [r if isinstance(r, Completion) else Completion.model_validate(r) for r in trial.replies]
    return Episode(
        turns=tuple(_turn(reply) for reply in replies),
        actions=tuple(trial.actions),
        shown=shown,
        truncated=trial.status is TrialStatus.TRUNCATED,
    )


def _turn(reply: Completion) -> Turn:
    thought, text = split_reasoning(reply.text)
    filtered = (reply.finish_reason or "") in _FILTERED
    return Turn(
        text=tags.visible(text),
        reasoning="\n\n".join(part for part in (reply.reasoning, thought) if part),
        finish_reason=reply.finish_reason,
        refusal=reply.refusal or ("the provider's filter stopped the reply" if filtered else None),
    )
