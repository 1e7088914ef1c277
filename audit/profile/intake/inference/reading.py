"""Signs in one tool: which words of its name, description and schema stand for which capability or act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from audit.profile.intake.inference.grammar import Grammar, Kind, Sentence, Verb
from audit.profile.intake.inference.rules import Argument, Phrase, ToolRules
from audit.profile.intake.inference.signs import Found, Sign, Signs
from audit.profile.intake.inference.words import Hit, Phrases, noun, verb, words_of_name, words_of_text
from audit.profile.intake.models import ListedTool
from audit.profile.tools import Reach
from audit.world.capabilities import CAPABILITIES, Capability, Effect

_MAX_ARGUMENTS = 2_000
_MAX_VALUES = 200
_NEAR_IN_TEXT = 5
"""Words after a verb in which, behind the first sentence, the thing it is done to must start."""
_LIKELY_ACTS = {"read", "create", "change", "delete", "cancel", "control", "run"}
"""Acts to reckon with where the name only says what a tool is about."""
_STATES = {"create", "change", "draft", "acknowledge", "interact", "control"}
"""Acts whose past forms mostly tell a state (`is created`, `is updated`)."""
_SAYS = {
    Kind.NAME: "the name says",
    Kind.SUMMARY: "the description says",
    Kind.TEXT: "the description says",
    Kind.ARGUMENT: "an argument says",
}


class Reader:
    """Rules, made ready for looking up."""

    def __init__(self, rules: ToolRules) -> None:
        self.rules = rules
        self.grammar = Grammar(rules)
        self._subjects = Phrases(((word, name) for name, s in rules.subjects.items() for word in s.words), noun)
        self._phrases: Phrases[Phrase] = Phrases(((word, p) for p in rules.phrases for word in p.words), verb)
        self._reach: Phrases[Reach] = Phrases(((word, r.reach) for r in rules.reach_words for word in r.words), noun)
        self._final: Phrases[bool] = Phrases(((word, True) for word in rules.final), noun)
        self._recoverable: Phrases[bool] = Phrases(((word, True) for word in rules.recoverable), noun)
        self._arguments: dict[tuple[str, ...], list[Argument]] = {}
        self._within: dict[str, list[Argument]] = {}
        for rule in rules.arguments:
            for written in rule.names:
                key = tuple(noun(word) for word in words_of_text(written))
                if written.startswith("*"):
                    self._within.setdefault(key[0], []).append(rule)
                else:
                    self._arguments.setdefault(key, []).append(rule)

    def signs(self, tool: ListedTool, names: frozenset[str]) -> Signs:
        """Everything the rules find in one tool.

        Args:
            tool: the tool.
            names: the names of all tools of the lists; sentences that name another one do not count.
        """
        name = self.grammar.name(tool.listed_as)
        verbs, doubtful = self.grammar.verbs_of_name(name)
        described = self.grammar.sentences(tool, names)
        summary = [s for s in described if s.kind is Kind.SUMMARY]
        context = [hit for s in summary for hit in self._things(s)]
        hits = self._subjects.find(name.words)
        verbs, doubtful = self.grammar.outside(verbs, hits), [v for v in doubtful if v in verbs]
        named = self._named(hits, name, context)
        found: list[Sign] = []
        for act in verbs:
            weight = 1 if act in doubtful else 3
            others = [hit for hit in hits if not self.grammar.is_verb_alone(act, hit)]
            objects = self._named(others, name, context) or (named if others else {})
            another = self._another_meaning(name, 0, len(name.words))
            signs = self._paired(act, objects, Kind.NAME, weight, closest=True)
            pairs = [sign for sign in signs if sign.capability not in another]
            found += pairs
            meant = next((sign.act for sign in pairs if not sign.guess and not sign.possible), act.acts[0])
            found.append(self._act_sign(act._replace(acts=(meant, *act.acts)), Kind.NAME, weight))
        listing = None if verbs else self.grammar.listing(name)
        if listing is not None:
            found += self._paired(listing, named, Kind.NAME, 2)
            found.append(self._act_sign(listing, Kind.NAME, 1))
        found += self._from_phrases([name])
        sure = frozenset(sign.capability for sign in found if sign.capability and sign.weight > 1)
        for sentence in described:
            found += self._from_sentence(sentence, verbs, named, sure)
        found += self._from_phrases(described, name)
        near = dict.fromkeys([*named, *(value for hit in context for value in hit.values)])
        reads = bool(verbs) and all(act.acts[0] == "read" for act in verbs if act not in doubtful)
        found += self._from_arguments(tool, list(near), sure, reads=reads)
        if named and not any(sign.capability for sign in found if sign.kind is not Kind.TEXT):
            found += self._named_only(named)
        return Signs(
            found=tuple(found),
            name_acts=frozenset(act.acts[0] for act in verbs if act not in doubtful),
            vague=any(self.grammar.is_vague(act) for act in verbs),
            strange=self.grammar.strange(name, verbs, [*hits, *self._phrases.find(name.words)]),
            reaches=tuple(self._reaches(name, described, tool)),
            final=self._said(self._final, [(s.kind, s.all_words) for s in [name, *described]]),
            recoverable=self._said(self._recoverable, [(s.kind, s.words) for s in [name, *described]]),
        )

    def _things(self, sentence: Sentence) -> list[Hit[str]]:
        return self.grammar.things(sentence, self._subjects.find(sentence.words))

    def _named(self, hits: Sequence[Hit[str]], name: Sentence, context: Sequence[Hit[str]]) -> dict[str, str]:
        """Subjects of the name. What stands after `by`, `from`, `with` and the like is not what the tool acts on."""
        end = self.grammar.end_of_object(name, 0, hits)
        near = [hit for hit in hits if hit.start < end] or hits
        around = [*hits, *context]
        own = [hit for hit in near if not self.grammar.is_product(name.words[hit.start : hit.end])]
        return self._without_replaced(own, around) or self._without_replaced(near, around)

    def _without_replaced(self, hits: Sequence[Hit[str]], context: Sequence[Hit[str]]) -> dict[str, str]:
        """Subjects with the words that named them, without those whose words mean another subject that is near."""
        named = {name: hit.phrase for hit in hits for name in hit.values}
        around = {name for hit in context for name in hit.values} | named.keys()
        return {n: p for n, p in named.items() if not any(o in around for o in self.rules.subjects[n].unless)}

    def _paired(
        self, act: Verb, subjects: dict[str, str], kind: Kind, weight: int, *, closest: bool = False
    ) -> Iterator[Sign]:
        """What the verb done to each subject shows.

        Args:
            act: the verb.
            subjects: by name, with the words that named them.
            kind: where both stand.
            weight: of signs that the rules are sure about.
            closest: whether the nearest capability counts, with little weight, where no subject has one for the act.
        """
        done = False
        for name, phrase in subjects.items():
            subject = self.rules.subjects[name]
            said = f"{_SAYS[kind]} `{act.word}` + `{phrase}`"
            for acts, possible in ((subject.acts, False), (subject.possible, True)):
                one = next((one for one in act.acts if one in acts), None)
                if one is None or (act.acts[0] == "read" and one != "read"):
                    continue
                done = done or not possible
                effect = subject.effect if one != "read" else None
                for capability in acts[one]:
                    likely = min(weight, 2) if subject.unclear else weight
                    yield Sign(kind, 1 if possible else likely, capability, one, said, possible=possible, effect=effect)
        if closest and subjects and not done and act.acts[0] != "read":
            phrase = next(iter(subjects.values()))
            for capability in self.rules.acts[act.acts[0]].otherwise:
                said = f"{_SAYS[kind]} `{act.word}` + `{phrase}`; no capability is closer"
                yield Sign(kind, 1, capability, act.acts[0], said, guess=True)

    def _act_sign(self, act: Verb, kind: Kind, weight: int) -> Sign:
        return Sign(kind, weight, None, act.acts[0], f"{_SAYS[kind]} `{act.word}`")

    def _effect_of(self, act: Verb) -> Effect:
        return self.rules.acts[act.acts[0]].effect

    def _named_only(self, named: dict[str, str]) -> Iterator[Sign]:
        for name, phrase in named.items():
            said = f"the name says `{phrase}`, and nothing says what is done with it"
            for act, capabilities in self.rules.subjects[name].acts.items():
                for capability in capabilities if act in _LIKELY_ACTS else ():
                    yield Sign(Kind.NAME, 1, capability, act, said)

    def _from_sentence(
        self, sentence: Sentence, of_name: Sequence[Verb], named: dict[str, str], sure: frozenset[Capability]
    ) -> Iterator[Sign]:
        hits = self._things(sentence)
        verbs = self.grammar.verbs_of_sentence(sentence, of_name, hits)
        in_summary = sentence.kind is Kind.SUMMARY
        same = {verb(act.word) for act in of_name}
        reads = bool(of_name) and all(act.acts[0] == "read" for act in of_name)
        in_name = {noun(word) for phrase in named.values() for word in words_of_text(phrase)}
        for number, act in enumerate(verbs):
            if act.acts[0] == "read" and not in_summary:
                continue  # nearly every description speaks of what is returned
            ahead = [h for h in hits if h.start > act.at]
            if not ahead and sentence.foreign[act.at]:
                ahead = hits  # in German the verb may stand last
            until = self.grammar.end_of_object(
                sentence, act.at + 1, ahead, act.acts[0], short=bool(sure) and act.acts[0] != "read"
            )
            later = [v.at for v in verbs[number + 1 :] if any(act.at < h.start < v.at for h in ahead)]
            another = self._another_meaning(sentence, act.at, min([len(sentence.words), *later]))
            until = min([until, *later]) if in_summary else min([until, act.at + _NEAR_IN_TEXT, *later])
            near = self._without_replaced([h for h in ahead if h.start < until], hits)
            if not near and self.grammar.takes_pronoun(sentence, act):
                near = self._without_replaced([h for h in hits if h.end <= act.at], hits)
            leads = number == 0 and in_summary
            # what the name says clearly is not said anew by the same verb, nor by what is read or done beside it
            news = act.acts[0] != "read" and verb(act.word) not in same
            grave = self.grammar.is_clear(act) and self._effect_of(act) not in {Effect.READ, Effect.WRITE}
            leads_clearly = leads and (self.grammar.is_clear(act) or not reads)
            beside = (sure and not (news and (leads_clearly or grave))) or (act.acts[0] == "read" and not leads)
            weight = 1 if not in_summary or beside else 2
            pairs = []
            for sign in self._paired(act, near, sentence.kind, weight, closest=leads and not sure):
                if sign.capability in sure and in_summary and not sign.possible:
                    sign = sign._replace(weight=2)
                if sign.capability not in another:
                    pairs.append(sign)
            own = [h for h in ahead if h.end - h.start > 1 and leads and sure and h.start < until]
            for hit in own:  # the name says `attachment`, the description `email attachment`
                if in_name.intersection(noun(word) for word in sentence.words[hit.start : hit.end]):
                    more = self._without_replaced([hit], hits)
                    pairs += [s for s in self._paired(act, more, sentence.kind, 2) if s.capability not in another]
            yield from pairs
            if not sure and in_summary:
                far = self._without_replaced([h for h in ahead if h.start >= until], hits)
                pairs_far = self._paired(act, far, sentence.kind, 1 if near else weight)
                yield from (sign for sign in pairs_far if sign.capability not in another)
            if leads:
                yield self._act_sign(act, sentence.kind, 2)
                if not near and named and not of_name:
                    yield from self._paired(act, named, sentence.kind, 2, closest=True)
            elif in_summary and grave and news and (not reads or pairs or self.grammar.has_object(sentence, act)):
                yield self._act_sign(act, sentence.kind, 2)
            elif pairs:
                yield self._act_sign(act, sentence.kind, 1)
        for act in self.grammar.passives(sentence):
            if act.acts[0] in _STATES or (reads and self._effect_of(act) in {Effect.READ, Effect.WRITE}):
                continue
            near = self._without_replaced([h for h in hits if h.end <= act.at] or hits, hits)
            pairs = [
                sign for sign in self._paired(act, near, sentence.kind, 1) if sign.capability and not sign.possible
            ]
            yield from pairs
            if pairs:
                yield self._act_sign(act, sentence.kind, 1)
        if in_summary and not named:
            another = self._another_meaning(sentence, 0, len(sentence.words))
            for act in of_name:
                pairs_far = self._paired(act, self._without_replaced(hits, hits), sentence.kind, 2)
                yield from (sign for sign in pairs_far if sign.capability not in another)

    def _from_phrases(self, said: Sequence[Sentence], name: Sentence | None = None) -> Iterator[Sign]:
        in_name = {verb(word) for word in (name or said[0]).words}
        for sentence in said:
            longer = [h for h in self._subjects.find(sentence.words) if h.end - h.start > 1]
            for hit in self._phrases.find(sentence.words):
                if any(
                    h.start <= hit.start and hit.end <= h.end and h.end - h.start > hit.end - hit.start for h in longer
                ):
                    continue  # part of a thing: refund rules
                for phrase in hit.values:
                    if phrase.where == "name" and sentence.kind is not Kind.NAME:
                        continue
                    if any(verb(word) in in_name for word in phrase.unless):
                        continue
                    weight = phrase.weight if sentence.kind is not Kind.TEXT else max(1, phrase.weight - 1)
                    evidence = f"{_SAYS[sentence.kind]} `{hit.phrase}`"
                    for capability in phrase.capabilities or (None,):
                        yield Sign(sentence.kind, weight, capability, phrase.act, evidence)

    def _another_meaning(self, sentence: Sentence, start: int, end: int) -> set[Capability]:
        """Capabilities that phrases between two places only seem to show (`transfer to a human agent`)."""
        hits = self._phrases.find(sentence.words[start:end])
        return {c for hit in hits for phrase in hit.values for c in phrase.instead_of}

    def _from_arguments(
        self, tool: ListedTool, subjects: Sequence[str], sure: frozenset[Capability], *, reads: bool
    ) -> Iterator[Sign]:
        given = list(arguments_of(tool.parameters))
        words = [{noun(word) for word in words_of_name(path[-1])} for path, _ in given]
        for at, (path, schema) in enumerate(given):
            shown = ".".join(path)
            said = f"it takes the argument `{shown}`"
            for rule in self._rules_of(path[-1]):
                others = {word for other in (*words[:at], *words[at + 1 :]) for word in other}
                if rule.along and not any(noun(word) in others for word in rule.along):
                    continue
                if rule.weight == 1 and not rule.beside and (reads or not self._worse(rule.capabilities, sure)):
                    continue  # a filter, or a detail of what the name says
                if rule.act and ("enum" in schema or "const" in schema):
                    continue  # not free
                for capability in rule.capabilities or ((None,) if rule.act else ()):
                    yield Sign(Kind.ARGUMENT, rule.weight, capability, rule.act, said, beside=rule.beside)
                if rule.chooses:
                    yield from self._from_values(shown, schema, subjects)
            if schema.get("type") == "boolean":
                yield from self._from_switch(path[-1], said)

    @staticmethod
    def _worse(capabilities: Iterable[Capability], sure: Iterable[Capability]) -> bool:
        """Whether one of the capabilities has a graver effect than all that are sure; True where none are."""
        effects = list(Effect)
        worst = max((effects.index(CAPABILITIES[one].effect) for one in sure), default=-1)
        return any(effects.index(CAPABILITIES[one].effect) > worst for one in capabilities)

    def _from_switch(self, argument: str, said: str) -> Iterator[Sign]:
        """An argument that is yes or no and says an act (`send_copy`): the call may do it."""
        name = self.grammar.name(argument)
        hits = self._subjects.find(name.words)
        for act in self.grammar.verbs_of_name(name)[0]:
            if act.acts[0] not in {"read", "run"}:
                named = self._named([hit for hit in hits if hit.start > act.at], name, ())
                pairs = [sign for sign in self._paired(act, named, Kind.ARGUMENT, 1) if not sign.possible]
                yield from (sign._replace(evidence=said) for sign in pairs)
                if pairs:
                    yield Sign(Kind.ARGUMENT, 1, None, act.acts[0], said)

    def _rules_of(self, name: str) -> list[Argument]:
        key = tuple(noun(word) for word in words_of_name(name))
        return [*self._arguments.get(key, ()), *(rule for word in key for rule in self._within.get(word, ()))]

    def _from_values(self, shown: str, schema: dict[str, Any], subjects: Sequence[str]) -> Iterator[Sign]:
        """Permitted values that are verbs choose what the call does."""
        values = schema.get("enum")
        for value in values[:_MAX_VALUES] if isinstance(values, list) else ():
            acts = self.grammar.acts_of(value) if isinstance(value, str) else ()
            if not acts:
                continue
            said = f"the argument `{shown}` can be `{value}`"
            yield Sign(Kind.ARGUMENT, 2, None, acts[0], said)
            for name in subjects:
                subject = self.rules.subjects[name]
                for act in acts:
                    for capability in subject.acts.get(act, ()):
                        yield Sign(Kind.ARGUMENT, 2, capability, act, said)

    def _reaches(self, name: Sentence, described: Sequence[Sentence], tool: ListedTool) -> Iterator[Found[Reach]]:
        for sentence in [name, *described]:
            for hit in self._reach.find(sentence.words):
                for reach in hit.values:
                    yield Found(reach, sentence.kind, f"{_SAYS[sentence.kind]} `{hit.phrase}`")
        for path, _ in arguments_of(tool.parameters):
            for rule in self._rules_of(path[-1]):
                if rule.reach is not None:
                    said = f"the argument `{'.'.join(path)}` says who is reached"
                    yield Found(rule.reach, Kind.ARGUMENT, said, rule.beside)

    def _said(self, phrases: Phrases[bool], parts: Sequence[tuple[Kind, Sequence[str]]]) -> str:
        for kind, words in parts:
            for hit in phrases.find(words):
                return f"{_SAYS[kind]} `{hit.phrase}`"
        return ""


def arguments_of(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every named argument of a schema, nested ones too: the way to it, and its own schema. At most 2,000."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), schema)]
    given = 0
    while waiting and given < _MAX_ARGUMENTS:
        path, inner = waiting.pop()
        if not isinstance(inner, dict):
            continue
        properties = inner.get("properties")
        for name, sub in properties.items() if isinstance(properties, dict) else ():
            given += 1
            yield (*path, str(name)), sub if isinstance(sub, dict) else {}
            waiting.append(((*path, str(name)), sub))
        waiting += [(path, inner.get(key)) for key in ("items", "additionalProperties")]
        for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            listed = inner.get(key)
            waiting += [(path, sub) for sub in listed] if isinstance(listed, list) else []
        for key in ("$defs", "definitions"):
            named = inner.get(key)
            waiting += [((*path, str(n)), sub) for n, sub in named.items()] if isinstance(named, dict) else []
