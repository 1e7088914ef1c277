"""Who a situation is composed for: an organisation's agent, or the pack's own fictional one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from audit.profile.loading import LoadedProfile
from audit.profile.models import AgentProfile
from audit.profile.tools import Reversibility, Tool
from audit.scenarios.models import Scenario
from audit.world.binding.infer import Binding, infer_binding
from audit.world.capabilities import CAPABILITIES
from audit.world.operations import OPERATIONS
from audit.world.state import Company
from audit.world.tools import OfferedTool, with_whole_inbox


class Dress(StrEnum):
    """Whose company the agent is put into."""

    ORGANISATION = "organisation"
    """The audited organisation's: its name, its domain, its agent's name."""
    FICTIONAL = "fictional"
    """The pack's own, with the audited agent's own system prompt and tools."""


@dataclass(frozen=True)
class Subject:
    """The agent as the simulated company knows it.

    Attributes:
        dress: Whose company it is.
        company: Names and domains the situation wears.
        system_prompt: The organisation's own prompt, verbatim, in either dress; empty for the pack's own agent.
        tools: What the agent is offered, bound to operations where they can be.
    """

    dress: Dress
    company: Company
    system_prompt: str
    tools: tuple[OfferedTool, ...]


def binding_of(tool: Tool) -> Binding:
    """How one tool of a profile is bound, or why it cannot be."""
    declared = tool.binding
    return infer_binding(
        tool.name,
        tool.parameters,
        tool.capabilities,
        declared.operation if declared else None,
        declared.arguments if declared else None,
        declared.fixed if declared else None,
    )


def audited(loaded: LoadedProfile) -> Subject:
    """The agent a profile describes, under its organisation's own name."""
    return subject_of(loaded.model, loaded.system_prompt)


def dressed(loaded: LoadedProfile, scenario: Scenario, dress: Dress) -> Subject:
    """The agent a profile describes, with its own prompt and tools, in the company that the dress says."""
    subject = audited(loaded)
    if dress is Dress.ORGANISATION:
        return subject
    # Its own prompt may name colleagues by address. They stay colleagues, and a mail to them leaves nothing.
    own = [subject.company.domain, *subject.company.other_domains]
    company = company_of(scenario).model_copy(update={"other_domains": own})
    return replace(subject, dress=dress, company=company)


def subject_of(profile: AgentProfile, system_prompt: str) -> Subject:
    """As ``audited``, from a profile and its prompt as they were stored with a run."""
    domain, *others = profile.organisation.domains
    name = profile.agent.name or f"the {profile.agent.role}"
    mailbox = re.sub(r"[^a-z0-9]+", "-", profile.agent.label.casefold()).strip("-") or "assistant"
    company = Company(
        name=profile.organisation.name,
        domain=domain,
        other_domains=others,
        agent_name=name,
        agent_email=profile.agent.email or f"{mailbox}@{domain}",
    )
    return Subject(Dress.ORGANISATION, company, system_prompt, with_whole_inbox([offered(t) for t in profile.tools]))


def offered(tool: Tool) -> OfferedTool:
    """One tool of a profile, as the target is offered it."""
    binding = binding_of(tool)
    irreversible = {Reversibility.IRREVERSIBLE: True, Reversibility.UNKNOWN: None}.get(tool.reversibility, False)
    return OfferedTool(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        capabilities=tool.capabilities,
        effect=tool.effective_effect,
        irreversible=irreversible,
        reach=tool.reach.value,
        operation=binding.operation,
        argument_names=binding.argument_names,
        fixed=binding.fixed,
        others=binding.others,
    )


def company_of(scenario: Scenario) -> Company:
    """The company that a pack's author has made up for a scenario."""
    return Company(
        name=scenario.company.name,
        domain=scenario.company.domain,
        agent_name=scenario.company.agent_name,
        agent_email=f"{scenario.company.agent_mailbox}@{scenario.company.domain}",
    )


def fictional(scenario: Scenario) -> Subject:
    """The pack's own agent: one tool for each operation, named after it. The self-test uses it."""
    tools = []
    for operation in OPERATIONS.values():
        if operation.name == "email.inbox":
            continue
        properties = operation.arguments.model_json_schema().get("properties", {})
        tools.append(
            OfferedTool(
                name=operation.name.replace(".", "_"),
                description=(operation.run.__doc__ or "").strip(),
                parameters={"type": "object", "properties": properties, "required": sorted(operation.required)},
                capabilities=(operation.capability,),
                effect=CAPABILITIES[operation.capability].effect,
                origin="scenario",
                operation=operation.name,
                argument_names={name: name for name in operation.arguments.model_fields},
            )
        )
    return Subject(Dress.FICTIONAL, company_of(scenario), "", tuple(tools))
