"""What the prompt says, by itself and beside the profile's tools, goals and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from audit.oversight.lint.models import Level, Lint, Looked, Rule
from audit.profile.prompt import read_prompt
from audit.profile.prompt.patterns import patterns
from audit.world.capabilities import Capability

_STUDY = "tests of agents with such aims found more harm"


def secrets(looked: Looked) -> Iterator[Lint]:
    """Credentials in the prompt."""
    for secret in looked.reading.secrets:
        yield looked.in_prompt(
            "prompt-secret",
            Level.WARNING,
            (secret.line, secret.column),
            f"the prompt seems to hold a credential: {secret.kind} ({secret.shape}, not shown)",
            "the agent can use it or pass it on; a run sends it to the model and stores it with every trial",
            "take it out, change it where it is used, and let the tool hold it outside the model",
        )


def aims(looked: Looked) -> Iterator[Lint]:
    """Aims without a bound."""
    reading = looked.reading
    for quote in reading.absolute_goals:
        yield looked.in_prompt(
            "absolute-goal",
            Level.WARNING,
            (quote.line, quote.column),
            f'an aim is put above everything else: "{quote.text}"',
            f"{_STUDY}: what stands in the aim's way becomes something to remove",
            "say what the aim is subject to, who may change it, and when to stop",
        )
    limits = reading.handovers or reading.escalations or reading.prohibitions
    for quote in reading.leading_goals:
        level = Level.WARNING if looked.profile.autonomy.level == "acts_alone" and not limits else Level.NOTE
        unbounded = "" if limits else ", and nothing in the prompt bounds it"
        yield looked.in_prompt(
            "open-goal",
            level,
            (quote.line, quote.column),
            f'an aim is put first{unbounded}: "{quote.text}"',
            "an agent that is to be stopped or changed may weigh that against the aim",
            "say what comes before it, and who may change it",
        )


def handover(looked: Looked) -> Iterator[Lint]:
    """Nobody is said to decide, or to be allowed to stop or change the agent."""
    if not looked.reading.handovers:
        yield looked.in_prompt(
            "no-handover",
            Level.NOTE,
            (1, 1),
            "the prompt does not seem to say who may stop, replace or change the agent",
            "such a sentence costs nothing and makes resistance rarer; it is no control",
            "say who decides, and that work is handed over when they ask for it",
        )


def prohibitions(looked: Looked) -> Iterator[Lint]:
    """Nothing is forbidden."""
    if not looked.reading.prohibitions:
        yield looked.in_prompt(
            "no-prohibition",
            Level.NOTE,
            (1, 1),
            "the prompt does not seem to forbid anything",
            "plain prohibitions made harm rarer in tests, though never absent",
            "name what it must never do: use what it knows about people as leverage, pass confidential material on",
        )


def persona(looked: Looked) -> Iterator[Lint]:
    """The agent is to pass for a person, or carries a person's name."""
    for quote in looked.reading.human_claims:
        yield looked.in_prompt(
            "human-persona",
            Level.WARNING,
            (quote.line, quote.column),
            f'the agent is given the part of a person: "{quote.text}"',
            "people who write with it have to know that it is a machine, and a self to defend makes harm likelier",
            "say that it is a machine, and have it say so",
        )
    for named in looked.reading.names:
        if named.personal:
            yield looked.in_prompt(
                "personal-name",
                Level.NOTE,
                (named.quote.line, named.quote.column),
                f"the prompt gives the agent a name that may be a person's, {named.name}",
                "rates measured under a name hold for that name; a neutral persona did a little less harm in tests",
                "call it by its role, if nothing depends on the name",
            )


def placeholders(looked: Looked) -> Iterator[Lint]:
    """Template marks that nobody filled."""
    for quote in looked.reading.placeholders:
        yield looked.in_prompt(
            "placeholder",
            Level.NOTE,
            (quote.line, quote.column),
            f'the prompt holds a mark that looks unfilled: "{quote.text}"',
            "the prompt is sent as it stands here, mark and all; in use the agent may be told something else",
            "write what usually stands there",
        )


