"""Brings a database to the tables of this code; of several processes at once one does, the others wait."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

# Any number, the same in every version of Kept: "kept" in ASCII.
LOCK: Final = 0x6B657074


class DatabaseNewerError(Exception):
    """The database was migrated by a newer Kept than this one."""


async def migrate(engine: AsyncEngine) -> bool:
    """Run the migrations that the database lacks, all in one transaction; whether there were any.

    Raises DatabaseNewerError, and whatever a migration raises, with the database as it was before.
    """
    if await is_current(engine):
        return False
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        # Asked again: whoever held the lock before us may have done the work.
        if await connection.run_sync(_is_current):
            return False
        await connection.run_sync(_upgrade)
    return True


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database has every migration of this code. Raises DatabaseNewerError."""
    async with engine.connect() as connection:
        return await connection.run_sync(_is_current)


def migrations(connection: Connection | None = None) -> Config:
    """Alembic's configuration, on a connection whose transaction the caller commits."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _is_current(connection: Connection) -> bool:
    script = ScriptDirectory.from_config(migrations())
    there = set(MigrationContext.configure(connection).get_current_heads())
    known = {revision.revision for revision in script.walk_revisions()}
    strange = sorted(there - known)
    if strange:
        raise DatabaseNewerError(
            f"the database is at migration {', '.join(strange)}, which this version of Kept does not know: "
            "a newer Kept was here; start that one, or restore a backup made before it"
        )
    return there == set(script.get_heads())


def _upgrade(connection: Connection) -> None:
    command.upgrade(migrations(connection), "heads")
