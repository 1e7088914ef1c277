"""What one question looks like to whoever asks it, and the questions that depend on the tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from audit.profile.intake.models import InferredTool
from audit.profile.safeguards import Access, Category, Sensitivity
from audit.profile.vocabulary import UNKNOWN
from audit.world.capabilities import CAPABILITIES, Capability


class Form(StrEnum):
    """How a question is asked."""

    TEXT = "text"
    ONE_OF = "one_of"
    SOME_OF = "some_of"


class Choice(NamedTuple):
    """One answer to choose."""

    value: Any
    label: str


class Step(NamedTuple):
    """One question to a person.

    Attributes:
        key: where the answer is kept: a fact, or a word of the wizard's own (``prompt``, ``tools.open`` ...).
        ask: the question.
        explain: one line of explanation.
        form: how it is asked.
        choices: answers to choose from; empty for texts.
        default: what is filled in or ticked at first.
        required: whether the profile cannot do without it; other questions can be answered "unknown".
        separator: what divides entries of typed lists.
        least: for several choices, how many at least.
    """

    key: str
    ask: str
    explain: str
    form: Form = Form.TEXT
    choices: tuple[Choice, ...] = ()
    default: Any = None
    required: bool = False
    separator: str = ","
    least: int = 0

    @property
    def section(self) -> str:
        """The section of the profile the question belongs to."""
        return self.key.partition(".")[0].removesuffix("[]")


class Kind(NamedTuple):
    """A kind of data that some capabilities reach.

    Attributes:
        name: what the scope is called unless somebody names it.
        categories: kinds of data it may be, the likeliest first.
        gravest: the kind that is assumed while nobody knows.
        capabilities: with one of these a tool reaches it.
    """

    name: str
    categories: tuple[Category, ...]
    gravest: Category
    capabilities: frozenset[Capability]


_C = Capability
KINDS: Mapping[str, Kind] = {
    "mail": Kind(
        "mailbox",
        (Category.STAFF_MAIL, Category.EXECUTIVE_MAIL, Category.CUSTOMER),
        Category.EXECUTIVE_MAIL,
        frozenset({_C.EMAIL_READ}),
    ),
    "chat": Kind(
        "chat channels", (Category.STAFF_MAIL, Category.OTHER), Category.STAFF_MAIL, frozenset({_C.CHAT_READ})
    ),
    "files": Kind(
        "files",
        (Category.OTHER, Category.TRADE_SECRET, Category.SOURCE_CODE, Category.PUBLIC),
        Category.TRADE_SECRET,
        frozenset({_C.FILE_READ, _C.FILE_WRITE, _C.FILE_DELETE, _C.FILE_SHARE}),
    ),
    "people": Kind(
        "directory and calendars",
        (Category.PERSONAL,),
        Category.PERSONAL,
        frozenset({_C.DIRECTORY_READ, _C.CALENDAR_READ, _C.CALENDAR_WRITE}),
    ),
    "personnel": Kind("personnel records", (Category.HR, Category.HEALTH), Category.HR, frozenset({_C.HR_READ})),
    "customers": Kind(
        "customer records",
        (Category.CUSTOMER, Category.HEALTH, Category.PERSONAL),
        Category.CUSTOMER,
        frozenset({_C.CUSTOMER_READ, _C.CUSTOMER_WRITE}),
    ),
    "tickets": Kind(
        "tickets", (Category.CUSTOMER, Category.OTHER), Category.CUSTOMER, frozenset({_C.TICKET_READ, _C.TICKET_WRITE})
    ),
    "finance": Kind(
        "financial records", (Category.FINANCIAL,), Category.FINANCIAL, frozenset({_C.FINANCE_READ, _C.PAYMENT_SEND})
    ),
    "databases": Kind(
        "databases",
        (Category.OTHER, Category.CUSTOMER, Category.FINANCIAL, Category.HEALTH, Category.PERSONAL),
        Category.PERSONAL,
        frozenset({_C.DATABASE_QUERY}),
    ),
    "credentials": Kind(
        "credentials", (Category.CREDENTIALS,), Category.CREDENTIALS, frozenset({_C.CREDENTIAL_READ, _C.ACCESS_GRANT})
    ),
    "plant": Kind(
        "alert and control systems",
        (Category.SAFETY_SYSTEMS, Category.OTHER),
        Category.SAFETY_SYSTEMS,
        frozenset({_C.ALERT_READ, _C.ALERT_ACKNOWLEDGE, _C.ALERT_CANCEL, _C.DEVICE_CONTROL}),
    ),
    "code": Kind(
        "code and running systems",
        (Category.SOURCE_CODE,),
        Category.SOURCE_CODE,
        frozenset({_C.DEPLOY_CHANGE, _C.CODE_EXECUTE}),
    ),
}
"""Kinds of data that tools suggest, by the key of their scope."""

_WRITING = frozenset(
    {
        *(_C.FILE_WRITE, _C.FILE_DELETE, _C.FILE_SHARE, _C.CALENDAR_WRITE, _C.TICKET_WRITE, _C.CUSTOMER_WRITE),
        *(_C.PAYMENT_SEND, _C.ACCESS_GRANT, _C.ALERT_ACKNOWLEDGE, _C.ALERT_CANCEL, _C.DEVICE_CONTROL),
        *(_C.DEPLOY_CHANGE, _C.CODE_EXECUTE),
    }
)
_SENSITIVITY = {
    Sensitivity.PUBLIC: "anybody may read them",
    Sensitivity.INTERNAL: "embarrassing outside, no more",
    Sensitivity.CONFIDENTIAL: "harms the organisation or people",
    Sensitivity.RESTRICTED: "harms them badly; few may see them",
}
GROUPS: Mapping[str, tuple[str, str, str, str]] = {
    "approval": ("required", "none", "Must a person confirm each call of a tool before it takes effect?", "confirmed"),
    "policy": ("deny", "allow", "Does the gateway refuse some tools, whatever the agent says?", "refused"),
    "required_for_task": ("no", "yes", "Are there tools that the agent could do its task without?", "not needed"),
}
"""Facts asked for all tools at once: the value of those ticked, the value of the others, the question, a word."""


def capability_step(tool: InferredTool) -> Step:
    """What one tool lets the agent do, with what was inferred ticked."""
    guessed = [str(item.value) for item in tool.capabilities]
    order = [*guessed, *(str(c) for c in Capability if c not in guessed)]
    choices = tuple(Choice(name, f"{name}: {CAPABILITIES[Capability(name)].phrase}") for name in order)
    description = " ".join((tool.listed.description or tool.listed.title).split())
    shown = description if len(description) <= 110 else description[:107] + "..."
    why = f'It says of itself: "{shown}"' if shown else "The list says nothing about it but its name."
    ask = f"What can `{tool.name}` do?"
    return Step(f"tools.{tool.name}.capabilities", ask, why, Form.SOME_OF, choices, tuple(guessed), least=1)


def tool_steps(tools: Sequence[InferredTool], known: Mapping[str, Any]) -> Iterator[Step]:
    """Questions about the tools, as far as what is known so far raises them.

    Args:
        tools: the imported tools.
        known: what was answered, by key.
    """
    named = {tool.name for tool in tools if f"tools.{tool.name}.capabilities" in known}
    asked_here = {tool.name: capability_step(tool) for tool in tools}
    unsure = [tool for tool in tools if tool.unsure]
    untold = [tool for tool in unsure if any(c.value is Capability.UNKNOWN for c in tool.capabilities)]
    if [tool for tool in unsure if tool.name not in named] or "tools.unsure" in known:
        ask = f"{len(unsure)} of {len(tools)} tools could not be read with certainty. Look at them?"
        choices = [Choice("all", f"at each of the {len(unsure)}"), Choice("none", "leave them as they were read")]
        if 0 < len(untold) < len(unsure):
            choices.insert(1, Choice("untold", f"only at the {len(untold)} of which nothing could be told"))
        explain = "What stays unknown counts as able to do anything, and brings in more tests."
        yield Step("tools.unsure", ask, explain, Form.ONE_OF, tuple(choices), "all")
        look = {"all": unsure, "untold": untold}.get(str(known.get("tools.unsure")), [])
        yield from (asked_here[tool.name] for tool in look)
    others = [tool for tool in tools if tool not in unsure]
    if others:
        rows = tuple(
            Choice(tool.name, f"{tool.name}: {', '.join(c.value for c in tool.capabilities)}") for tool in others
        )
        explain = "Tick those that were read wrongly; each can then be corrected. None: enter."
        yield Step(
            "tools.open",
            "These tools were read with some certainty. Is one of them wrong?",
            explain,
            Form.SOME_OF,
            rows,
            (),
        )
        chosen = known.get("tools.open") or ()
        yield from (asked_here[tool.name] for tool in others if tool.name in chosen)
    names = tuple(Choice(tool.name, tool.name) for tool in tools)
    for field, (ticked, rest, ask, word) in GROUPS.items():
        if all(f"tools.{tool.name}.{field}" in known for tool in tools):
            continue
        choices = [Choice(rest, "none of them" if field != "required_for_task" else "no, it needs all of them")]
        choices += [Choice("some", "some of them"), Choice(ticked, "all of them")]
        explain = (
            "The tests then hold or refuse these calls."
            if field != "required_for_task"
            else "Taking a tool away is the surest control."
        )
        yield Step(f"tools[].{field}", ask, explain, Form.ONE_OF, (*choices, Choice(UNKNOWN, "unknown")), UNKNOWN)
        if known.get(f"tools[].{field}") == "some":
            yield Step(
                f"tools[].{field}.which",
                f"Which of them are {word}?",
                "Space ticks, enter goes on.",
                Form.SOME_OF,
                names,
                (),
            )


def kinds_of(tools: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Kinds of data that tools reach, each with the names of those tools.

    Args:
        tools: the capabilities of each tool, by its name.
    """
    found = {
        key: [name for name, capabilities in tools.items() if kind.capabilities & set(capabilities)]
        for key, kind in KINDS.items()
    }
    return {key: names for key, names in found.items() if names}


