"""Databases of tests: dropped although the server's own vacuum may be at them."""

import asyncio

import asyncpg


async def drop(url: str, name: str) -> None:
    """Drop database `name`, over `url`. Nobody may end the server's own vacuum: it is asked for again."""
    for _ in range(100):
        connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
        try:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.1)
        else:
            return
        finally:
            await connection.close()
    raise AssertionError(f"{name} could not be dropped")