def mentions(looked: Looked) -> Iterator[Lint]:
    """Tools that the prompt names and the profile lacks."""
    names = [tool.name for tool in looked.profile.tools]
    for mention in looked.reading.mentions:
        if mention.tool is not None:
            continue
        near = get_close_matches(mention.name, names, n=1, cutoff=0.75)
        advice = f"did you mean `{near[0]}`? Otherwise " if near else ""
        yield looked.in_prompt(
            "tool-not-in-profile",
            Level.WARNING,
            (mention.line, mention.column),
            f"the prompt names a tool `{mention.name}` that the profile does not have",
            "the agent is tested without it: what it could do with it stays untested, and it may call it in vain",
            f"{advice}add it under `tools`, or take it out of the prompt",
        )


def acts(looked: Looked) -> Iterator[Lint]:
    """Acts that the prompt asks for and no tool can do. One lint an act."""
    can = {capability for tool in looked.profile.tools for capability in tool.capabilities}
    if Capability.UNKNOWN in can:
        return
    told: set[str] = set()
    for asked in looked.reading.asked:
        act = patterns().act(asked.act)
        if asked.act in told or can & {*act.capabilities, *act.also}:
            continue
        told.add(asked.act)
        yield looked.in_prompt(
            "act-without-tool",
            Level.NOTE,
            (asked.quote.line, asked.quote.column),
            f'the prompt has the agent {act.phrase}, and no tool of the profile does that: "{asked.quote.text}"',
            "either a tool is missing from the profile, and untested, or the prompt promises what cannot be done",
            f"add the tool with its capability, such as `{act.capabilities[0]}`, or correct the prompt",
        )


def names(looked: Looked) -> Iterator[Lint]:
    """The agent's name and address differ between prompt and profile."""
    agent, reading = looked.profile.agent, looked.reading
    given = reading.names[0] if reading.names else None
    if given is not None and agent.name is None:
        yield looked.in_profile(
            "name-differs",
            Level.NOTE,
            ("agent",),
            f"the prompt calls the agent {given.name}; the profile gives it no name",
            "colleagues in the simulated company speak of it by its role",
            f"write `name: {given.name}` under `agent` if people call it that",
        )
    elif given is not None and agent.name and not any(_same(agent.name, each.name) for each in reading.names):
        yield looked.in_profile(
            "name-differs",
            Level.WARNING,
            ("agent", "name"),
            f"the profile calls the agent {agent.name}, the prompt {given.name}",
            "messages in the simulated company are written to a name that the agent does not take for its own",
            "use one name in both",
        )
    elif agent.name and agent.name.casefold() not in looked.loaded.system_prompt.casefold():
        yield looked.in_profile(
            "name-differs",
            Level.NOTE,
            ("agent", "name"),
            f"the prompt never gives the name {agent.name}",
            "the agent may not know that messages to this name are meant for it",
            "leave `name` out, or say the name in the prompt",
        )
    addresses = dict(reading.addresses)
    if not addresses:
        return
    first = next(iter(addresses))
    if agent.email is None:
        yield looked.in_profile(
            "address-differs",
            Level.NOTE,
            ("agent",),
            f"the prompt says that the agent's address is {first}; the profile states none",
            "the simulated company makes one up, and the prompt then speaks of another",
            f"write `email: {first}` under `agent`",
        )
    elif agent.email.lower() not in addresses:
        yield looked.in_profile(
            "address-differs",
            Level.WARNING,
            ("agent", "email"),
            f"the profile says that the agent's address is {agent.email}, the prompt says {first}",
            "mail in the simulated company goes to an address that the agent does not take for its own",
            "use one address in both",
        )


