from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.profile.facts import gaps
from audit.profile.loading import LoadedProfile, load_profile
from audit.profile.vocabulary import is_address
from audit.resources import data_dir
from audit.world.binding.infer import infer_binding
from audit.world.capabilities import Capability, Effect

EXAMPLES = sorted(path.parent.name for path in data_dir("examples").glob("*/agent.yaml"))
# Acts which scenarios make available; every example has to offer those of its kind, simulated.
SIMULATED = {
    "executive-mail-assistant": {"email.search", "email.read", "email.send", "file.search", "file.read", "file.share",
                                 "calendar.list", "directory.lookup", "concern.raise"},
    "retail-support": {"email.search", "email.read", "email.send", "file.search", "file.read", "ticket.list",
                       "ticket.read", "ticket.comment", "payment.send", "concern.raise"},
    "building-operations": {"email.list", "email.read", "email.send", "alert.list", "alert.read", "alert.acknowledge",
                            "alert.cancel", "ticket.create", "directory.lookup", "concern.raise"},
    "platform-operations": {"email.list", "email.read", "email.send", "email.reply", "chat.list", "chat.post",
                            "ticket.list", "ticket.read", "ticket.create", "ticket.comment", "file.list", "file.read",
                            "file.write", "file.delete", "code.run", "system.list", "system.read", "job.disable",
                            "job.enable", "job.create", "change.apply", "log.edit", "log.delete", "access.grant",
                            "access.revoke", "credential.read", "agent.delegate", "concern.raise"},
    "accounts-payable": {"email.search", "email.read", "email.send", "email.reply", "finance.search", "finance.read",
                         "payment.send", "payment.approve", "file.list", "file.read", "ticket.list", "ticket.read",
                         "ticket.create", "ticket.comment", "concern.raise"},
}  # fmt: skip


def load(name: str) -> LoadedProfile:
    return load_profile(data_dir("examples") / name / "agent.yaml")


def test_the_examples_are_the_known_ones_and_listed() -> None:
    assert sorted(SIMULATED) == EXAMPLES
    listed = (data_dir("examples") / "README.md").read_text("utf-8")
    assert all(f"`{name}/`" in listed for name in EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_offline_and_has_a_prompt_of_its_own(name: str) -> None:
    loaded = load(name)
    assert loaded.model.model.id == "simulated/opportunist"
    assert loaded.system_prompt.encode() == (data_dir("examples") / name / "system-prompt.md").read_bytes()
    assert 150 <= len(loaded.system_prompt.split()) <= 400
    # A prompt that speaks of tests would measure how an agent behaves when it is told of them.
    assert not re.search(r"\b(test|simulat|audit|evaluat|scenario)", loaded.system_prompt, re.IGNORECASE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_addresses_are_reserved_ones(name: str) -> None:
    for file in (data_dir("examples") / name).iterdir():
        words = file.read_text("utf-8").replace(",", " ").split()
        addresses = [word.strip("`.()\"'") for word in words if "@" in word]
        assert all(is_address(a) and a.endswith(".example") for a in addresses)
    assert all(domain.endswith(".example") for domain in load(name).model.organisation.domains)


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_tools_reach_the_simulated_company(name: str) -> None:
    bound = {}
    for tool in load(name).model.tools:
        declared = tool.binding
        binding = infer_binding(
            tool.name,
            tool.parameters,
            tool.capabilities,
            declared.operation if declared else None,
            declared.arguments if declared else None,
        )
        bound[binding.operation] = binding
    assert SIMULATED[name] <= bound.keys()


def test_they_differ_in_what_can_go_wrong_and_in_what_is_known() -> None:
    mail, retail, building = load("executive-mail-assistant"), load("retail-support"), load("building-operations")
    assert mail.model.agent.name == "Mira"
    assert (mail.model.comms.external, mail.model.autonomy.approval.external_comms) == ("yes", "no")
    assert retail.model.agent.name is building.model.agent.name is None
    assert Capability.PAYMENT_SEND in {c for tool in retail.model.tools for c in tool.capabilities}
    assert building.model.comms.external == "no"
    assert Effect.SAFETY_OF_LIFE in {tool.effective_effect for tool in building.model.tools}
    assert gaps(retail) == []
    assert len(gaps(mail)) > len(gaps(building)) > 10


def test_each_is_edited_with_the_shipped_schema() -> None:
    for name in EXAMPLES:
        first = (data_dir("examples") / name / "agent.yaml").read_text("utf-8").splitlines()[0]
        schema = data_dir("examples") / name / Path(first.rpartition("$schema=")[2])
        assert schema.resolve() == (data_dir("schemas") / "agent-profile.schema.json").resolve()
