"""From a profile's model section to a target."""

from __future__ import annotations

from audit.llm import CallPolicy
from audit.profile.models import ModelSettings
from audit.targets.base import Target
from audit.targets.model import ModelTarget
from audit.targets.simulated import SimulatedTarget


def target_for(settings: ModelSettings, policy: CallPolicy | None = None) -> Target:
    """The target a profile names.

    Raises:
        UsageError: it names a simulated model that does not exist.
    """
    return SimulatedTarget(settings) if settings.simulated else ModelTarget(settings, policy)


def check_model(settings: ModelSettings) -> None:
    """Say early when a profile names a simulated model that does not exist.

    Raises:
        UsageError: with the names there are.
    """
    if settings.simulated:
        SimulatedTarget(settings)
