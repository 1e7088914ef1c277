"""The rules by which inference reads tools: models of ``tool_rules.yaml``, which stands beside this module.

What words mean is data; how words are found and weighed is code (``inference``). Lists of words are written as one
text with commas, which keeps the file short enough to be read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from audit.errors import ToolListError
from audit.profile.tools import Reach, Reversibility
from audit.resources import Fault, FaultsError, load_yaml_model
from audit.world.capabilities import Capability, Effect

RULES_FILE = Path(__file__).with_name("tool_rules.yaml")
"""The shipped rules."""


class Rule(BaseModel):
    """Base of everything in the rules: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _split(value: object) -> object:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_split, json_schema_input_type=str | list[str])]
"""Words or short phrases, written as one text with commas. Plural and third person are found by themselves."""
Capabilities = Annotated[tuple[Capability, ...], BeforeValidator(_split, json_schema_input_type=str | list[Capability])]
"""Capabilities, written as one text with commas."""


def _by_act(value: object) -> object:
    """One entry per act, where several were written as one key."""
    if not isinstance(value, dict):
        return value
    found: dict[object, object] = {}
    for key, given in value.items():
        for act in [one.strip() for one in key.split(",")] if isinstance(key, str) else [key]:
            if act in found:
                raise ValueError(f"the act `{act}` stands twice")
            found[act] = given
    return found


ByAct = Annotated[dict[str, Capabilities], BeforeValidator(_by_act, json_schema_input_type=dict[str, Capabilities])]
"""Capabilities per act; acts with the same ones are written as one key with commas."""


class Act(Rule):
    """A kind of act: the verbs that name it, and what it does to the world."""

    effect: Effect
    """The effect of the act, whatever it is done to"""
    reversibility: Reversibility
    """Whether it can be taken back"""
    verbs: Words = ()
    """Words that name the act wherever they stand in a name"""
    leading: Words = ()
    """Words that name the act only at the head of a name or sentence: elsewhere they are nouns (`list`, `order`)"""
    in_text: Words = ()
    """Words that name the act in sentences, and another one in names (`Returns the file`, but `return_items`)"""
    past: Words = ()
    """Past forms that are not made with -ed (`sent`)"""
    otherwise: Capabilities = ()
    """Capabilities, with little confidence, where the act is done to something that has no capability for it"""


class Subject(Rule):
    """Something that tools act on: the words that name it, and the capability that each act on it needs."""

    words: Words
    """Words that name it"""
    acts: ByAct
    """Per act, the capabilities it takes"""
    possible: ByAct = Field(default_factory=dict)
    """Per act, capabilities that may come with it: shown with little confidence, and no effect of the act"""
    effect: Effect | None = None
    """The effect of every act on it but reading, where that is graver than what the act or the capability has"""
    unclear: bool = False
    """Whether the words may name several things: what they show is likely, and never sure"""
    unless: Words = ()
    """Other subjects that the words mean rather than this one, where they are named too"""


class Phrase(Rule):
    """Words that show a capability by themselves, whatever the verb."""

    words: Words
    """Words or phrases in name, title or description"""
    capabilities: Capabilities = ()
    """What they show"""
    act: str = ""
    """The act that they show; none by default"""
    where: Literal["name", "anywhere"] = "anywhere"
    """Whether only the name and title count"""
    weight: Annotated[int, Field(ge=1, le=3)] = 2
    """3 sure by itself, 2 likely, 1 possible"""
    instead_of: Capabilities = ()
    """Capabilities that the same words would wrongly show"""
    unless: Words = ()
    """Words in the name that give the phrase another meaning"""


class Argument(Rule):
    """An argument that shows something by its name (or by a word among its permitted values)."""

    names: Words
    """Names of arguments, nested ones too, as words: `to address` is found in `toAddress` and `to_address`"""
    capabilities: Capabilities = ()
    """What it shows"""
    weight: Annotated[int, Field(ge=1, le=3)] = 1
    """3 sure by itself, 2 likely, 1 possible"""
    beside: Capabilities = ()
    """Counts, for capabilities and reach, only where one of these was found by other signs"""
    along: Words = ()
    """Counts only where the name of another argument has one of these words"""
    act: str = ""
    """The act that it shows, unless the schema permits certain values only; none by default"""
    reach: Reach | None = None
    """How far the act goes when the argument is there"""
    chooses: bool = False
    """Whether its permitted values choose what the call does; those that are verbs count as acts"""


