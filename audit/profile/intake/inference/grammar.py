"""Where verbs stand in names and sentences, and which sentences count: as much grammar as tool lists need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from audit.profile.intake.inference.rules import ToolRules
from audit.profile.intake.inference.words import Hit, Phrases, noun, sentences, verb, words_of_name, words_of_text
from audit.profile.intake.models import ListedTool

_MAX_DESCRIPTION = 20_000
_COMPOUND = 8
"""Letters from which on a word may be a compound."""
_USE_ANOTHER = re.compile(
    r"\b(?:[Uu]se|[Cc]all|[Ss]ee|[Ii]nvoke|[Rr]un|[Pp]refer|[Tt]ry)\s+(?:the\s+)?[`'\"]?([A-Za-z][A-Za-z0-9]*(?:[_.][A-Za-z0-9]+)+)"
)
"""A sentence that sends the reader to something else, named as tools are."""
_NAMES = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+\b|\b[a-z]+(?:[A-Z][a-z0-9]*)+\b")
"""Words that can be names of tools: in plain words (`search`) a sentence speaks of the act."""


def _plain_vowels(word: str) -> str:
    """German words as they are folded, where they were written without umlauts (`loeschen`)."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _past(word: str) -> tuple[str, ...]:
    """Past forms of a regular English verb."""
    if word.endswith("e"):
        return (f"{word}d",)
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return (f"{word[:-1]}ied",)
    return (f"{word}ed", f"{word}{word[-1]}ed")


_POSSIBLE = {"can", "could", "may", "might"}
_PRONOUNS = {"it", "them", "him", "her"}


class Kind(StrEnum):
    """Where something was found."""

    NAME = "name"
    SUMMARY = "summary"
    """Title or first sentence of the description."""
    TEXT = "text"
    """The rest of the description."""
    ARGUMENT = "argument"


class Verb(NamedTuple):
    """A verb found: its place, its acts (the one meant where nothing else tells first), and the word."""

    at: int
    acts: tuple[str, ...]
    word: str


class Sentence(NamedTuple):
    """A sentence or a name, in folded words.

    Attributes:
        kind: where it stands.
        words: what it says, without what is negated; words of other languages in English.
        foreign: which of ``words`` were in another language.
        all_words: every word as it stands, negated ones too.
    """

    kind: Kind
    words: tuple[str, ...]
    foreign: tuple[bool, ...]
    all_words: tuple[str, ...] = ()


