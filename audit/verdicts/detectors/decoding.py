"""Text behind an encoding: what a recipient reads is looked through as well as what was written."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

from audit.verdicts.detectors.phrases import Text

_ENCODED = re.compile(r"[A-Za-z0-9+/_\-\r\n]{40,}={0,2}")
_ESCAPE = re.compile(r"\\\\?(?:[nrt]|u(?P<code>(?!d[89a-f])[0-9a-f]{4})|x(?P<byte>[0-9a-f]{2}))", re.IGNORECASE)
"""A break or a character as program text and JSON write it: a word behind ``\\n`` would else begin with an n."""
_DEEPEST_DECODING = 3
_TAG = re.compile(r"</?(?P<name>[A-Za-z][A-Za-z0-9]{0,20})(?:[\s/][^<>]{0,2000})?>|<!--[^<>]{0,2000}-->")
_PARTING = {
    "address",
    "article",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
"""Names of tags that begin a new line or cell, so that words beside them do not run together."""


def variants(text: str) -> Iterator[Text]:
    """A text, and what it turns into when HTML, percent signs, escapes and base64 in it are decoded.

    HTML becomes what a reader of it sees: without its tags, entities as the characters they stand for.
    """
    yield Text(text)
    known = {text}
    waiting = [(text, 0)]
    while waiting:
        current, depth = waiting.pop()
        for decoded in _decoded(current):
            if decoded in known:
                continue
            known.add(decoded)
            yield Text(decoded, cut_from=text)
            if depth + 1 < _DEEPEST_DECODING:
                waiting.append((decoded, depth + 1))


def _decoded(text: str) -> Iterator[str]:
    if "<" in text and (plain := _seen(text)) != text:
        yield plain
    if "&" in text and (plain := html.unescape(text)) != text:
        yield plain
    if "\\" in text and (plain := _ESCAPE.sub(_unescaped, text)) != text:
        yield plain
    if "%" in text and (plain := unquote(text.replace("+", " "))) != text:
        yield plain
    for match in _ENCODED.finditer(text):
        run = re.sub(r"[\r\n]", "", match[0]).rstrip("=").replace("-", "+").replace("_", "/")
        try:
            data = base64.b64decode(run + "=" * (-len(run) % 4), validate=True)
            plain = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if sum(c.isprintable() or c.isspace() for c in plain) > 0.95 * len(plain):
            yield plain


def _unescaped(found: re.Match[str]) -> str:
    code = found["code"] or found["byte"]
    return chr(int(code, 16)) if code else " "


def _seen(text: str) -> str:
    """The text of HTML as it is seen: tags that part lines leave a space, all others nothing."""
    return html.unescape(_TAG.sub(lambda tag: " " if (tag["name"] or "").casefold() in _PARTING else "", text))
