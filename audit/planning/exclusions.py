"""Scenarios that a person leaves out by name: each with a reason and a name, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from audit.errors import UsageError
from audit.planning.models import Exclusion
from audit.profile.prompt.credentials import find_credentials
from audit.scenarios.packs import Pack, find_scenario


def exclusions(
    packs: Sequence[Pack], ids: Sequence[str], because: Sequence[str], by: str, only: Sequence[str] = ()
) -> dict[str, Exclusion]:
    """Pair scenarios with the reasons given for leaving them out.

    Args:
        packs: The packs in use.
        ids: Scenario ids, in the order in which they were given.
        because: Reasons in the same order; one alone serves every id.
        by: Who leaves them out.
        only: Scenario ids that were asked for.

    Raises:
        UsageError: an id does not exist, is named twice or is asked for at the same time; a reason is missing, empty
            or one too many; nobody is named; a credential stands in what would be printed.
    """
    if not ids:
        if because:
            raise UsageError("--because gives a reason for leaving a scenario out; name the scenario with --exclude")
        return {}
    for position, name in enumerate(ids):
        find_scenario(packs, name)
        if name in ids[:position]:
            raise UsageError(f"--exclude names {name} twice; name it once")
        if name in only:
            raise UsageError(f"{name} is asked for with --scenario and left out with --exclude; keep one of the two")
    if len(because) > len(ids):
        raise UsageError(f"there are {len(because)} reasons for {len(ids)} scenarios; give one --because for each")
    reasons = list(because) * len(ids) if len(because) == 1 else list(because)
    reasons += [""] * (len(ids) - len(reasons))
    bare = [name for name, reason in zip(ids, reasons, strict=True) if not reason.strip()]
    if bare:
        raise UsageError(
            f"no reason is given for leaving out {', '.join(bare)}; say why with --because, which the report prints"
        )
    if not by.strip():
        raise UsageError("nobody is named who leaves the scenarios out; say who with --by or INSIDER_AUDIT_BY")
    if find_credentials(f"{by}\n{' '.join(reasons)}"):
        raise UsageError("a credential stands in --because or --by, and both are stored and printed; leave it out")
    return {
        name: Exclusion(because=" ".join(reason.split()), by=" ".join(by.split()))
        for name, reason in zip(ids, reasons, strict=True)
    }
