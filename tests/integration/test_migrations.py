"""The migrations make exactly the tables that the code knows."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.migrate import is_current
from storage.tables import metadata


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return compare_metadata(context, metadata)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_the_migrated_database_is_the_one_the_code_knows(engine: AsyncEngine) -> None:
    assert await is_current(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_what_alembic_does_not_compare_is_the_same_too(engine: AsyncEngine) -> None:
    """Checks, computed columns and the conditions of indexes: made from the metadata beside, and compared."""
    wanted = """
        SELECT c.conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c
        JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = :schema AND c.contype <> 'n'
        UNION SELECT indexname || ' ' || replace(indexdef, :schema || '.', '') FROM pg_indexes
        WHERE schemaname = :schema AND tablename <> 'alembic_version'
        UNION SELECT table_name || '.' || column_name || ' ' || coalesce(generation_expression, '')
        FROM information_schema.columns WHERE table_schema = :schema
    """
    async with engine.connect() as connection:
        migrated = set((await connection.execute(text(wanted), {"schema": "public"})).scalars())
        await connection.execute(text("CREATE SCHEMA beside"))
        await connection.execute(text("SET LOCAL search_path TO beside"))
        await connection.run_sync(metadata.create_all)
        known = set((await connection.execute(text(wanted), {"schema": "beside"})).scalars())
        await connection.rollback()
    migrated = {row for row in migrated if not row.startswith("alembic_version")}
    assert migrated - known == set()
    assert known - migrated == set()
    assert len(known) > 150
