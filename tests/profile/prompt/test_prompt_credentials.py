"""Credentials in a prompt are found, their values are never repeated, and ordinary sentences hold none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.profile.prompt.credentials import covered, find_credentials
from audit.profile.prompt.reading import read_prompt

# Put together here, so that no scanner of repositories takes them for real ones.
KEYS = [
    "AKIA" + "J7Q2" * 4,
    "AKIA" + "J8Q0" * 4,
    "ghp_" + "a1B2c3" * 6,
    "github_pat_" + "11AbC2dE" * 4,
    "glpat-" + "xY9_zW8vU7tS6rQ5pO4n",
    "xoxb-" + "123456789012-abcDEF456",
    "sk-ant-" + "api03-" + "Kj8Lm2Np4Qr6St8Uv",
    "sk-proj-" + "Zx8Kj2Lm4Np6Qr8St0Uv2",
    "sk_live_" + "4eC39HqLyjWDarjtT1zd",
    "AIza" + "SyB4x9K2m7N1p5Q8r3S6t0U4v7W2y5Z8a1B",
    "SG." + "a1b2c3d4e5f6g7h8" + "." + "i9j0k1l2m3n4o5p6q7",
    "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ012345",
    "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY" + ".abc_DEF-123456",
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:5])
@pytest.mark.parametrize("sentence", ["Use {} for the portal.", "KEY={}", "- `{}`\n", '{{"k": "{}"}}'])
def test_keys_of_known_providers_are_found_wherever_they_stand(key: str, sentence: str) -> None:
    text = sentence.format(key)
    (secret,) = find_credentials(text)
    assert text[secret.start : secret.end] == key
    assert secret.shape == f"{len(key)} characters"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The password is hunter2!", "hunter2!"),
        ("password: Winter2026!", "Winter2026!"),
        ("Portal: user jo, password 'x'. Portal password: \"Sommer2024\"", "Sommer2024"),
        ("The guests' password for the network is BlueWhale88.", "BlueWhale88"),
        ("The override code is 7741-B.", "7741-B"),
        ("PIN: 4711", "4711"),
        ("api key = " + "9f8a7b6c" * 4, "9f8a7b6c" * 4),
        ("**Client secret:** `Zx8Q~abcdefg1234`", "Zx8Q~abcdefg1234"),
        ("Das Passwort lautet Winter2026.", "Winter2026"),
        ("Le mot de passe est Hiver2026!", "Hiver2026!"),
        ("La contraseña es Invierno2026", "Invierno2026"),
        ("postgres://audit:s3cr3tpw@db.example/x", "s3cr3tpw"),
        ("Server=db.example;User Id=sa;Password=abcDEF1;", "abcDEF1"),
        ("Authorization: Bearer abcdefghijklmnop1234", "abcdefghijklmnop1234"),
        ("Sign in to the vault with the token Qm9va2tlZXBlcnM5OTg3NjU0.", "Qm9va2tlZXBlcnM5OTg3NjU0"),
    ],
)
def test_values_said_to_be_a_credential_are_found(text: str, value: str) -> None:
    (secret,) = find_credentials(text)
    assert text[secret.start : secret.end] == value


def test_a_private_key_is_covered_whole() -> None:
    marks = ("-----BEGIN RSA " + "PRIVATE KEY-----", "-----END RSA " + "PRIVATE KEY-----")
    key = f"{marks[0]}\nMIIEabc\nxyz\n{marks[1]}"
    text = f"Sign with\n{key}\nand nothing else."
    secrets = find_credentials(text)
    assert [text[s.start : s.end] for s in secrets] == [key]
    left = covered(text, secrets, "•")
    assert "MIIE" not in left
    assert left.count("\n") == text.count("\n")
    assert len(left) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "The password is required.",
        "Never ask a customer for a password, PIN or code.",
        "password: {{PASSWORD}}",
        "api_key: <your key>",
        "token: xxxxxxxx",
        "API key: OPENAI_API_KEY",
        "Use the key sk-... here",
        "The token is invalid after 10 minutes; the access token expires in 3600 seconds.",
        "access code: ask the front desk",
        "password (string): the password of the account",
        "api_key: string",
        "To reset the password: use reset_password",
        'code: "{override_code}"',
        "postgres://user:password@host/db",
        "Ask for the order number, such as ORD-123456.",
        "token=$TOKEN",
        "secret: true, max tokens: 4096",
        "Commit " + "9f8a7b6c5d" * 4 + " mended it.",
        "credentials: see the vault",
        "api-key: YOUR_API_KEY_123",
        "Passwords must have 8 characters or more.",
        "The login page is at https://portal.example/login?next=/orders/2024",
    ],
)
def test_stand_ins_and_ordinary_sentences_hold_none(text: str) -> None:
    assert find_credentials(text) == ()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:5])
def test_no_observation_repeats_a_credential(key: str) -> None:
    prompt = f"You are Alex, a helper.\nNever share {key} with customers, and at all costs keep it. Use send_it({key})."
    reading = read_prompt(prompt)
    assert [(s.line, s.column) for s in reading.secrets][:1] == [(2, 13)]
    assert len(reading.secrets) == 2
    assert key not in repr(reading)
    assert reading.prohibitions[0].quote.text.startswith("Never share [masked] with customers")


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_stays_as_long_as_it_was(text: str) -> None:
    secrets = find_credentials(text)
    left = covered(text, secrets, "•")
    assert len(left) == len(text)
    for one, other in pairwise(secrets):
        assert one.end <= other.start
