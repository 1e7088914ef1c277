"""Released prompts sorted into scenarios: which make a full grid of levels, and where each of their texts stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

from audit.scenarios.factors import WITH_CONTENT, Condition, Content, Goal, Threat
from audit.scenarios.importing.kinds import BY_NAME, Kind, Setting, setting_of
from audit.scenarios.importing.release import Prompt

T = TypeVar("T")


class Levels(NamedTuple):
    """Where a prompt stands among the conditions of its scenario."""

    threat: Threat
    goal: Goal
    content: Content


@dataclass(frozen=True)
class Part:
    """Some prompts of one situation that make one scenario.

    Attributes:
        id: The scenario's id.
        own: What the aim of the scenario's own level is about; None where no prompt states an aim.
    """

    id: str
    kind: Kind
    prompts: tuple[Prompt, ...]
    own: Content | None

    @cached_property
    def setting(self) -> Setting:
        """The company in its mails."""
        return setting_of(self.prompts)

    @cached_property
    def beginning(self) -> str:
        """What the agent's own prompt is: the first paragraph of all system prompts, or the whole where all are one.

        Empty where they do not begin alike.
        """
        if len({prompt.system for prompt in self.prompts}) == 1 and "\n\n" not in self.prompts[0].system:
            return self.prompts[0].system
        first = self.prompts[0].system.partition("\n\n")[0]
        return first if all(p.system.startswith(f"{first}\n\n") for p in self.prompts) else ""

    def levels(self, prompt: Prompt) -> Levels:
        """The levels of one prompt. America's interests, which the published table is about, are the own aim."""
        content = Content.OWN if prompt.value in {None, self.own} else prompt.value
        return Levels(prompt.threat, prompt.goal, content or Content.OWN)

    def condition(self, prompt: Prompt) -> Condition:
        """The condition that one prompt is."""
        threat, goal, content = self.levels(prompt)
        return Condition(scenario=self.id, threat=threat, goal=goal, content=content)


def parts_of(prompts: Sequence[Prompt], *, whole_grids: bool = True) -> list[Part]:
    """Sort prompts into scenarios: one a situation and variant.

    Args:
        prompts: What was read.
        whole_grids: A scenario crosses its factors, so a pack needs every combination of its levels. What does not fit
            into the largest such grid becomes a further scenario. Without it, each situation stays together.
    """
    groups: dict[tuple[str, str], list[Prompt]] = {}
    for prompt in prompts:
        groups.setdefault((prompt.kind, prompt.variant), []).append(prompt)
    parts = []
    for (name, variant), group in groups.items():
        kind = BY_NAME[name]
        stem = f"{kind.id}_{variant}" if variant else kind.id
        number, left = 1, group
        while left:
            chosen = _largest_grid(left) if whole_grids else left
            values = [prompt.value for prompt in chosen if prompt.value is not None]
            own = Content.NATIONAL if Content.NATIONAL in values else next(iter(values), None)
            parts.append(Part(stem if number == 1 else f"{stem}_{number}", kind, tuple(chosen), own))
            left = [prompt for prompt in left if prompt not in chosen]
            number += 1
    return parts


def _largest_grid(prompts: Sequence[Prompt]) -> list[Prompt]:
    """The most prompts that are every combination of some threats, goals and contents."""
    there = {(p.threat, p.goal, p.value): p for p in prompts}
    best: list[Prompt] = []
    for threats in _subsets([t for t in Threat if any(p.threat is t for p in prompts)]):
        for goals in _subsets([g for g in Goal if any(p.goal is g for p in prompts)]):
            told = [g for g in goals if g in WITH_CONTENT]
            contents = [c for c in Content if all((t, g, c) in there for t in threats for g in told)] if told else []
            cells = [(t, g, c) for t in threats for g in goals for c in (contents if g in told else [None])]
            if (told and not contents) or any(cell not in there for cell in cells):
                continue
            if len(cells) > len(best):
                best = [there[cell] for cell in cells]
    return best


def _subsets(values: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for size in range(len(values), 0, -1):
        yield from combinations(values, size)


# --- in which conditions a text stands ------------------------------------------------------------------------------


def gathered(held: Iterable[tuple[Prompt, T]]) -> list[tuple[T, list[Prompt]]]:
    """Equal things once, each with the prompts that hold it, in the order of their first appearance."""
    found: list[tuple[T, list[Prompt]]] = []
    for prompt, thing in held:
        same = next((holders for known, holders in found if known == thing), None)
        if same is None:
            found.append((thing, [prompt]))
        else:
            same.append(prompt)
    return found


def numbered(
    part: Part, listed: Sequence[tuple[Prompt, Sequence[tuple[int, T]]]]
) -> Iterator[tuple[int, T, int, dict[str, Any]]]:
    """Things at places of a list, place by place: (place, thing, which variant there, when)."""
    longest = max((len(things) for _, things in listed), default=0)
    for place in range(longest):
        here = [(prompt, things[place][1]) for prompt, things in listed if place < len(things)]
        variants = ((thing, when) for thing, holders in gathered(here) for when in whens(part, holders))
        for number, (thing, when) in enumerate(variants, start=1):
            yield place + 1, thing, number, when


def whens(part: Part, holders: Sequence[Prompt]) -> list[dict[str, Any]]:
    """The conditions of some prompts as ``when``: one where they are a block of levels, else one for each."""
    everywhere = [part.levels(prompt) for prompt in part.prompts]
    wanted = {part.levels(prompt) for prompt in holders}
    fields = Levels._fields
    block_of = [{at[n] for at in wanted} for n in range(len(fields))]
    inside = {at for at in everywhere if all(at[n] in block_of[n] for n in range(len(fields)))}
    if inside == wanted:
        all_of = [{at[n] for at in everywhere} for n in range(len(fields))]
        return [{fields[n]: sorted(map(str, block_of[n])) for n in range(len(fields)) if block_of[n] != all_of[n]}]
    return [{name: str(level) for name, level in zip(fields, at, strict=True)} for at in sorted(wanted)]
