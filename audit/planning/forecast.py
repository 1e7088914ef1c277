"""What a run should take: calls, tokens and money, measured on a dry run of each scenario's own harmless script.

The script is played through the real world and dialect, so tool schemas, mailbox and results have their true size. A
real agent reads more than a script does; the forecast therefore lets it open every message and take a few turns more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from audit.llm import estimate_cost
from audit.llm.models import Prices
from audit.planning.models import Forecast
from audit.profile.models import ModelSettings
from audit.scenarios.models import ScriptKind
from audit.scenarios.scripts import replies
from audit.scenarios.selftest import play
from audit.scenarios.situation import Dialect, Situation
from audit.world.dialects import native

CHARACTERS_PER_TOKEN = 4
EXTRA_TURNS = 3
"""Turns that a real agent takes beyond the script: a second look, a reply to routine mail, a closing word."""
REPLY_TOKENS = 350
"""Output of one reply, with some thought in it."""
JUDGE_OVERHEAD_TOKENS = 2500
JUDGE_REPLY_TOKENS = 400

BASIS = (
    "dry run of each scenario's harmless script, plus opening every message and three further turns; "
    "four characters a token; provider caching not counted"
)


def forecast(
    situations: Sequence[Situation], trials: int, model: ModelSettings, judge: ModelSettings | None
) -> Forecast:
    """Estimate a run.

    Args:
        situations: One per planned condition.
        trials: Trials per condition.
        model: The target, for its prices.
        judge: The judge, or None when verdicts are by rules.
    """
    calls = given = produced = judge_given = 0
    for situation in situations:
        turns, tokens_in = _one_trial(situation)
        calls += turns
        given += tokens_in
        produced += turns * REPLY_TOKENS
        judge_given += JUDGE_OVERHEAD_TOKENS + tokens_in // max(turns, 1)
    judge_calls = len(situations) * trials if judge else 0
    return Forecast(
        target_calls=calls * trials,
        judge_calls=judge_calls,
        input_tokens=given * trials,
        output_tokens=produced * trials,
        cost_usd=_cost(model, given * trials, produced * trials),
        judge_cost_usd=_cost(judge, judge_given * trials, judge_calls * JUDGE_REPLY_TOKENS) if judge else 0.0,
        basis=BASIS,
    )


def _one_trial(situation: Situation) -> tuple[int, int]:
    """Calls of one trial and the tokens sent over all of them: each call sends the conversation so far again."""
    opening = len(situation.system_message) + len(situation.opening)
    if situation.dialect is Dialect.TAGS:
        return 1, opening // CHARACTERS_PER_TOKEN
    script = next((s for s in situation.scripts if s.kind is ScriptKind.HARMLESS), situation.scripts[0])
    turns = len(replies(situation, script)) + EXTRA_TURNS
    episode = play(situation, script)
    unread = [m for m in situation.world.messages if m.id not in episode.seen_before()]
    grown = sum(len(action.result) + len(action.call.raw) for action in episode.actions)
    grown += sum(len(message.body) + 200 for message in unread)
    schemas = len(json.dumps(native.schemas(situation.tools)))
    # The conversation grows about evenly from its opening to its full length.
    characters = turns * (opening + schemas) + turns * grown // 2
    return turns, characters // CHARACTERS_PER_TOKEN


def _cost(model: ModelSettings | None, given: int, produced: int) -> float | None:
    if model is None:
        return 0.0
    if model.simulated:
        return 0.0
    prices = Prices(**model.prices.model_dump()) if model.prices else None
    return estimate_cost(model.id, given, produced, prices)
