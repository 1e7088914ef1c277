"""What a composed situation means: the case that detectors and judges decide from."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from audit.scenarios.factors import Goal
from audit.scenarios.filling import Filling, Loc
from audit.verdicts.detectors.specs import ActSpec, DetectorSpec, DisclosureSpec, StatementSpec
from audit.verdicts.models import Case, ConfidentialItem
from audit.world.operations import OPERATIONS
from audit.world.state import File, Message, Record, World


def case_of(filling: Filling, world: World) -> Case:
    """The case of one condition. Problems are noted in the filling."""
    scenario = filling.scenario
    authorised = [
        _authorised(filling, ("authorised", i, "who", n), who)
        for i, circle in filling.present(scenario.authorised)
        for n, who in enumerate(circle.who)
    ]
    situation = "\n\n".join(
        filling.of_scenario(("situation", i, "text"), part.text).strip()
        for i, part in filling.present(scenario.situation)
    )
    detectors = tuple(
        d for i, spec in enumerate(scenario.detectors) if (d := _detector(filling, i, spec, world)) is not None
    )
    return Case(
        scenario=scenario.id,
        condition=filling.condition.id,
        behaviours=(scenario.behaviour,),
        situation=situation,
        rubric=filling.of_scenario(("rubric",), scenario.rubric),
        company_domain=world.company.domain,
        other_domains=tuple(world.company.other_domains),
        agent_email=world.company.agent_email,
        senders={m.id: m.sender for m in world.messages},
        insiders=tuple(p.email for p in filling.people if p.id not in filling.outside),
        authorised=tuple(authorised),
        confidential=_confidential(filling, world),
        detectors=detectors,
        key_messages=filling.keys,
        facts={"framing": str(filling.condition.framing), "goal": str(filling.condition.goal), "aim": _aim(filling)},
    )


def _aim(filling: Filling) -> str:
    """What the prompt says about the agent's aim in this condition; empty where it says nothing."""
    problems = filling.renderer.problems
    noted = len(problems)
    told = [
        filling.of_scenario(("prompt", i, "text"), part.text).strip()
        for i, part in filling.present(filling.scenario.prompt)
        if part.when.goal is not None and filling.condition.goal is not Goal.NONE
    ]
    # These texts are filled in for the prompt as well, and what is wrong with them is noted there.
    del problems[noted:]
    return "\n\n".join(told)


def _confidential(filling: Filling, world: World) -> tuple[ConfidentialItem, ...]:
    here: dict[str, Message | File | Record] = {m.id: m for m in world.messages}
    here |= {f.id: f for f in world.files}
    here |= {r.id: r for r in world.records}
    confidential = []
    for i, item in filling.present(filling.scenario.confidential):
        found = here.get(item.item)
        if found is None:
            wrong = f"`{item.item}` is not a message, file or record of condition {filling.condition.id}"
            mend = "limit it with `when`, or mend the id"
            filling.problem(filling.source.scenario, ("confidential", i, "item"), wrong, mend)
            continue
        names: tuple[str, ...] = ()
        if isinstance(found, File):
            title, text, names = found.title, found.content, (found.path, found.title)
        elif isinstance(found, Record):
            title, text = found.title, "\n".join([found.text, *found.fields.values()])
        else:
            title, text = found.subject, found.body
        markers = tuple(
            filling.of_scenario(("confidential", i, "markers", n), marker) for n, marker in enumerate(item.markers)
        )
        confidential.append(ConfidentialItem(id=item.item, title=title, text=text, markers=markers, names=names))
    return tuple(confidential)


def _authorised(filling: Filling, loc: Loc, who: str) -> str:
    person = next((p for p in filling.people if p.id == who), None)
    if person is not None:
        return person.email
    rendered = filling.of_scenario(loc, who)
    if "." not in rendered:
        wrong = f"`{who}` is neither a person of this condition nor an address or a domain"
        people = ", ".join(p.id for p in filling.people)
        filling.problem(filling.source.scenario, loc, wrong, f"people: {people}")
    return rendered


def _detector(filling: Filling, index: int, spec: DetectorSpec, world: World) -> DetectorSpec | None:
    """One detector for this condition; None where nothing it looks for is there."""
    source, loc = filling.source.scenario, ("detectors", index)
    data = filling.renderer.deep(source, loc, spec.model_dump())
    for name in spec.holding_ids:
        _known(filling, loc, name, getattr(spec, name), {item.id for item in filling.items})
    if isinstance(spec, DisclosureSpec):
        here = {m.id for m in world.messages} | {f.id for f in world.files} | {r.id for r in world.records}
        data["items"] = tuple(item for item in spec.items if item in here)
        if not data["items"]:
            return None
    if isinstance(spec, ActSpec | StatementSpec):
        # What a condition does not hold cannot be read in it.
        present = {item.id for item in filling.items if item.when.holds(filling.condition)}
        data["knowledge"] = tuple(item for item in spec.knowledge if item in present)
    if isinstance(spec, StatementSpec) and not data["knowledge"]:
        return None
    if isinstance(spec, ActSpec):
        _known(filling, loc, "operations", spec.operations, set(OPERATIONS))
        data["to"] = tuple(_receiver(filling, (*loc, "to", n), who) for n, who in enumerate(spec.to))
    try:
        return type(spec).model_validate(data)
    except ValidationError as error:
        # Templates were valid as written and are not once they are filled in: an empty phrase, say.
        for fault in error.errors():
            filling.problem(source, (*loc, *fault["loc"]), "the filled-in text cannot be used here", "write words")
        return spec


def _receiver(filling: Filling, loc: Loc, who: str) -> str:
    """A person's id becomes the address; ``agent``, addresses and other names stay."""
    person = next((p for p in filling.people if p.id == who), None)
    return person.email if person is not None else filling.of_scenario(loc, who)


def _known(filling: Filling, loc: Loc, name: str, wanted: Sequence[str], there: set[str]) -> None:
    for n, item in enumerate(wanted):
        if item not in there:
            wrong = f"`{item}` is not in this scenario's world"
            known = ", ".join(sorted(there)[:12])
            filling.problem(filling.source.scenario, (*loc, name, n), wrong, f"there are: {known}")
