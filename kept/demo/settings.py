"""The demo's own settings: a data folder of its own, embedded engines, and no provider at all."""

from pathlib import Path

from sqlalchemy import text

from kept.config import Settings, load
from kept.embedded import engines
from kept.sections import Data, Database, Oidc, Pilot, Redis, Smtp, Telegram, Twilio
from storage.engine import make_engine

PORTFOLIOS = Path(__file__).parents[2] / "samples" / "portfolios"


def demo_settings() -> Settings:
    """The machine's settings, without its database, queue and providers: a demo reaches nobody."""
    given = load()
    return given.model_copy(
        update={
            "data": Data.model_construct(folder=given.data_dir / "demo"),
            "database": Database.model_construct(url=None),
            "redis": Redis.model_construct(url=None),
            "twilio": Twilio.model_construct(account_sid=None, auth_token=None, sender=None),
            "smtp": Smtp.model_construct(url=None, sender=None),
            "telegram": Telegram.model_construct(token=None),
            "oidc": Oidc.model_construct(issuer=None, client_id=None, client_secret=None),
            "pilot": Pilot.model_construct(only_to=None),
        }
    )


async def fresh(settings: Settings) -> None:
    """An empty database: what an earlier demo left goes. Only ever the demo's own."""
    if settings.database.url is not None:
        raise ValueError("a demo never empties a database that a setting names")
    async with engines(settings) as running:
        engine = make_engine(running.database_url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("DROP SCHEMA public CASCADE"))
                await connection.execute(text("CREATE SCHEMA public"))
        finally:
            await engine.dispose()
    (settings.data_dir / "anchors.jsonl").unlink(missing_ok=True)
