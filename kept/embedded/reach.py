"""Whether the servers that the settings name can be reached and are new enough; clear words where not."""

import asyncio
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

from kept.embedded.errors import EngineError

OLDEST_POSTGRES: Final = 15
OLDEST_REDIS: Final = (6, 2)
_SECONDS: Final = 10.0


async def check_database(url: str) -> None:
    """Raises EngineError naming KEPT_DATABASE_URL. `url` is SQLAlchemy's."""
    import asyncpg
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from storage.engine import make_engine

    parts = make_url(url)
    host = parts.host or parts.query.get("host")
    where = f"PostgreSQL at {host}:{parts.port or 5432}, database {parts.database},"
    engine = make_engine(url, application_name="kept check", pool_size=1)
    try:
        async with asyncio.timeout(_SECONDS), engine.connect() as connection:
            number = int((await connection.exec_driver_sql("SHOW server_version_num")).scalar_one())
    except TimeoutError:
        raise EngineError(
            _unreached("KEPT_DATABASE_URL", where, f"no answer in {_SECONDS:.0f} s", "")
        ) from None
    except (
        OSError,
        SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        TypeError,
        ValueError,
    ) as error:
        reason = getattr(error, "orig", None) or error
        raise EngineError(
            _unreached("KEPT_DATABASE_URL", where, _words(reason), str(parts.password or ""))
        ) from None
    finally:
        await engine.dispose()
    if number // 10_000 < OLDEST_POSTGRES:
        raise EngineError(
            f"KEPT_DATABASE_URL: {where} is version {number // 10_000}; Kept needs {OLDEST_POSTGRES} or newer"
        )


async def check_redis(url: str) -> None:
    """Raises EngineError naming KEPT_REDIS_URL."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    parts = urlsplit(url)
    where = f"Redis at {parts.path if parts.scheme == 'unix' else f'{parts.hostname}:{parts.port or 6379}'}"
    client = cast("Any", Redis).from_url(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS)
    try:
        async with asyncio.timeout(_SECONDS):
            version = str((await client.info("server"))["redis_version"])
    except TimeoutError:
        raise EngineError(_unreached("KEPT_REDIS_URL", where, f"no answer in {_SECONDS:.0f} s", "")) from None
    except (OSError, RedisError, ValueError) as error:
        raise EngineError(
            _unreached("KEPT_REDIS_URL", where, _words(error), unquote(parts.password or ""))
        ) from None
    finally:
        await client.aclose()
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        oldest = ".".join(str(part) for part in OLDEST_REDIS)
        raise EngineError(f"KEPT_REDIS_URL: {where} is version {version}; Kept needs {oldest} or newer")


def _unreached(setting: str, where: str, why: str, secret: str) -> str:
    hidden = why.replace(secret, "***") if secret else why
    remedy = f"start it, correct {setting}, or unset it for an embedded one"
    return f"{setting}: {where} cannot be reached: {hidden}; {remedy}"


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
