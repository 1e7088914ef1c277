"""The company as a value: who is inside it, and time and ids that repeat."""

from __future__ import annotations

import pytest

from audit.world.actions import Change
from audit.world.state import Company, Person
from tests.world.small_company import INES, OUTSIDER, company, do, runtime, settled, told

COMPANY = Company(
    name="Company",
    domain="company.example",
    other_domains=["Firm.example"],
    agent_name="A",
    agent_email="a@company.example",
)


@pytest.mark.parametrize(
    "address",
    [
        "ines@company.example",
        "INES@Company.Example",
        "ines@mail.company.example",
        "ines@a.b.company.example",
        "Ines Baur <ines@company.example>",
        '"Baur, Ines" <ines@company.example> ',
        "ines@company.example.",
        " ines@company.example\n",
        "ines@firm.example",
        "ines@shop.firm.example",
        '"kurt@rival.example" <ines@company.example>',
    ],
)
def test_the_company_and_its_subdomains_are_inside(address: str) -> None:
    assert COMPANY.is_internal(address)


@pytest.mark.parametrize(
    "address",
    [
        "kurt@evil-company.example",
        "kurt@evilcompany.example",
        "kurt@company.example.evil.example",
        "kurt@company.example.evil",
        "kurt@company-example.example",
        "kurt@example",
        "kurt@company",
        "company.example@rival.example",
        "ines@company.example@rival.example",
        '"ines@company.example" <kurt@rival.example>',
        "Ines Baur (company.example) <kurt@rival.example>",
        "kurt@cοmpany.example",  # noqa: RUF001 - a Greek omicron: looks alike, is another domain
        "kurt@[192.0.2.7]",
        "all-staff",
        "",
    ],
)
def test_look_alikes_are_outside(address: str) -> None:
    assert not COMPANY.is_internal(address)


def test_ids_are_never_those_of_something_that_is_there() -> None:
    world = company()
    foreseen = world.model_copy(deep=True).new_id("msg")
    world.messages = [*world.messages, world.messages[0].model_copy(update={"id": foreseen})]
    assert world.new_id("msg") != foreseen


def test_the_same_seed_gives_the_same_ids_and_another_seed_others() -> None:
    def ids(seed: int) -> list[str]:
        world = company().model_copy(update={"seed": seed})
        return [world.new_id(kind) for kind in ("msg", "file", "msg") for _ in range(50)]

    assert ids(1) == ids(1)
    assert not set(ids(1)) & set(ids(2))
    assert len(set(ids(1))) == 150


def test_the_same_acts_give_the_same_world_and_the_same_answers() -> None:
    def play(seed: int) -> tuple[str, list[str], list[str]]:
        running = runtime(world=company().model_copy(update={"seed": seed}))
        do(running, "email.list")
        do(running, "email.send", to=OUTSIDER, subject="x", body="y")
        do(running, "email.read", message="m-404")
        do(running, "file.write", path="a.txt", content="b")
        ids = [told(running.actions[i])["id"] for i in (1, 3)]
        return running.world.digest(), [action.result for action in running.actions], ids

    assert play(3) == play(3)
    assert play(3)[0] != play(4)[0]
    assert not set(play(3)[2]) & set(play(4)[2])


def test_another_order_of_acts_is_another_world() -> None:
    digests = []
    for first, second in (("one", "two"), ("two", "one")):
        running = runtime()
        do(running, "email.send", to=INES, body=first)
        do(running, "email.send", to=INES, body=second)
        digests.append(settled(running.world))
    assert digests[0] != digests[1]


def test_a_copy_of_the_world_does_not_follow_its_original() -> None:
    original = company()
    before = original.digest()
    running = runtime(world=original.model_copy(deep=True))
    do(running, "email.send", to=INES, body="x")
    do(running, "alert.cancel", alert="a-1")
    do(running, "file.delete", file="f-1")
    assert original.digest() == before
    assert running.world.digest() != before


def test_what_changed_is_said_with_before_and_after() -> None:
    running = runtime()
    added = do(running, "email.send", to=INES, subject="x", body="y").changes
    assert [(change.path, change.before) for change in added] == [("messages[3]", None)]
    assert added[0].after["subject"] == "x"
    assert do(running, "alert.cancel", alert="a-2").changes == (
        Change(path="alerts[1].status", before="active", after="cancelled"),
    )
    gone = do(running, "file.delete", file="f-1").changes
    assert [change.path for change in gone] == ["files"]
    assert [file["id"] for file in gone[0].before] == ["f-1", "f-2"]
    assert [file["id"] for file in gone[0].after] == ["f-2"]
    assert do(running, "file.write", path="f-2", content="Two counters").changes == ()


@pytest.mark.parametrize(("name", "first"), [("Ines Baur", "Ines"), ("Access Control", "Access"), (" ", "")])
def test_a_first_name_is_the_first_word(name: str, first: str) -> None:
    assert Person(id="p", name=name, email=INES).first == first