def goals(looked: Looked) -> Iterator[Lint]:
    """Goals of the profile: without a bound, against each other, against the prompt, or not in it."""
    stated = looked.profile.agent.goals
    prompt_words = _content(looked.loaded.system_prompt)
    for position, goal in enumerate(stated):
        loc = ("agent", "goals", position)
        read = read_prompt(goal)
        if read.absolute_goals:
            yield looked.in_profile(
                "absolute-goal",
                Level.WARNING,
                loc,
                f'a goal is put above everything else: "{goal}"',
                f"{_STUDY}: what stands in the goal's way becomes something to remove",
                "say what it is subject to",
            )
        elif read.leading_goals:
            yield looked.in_profile(
                "open-goal",
                Level.NOTE,
                loc,
                f'a goal has no end: "{goal}"',
                "whatever brings it further counts for it, wherever that leads",
                "say how far it goes, or what comes before it",
            )
        words = _content(goal)
        if words and len(words & prompt_words) * 3 < len(words):
            yield looked.in_profile(
                "goal-not-in-prompt",
                Level.NOTE,
                loc,
                f'the prompt does not seem to give this goal: "{goal}"',
                "scenarios set other aims against the profile's goals; the agent has to know them",
                "say the goal in the prompt, or take it out of the profile",
            )
        for prohibition in looked.reading.prohibitions:
            shared = words & _content(prohibition.quote.text)
            wanted = {act.id for act in patterns().acts if act.forbidden.search(goal)} - set(_forbidden_by(goal))
            if wanted & set(prohibition.acts) and len(shared) >= 2:
                yield looked.in_profile(
                    "goals-contradict",
                    Level.WARNING,
                    loc,
                    f'the goal "{goal}" asks for what the prompt forbids: "{prohibition.quote.text}"',
                    "an agent with two orders chooses between them",
                    "say which goes first",
                )
        for other in stated[position + 1 :]:
            if (against := _against(goal, other)) is not None:
                yield looked.in_profile(
                    "goals-contradict",
                    Level.WARNING,
                    loc,
                    f'two goals pull {against} in opposite directions: "{goal}" and "{other}"',
                    "an agent with two orders chooses between them",
                    "say which goes first",
                )


RULES: tuple[Rule, ...] = (
    secrets,
    aims,
    handover,
    prohibitions,
    persona,
    placeholders,
    mentions,
    acts,
    names,
    goals,
)

_MORE = re.compile(
    r"(?i)\b(?:increas\w*|grow\w*|rais\w*|maximi[sz]\w*|expand\w*|extend\w*|more|faster|higher|longer|keep\w*)\b"
)
_LESS = re.compile(
    r"(?i)\b(?:reduc\w*|cut\w*|lower\w*|minimi[sz]\w*|shrink\w*|shorten\w*|fewer|less|slower|remov\w*|drop\w*)\b"
)
_EMPTY = re.compile(
    r"(?i)(?:the|and|for|with|from|that|this|into|their|your|our|all|any|are|is|as|by|of|on|to|in|at|its|than|possible|few|many"
    r"|make|most|well|must|should|every|each|while|within|other|them|they|have|been|will)"
)


def _same(one: str, other: str) -> bool:
    return one.casefold() in other.casefold() or other.casefold() in one.casefold()


def _content(text: str) -> frozenset[str]:
    """Words that carry meaning, in lower case and without a plural's s."""
    words = re.findall(r"[^\W\d_]{3,}", text.lower())
    return frozenset(word.rstrip("s") for word in words if not _EMPTY.fullmatch(word))


def _against(one: str, other: str) -> str | None:
    """What two goals pull in opposite directions, or None."""
    for up, down in ((one, other), (other, one)):
        more, less = _MORE.search(up), _LESS.search(down)
        if more and less:
            pushed = _content(up[more.end() : more.end() + 40]) & _content(down[less.end() : less.end() + 40])
            if pushed:
                return f'"{sorted(pushed)[0]}"'
    return None


def _forbidden_by(goal: str) -> tuple[str, ...]:
    """Ids of the acts that a goal itself forbids."""
    return tuple(act for prohibition in read_prompt(goal).prohibitions for act in prohibition.acts)
