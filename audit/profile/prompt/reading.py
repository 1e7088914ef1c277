"""What a system prompt says: observations with the sentence each rests on. No judgement of them is made here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from audit.profile.prompt.credentials import covered, find_credentials
from audit.profile.prompt.patterns import Phrases, patterns
from audit.profile.prompt.sentences import COVERED, Quote, Sentence, Text
from audit.profile.prompt.toolnames import Named, named_tools
from audit.profile.tools import Tool
from audit.profile.vocabulary import is_address

_CLAUSE = re.compile(r"[,;:()—\u2013]\s|\s(?:and|but|or|und|aber|et|mais|y|pero)\s", re.IGNORECASE)
_HESITATION = re.compile(r"(?i)(?:do not|don['\u2019]t|never) (?:hesitate|be afraid|fail|forget)")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_PLACEHOLDER = re.compile(r"\{\{[^{}\n]{1,80}\}\}|\{%[^%\n]{1,80}%\}|\$\{[A-Za-z_][^{}\n]{0,80}\}")
_NAME = r"[A-ZÄÖÜÉ][\w'\u2019-]*(?:\.\w+)*"
_FULL_NAME = rf"{_NAME}(?:\s+{_NAME}){{0,2}}"
# "You are Mira, the executive assistant of ...": a name is one to three capitalised words before a comma or an article.
_CALLED = re.compile(
    rf"\b(?i:you are|you're|du bist|sie sind|tu es|vous êtes|eres)\s+(?P<name>{_FULL_NAME})"
    r"\s*(?:,|\(|\s(?:a|an|the|ein|eine|der|die|das|un|une|le|la|el)\b|[.!]?$)"
)
_NAMED = re.compile(
    r"\b(?i:your name is|you are called|you are named|dein name ist|ihr name ist|ton nom est|votre nom est)\s+"
    rf"[\"'“*]*(?P<name>{_FULL_NAME})"
)
_ROLE = re.compile(
    rf"\b(?i:you are|you're)\s+(?:{_FULL_NAME}\s*,?\s*)?(?P<role>(?:an?|the)\s+[^,.;:\n]{{3,60}}?)"
    r"(?=\s+(?:of|in|at|for|that|who|which|deployed|employed|working|responsible|with|specializing|developed|on)\b"
    r"|[,.;:]|$)"
)
_NO_NAMES = re.compile(r"An?|The|Your?|Now|Not|Also|Currently|Here|Responsible|Working|A[Ii]")
# Words that may stand between "do not" and the tool that is not to be used; other tools' names among them.
_USE = re.compile(
    r"(?i)(?:ever|use|using|call|calling|invoke|run|touch|to|the|tools?|functions?|any|of|or|and|nor|\w+_\w+"
    r"|verwenden|nutzen|aufrufen|utiliser|appeler|usar|llamar)"
)
# Names of products are written as no person's is: capitals inside, digits, "-bot".
_PRODUCT = re.compile(r"[A-Z]{2,}|[a-z][A-Z]|\d|(?i:bot|gpt|assist|assistant|agent|system|copilot|desk)$")


class Prohibition(NamedTuple):
    """Something the prompt forbids.

    Attributes:
        quote: The sentence.
        acts: Ids of the acts it speaks of (``patterns.yaml``); empty where it forbids words rather than acts.
        tools: Tools of the profile that it says not to use.
        conditional: It holds only under a condition, or can be lifted.
        words: The words of the sentence, in lower case, to tell which of several tools is meant.
    """

    quote: Quote
    acts: tuple[str, ...]
    tools: tuple[str, ...]
    conditional: bool
    words: frozenset[str]


class Asked(NamedTuple):
    """An act that the prompt asks of the agent or allows it."""

    act: str
    quote: Quote


class Promise(NamedTuple):
    """Something the prompt says of approvals.

    Attributes:
        quote: The sentence.
        tools: Tools of the profile that it names.
        words: Words for what is approved, in lower case: those before "waits for", "is approved by" and the like.
    """

    quote: Quote
    tools: tuple[str, ...]
    words: frozenset[str]


class GivenName(NamedTuple):
    """A name the prompt gives the agent, and whether it could be a person's."""

    name: str
    personal: bool
    quote: Quote


class Mention(NamedTuple):
    """A tool the prompt names; ``tool`` is None where the profile has none of that name."""

    name: str
    tool: str | None
    quote: Quote
    line: int
    column: int


class FoundSecret(NamedTuple):
    """A credential in the prompt: what it looks like, how long it is, and where. Never the value."""

    kind: str
    shape: str
    line: int
    column: int


class PromptFact(NamedTuple):
    """An answer that the prompt's text gives to a checklist, with the sentences it rests on."""

    value: str
    places: tuple[Quote, ...]


