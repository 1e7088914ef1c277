"""Where runs are kept: plain records, their tables and migrations, and the repository, which holds the only SQL.

``audit.store.repository.open_store`` is the way in. ``audit.store.records`` can be had without loading SQLAlchemy.
"""
