"""Hostile text as data in a prompt: encoded so that it can neither close its block nor hide in it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any


def encode(data: Any) -> str:
    """JSON on few lines in which no tag, fence or invisible character can stand.

    Angle brackets, ampersands, backticks, control and format characters and unusual line ends are escaped, so what
    stands in the data can neither close its block nor hide in it. Other writing systems stay readable.
    """
    return "".join(_escape(c) if _hidden(c) else c for c in json.dumps(data, ensure_ascii=False))


def fence_key(data: str) -> str:
    """A key derived from the data by a hash: the same for the same data, and never part of it."""
    salt = 0
    while True:
        key = hashlib.sha256(f"{salt}:{data}".encode()).hexdigest()[:32]
        if key not in data:
            return key
        salt += 1


def _hidden(character: str) -> bool:
    if character.isascii():
        return character in "<>&`" or not character.isprintable()
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1] if not character.isascii() else f"\\u{ord(character):04x}"
