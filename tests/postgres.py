"""A PostgreSQL server for tests, when one answers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

SERVER = os.environ.get("INSIDER_AUDIT_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


def postgres_schema() -> Iterator[str]:
    """The URL of a schema of its own, dropped afterwards. Skips the test when no server answers."""
    name = f"audit_{uuid.uuid4().hex}"
    base = make_url(SERVER)
    try:
        engine = create_engine(base, connect_args={"connect_timeout": 3})
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        pytest.skip(f"no PostgreSQL answers at {base.render_as_string()}: {str(error).splitlines()[0]}")
    try:
        yield base.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()
