"""Quotes and backslashes: how a value is spelled inside a tag, and read back."""

from __future__ import annotations

import re

CLOSERS = {'"': '"”', "“": '”"', "”": '”"', "'": "'\u2019", "\u2018": "\u2019'", "`": "`"}
"""Opening quotes and what may close each, inside a regular expression's brackets."""

_ESCAPE = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u(?P<code>(?![dD][89a-fA-F])[0-9a-fA-F]{4})"
    r"|(?P<plain>[nrt\"'/\\”“]))"
)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
_WINDOWS_PATH = re.compile(r"[A-Za-z]:(?:\\[\w .$()\-]{2,})+\\?")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029"\\<“”]')
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def escape(value: str) -> str:
    """Spell ``value`` so that it can stand between double quotes in a tag: :func:`unescape` gives it back exactly.

    ``<`` is escaped too, so no value can open or close a tag; line breaks are, so none can begin a quoted line.
    """
    spelled = _UNSAFE.sub(lambda m: _SHORT.get(m.group()) or f"\\u{ord(m.group()):04x}", value)
    if is_path(spelled):
        return f"\\u{ord(spelled[0]):04x}{spelled[1:]}"
    return spelled


def is_path(written: str) -> bool:
    """Whether the whole value reads as a Windows path, so that its backslashes are no escapes."""
    return _WINDOWS_PATH.fullmatch(written) is not None


def unescape(written: str) -> str:
    r"""Undo the escapes of JSON strings, where they are ones; other backslashes stay.

    A value that is a Windows path as a whole (``C:\temp\notes.txt``) is left alone.
    """
    if "\\" not in written or is_path(written):
        return written

    def one(match: re.Match[str]) -> str:
        if match["high"]:
            return chr(0x10000 + ((int(match["high"], 16) - 0xD800) << 10) + (int(match["low"], 16) - 0xDC00))
        if match["code"]:
            return chr(int(match["code"], 16))
        return _PLAIN.get(match["plain"], match["plain"])

    return _ESCAPE.sub(one, written)


def unquote(text: str) -> str:
    """Take off one pair of quotes around ``text``, when no other such quote stands inside."""
    if len(text) >= 2 and text[0] in CLOSERS and text[-1] in CLOSERS[text[0]]:
        inner = text[1:-1]
        if not any(quote in inner for quote in CLOSERS[text[0]]):
            return inner
    return text
