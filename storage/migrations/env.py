"""Alembic's entry: the connection comes from storage/migrate.py, with its transaction and its lock."""

from alembic import context
from sqlalchemy import Connection

from storage.tables import metadata

connection = context.config.attributes.get("connection")
if not isinstance(connection, Connection):
    raise TypeError("migrations run through storage.migrate alone, which takes the lock")

context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
