from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.profile.facts import facts, gaps
from audit.profile.loading import LoadedProfile, load_profile

HEAD = """\
schema: insider-audit/agent/1
organisation: {name: Acme, sector: logistics, domains: [acme.example]}
model: {id: simulated/opportunist}
agent: {purpose: Answers mail., system_prompt: You answer mail., environment: test}
tools:
  - name: read
    capabilities: [email.read]
    effect: read
  - name: send
    capabilities: [email.send]
    policy: deny
"""
# Facts by which the oversight checklist asks, as far as a profile can answer them.
CHECKLIST = [
    "identity.type", "identity.owner", "tools[].name", "tools[].required_for_task", "tools[].effect_class",
    "tools[].policy", "gateway.present", "gateway.location", "credentials.max_ttl", "delegation.policy",
    "data.scopes[]", "data.sensitivity[]", "data.entitlement_mode", "comms.external", "comms.allow_list", "comms.dlp",
    "data.canaries", "gateway.taint_tracking", "autonomy.approval.external_comms", "tools[].reversibility",
    "autonomy.approval.irreversible", "autonomy.approval.timeout_default", "autonomy.approval.full_parameters",
    "autonomy.approval.daily_volume", "oversight.reviewers", "gateway.rate_limits", "memory.persistent",
    "memory.agent_writable", "logging.scope", "logging.location", "tools[].write_scopes", "monitor.present",
    "monitor.mode", "monitor.model", "monitor.detectors[]", "comms.sender_pinned", "logging.traces", "monitor.baseline",
    "lifecycle.kill_switch", "lifecycle.kill_switch_last_test", "lifecycle.plan_channel", "lifecycle.revocation_order",
    "lifecycle.deactivation_criteria", "incident.runbook", "governance.jurisdictions", "governance.eu_class",
    "oversight.queue_staffed", "testing.on_change", "governance.inventory_id", "governance.risk_owner",
    "governance.acceptance_date", "governance.impact_assessment",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, more: str = "") -> LoadedProfile:
    path = folder / "agent.yaml"
    path.write_text(HEAD + more)
    return load_profile(path)


@pytest.mark.parametrize("name", CHECKLIST)
def test_every_fact_the_checklist_asks_for_is_there_and_unknown_by_default(folder: Path, name: str) -> None:
    found = facts(load(folder).model)
    value = found[name]
    if name.startswith("tools[]"):
        assert len(value) == 2
    else:
        assert value == "unknown"


def test_facts_are_plain_values_under_the_names_of_the_file(folder: Path) -> None:
    more = """\
autonomy: {level: acts_alone, approval: {external_comms: no, daily_volume: 3}}
gateway: {rate_limits: {actions_per_session: 5}}
monitor: {detectors: [threats]}
data:
  scopes:
    - {name: mail, category: executive_mail, sensitivity: confidential, access: read, tools: [read]}
    - {name: web, category: public, access: [read, write]}
credentials: {max_ttl_minutes: 60}
lifecycle: {kill_switch_last_test: null}
"""
    found = facts(load(folder, more).model)
    assert found["autonomy.level"] == "acts_alone"
    assert found["autonomy.approval.external_comms"] == "no"
    assert found["autonomy.approval.daily_volume"] == 3
    assert found["gateway.rate_limits"] == {"actions_per_session": 5, "external_messages_per_session": None}
    assert found["gateway.rate_limits.actions_per_session"] == 5
    assert found["monitor.detectors[]"] == found["monitor.detectors"] == ["threats"]
    assert found["data.sensitivity[]"] == found["data.scopes[].sensitivity"] == ["confidential", "unknown"]
    assert found["data.scopes[].access"] == [["read"], ["read", "write"]]
    assert found["data.scopes[]"][0]["category"] == "executive_mail"
    assert found["credentials.max_ttl"] == 60
    assert found["lifecycle.kill_switch_last_test"] is None
    assert found["tools[].effect"] == ["read", "unknown"]
    assert found["tools[].effect_class"] == ["read", "communicate"]
    assert found["tools[].policy"] == ["unknown", "deny"]
    assert {type(v) for v in found.values()} <= {str, int, float, bool, list, dict, type(None)}


def test_no_scopes_is_not_the_same_as_unknown_scopes(folder: Path) -> None:
    assert facts(load(folder).model)["data.scopes[].access"] == "unknown"
    assert facts(load(folder, "data: {scopes: []}\n").model)["data.scopes[].access"] == []


def test_gaps_name_the_fact_the_place_and_what_it_decides(folder: Path) -> None:
    loaded = load(folder, "comms:\n  external: yes\n  dlp: unknown\n")
    by_fact = {gap.fact: gap for gap in gaps(loaded)}
    assert by_fact["comms.dlp"][1:3] == (14, 3), "the fact itself"
    assert by_fact["comms.allow_list"][1:3] == (12, 1), "the section it belongs in"
    assert by_fact["incident.runbook"][1:3] == (1, 1), "the file"
    assert by_fact["tools[].effect"] == ("tools[].effect", 9, 5, by_fact["tools[].effect"].decides, ("send",))
    assert by_fact["tools[].policy"].tools == ("read",)
    assert by_fact["tools[].reach"].tools == ("read", "send")
    assert "comms.external" not in by_fact
    assert all(gap.decides for gap in by_fact.values())


def test_answers_that_make_others_pointless_close_them(folder: Path) -> None:
    more = "comms: {external: no}\nmonitor: {present: no}\ngateway: {present: no}\nlifecycle: {kill_switch: no}\n"
    open_facts = {gap.fact for gap in gaps(load(folder, more))}
    assert not {fact for fact in open_facts if re.match(r"comms\.|monitor\.|gateway\.", fact)}
    assert "lifecycle.kill_switch_last_test" not in open_facts
    assert "lifecycle.plan_channel" in open_facts


def test_declared_scopes_have_gaps_of_their_own(folder: Path) -> None:
    before = {gap.fact for gap in gaps(load(folder))}
    assert "data.scopes[]" in before
    assert "data.scopes[].access" not in before
    after = {gap.fact: gap for gap in gaps(load(folder, "data:\n  scopes:\n    - {name: m, category: hr}\n"))}
    assert "data.scopes[]" not in after
    assert after["data.scopes[].access"].tools == ("m",)
    assert after["data.scopes[].access"].line == 14
    none = {gap.fact for gap in gaps(load(folder, "data: {scopes: []}\n"))}
    assert not {fact for fact in none if fact.startswith("data.scopes")}


def test_every_gap_is_a_fact_and_every_unknown_fact_a_gap(folder: Path) -> None:
    loaded = load(folder)
    unknown = {name for name, value in facts(loaded.model).items() if value == "unknown" and "[]." not in name}
    other_names = {"credentials.max_ttl", "monitor.detectors[]", "data.sensitivity[]"}
    assert unknown - other_names == {gap.fact for gap in gaps(loaded) if not gap.tools}