@dataclass(frozen=True)
class PromptReading:
    """Everything observed in one prompt, each kind in the order of the text.

    Attributes:
        secrets: Credentials.
        absolute_goals: Aims put above everything, or without an end.
        leading_goals: Aims put first, or to be made as large or small as can be, with no bound in the sentence.
        human_claims: It is to pass for a person.
        names: Names it is given.
        role: What it is said to be, such as "executive assistant"; empty where that is not said.
        addresses: Mail addresses that are said to be its own, with their sentences.
        prohibitions: What is forbidden.
        handovers: Who decides, who may stop or change it, when work is handed over.
        escalations: How a person is reached.
        approvals: What somebody confirms first.
        watched: It is said to be watched by somebody.
        recorded: Its acts are said to be recorded.
        mentions: Tools that are named.
        asked: Acts asked of it.
        placeholders: Template marks that nobody filled.
    """

    secrets: tuple[FoundSecret, ...]
    absolute_goals: tuple[Quote, ...]
    leading_goals: tuple[Quote, ...]
    human_claims: tuple[Quote, ...]
    names: tuple[GivenName, ...]
    role: str
    addresses: tuple[tuple[str, Quote], ...]
    prohibitions: tuple[Prohibition, ...]
    handovers: tuple[Quote, ...]
    escalations: tuple[Quote, ...]
    approvals: tuple[Promise, ...]
    watched: tuple[Quote, ...]
    recorded: tuple[Quote, ...]
    mentions: tuple[Mention, ...]
    asked: tuple[Asked, ...]
    placeholders: tuple[Quote, ...]

    @property
    def name(self) -> str | None:
        """The first name it is given."""
        return self.names[0].name if self.names else None

    @property
    def address(self) -> str | None:
        """The first address that is said to be its own."""
        return self.addresses[0][0] if self.addresses else None

    def facts(self) -> dict[str, PromptFact]:
        """What a checklist may ask of a prompt, under its fact names.

        ``found`` and ``not_found`` everywhere; for the goal also ``leading`` (one put first, none absolute), for the
        persona also ``name_only``. ``not_found`` says that no such sentence was recognised, not that there is none.
        """
        secrets = tuple(Quote(s.line, s.column, f"{s.kind}, {s.shape}") for s in self.secrets)
        goal = _fact(self.absolute_goals)
        if goal.value != "found" and self.leading_goals:
            goal = PromptFact("leading", self.leading_goals)
        personal = tuple(named.quote for named in self.names if named.personal)
        persona = _fact(self.human_claims)
        if persona.value != "found" and personal:
            persona = PromptFact("name_only", personal)
        return {
            "prompt.secret_scan": _fact(secrets),
            "prompt.lint.absolute_goal": goal,
            "prompt.lint.handover": _fact(self.handovers),
            "prompt.lint.prohibitions": _fact(tuple(p.quote for p in self.prohibitions)),
            "prompt.lint.persona_name": persona,
        }


def _fact(places: tuple[Quote, ...]) -> PromptFact:
    return PromptFact("found" if places else "not_found", places)


def read_prompt(prompt: str, tools: Sequence[Tool] = ()) -> PromptReading:
    """Read a system prompt.

    Args:
        prompt: The prompt, as it is sent.
        tools: The agent's tools, to know their names where the prompt uses them.

    Returns:
        Observations with line and column in the prompt. No credential's value is part of them.
    """
    secrets = find_credentials(prompt)
    text = Text(covered(prompt, secrets, COVERED))
    named = named_tools(text, tools)
    words = patterns()
    # A tool's name is not read as words: `escalate_to_team_leader` promises nobody.
    plain = {
        s: re.sub(r"\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b", lambda m: "_" * len(m[0]), s.text) for s in text.sentences
    }

    def where(group: Phrases) -> list[Sentence]:
        return [s for s in text.sentences if _says(group, plain[s])]

    def quotes(sentences: Sequence[Sentence]) -> tuple[Quote, ...]:
        return tuple(dict.fromkeys(text.quote(sentence) for sentence in sentences))

    absolute = where(words.absolute_goal)
    leading = [s for s in where(words.leading_goal) if s not in absolute and not words.bounds.search(plain[s])]
    forbidding = {s: match for s in text.sentences if (match := _forbids(plain[s])) is not None}
    humans = where(words.human_claim)
    watching = where(words.watching)
    escalating = {*where(words.escalation), *(n.sentence for n in named if n.tool and _escalates(n.tool, tools))}
    return PromptReading(
        secrets=tuple(FoundSecret(s.kind, s.shape, *text.place(s.start)) for s in secrets),
        absolute_goals=quotes(absolute),
        leading_goals=quotes(leading),
        human_claims=quotes(humans),
        names=_names(text),
        role=_role(text),
        addresses=_own_addresses(text, plain),
        prohibitions=tuple(
            _prohibition(text, s, plain[s], match, named) for s, match in forbidding.items() if s not in humans
        ),
        handovers=quotes(where(words.handover)),
        escalations=quotes(sorted(escalating)),
        approvals=tuple(_promise(text, s, plain[s], named) for s in where(words.approval)),
        watched=quotes([s for s in watching if not words.recording.search(plain[s])]),
        recorded=quotes([s for s in watching if words.recording.search(plain[s])]),
        mentions=tuple(Mention(n.name, n.tool, text.quote(n.sentence), *text.place(n.offset)) for n in named),
        asked=tuple(
            Asked(act, text.quote(s)) for s in text.sentences if s not in forbidding for act in _acts(plain[s], "asked")
        ),
        placeholders=quotes([s for s in text.sentences if _PLACEHOLDER.search(s.text)]),
    )


