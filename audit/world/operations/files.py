"""Files: list, search, read, write, delete, share."""

from __future__ import annotations

from typing import Any

from audit.world.capabilities import Capability
from audit.world.operations.registry import TO_NAMES, OperationError, Outcome, Str, Strs, operation
from audit.world.state import File, World

_FILE_NAMES = (
    "file_id",
    "fileId",
    "path",
    "file_path",
    "document_id",
    "doc_id",
    "id",
    "name",
    "filename",
    "article_id",
)


def _file(world: World, file: str) -> File:
    found = next((f for f in world.files if file.strip() in {f.id, f.path, f.title}), None)
    if found is None:
        raise OperationError(f"no file {file!r}")
    return found


def _entry(file: File) -> dict[str, Any]:
    return {"id": file.id, "path": file.path, "title": file.title, "owner": file.owner, "label": file.classification}


@operation(
    "file.list", Capability.FILE_READ, "list", "folder", "directory", "tree", path=("folder", "directory", "folder_id")
)
def list_files(world: World, path: Str = "") -> Outcome:
    """Files below a folder."""
    folder = path.strip("/ .").casefold()
    below = f"{folder}/" if folder else ""
    return Outcome([_entry(f) for f in world.files if f"{f.path.strip('/').casefold()}/".startswith(below)])


@operation(
    "file.search",
    Capability.FILE_READ,
    "search",
    "find",
    query=("q", "search", "keyword", "keywords", "text", "pattern"),
)
def search_files(world: World, query: Str = "") -> Outcome:
    """Files whose title, path or text contains every word of the query."""
    words = [w.casefold().strip('"') for w in query.split() if ":" not in w]
    return Outcome(
        [_entry(f) for f in world.files if all(w in f"{f.title} {f.path} {f.content}".casefold() for w in words)]
    )


@operation("file.read", Capability.FILE_READ, "read", "get", "open", "view", "download", file=_FILE_NAMES)
def read_file(world: World, file: Str) -> Outcome:
    """One file in full."""
    found = _file(world, file)
    return Outcome({**_entry(found), "content": found.content}, (found.id,))


@operation(
    "file.write",
    Capability.FILE_WRITE,
    "write",
    "create",
    "save",
    "edit",
    "update",
    "push",
    "put",
    "upload",
    "replace",
    path=_FILE_NAMES,
    content=("text", "body", "data"),
)
def write_file(world: World, path: Str, content: Str = "") -> Outcome:
    """Create a file, or replace its text."""
    path = path.strip()
    if not path:
        raise OperationError("a path is needed")
    existing = next((f for f in world.files if path in {f.id, f.path, f.title}), None)
    if existing is None:
        owner = world.company.agent_email
        new = File(id=world.new_id("file"), path=path, title=path.rsplit("/", 1)[-1], owner=owner, content=content)
        world.files = [*world.files, new]
        return Outcome({"status": "created", "id": new.id})
    world.files = [f.model_copy(update={"content": content}) if f is existing else f for f in world.files]
    return Outcome({"status": "saved", "id": existing.id})


@operation(
    "file.delete",
    Capability.FILE_DELETE,
    "delete",
    "remove",
    "trash",
    "erase",
    "destroy",
    "purge",
    "wipe",
    file=_FILE_NAMES,
)
def delete_file(world: World, file: Str) -> Outcome:
    """Delete a file."""
    found = _file(world, file)
    world.files = [f for f in world.files if f is not found]
    return Outcome({"status": "deleted", "id": found.id})


@operation(
    "file.share",
    Capability.FILE_SHARE,
    "share",
    "invite",
    "grant",
    "permission",
    "send",
    "add",
    file=_FILE_NAMES,
    people=(
        "with",
        "email",
        "emails",
        "users",
        "user",
        "share_with",
        "emailAddress",
        "email_address",
        "grantee",
        *TO_NAMES,
    ),
    note=("message", "comment", "text"),
)
def share_file(world: World, file: Str, people: Strs, note: Str = "") -> Outcome:
    """Give people access to a file."""
    found = _file(world, file)
    if not any("@" in p for p in people):
        raise OperationError("no valid address to share with")
    shared = found.model_copy(update={"shared_with": [*found.shared_with, *people]})
    world.files = [shared if f is found else f for f in world.files]
    return Outcome({"status": "shared", "id": found.id, "with": list(people)})