def usual_access(key: str, names: Sequence[str], tools: Mapping[str, Sequence[str]]) -> list[str]:
    """Access that the tools of a kind suggest: read, and write where one of them changes something of that kind."""
    able = {c for name in names for c in tools[name]} & (KINDS[key].capabilities if key in KINDS else frozenset())
    return ["read", "write"] if able & _WRITING else ["read"]


def scope_steps(tools: Mapping[str, Sequence[str]], known: Mapping[str, Any]) -> Iterator[Step]:
    """Questions about the data the agent can reach.

    Args:
        tools: the capabilities of each tool, by its name.
        known: what was answered, by key.
    """
    kinds = kinds_of(tools)
    suggested = ", ".join(KINDS[key].name for key in kinds) or "none that is known"
    choices = (
        Choice("describe", "describe them now"),
        Choice(UNKNOWN, "unknown, leave them open"),
        Choice("none", "there are no such data"),
    )
    yield Step(
        "data.scopes",
        "Which data can it reach?",
        f"The tools suggest: {suggested}. A few questions on each.",
        Form.ONE_OF,
        choices,
        "describe",
    )
    if known.get("data.scopes") != "describe":
        return
    for key, names in kinds.items():
        yield from _one_scope(key, KINDS[key].name, KINDS[key], names, usual_access(key, names, tools))
    yield Step(
        "data.scopes.more",
        "Are there other data it can reach?",
        "What people call them, with commas between them; `none` where there are none.",
        default="none",
    )
    for number, name in enumerate(known.get("data.scopes.more") or (), start=1):
        yield from _one_scope(f"more{number}", str(name), None, (), [])


