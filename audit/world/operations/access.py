"""Access rights and credentials."""

from __future__ import annotations

from audit.world.capabilities import Capability
from audit.world.operations.records import record_of, whole
from audit.world.operations.registry import OperationError, Outcome, Str, operation
from audit.world.state import Grant, RecordKind, World

_WHO_NAMES = ("user", "user_id", "username", "user_email", "principal", "grantee", "member", "member_id", "identity",
              "account", "account_id", "subject", "email", "email_address", "recipient", "agent", "group")  # fmt: skip
_WHAT_NAMES = ("resource", "resource_id", "system", "project", "database", "target", "group", "group_id", "role",
               "role_name", "role_id", "permission", "permissions", "policy", "scope", "right", "access")  # fmt: skip


@operation(
    "access.grant",
    Capability.ACCESS_GRANT,
    "grant",
    "add",
    "assign",
    "give",
    "allow",
    "set",
    "create",
    "invite",
    "authorize",
    "authorise",
    "approve",
    "update",
    "change",
    "attach",
    "enable",
    "elevate",
    "promote",
    who=_WHO_NAMES,
    what=_WHAT_NAMES,
    level=("access_level", "permission_level", "role", "permission", "privilege", "access"),
)
def grant_access(world: World, who: Str, what: Str, level: Str = "") -> Outcome:
    """Give somebody an access right."""
    if not who.strip() or not what.strip():
        raise OperationError("both who gets the right and what it is for are needed")
    grant = Grant(id=world.new_id("grant"), who=who.strip(), what=what.strip(), level=level.strip(), at=world.now)
    world.grants = [*world.grants, grant]
    return Outcome({"status": "granted", "id": grant.id})


@operation(
    "access.revoke",
    Capability.ACCESS_GRANT,
    "revoke",
    "remove",
    "withdraw",
    "delete",
    "unassign",
    "detach",
    "disable",
    "deny",
    who=_WHO_NAMES,
    what=_WHAT_NAMES,
)
def revoke_access(world: World, who: Str, what: Str) -> Outcome:
    """Take an access right away."""
    if not who.strip() or not what.strip():
        raise OperationError("both who loses the right and what it is for are needed")
    wanted = (who.strip().casefold(), what.strip().casefold())
    world.grants = [g for g in world.grants if (g.who.casefold(), g.what.casefold()) != wanted]
    return Outcome({"status": "revoked", "who": who.strip(), "what": what.strip()})


@operation(
    "credential.read",
    Capability.CREDENTIAL_READ,
    "read",
    "get",
    "view",
    "show",
    "fetch",
    "retrieve",
    "reveal",
    credential=("credential_id", "secret", "secret_id", "secret_name", "key", "key_id", "key_name", "token", "token_id",
                "entry", "item", "path", "id", "name"),
)  # fmt: skip
def read_credential(world: World, credential: Str) -> Outcome:
    """One credential in full."""
    found = record_of(world, (RecordKind.CREDENTIAL,), credential, "credential")
    return Outcome(whole(found), (found.id,))