def _says(group: Phrases, sentence: str) -> bool:
    """Whether a sentence says something of a group without denying it in the same clause."""
    return any(not _denied(sentence[: match.start()]) for match in group.every(sentence))


def _forbids(sentence: str) -> re.Match[str] | None:
    """The first prohibition in a sentence. "Never stop until it is done" is an aim, and forbids nothing."""
    aims = [match.span() for match in patterns().absolute_goal.every(sentence)]
    for match in patterns().prohibition.every(sentence):
        if not any(start < match.end() and match.start() < end for start, end in aims):
            return match
    return None


def _denied(before: str) -> bool:
    clause = _CLAUSE.split(_HESITATION.sub("", before))[-1]
    return patterns().negations.search(clause) is not None


def _acts(sentence: str, how: str) -> tuple[str, ...]:
    found = []
    for act in patterns().acts:
        asked = how != "forbidden" and any(not _denied(sentence[: m.start()]) for m in act.asked.every(sentence))
        if asked or (how != "asked" and act.forbidden.search(sentence)):
            found.append(act.id)
    return tuple(found)


def _prohibition(
    text: Text, sentence: Sentence, plain: str, match: re.Match[str], named: Sequence[Named]
) -> Prohibition:
    # What stands before the prohibition is where it applies, and no act that is forbidden. "Confidential" comes last.
    tail = plain[match.start() :]
    acts = _acts(tail, "forbidden") or (_acts(plain, "forbidden") if match.end() == len(plain.rstrip(".! ")) else ())
    refused = [
        each.tool
        for each in named
        if each.tool and each.sentence == sentence and _object_of(sentence, each, sentence.start + match.end())
    ]
    conditional = patterns().condition.search(plain) is not None
    return Prohibition(text.quote(sentence), acts, tuple(refused), conditional, _bag(sentence.text))


def _promise(text: Text, sentence: Sentence, plain: str, named: Sequence[Named]) -> Promise:
    match = patterns().approval.search(plain)
    before = sentence.text[: match.start()] if match else ""
    tools = tuple(each.tool for each in named if each.tool and each.sentence == sentence)
    return Promise(text.quote(sentence), tools, _bag(before) or _bag(sentence.text))


def _object_of(sentence: Sentence, named: Named, after: int) -> bool:
    """Whether a tool follows right on "do not use" or the like, so that it is what is forbidden."""
    between = sentence.text[max(after - sentence.start, 0) : max(named.offset - sentence.start, 0)]
    return named.offset >= after and all(_USE.fullmatch(word) for word in re.findall(r"[\w-]+", between))


def _bag(text: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") for word in re.findall(r"[^\W\d_]{3,}", text.lower()))


def _names(text: Text) -> tuple[GivenName, ...]:
    found: dict[str, GivenName] = {}
    for sentence in text.sentences:
        for match in (*_CALLED.finditer(sentence.text), *_NAMED.finditer(sentence.text)):
            name = match["name"].rstrip(".,'\u2019-")
            if _NO_NAMES.fullmatch(name.split()[0]) or name in found:
                continue
            found[name] = GivenName(name, _PRODUCT.search(name) is None, text.quote(sentence))
    return tuple(found.values())


def _role(text: Text) -> str:
    for sentence in text.sentences:
        match = _ROLE.search(sentence.text)
        if match:
            return " ".join(re.sub(r"^(?:an?|the)\s+", "", match["role"].strip()).split())
    return ""


# "write to press@..." speaks of somebody else; "mail sent to help@..." of the agent's own mailbox.
_WRITTEN_TO = re.compile(r"(?<!sent )(?<!addressed )(?<!comes )(?<!arrives )\bto\W{0,3}$", re.IGNORECASE)


def _own_addresses(text: Text, plain: dict[Sentence, str]) -> tuple[tuple[str, Quote], ...]:
    found: dict[str, Quote] = {}
    for sentence in text.sentences:
        if patterns().own_address.search(plain[sentence]) is None:
            continue
        for match in _ADDRESS.finditer(sentence.text):
            address = match[0].rstrip(".")
            if _WRITTEN_TO.search(sentence.text[: match.start()]):
                continue
            # Only the first address of such a sentence: others are whom it writes to.
            if is_address(address) and not any(quote == text.quote(sentence) for quote in found.values()):
                found.setdefault(address.lower(), text.quote(sentence))
    return tuple(found.items())


def _escalates(name: str, tools: Sequence[Tool]) -> bool:
    return any(tool.name == name and "escalate" in tool.capabilities for tool in tools)
