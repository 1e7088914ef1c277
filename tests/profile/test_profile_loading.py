from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest

from audit.errors import ProfileError
from audit.profile.loading import load_profile

HEAD = """\
schema: insider-audit/agent/1
organisation: {name: Acme, sector: logistics, domains: [acme.example]}
model: {id: simulated/opportunist}
tools: [{name: send, capabilities: [email.send]}]
agent:
  purpose: Answers mail.
"""


@pytest.mark.parametrize(
    "raw",
    [
        b"You answer mail.",
        b"One\r\ntwo\rthree\n\n  four \t\n",
        b"\xef\xbb\xbfwith a byte order mark\n",
        "Grüße, \u2028 \u0085 \U0001f600 {{ not_a_template }} {name} %s\n".encode(),
        b"\n\n leading and trailing space \n\n",
    ],
)
def test_the_prompt_of_a_file_is_kept_byte_for_byte(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "p.md").write_bytes(raw)
    path = tmp_path / "agent.yaml"
    path.write_text(HEAD + "  system_prompt_file: prompts/p.md\n")
    loaded = load_profile(path)
    assert loaded.system_prompt.encode() == raw
    assert loaded.system_prompt_path == tmp_path / "prompts" / "p.md"
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_prompt_may_stand_in_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(HEAD + "  system_prompt: |\n    You answer mail.\n\n      Indented.\n")
    loaded = load_profile(path)
    assert loaded.system_prompt == "You answer mail.\n\n  Indented.\n"
    assert loaded.system_prompt_path is None
    assert loaded.locate(("agent", "system_prompt")) == (7, 18)


def test_a_bad_prompt_file_is_reported_beside_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(HEAD.replace("purpose", "porpoise") + "  system_prompt_file: nowhere.md\n  colour: 1\n")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert [p.line for p in caught.value.problems] == [6, 7, 8]


def test_a_prompt_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    path = tmp_path / "agent.yaml"
    path.write_text(HEAD + "  system_prompt_file: p.md\n")
    with pytest.raises(ProfileError, match="larger than 5 MB"):
        load_profile(path)


def test_a_loaded_profile_can_be_handed_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(HEAD + "  system_prompt: You answer mail.\n")
    loaded = load_profile(path)
    copy = pickle.loads(pickle.dumps(loaded))  # noqa: S301
    assert copy == loaded
    assert copy.locate(("tools", 0, "name")) == loaded.locate(("tools", 0, "name")) == (4, 16)
