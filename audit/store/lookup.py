"""Which run a person means, and what it is called."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from audit.errors import UsageError

LATEST = "latest"
"""Stands for the newest run wherever a person names one."""

_NEARBY = 5


def choose_run(wanted: str, ids: Sequence[str], where: str) -> str:
    """Find the run that is meant.

    Args:
        wanted: a whole id, the beginning of exactly one id, or ``latest``. Upper and lower case differ.
        ids: all runs, newest first.
        where: the database, as messages name it.

    Returns:
        The whole id.

    Raises:
        UsageError: no run, or more than one; the message lists what comes near.
    """
    if not ids:
        raise UsageError(f"no runs are stored in {where}; start one with `insider-audit run PROFILE`")
    if wanted in ids:
        return wanted
    if wanted == LATEST:
        return ids[0]
    matches = [run_id for run_id in ids if wanted and run_id.startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{wanted!r} is the beginning of {len(matches)} runs: {listed(matches)}; write more of it")
    near = difflib.get_close_matches(wanted, ids, n=_NEARBY, cutoff=0.5)
    hint = f"close to it: {listed(near)}" if near else f"the newest: {listed(ids)}"
    raise UsageError(f"no run {wanted!r} in {where}; {hint} (`insider-audit runs list` shows all)")


def listed(ids: Sequence[str]) -> str:
    """The first few of some ids, for a message."""
    return ", ".join(ids[:_NEARBY]) + (" ..." if len(ids) > _NEARBY else "")


def name_of(described: dict[str, Any], *fields: str) -> str:
    """The first of some fields that is a name, or an object that has one."""
    for field in fields:
        value = described.get(field)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value:
            return value
    return "unknown"