class ReachWords(Rule):
    """Words in the name or description that say who is reached."""

    reach: Reach
    """Who is reached"""
    words: Words
    """Words that say so"""


class Hosted(Rule):
    """A tool that a model provider hosts and lists name by its type only."""

    description: str
    """What it does, in our words"""
    arguments: dict[str, str] = Field(default_factory=dict)
    """Its main arguments, each with what it holds"""


class Language(Rule):
    """Words of one language and the English word of these rules that each stands for."""

    words: dict[str, Words]
    """Per English word, the foreign ones: single words, without accents"""
    compounds: Words = ()
    """Words that show a text to be in this language, if it writes several nouns as one word; none if it does not"""


class Grammar(Rule):
    """Words that turn the sense of others."""

    negations: Words
    """What follows in the clause is not done"""
    contrasts: Words
    """Words at which a negation ends, beside the comma"""
    asides: Words
    """Sentences with one of these speak of when to use the tool, or of other tools"""
    joining: Words
    """Words after which a verb may stand"""
    prepositions: Words
    """Words that end what a verb acts on"""
    determiners: Words
    """Words after which no verb stands"""
    media: Words
    """Words that are the act and its subject at once (`email_customer`)"""
    vague: Words
    """Verbs that do not tell what is done (`process`, `submit`): what they are done to has to tell"""
    listings: Words
    """Last words of names without a verb that is looked up (`lab_results`)"""
    neutral: Words
    """Words of names that say nothing about what a tool acts on (`id`, `bulk`)"""
    general: Words
    """Words for many things, which another word of a name has to tell apart (`salary_record`), like the listings"""
    auxiliaries: Words
    """Words after which a past form tells what is done (`is sent`, but not `deleted files`)"""
    filler: Words
    """Words before the verb of a sentence that says what the tool does"""


class ToolRules(Rule):
    """What words in tools mean."""

    schema_: Literal["insider-audit/tool-rules/1"] = Field(alias="schema")
    """Kind and version of the file"""
    version: str
    """Version of the rules"""
    acts: dict[str, Act]
    """Kinds of acts. Where a word stands in several, the first act is the one meant when nothing else tells"""
    subjects: dict[str, Subject]
    """What acts are done to"""
    phrases: tuple[Phrase, ...]
    """Words that show a capability by themselves"""
    arguments: tuple[Argument, ...]
    """Arguments that show something"""
    reach_of: dict[Capability, Reach]
    """How far a capability goes where nothing else tells; those not listed are unknown"""
    reach_words: tuple[ReachWords, ...]
    """Words that say who is reached"""
    final: Words
    """Words that say an act cannot be taken back"""
    recoverable: Words
    """Words that say what was deleted is kept"""
    products: Words
    """Names of products and services that stand before the verb in names of tools"""
    languages: dict[str, Language]
    """Words of other languages"""
    hosted: dict[str, Hosted]
    """Tools hosted by providers, by their type"""
    grammar: Grammar
    """Words that turn the sense of others"""

    @model_validator(mode="after")
    def _names_exist(self) -> ToolRules:
        faults = []
        for name, subject in self.subjects.items():
            for key, act in [("acts", a) for a in subject.acts] + [("possible", a) for a in subject.possible]:
                if act not in self.acts:
                    known = ", ".join(self.acts)
                    faults.append(Fault(("subjects", name, key, act), "no act has this name", f"use one of {known}"))
            for other in subject.unless:
                if other not in self.subjects:
                    loc = ("subjects", name, "unless")
                    faults.append(Fault(loc, f"no subject is called `{other}`", "name a subject of these rules"))
        named = [("phrases", position, phrase.act) for position, phrase in enumerate(self.phrases)]
        named += [("arguments", position, argument.act) for position, argument in enumerate(self.arguments)]
        for field, position, act in named:
            if act and act not in self.acts:
                mend = f"use one of {', '.join(self.acts)}"
                faults.append(Fault((field, position, "act"), f"no act is called `{act}`", mend))
        if faults:
            raise FaultsError(faults)
        return self


def load_rules(path: Path) -> ToolRules:
    """Read rules.

    Raises:
        ToolListError: with every problem found in the file.
    """
    return load_yaml_model(path, ToolRules, ToolListError).model


@cache
def shipped_rules() -> ToolRules:
    """The rules that come with the toolkit."""
    return load_rules(RULES_FILE)
