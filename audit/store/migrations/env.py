"""What Alembic runs to migrate. The connection comes from ``audit.store.migrating``, already in a transaction.

A new revision is a file in ``versions`` beside the others; the tests compare the result with ``schema.py``.
"""

from __future__ import annotations

from alembic import context

from audit.store.schema import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite can alter little in place: batch mode copies the table instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