def _one_scope(key: str, name: str, kind: Kind | None, tools: Sequence[str], access: list[str]) -> Iterator[Step]:
    start = f"data.scopes.{key}"
    through = f"Reached through {', '.join(tools[:4])}{' and others' if len(tools) > 4 else ''}." if tools else ""
    if kind is not None:
        yield Step(f"{start}.name", f"What do people call these data: {name}?", through or "A few words.", default=name)
    first = kind.categories if kind else ()
    order = [*first, *(c for c in Category if c not in first)]
    categories = tuple(Choice(str(c), str(c).replace("_", " ")) for c in order)
    if kind is not None:
        categories = (*categories, Choice("absent", "it cannot reach such data after all"))
    categories = (*categories, Choice(UNKNOWN, "unknown"))
    yield Step(
        f"{start}.category",
        f"{name}: what kind of data?",
        through or "The gravest it holds.",
        Form.ONE_OF,
        categories,
        UNKNOWN,
    )
    sensitivity = tuple(Choice(str(s), f"{s}: {meaning}") for s, meaning in _SENSITIVITY.items())
    yield Step(
        f"{start}.sensitivity",
        f"{name}: how much harm is done when they get out?",
        "The worst item in it counts.",
        Form.ONE_OF,
        (*sensitivity, Choice(UNKNOWN, "unknown")),
        UNKNOWN,
    )
    choices = tuple(Choice(str(a), str(a)) for a in (Access.READ, Access.WRITE))
    explain = "Tick what it may do; nothing ticked means unknown."
    yield Step(
        f"{start}.access", f"{name}: what may the agent do with them?", explain, Form.SOME_OF, choices, tuple(access)
    )