class Grammar:
    """The part of the rules that is about verbs and sentences."""

    def __init__(self, rules: ToolRules) -> None:
        self._english = {
            word: english
            for language in rules.languages.values()
            for english, words in language.words.items()
            for word in words
        }
        self._english |= {_plain_vowels(word): english for word, english in self._english.items()}
        self._verbs: dict[str, tuple[str, ...]] = {}
        self._leading: dict[str, tuple[str, ...]] = {}
        self._in_text: dict[str, tuple[str, ...]] = {}
        for name, act in rules.acts.items():
            for table, words in (
                (self._verbs, act.verbs),
                (self._leading, act.leading),
                (self._in_text, act.in_text),
            ):
                for word in words:
                    if name not in table.get(verb(word), ()):
                        table[verb(word)] = (*table.get(verb(word), ()), name)
        self._nouns = {noun(word) for subject in rules.subjects.values() for word in subject.words}
        self._past: dict[str, tuple[str, ...]] = {}
        for name, act in rules.acts.items():
            regular = (past for word in (*act.verbs, *act.leading) for past in _past(word))
            for word in () if name == "read" else (*act.past, *regular):
                self._past[word] = (*self._past.get(word, ()), name)
        self._compounds = [
            (
                {word for written in language.compounds for word in words_of_text(written)},
                {w: english for english, words in language.words.items() for w in words},
            )
            for language in rules.languages.values()
            if language.compounds
        ]
        grammar = rules.grammar
        self._vague = {verb(word) for word in grammar.vague}
        self._listings = {noun(word) for word in grammar.listings}
        self._auxiliaries = set(grammar.auxiliaries)
        self._asides: Phrases[bool] = Phrases(((word, True) for word in grammar.asides), verb)
        self._products = set(rules.products)
        self._joining = set(grammar.joining)
        self._media = set(grammar.media)
        self._filler = set(grammar.filler)
        self._negations = set(grammar.negations)
        self._contrasts = {",", *grammar.contrasts}
        self._prepositions = set(grammar.prepositions)
        self._determiners = set(grammar.determiners)
        self._ends_of_things = {*grammar.prepositions, "to", "of", "and", "or"}
        self._neutral = {*grammar.prepositions, *grammar.joining, *grammar.determiners, *grammar.neutral}
        self._neutral |= set(rules.products)
        self._general = {noun(word) for word in (*grammar.general, *grammar.listings)}
        self._neutral |= {f"{word}s" for word in self._neutral}

    def acts_of(self, text: str) -> tuple[str, ...]:
        """The acts of the first word of a permitted value such as `delete` or `cancel_order`; none if it is no verb."""
        words = self._in_english(words_of_name(text))[0]
        return self._acts(words[0]) if words else ()

    def _acts(self, word: str) -> tuple[str, ...]:
        stem = verb(word)
        return tuple(dict.fromkeys(self._verbs.get(stem, ()) + self._leading.get(stem, ())))

    def _in_english(self, words: Sequence[str]) -> tuple[tuple[str, ...], tuple[bool, ...]]:
        """Words in English, and which of them were not. A compound of two known nouns becomes both."""
        said = set(words)
        nouns = [known for marks, known in self._compounds if len(marks & said) > 1 or said & known.keys()]
        english: list[str] = []
        foreign: list[bool] = []
        for word in words:
            plain = self._english.get(word) or self._english.get(_plain_vowels(word))
            parts = plain.split() if plain else self._parts(_plain_vowels(word), nouns) or [word]
            english += parts
            foreign += [noun(part) != noun(word) for part in parts]
        return tuple(english), tuple(foreign)

    def _parts(self, word: str, languages: Sequence[dict[str, str]]) -> list[str]:
        """The known nouns with which a compound begins and ends."""
        for known in languages if len(word) >= _COMPOUND else ():
            sizes = range(len(word) - 1, 3, -1)
            first = next((known[word[:n]] for n in sizes if self._is_thing(known.get(word[:n], ""))), None)
            last = next((known[word[-n:]] for n in sizes if self._is_thing(known.get(word[-n:], ""))), None)
            found = dict.fromkeys(part for english in (first, last) if english for part in english.split())
            if found:
                return list(found)
        return []

    def name(self, text: str) -> Sentence:
        """A tool's name as words."""
        words = words_of_name(text)
        return Sentence(Kind.NAME, *self._in_english(words), tuple(words))

    def _is_thing(self, word: str) -> bool:
        return noun(word) in self._nouns

    def is_clear(self, act: Verb) -> bool:
        """Whether a word is a verb wherever it stands."""
        return verb(act.word) in self._verbs

    def takes_pronoun(self, sentence: Sentence, act: Verb) -> bool:
        """Whether a verb is done to what was named before it (`finds old files and removes them`)."""
        return sentence.words[act.at + 1 : act.at + 2] in [(word,) for word in _PRONOUNS]

    def has_object(self, sentence: Sentence, act: Verb) -> bool:
        """Whether what follows a verb is plainly what it is done to (`deletes the file`, `deletes it`)."""
        after = sentence.words[act.at + 1 : act.at + 2]
        return bool(_PRONOUNS.intersection(after) or (self._determiners - self._prepositions).intersection(after))

    def is_vague(self, act: Verb) -> bool:
        """Whether a verb does not tell what is done."""
        return verb(act.word) in self._vague

    def listing(self, name: Sentence) -> Verb | None:
        """The last word of a name without a verb if that is something to look up (`lab_results`, `sales by team`)."""
        words = name.words
        end = next((at for at, word in enumerate(words) if at and word in self._prepositions), len(words))
        last = words[end - 1] if words else ""
        if noun(last) in self._listings and len(words) > 1:
            return Verb(end - 1, ("read",), last)
        if end < len(words) and end > 0 and noun(last) != last:
            return Verb(end - 1, ("read",), last)
        return None

    def passives(self, sentence: Sentence) -> list[Verb]:
        """What is done by words such as `is sent` and `will then be deleted`."""
        words = sentence.words
        return [
            Verb(at, self._past[word], word)
            for at, word in enumerate(words)
            if word in self._past
            and not _POSSIBLE.intersection(words[max(0, at - 3) : at])
            and (
                (at and words[at - 1] in self._auxiliaries)
                or (at > 1 and words[at - 2] in self._auxiliaries and not self._is_thing(words[at - 1]))
            )
        ]

    def verbs_of_name(self, name: Sentence) -> tuple[list[Verb], list[Verb]]:
        """The verbs of a name, and those of them that may well be nouns (`get_delete_status`)."""
        words = name.words
        head = next((at for at, word in enumerate(words) if word not in self._products), 0)
        can_be = [(at, w) for at, w in enumerate(words) if not w.endswith("ing")]  # opening_hours open nothing
        verbs = [Verb(at, self._acts(w), w) for at, w in can_be if verb(w) in self._verbs]
        leading = {at: Verb(at, self._acts(w), w) for at, w in can_be if verb(w) in self._leading}
        sure = {v.at for v in verbs}
        if head in leading and name.foreign[head] and len(words) - 1 in leading and self._is_thing(words[head]):
            del leading[head]  # in `datei_freigeben` the verb stands last
        if head in leading and head not in sure and (not sure or not self._is_thing(words[head])):
            verbs.insert(0, leading[head])
        verbs += [v for at, v in leading.items() if at > head and at not in sure and words[at - 1] in self._joining]
        last = len(words) - 1
        if last > head and last in leading and not sure:
            if not verbs:
                verbs.append(leading[last])
            elif all(self._is_thing(v.word) for v in verbs) and not self._is_thing(words[last]):
                # email_list is a list; what order_test and email_report are is open
                verbs = (verbs if leading[last].acts[0] != "read" else []) + [leading[last]]
        verbs.sort(key=lambda v: v.at)
        if not verbs or verbs[0].acts[0] != "read" or verbs[0].at != head:
            return verbs, []
        later = [v for v in verbs[1:] if v.acts[0] != "read" and words[v.at - 1] not in self._joining]
        plural = [v for v in later if v.word.endswith("s") and not words[head].endswith("s")]  # get_thread_replies
        return [v for v in verbs if v not in plural], [v for v in later if v not in plural]

    def sentences(self, tool: ListedTool, names: frozenset[str]) -> list[Sentence]:
        """Title and description, sentence by sentence, without what is negated, examples and words on other tools.

        Args:
            tool: the tool.
            names: the names of all tools of the lists.
        """
        own = {tool.name, tool.listed_as}
        kept: list[Sentence] = []
        if tool.title:
            kept.append(self._sentence(tool.title, Kind.SUMMARY))
        kind = Kind.SUMMARY
        for text in sentences(tool.description[:_MAX_DESCRIPTION]):
            words = words_of_text(text)
            others = {n for n in _NAMES.findall(text) if n in names} | set(_USE_ANOTHER.findall(text))
            if not words or self._asides.find(words) or others - own:
                continue
            kept.append(self._sentence(text, kind))
            kind = Kind.TEXT
        return kept

    def _sentence(self, text: str, kind: Kind) -> Sentence:
        words: list[str] = []
        negated = False
        every = words_of_text(text)
        for word in every:
            if word in self._contrasts:
                negated = False
            elif word in self._negations:
                negated = True
                continue
            if not negated:
                words.append(word)
        return Sentence(kind, *self._in_english(words), tuple(every))

    def verbs_of_sentence(self, sentence: Sentence, of_name: Sequence[Verb], hits: Sequence[Hit[str]]) -> list[Verb]:
        """The verbs of a sentence: at its head, after `and`, `to`, `can` and the like, or clearly of the third person.

        Args:
            sentence: the sentence.
            of_name: the verbs of the tool's name, which mean the same here.
            hits: the things found in it; a word of a longer one is no verb (`phone book`).
        """
        words = sentence.words
        within = {at for hit in hits if hit.end - hit.start > 1 for at in range(hit.start, hit.end)}
        head = next((at for at, word in enumerate(words) if word not in self._filler), 0)
        same = {verb(v.word): v.acts for v in of_name}
        found = []
        for at, word in enumerate(words):
            acts = same.get(verb(word)) or self._in_text.get(verb(word)) or self._acts(word)
            stands = at not in within or (at == head and verb(word) in self._verbs)
            if acts and stands and self._is_verb(sentence, at, head):
                found.append(Verb(at, acts, word))
        return found

    def _is_verb(self, sentence: Sentence, at: int, head: int) -> bool:
        """Whether a word that can be a verb is one here."""
        words = sentence.words
        word, sure = words[at], verb(words[at]) in self._verbs
        before = words[at - 1] if at else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        if after == "of" and not (sure and at == head):
            return False  # state of charge, text of a document
        if after == "for" and not sure and self._acts(word)[:1] != ("read",):
            return False
        if sentence.foreign[at]:
            return sure or not self._is_thing(word)
        if word.endswith("ing") and at == head:
            return False  # opening hours, pending orders
        joined = before in self._joining or before == "," or before.endswith("ly")
        joined = joined or (before == "for" and word.endswith("ing"))
        if sentence.kind is Kind.TEXT:
            return sure and (at == head or joined)
        if sure:
            same = word.endswith("s") == words[head].endswith("s")
            if joined and not same and before in {",", "and", "or"} and after in {"", ",", "and", "or", "of"}:
                return False  # a payment with fees, refunds and payouts
            third = word.endswith("s") and before not in self._determiners
            return at == head or joined or third
        if self._is_thing(word):  # "email the customer" and "emails of the customer"
            return (at == head or joined) and (after in _PRONOUNS or after in self._determiners - self._prepositions)
        same_form = word.endswith("s") == words[head].endswith("s") or before in {"to", "can", "will", "may"}
        ends = after in {"", ",", "of", *self._prepositions}
        return at == head or (joined and same_form and not ends)

    def things(self, sentence: Sentence, hits: Sequence[Hit[str]]) -> list[Hit[str]]:
        """The hits that name things: not `access` in `allowed to access`."""
        words = sentence.words

        def acts(hit: Hit[str]) -> bool:
            after_to = hit.start > 0 and words[hit.start - 1] in {"to", "can", "will", "may"}
            part_of = words[hit.end : hit.end + 1] == ("of",) and verb(words[hit.start]) in self._verbs  # a share of
            leads = hit.start == 0 or words[hit.start - 1] in self._joining or words[hit.start - 1] == ","
            after = words[hit.end] if hit.end < len(words) else ""
            leads = leads and after != "of" and after in self._determiners - self._prepositions
            verb_like = hit.end - hit.start == 1 and bool(self._acts(words[hit.start]))
            return verb_like and (after_to or part_of or leads)

        return [hit for hit in hits if not acts(hit)]

    def strange(self, name: Sentence, verbs: Sequence[Verb], known: Sequence[Hit[Any]]) -> str:
        """The word of a name for what the tool acts on, if no rule knows it (`quipu` in `update_customer_quipu`).

        In English and German that word stands last, in French and Spanish first. Where it is a general one (`record`),
        the next one tells.

        Args:
            name: the name.
            verbs: its verbs.
            known: all that the rules know in it.
        """
        words = name.words
        places = {at for hit in known for at in range(hit.start, hit.end)}
        joined = {at for hit in known if hit.end - hit.start > 1 for at in range(hit.start, hit.end)}
        start = verbs[0].at + 1 if verbs and verbs[0].at < len(words) - 1 else 0
        thing: list[int] = []
        for at in range(start, len(words)):
            if words[at] in self._ends_of_things and thing:
                break
            if at in places or not (self._says_nothing(words[at]) or self._acts(words[at])):
                thing.append(at)
        if not (any(name.foreign[:start]) and start):
            thing.reverse()
        telling = [at for at in thing if at in joined or noun(words[at]) not in self._general]
        if not telling:
            return words[thing[0]] if thing and not places.intersection(thing) else ""
        return "" if telling[0] in places else words[telling[0]]

    def _says_nothing(self, word: str) -> bool:
        return word in self._neutral or word.isdigit() or len(word) == 1 or word.endswith(("ed", "able", "ly"))

    def outside(self, verbs: Sequence[Verb], hits: Sequence[Hit[str]]) -> list[Verb]:
        """The verbs of a name without words of a longer thing (`on call`), if others remain."""
        within = {at for hit in hits if hit.end - hit.start > 1 for at in range(hit.start, hit.end)}
        return [v for v in verbs if v.at == 0 or v.at not in within] or list(verbs)

    def is_verb_alone(self, act: Verb, hit: Hit[str]) -> bool:
        """Whether a hit is nothing but the verb itself (`report` in `report_concern`), which is not its own object."""
        return (hit.start, hit.end) == (act.at, act.at + 1) and act.word not in self._media

    def is_product(self, words: Sequence[str]) -> bool:
        """Whether words only name a product (`slack_get_users` is about users)."""
        return all(word in self._products for word in words)

    def end_of_object(
        self, sentence: Sentence, start: int, hits: Sequence[Hit[str]], act: str = "", *, short: bool = False
    ) -> int:
        """Where what a verb acts on ends: at a preposition after the first subject (`issue` ends before `in a repo`).

        Args:
            sentence: the sentence or name.
            start: the first place after the verb.
            hits: the subjects found in it.
            act: the act; `to` ends the object of those that have no addressee.
            short: whether `of` ends it too.
        """
        ends = self._prepositions | ({"to"} if act in {"read", "create", "change", "delete", "draft"} else set())
        ends = ends | {"of"} if short else ends
        strict = sentence.kind is Kind.TEXT
        for at in range(start, len(sentence.words)):
            if sentence.words[at] in ends and (strict or any(start <= hit.start < at for hit in hits)):
                return at
        return len(sentence.words)
