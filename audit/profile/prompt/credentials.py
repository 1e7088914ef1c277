"""Credentials in a text: exact shapes of known providers, and odd strings beside words such as "password".

The value itself is never part of what is returned; only its kind, its length and where it stands.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from audit.profile.prompt.patterns import patterns

_PROVIDERS: tuple[tuple[str, str], ...] = (
    (
        "a private key",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    ("an AWS access key id", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{30,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}"),
    ("a Slack webhook", r"https://hooks\.slack\.com/services/T[A-Za-z0-9/]{20,}"),
    ("an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{16,}"),
    ("a Stripe key", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9]{24,}"),
    ("an OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,}"),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}(?![\w-])|\bya29\.[A-Za-z0-9_-]{20,}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", r"\bpypi-[A-Za-z0-9_-]{50,}"),
    ("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    ("a Telegram bot token", r"\b\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])"),
    ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    (
        "a storage account key",
        r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|sig)=(?P<value>[A-Za-z0-9+/%=]{20,})",
    ),
    (
        "an address with a password",
        r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@\"'`<>]*:(?P<value>[^\s/@\"'`]{1,200})@[\w.-]+",
    ),
    ("a password in a connection string", r"(?i)\b(?:Password|Pwd)\s*=\s*(?P<value>[^\s;\"'`]{4,})(?=;)"),
    ("a bearer token", r"(?i)\bBearer\s+(?P<value>[A-Za-z0-9._~+/-]{16,}=*)"),
    ("a basic authorisation", r"(?i)\bAuthorization\s*:\s*Basic\s+(?P<value>[A-Za-z0-9+/]{8,}={0,2})"),
)
_SHAPES = tuple((kind, re.compile(expression)) for kind, expression in _PROVIDERS)

# Between the word and the value: "is", "=", ":" and the like, with quotes. "password for the portal is X" too.
_SAID = re.compile(
    r"[`*\"')\]]*(?:\s+(?:for|of|to|für|pour|para)\s+[^.:=\n]{1,50}?)?\s*"
    r"(?P<sign>:=|=>|->|→|[:=]|\b(?:is|are|lautet|ist|est|es)\b)\*{0,2}\s*(?P<quote>[`\"'“\u2018«*]*)(?P<value>[^\s`\"'”\u2019»*,;]{4,200})"
)
_TOKEN = re.compile(r"(?<![\w/.@+-])[A-Za-z0-9_+/=-]{16,200}(?![\w@])")
_HOLDERS = re.compile(
    r"[<{\[(%$].*|.*[>}\])]$|.*(?:\{\{|\$\{|%\(|<).*|(?:my|the|dein|ihr|votre|tu)[-_ ].*"
    r"|.*(?:your|example|placeholder|changeme|redacted|hidden|secret_here|goes_here|insert|todo|tbd|masked).*|pass(?:word)?|pwd|secret|token|[x*•.#?_-]+|.*x{4,}.*|\.{3}.*|.*\.{3}",
    re.IGNORECASE,
)
_ORDINARY = re.compile(
    r"(?i)string|text|number|integer|boolean|bool|str|int|float|null|none|true|false|required|optional|object|array|list"
)
_SHORT_CODES = re.compile(r"(?i)(?:pin|code)s?$")


class Secret(NamedTuple):
    """A credential found in a text.

    Attributes:
        start: Offset of its first character.
        end: Offset after its last.
        kind: What it looks like, such as ``a GitHub token``.
        shape: Its length, for people; never a part of the value.
    """

    start: int
    end: int
    kind: str
    shape: str


def find_credentials(text: str) -> tuple[Secret, ...]:
    """Credentials that stand in a text, in order and without overlap.

    Names of variables and stand-ins (``{{API_KEY}}``, ``<your key>``, ``xxxx``) are none. Ordinary words and
    identifiers beside "password" are none either: "the password is required" says no password.
    """
    found: list[Secret] = []
    for secret in (*_known(text), *_in_context(text)):
        if not any(secret.start < other.end and other.start < secret.end for other in found):
            found.append(secret)
    return tuple(sorted(found))


def covered(text: str, secrets: tuple[Secret, ...], cover: str) -> str:
    """The text with every credential written over, character by character, so that places stay true."""
    for secret in secrets:
        value = text[secret.start : secret.end]
        text = text[: secret.start] + re.sub(r"[^\r\n]", cover, value) + text[secret.end :]
    return text


def _known(text: str) -> Iterator[Secret]:
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            group = "value" if "value" in shape.groupindex else 0
            if not _stand_in(match[group]):
                yield _secret(text, *match.span(group), kind)


def _in_context(text: str) -> Iterator[Secret]:
    """Values said to be a password, token or code, and strings of high entropy in a line that speaks of one."""
    for word in patterns().credential.every(text):
        said = _SAID.match(text, word.end())
        if said is None:
            continue
        start, end = said.span("value")
        value = text[start:end].rstrip(".)]}>")
        if said["sign"] in {"is", "are", "es", "est", "ist"} and not _odd(value, quoted=bool(said["quote"])):
            continue
        if _plausible(value, word[0], quoted=bool(said["quote"])):
            yield _secret(text, start, start + len(value), f"a value called {word[0].lower()}")
    for line in re.finditer(r"[^\r\n]+", text):
        if patterns().credential.search(line[0]):
            for token in _TOKEN.finditer(line[0]):
                if _random(token[0]) and not _stand_in(token[0]):
                    at = line.start()
                    yield _secret(
                        text, at + token.start(), at + token.end(), "a random string beside a credential's name"
                    )


def _plausible(value: str, word: str, *, quoted: bool) -> bool:
    if _stand_in(value) or _ORDINARY.fullmatch(value) or re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", value):
        return False
    if _SHORT_CODES.search(word):
        return any(c.isdigit() for c in value)
    return len(value) >= 6 and _odd(value, quoted=quoted)


def _odd(value: str, *, quoted: bool) -> bool:
    """Not an ordinary word or identifier: it holds digits or signs, or it is a quoted word of mixed case."""
    if re.fullmatch(r"[^\W\d_]+(?:[_-][^\W\d_]+)*[.!?]?", value):
        inner = value[1:]
        return quoted and any(c.isupper() for c in inner) and any(c.islower() for c in inner) and "_" not in value
    return any(c.isdigit() for c in value) or bool(re.search(r"[!#$%&*?+^~|]", value))


def _random(token: str) -> bool:
    kinds = sum(bool(re.search(kind, token)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]"))
    return kinds == 3 and _entropy(token) >= 3.5


def _entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _stand_in(value: str) -> bool:
    return _HOLDERS.fullmatch(value) is not None or len(set(value.lower())) < 3


def _secret(text: str, start: int, end: int, kind: str) -> Secret:
    article = kind if kind.startswith(("a ", "an ")) else f"a {kind}"
    return Secret(start, end, article, f"{end - start} characters")
