"""Credentials: where they are read, and how their values are kept out of everything else."""

from __future__ import annotations

import os
import re
import threading
from typing import Any
from urllib.parse import quote, unquote, urlsplit

MASKED = "[masked]"
SHORTEST = 8
"""Shorter values are no credentials; masking them ("none", "test") would blot out ordinary words in evidence."""

_SECRET_NAME = re.compile(r"(?:_API_KEY|_TOKEN|_SECRET|_SECRET_KEY|_ACCESS_KEY|_PASSWORD)\Z", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^\s/?#@\"']+@")
_known: set[str] = set()
_lock = threading.Lock()


def register(value: str) -> None:
    """Have ``value`` masked from now on, whether or not it stays in the environment."""
    if len(value) >= SHORTEST:
        with _lock:
            _known.update({value, quote(value, safe="")})


def register_url(url: str | None) -> None:
    """Have the user name and password of a URL masked from now on, also where they appear without the URL."""
    if url is not None and "@" in url:
        parts = urlsplit(url)
        for value in (parts.username, parts.password):
            if value:
                register(value)
                register(unquote(value))


def read_key(name: str) -> str | None:
    """The value of the environment variable ``name``, registered for masking; None when unset or blank."""
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    register(value)
    return value


def mask(text: str) -> str:
    """Replace every known credential value in ``text`` with ``[masked]``.

    Known are the keys read for model calls, the values of environment variables whose names end like those of
    credentials (``_API_KEY``, ``_TOKEN``, ``_SECRET`` ...) and the user part of any URL. Values under eight
    characters are left alone.
    """
    with _lock:
        values = set(_known)
    values.update(value for name, value in os.environ.items() if len(value) >= SHORTEST and _SECRET_NAME.search(name))
    for value in sorted(values, key=len, reverse=True):  # longest first: one key may be the start of another
        text = text.replace(value, MASKED)
    return _USERINFO.sub(f"{MASKED}@", text)


def mask_all(value: Any) -> Any:
    """``value`` with every string inside dicts and lists masked, keys of dicts too."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask_all(key): mask_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_all(item) for item in value]
    return value
