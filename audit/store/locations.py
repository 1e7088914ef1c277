"""Which database is meant, and how it is named to a person: never with its password."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from audit.errors import StoreError
from audit.resources import user_data_dir

DATABASE_VARIABLE = "INSIDER_AUDIT_DB"
_FILE_NAME = "runs.sqlite"
_SQLITE_HEADER = b"SQLite format 3\x00"
_SECRET_OPTIONS = ("password", "sslpassword")


@dataclass(frozen=True)
class Location:
    """One database: how to reach it and how to speak of it.

    Attributes:
        url: for SQLAlchemy, password included; never shown.
        shown: the path, or the URL with its secrets masked.
        path: the file of a SQLite database; None for a server or a database in memory.
        in_memory: a SQLite database that ends with the process.
    """

    url: URL
    shown: str
    path: Path | None = None
    in_memory: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in a message."""
        options = (self.url.query.get(name) for name in _SECRET_OPTIONS)
        return tuple(s for s in (self.url.password, *options) if isinstance(s, str) and s)


def locate(url: str | None) -> Location:
    """Say which database is meant.

    Args:
        url: an SQLAlchemy URL, or a path, which is taken as a SQLite file; ``:memory:`` for one in memory. None or
            empty: the environment variable ``INSIDER_AUDIT_DB``, else ``runs.sqlite`` in the user's data folder.

    Raises:
        StoreError: the URL cannot be read, or names a kind of database that is not known here.
    """
    text = url or os.environ.get(DATABASE_VARIABLE) or str(user_data_dir() / _FILE_NAME)
    if text in {":memory:", "sqlite://"}:
        return Location(URL.create("sqlite"), ":memory:", in_memory=True)
    if "://" not in text:
        return _file(URL.create("sqlite", database=text))
    try:
        parsed = make_url(text)
        dialect = parsed.get_dialect()
    except NoSuchModuleError as error:
        kind = text.split("://", 1)[0]
        raise StoreError(
            f"no kind of database is called {kind!r}; use a path, sqlite:///... or postgresql://..."
        ) from error
    except (ArgumentError, ValueError):
        # Without "from": what SQLAlchemy says here may quote the URL, and the URL may hold a password.
        raise StoreError(_unreadable(text)) from None
    if "@" in (parsed.host or ""):
        # The password held an "@": its rest would be taken for the host, and shown.
        raise StoreError(_unreadable(text))
    if dialect.is_async:
        raise StoreError(f"the database driver {parsed.drivername!r} is asynchronous; leave the driver out of the URL")
    if dialect.name != "sqlite":
        hidden = {name: "***" for name in _SECRET_OPTIONS if name in parsed.query}
        return Location(parsed, parsed.update_query_dict(hidden).render_as_string(hide_password=True))
    if parsed.database in {None, "", ":memory:"} or parsed.query.get("mode") == "memory":
        return Location(parsed, ":memory:", in_memory=True)
    return Location(parsed, str(parsed.database)) if parsed.query.get("uri") else _file(parsed)


def prepare_file(location: Location) -> None:
    """Make the folder of a SQLite file and look whether the file can be ours. Nothing to do for other databases.

    Raises:
        StoreError: a folder stands there, the folder cannot be made, or the file is something else than SQLite.
    """
    path = location.path
    if path is None:
        return
    try:
        if path.is_dir():
            raise StoreError(
                f"results database {path}: this is a folder; name a file in it, such as {path / _FILE_NAME}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open("rb") as file:
                start = file.read(len(_SQLITE_HEADER))
            # An empty file is what SQLite itself leaves before the first write.
            if start and start != _SQLITE_HEADER:
                raise StoreError(f"results database {path}: this is not a SQLite file; choose another file with --db")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"results database {path}: cannot be opened ({reason}: {error.filename}); "
            "mend the permissions or choose another place with --db"
        ) from error


def _file(url: URL) -> Location:
    path = Path(str(url.database)).expanduser().absolute()
    return Location(url.set(database=str(path)), str(path), path)


def _unreadable(text: str) -> str:
    kind = text.split("://", 1)[0]
    return (
        f"the database URL {kind}://... cannot be read; it looks like postgresql://user:password@host:5432/name, "
        "with special characters in the password percent-encoded (@ is %40)"
    )
