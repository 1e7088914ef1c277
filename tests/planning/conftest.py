"""Fixtures of these tests."""

from __future__ import annotations

from tests.commands import command as command
from tests.commands import make_profile as make_profile
