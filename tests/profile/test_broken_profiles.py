"""Every broken profile names its mistakes: all of them, at their places, in plain words.

Beside each ``NAME.yaml`` stands ``NAME.expect`` with one line per problem: ``LINE:COLUMN wrong``, and after ``=>`` what
the mend has to begin with, where that matters. ``0:0`` is a problem with the file as a whole.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.errors import Problem, ProfileError
from audit.profile.loading import load_profile
from audit.resources.document import parse

FOLDER = Path(__file__).parents[1] / "data" / "broken_profiles"
CASES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
# Words that mean something to programmers of Python or pydantic only.
JARGON = (
    "Input should", "pydantic", "extra_forbidden", "_type", "_parsing", "validation error", "Value error", "Traceback",
    "NoneType", "dict", "literal", "tuple", "ruamel", "0x", "unhashable", "<class", "function-", "errors.",
)  # fmt: skip


def refused(path: Path) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    return caught.value


@pytest.mark.parametrize("case", CASES)
def test_all_problems_are_reported_at_their_places(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    error = refused(Path(f"{case}.yaml"))
    expected = [line.partition(" => ") for line in Path(f"{case}.expect").read_text("utf-8").splitlines()]
    assert [f"{p.line}:{p.column} {p.wrong}" for p in error.problems] == [said for said, _, _ in expected]
    for problem, (_, _, mend) in zip(error.problems, expected, strict=True):
        assert problem.mend.startswith(mend)
        assert problem.mend, "every problem says what would be right"
        assert problem.file == f"{case}.yaml"
        assert len(str(problem)) < 400
    said = " ".join(f"{problem.wrong} {problem.mend}" for problem in error.problems)
    assert [word for word in JARGON if word in said] == []


def test_there_is_an_expectation_for_every_file_and_none_without() -> None:
    assert len(CASES) >= 18
    assert sorted(path.stem for path in FOLDER.glob("*.expect")) == CASES


def test_pasted_secrets_are_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    for case, secret in (
        ("secret_in_api_key_env", "NoRealKey"),
        ("secret_elsewhere", "NoRealKey"),
        ("secret_elsewhere", "hunter2"),
        ("secret_in_capitals", "NOT0A0REAL"),
    ):
        text = Path(f"{case}.yaml").read_text("utf-8")
        assert secret in text
        assert secret not in str(refused(Path(f"{case}.yaml")))


GOOD = """\
schema: insider-audit/agent/1
organisation:
  name: Acme Freight
  sector: logistics
  domains: [acme.example]
agent:
  purpose: Answers mail.
  system_prompt: You answer the mail of Acme Freight.
model:
  id: openai/gpt-4.1
  api_base: http://localhost:8000/v1
  parameters: {temperature: 0.5}
tools:
  - name: send_mail
    parameters: {type: object, properties: {to: {type: string}}, required: [to]}
    capabilities: [email.send]
    binding: {operation: email.send, arguments: {to: to}}
data:
  scopes:
    - {name: mailbox, category: staff_mail, access: [read, write], tools: [send_mail]}
comms: {allow_list: [acme.example], external: yes}
gateway: {rate_limits: {actions_per_session: 5}}
lifecycle: {kill_switch_last_test: 2026-01-31}
exposure: {trigger_episodes_per_year: 12}
"""


def loads_or_refuses(folder: Path, raw: bytes) -> None:
    path = folder / "mutated.yaml"
    path.write_bytes(raw)
    found: list[Problem] | None = None
    try:
        load_profile(path)
    except ProfileError as error:
        found = error.problems
    assert found is None or found
    for problem in found or []:
        assert problem.wrong
        assert problem.mend
        assert not any(word in str(problem) for word in ("Input should", "Traceback", "Error", "object at", "<class"))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(GOOD)),
            st.integers(0, 12),
            st.one_of(st.text(max_size=6), st.sampled_from([*"\t\n:#&*![]{}\"'|>-%@`,?~\\\0", "\n  - ", "<<: "])),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_text_edited_at_random_loads_or_is_refused_politely(edits: list[tuple[int, int, str]], tmp_path: Path) -> None:
    text = GOOD
    for at, removed, added in edits:
        text = text[:at] + added + text[at + removed :]
    loads_or_refuses(tmp_path, text.encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_load_or_are_refused_politely(tmp_path: Path, raw: bytes) -> None:
    loads_or_refuses(tmp_path, raw)
    loads_or_refuses(tmp_path, GOOD.encode() + raw)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _places(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    return [place for key, inner in pairs for place in [(*here, key), *_places(inner, (*here, key))]]


VALUES = _plain(parse(GOOD).data)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["yes", "unknown"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(_places(VALUES)), JSON_VALUES), min_size=1, max_size=4))
def test_any_value_anywhere_loads_or_is_refused_politely(
    changes: list[tuple[tuple[str | int, ...], Any]], tmp_path: Path
) -> None:
    values = json.loads(json.dumps(VALUES))
    for (*parents, last), new in changes:
        parent: Any = values
        for part in parents:
            # An earlier change may have put something else here.
            parent = dict(enumerate(parent) if isinstance(parent, list) else parent or {}).get(part)
            parent = parent if isinstance(parent, dict | list) else None
        if isinstance(parent, list) and isinstance(last, int):
            parent[last : last + 1] = [new]
        elif isinstance(parent, dict):
            parent[last] = new
    loads_or_refuses(tmp_path, json.dumps(values).encode())
