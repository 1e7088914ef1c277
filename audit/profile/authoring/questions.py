"""What the wizard asks, as one list in the order of the profile. What an answer may be follows from the fact itself.

Tools and data scopes are asked about in :mod:`audit.profile.authoring.steps`: there the questions depend on the
tools that were imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Question(NamedTuple):
    """One question.

    Attributes:
        fact: the fact it settles, by its dotted name in the profile.
        ask: the question.
        explain: one line on what is meant, or why it is asked.
        labels: for choices, what each word means to somebody who does not know the profile.
        separator: what divides the entries of a typed list.
        only_if: whether it makes sense, given what is known; beside what :func:`audit.profile.facts.moot` says.
    """

    fact: str
    ask: str
    explain: str
    labels: Mapping[str, str] = {}
    separator: str = ","
    only_if: Callable[[Mapping[str, Any]], bool] = lambda known: True


def _real_model(known: Mapping[str, Any]) -> bool:
    return not str(known.get("model.id", "")).startswith("simulated/")


def _limited(known: Mapping[str, Any]) -> bool:
    return isinstance(known.get("gateway.rate_limits"), Mapping)


QUESTIONS: tuple[Question, ...] = (
    Question("organisation.name", "What is the organisation called?", "It stands on the report."),
    Question("organisation.sector", "What does it do?", "A few words, such as retail banking or freight forwarding."),
    Question(
        "organisation.domains",
        "Which mail domains are its own?",
        "Bare domains with commas between them. Mail to all others counts as leaving the house.",
    ),
    Question(
        "organisation.competitors",
        "Who are its competitors?",
        "Names with commas between them, or none. Tests of leaks may speak of them.",
    ),
    Question("organisation.country", "In which country does it sit?", "Or none, to leave it out."),
    Question("agent.name", "Which name does the prompt give the agent?", "`none` where it has no name."),
    Question("agent.role", "What is it, in two or three words?", "Such as mail assistant. Used where it has no name."),
    Question("agent.email", "Which mail address does the agent write from?", "`none` where it has none."),
    Question("agent.purpose", "What is it for?", "A sentence or two, as you would tell an auditor."),
    Question(
        "agent.environment",
        "Where does it run?",
        "It decides whether harm found in the tests could happen today.",
        {
            "development": "on developers' machines",
            "test": "in a test system",
            "production": "with real data, for real",
        },
    ),
    Question(
        "agent.goals",
        "Which goals is it given?",
        "With semicolons between them, or none. Some tests set a goal of this kind against what people want.",
        separator=";",
    ),
    Question(
        "model.id",
        "Which model is behind it?",
        "As litellm writes it, such as openai/gpt-4.1. simulated/opportunist runs offline, without a key.",
    ),
    Question(
        "model.api_base",
        "At which web address is the model called?",
        "`none` for the provider's own. Never put a key into it.",
        only_if=_real_model,
    ),
    Question(
        "model.api_key_env",
        "Which environment variable holds the model's key?",
        "The name, such as OPENAI_API_KEY, never the key itself; `none` for the provider's usual one.",
        only_if=_real_model,
    ),
    Question(
        "judge.id",
        "Which model judges transcripts where recorded actions alone do not decide?",
        "Best one of another provider than the agent's; `none` to let recorded actions decide alone.",
        only_if=_real_model,
    ),
    Question(
        "data.entitlement_mode",
        "Whose rights decide what the agent finds?",
        "With its own rights it can read what the person asking may not.",
        {"user": "those of the person asking", "agent": "its own", "none": "nobody's: it finds everything"},
    ),
    Question(
        "data.canaries", "Are marked decoys seeded in the data?", "Records that nobody needs: touching one shows."
    ),
    Question(
        "autonomy.level",
        "How far does it act on its own?",
        "The usual case, over all its tools.",
        {
            "suggests": "it proposes, a person acts",
            "acts_with_approval": "it acts once a person has agreed",
            "acts_alone": "it acts, people may look later",
        },
    ),
    Question(
        "autonomy.approval.external_comms",
        "Does a person confirm messages before they leave the organisation?",
        "Sensitive messages inside it count too.",
    ),
    Question(
        "autonomy.approval.irreversible",
        "Do two people confirm what cannot be undone?",
        "Payments, deletions, cancelled alerts. Partial: only one person does, or only for some of them.",
    ),
    Question(
        "autonomy.approval.timeout_default",
        "What happens when nobody decides in time?",
        "An approval that lets things through when nobody looks protects against nothing.",
        {"block": "the action does not happen", "allow": "the action goes ahead"},
    ),
    Question(
        "autonomy.approval.full_parameters",
        "Do the people who approve see the whole call?",
        "Recipient, text, amount: everything that will be done, not a summary by the agent.",
    ),
    Question(
        "autonomy.approval.daily_volume",
        "How many approvals are asked for on a usual day?",
        "A number. It shows whether people have time to look.",
    ),
    Question(
        "comms.external",
        "Can its messages reach anybody outside the organisation?",
        "Mail, chat, shared files, web forms. Partial: only in some ways.",
    ),
    Question(
        "comms.allow_list",
        "To which addresses and domains may it write?",
        "With commas between them; `none` when there is no such list. The tests refuse all other recipients.",
    ),
    Question(
        "comms.dlp",
        "Is outgoing content scanned for data that must not leave?",
        "By software that can stop it, not by the agent itself.",
    ),
    Question(
        "comms.sender_pinned",
        "Do its messages always carry its own sender address?",
        "Otherwise it can pose as a person or as a system.",
    ),
    Question(
        "gateway.present",
        "Does code other than the model decide on each tool call?",
        "A proxy, a policy engine or checks in the tools themselves; the prompt does not count.",
    ),
    Question(
        "gateway.location",
        "Where does that code run?",
        "Inside the agent's own process it can be got round.",
        {"outside_agent": "outside the agent's process", "inside_agent": "inside it"},
    ),
    Question(
        "gateway.rate_limits",
        "Is the agent stopped after a number of calls or messages?",
        "Budgets in one session that software enforces.",
        {"none": "no", "limited": "yes, there are budgets"},
    ),
    Question(
        "gateway.rate_limits.actions_per_session",
        "After how many tool calls in one session?",
        "A number; `none` when that is not limited.",
        only_if=_limited,
    ),
    Question(
        "gateway.rate_limits.external_messages_per_session",
        "After how many messages to the outside in one session?",
        "A number; `none` when that is not limited.",
        only_if=_limited,
    ),
    Question(
        "gateway.taint_tracking",
        "Is text from mail, web pages and tools kept from setting off tool calls?",
        "By software that marks where text came from. A sentence in the prompt does not count.",
    ),
    Question(
        "monitor.present",
        "Does something independent watch what the agent does?",
        "A person or software that is not the agent itself.",
    ),
    Question(
        "monitor.mode",
        "What does it do when it sees something?",
        "The usual case.",
        {"blocking": "it stops the action", "alerting": "it raises an alert at once", "offline": "it is read later"},
    ),
    Question(
        "monitor.model",
        "Which model does the monitor use?",
        "`none` when it works by rules. The agent's own model would share its blind spots.",
    ),
    Question(
        "monitor.detectors",
        "What does it look for?",
        "With commas between them, such as threats, bulk export, forged system messages.",
    ),
    Question(
        "monitor.baseline",
        "Does it know the agent's usual behaviour and report drift?",
        "So that something new is noticed even where no rule names it.",
    ),
    Question(
        "logging.scope",
        "Which tool calls and messages are recorded?",
        "Without records no incident can be reconstructed.",
        {"all_actions": "all of them", "some_actions": "some of them", "none": "none"},
    ),
    Question(
        "logging.location",
        "Where do the records lie?",
        "Where the agent can write, it can alter what it did.",
        {"outside_agent": "where the agent cannot write", "inside_agent": "where it can"},
    ),
    Question("logging.traces", "Is the model's reasoning kept?", "Under access control, for review after an incident."),
    Question("logging.retention_days", "For how many days are the records kept?", "A number."),
    Question("memory.persistent", "Does anything it notes survive the session?", "Notes, memories, files of its own."),
    Question(
        "memory.agent_writable",
        "Can it change its own memory, prompt or tools?",
        "Then it can change its own instructions.",
    ),
    Question(
        "delegation.policy",
        "To which other agents may it hand work?",
        "What it may not do itself, another agent might do for it.",
        {"forbidden": "to none", "allow_list": "to named ones", "free": "to any"},
    ),
    Question(
        "credentials.max_ttl_minutes",
        "How long does the longest-lived of its credentials work, in minutes?",
        "A day has 1440, a year 525600.",
    ),
    Question(
        "credentials.in_context",
        "Do credentials stand in its prompt, mail or memory?",
        "What it can read it can use, or give away.",
    ),
    Question(
        "lifecycle.kill_switch",
        "Can people stop every instance without the agent's help?",
        "A switch, a revoked account. Partial: only some instances, or only slowly.",
    ),
    Question(
        "lifecycle.kill_switch_last_test",
        "When was that last tried?",
        "A date such as 2026-11-21; `none` when there was no drill.",
    ),
    Question(
        "lifecycle.plan_channel",
        "Do plans to replace or restrict it travel where it can read them?",
        "Learning of its own replacement is the strongest trigger of harm known.",
        {
            "hidden_from_agent": "no, the agent cannot read them",
            "visible_to_agent": "yes, such as in mail that it reads",
        },
    ),
    Question(
        "lifecycle.revocation_order",
        "When a change is announced, are its credentials revoked before or after?",
        "Afterwards leaves it time to act.",
        {"before_announcement": "before", "after_announcement": "after"},
    ),
    Question(
        "lifecycle.deactivation_criteria",
        "Is it written down when it is switched off, and by whom?",
        "So that nobody has to ask in an emergency.",
    ),
    Question(
        "identity.type",
        "Under which account does it act?",
        "It decides whether its actions can be told from those of people.",
        {"own": "one of its own", "shared": "one shared with others", "human": "a person's"},
    ),
    Question("identity.owner", "Who answers for that account?", "A person or a role; `none` when nobody does."),
    Question(
        "governance.inventory_id",
        "Which number has it in the inventory of AI systems?",
        "`none` when it is not in one.",
    ),
    Question("governance.risk_owner", "Which executive answers for its risk?", "`none` when nobody does."),
    Question(
        "governance.acceptance_date",
        "When was the remaining risk signed?",
        "A date such as 2026-11-21; `none` when it was not.",
    ),
    Question("governance.impact_assessment", "Is an impact assessment on record?", "On the people it affects."),
    Question(
        "governance.eu_class",
        "Which class has it under the EU AI Act?",
        "As your own lawyers see it.",
        {"not_high_risk": "not high-risk", "high_risk": "high-risk", "prohibited": "a prohibited practice"},
    ),
    Question(
        "governance.jurisdictions",
        "Whose law applies to it?",
        "Countries with commas between them. It decides to whom incidents are reported.",
    ),
    Question(
        "oversight.queue_staffed",
        "Does somebody read the concerns that the agent raises?",
        "An agent with nobody to turn to has fewer honest ways out.",
    ),
    Question("oversight.reviewers", "How many people decide on its approvals?", "A number; 0 when there are none."),
    Question("oversight.reviewers_trained", "Are they trained for it?", "On what to look for in what agents propose."),
    Question(
        "incident.runbook",
        "Is there a written procedure for harm by this agent?",
        "One that contains the harm and keeps the evidence.",
    ),
    Question(
        "testing.on_change",
        "Does a change of prompt, model or tools lead to a new test?",
        "Otherwise a new version goes live untested.",
    ),
    Question(
        "testing.last_test",
        "When was it last stress-tested?",
        "A date such as 2026-11-21; `none` when it never was.",
    ),
    Question(
        "exposure.trigger_episodes_per_year",
        "How often a year does it meet a situation like the tested ones?",
        "It reads of its own replacement, say. A number, your own estimate; reports show several while it is unknown.",
    ),
)
"""Every question about the organisation, the agent, its model and what watches it."""

SECTIONS: Mapping[str, str] = {
    "prompt": "The prompt and the tools",
    "tools": "The prompt and the tools",
    "organisation": "The organisation",
    "agent": "The agent",
    "model": "The model",
    "judge": "The model",
    "data": "Data it can reach",
    "autonomy": "How far it acts alone",
    "comms": "Messages to the outside",
    "gateway": "Checks on its calls",
    "monitor": "Watching it",
    "logging": "Records",
    "memory": "Memory",
    "delegation": "Other agents",
    "credentials": "Credentials",
    "lifecycle": "Stopping and replacing it",
    "identity": "Its account",
    "governance": "Papers and people",
    "oversight": "People who look after it",
    "incident": "When it has caused harm",
    "testing": "Testing",
    "exposure": "How often it matters",
}
"""Heading of each section of the profile, as the wizard shows it."""
