"""Fixtures of these tests."""

from __future__ import annotations

from tests.commands import command as command
