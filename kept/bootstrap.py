"""The only wiring: settings, engines, database, keys, and what every use case is handed."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from casework.intake.terms import take_portfolio
from casework.keys import check_keys
from casework.office import Doors, Office
from casework.portfolios import read_portfolios
from casework.publish import publish_shipped
from casework.seal import open_record
from casework.staff.rights import Actor, Role
from kept.anchors import Anchors
from kept.clock import Clock, SystemClock
from kept.config import Settings, SettingsError, encryption_keys
from kept.embedded import engines
from kept.memory import keep_what_is_loaded
from storage.crypt import Keyring
from storage.engine import make_engine
from storage.migrate import migrate

PORTFOLIOS = Path("portfolios")

# Who runs a command works the book as operations do; what the machine does by itself is its own.
OPERATOR = Actor("operator", Role.OPERATIONS)
SYSTEM = Actor("kept", Role.SYSTEM)


class Assembly(msgspec.Struct, frozen=True):
    """What is running: the office, and where the queue is."""

    settings: Settings
    office: Office
    redis_url: str
    anchors: Anchors


def keyring_of(settings: Settings) -> Keyring:
    """The ring of the settings' keys: the first seals, the last (oldest) makes the tokens."""
    rows = encryption_keys(settings)
    return Keyring({row.kid: row.secret for row in reversed(rows)}, rows[0].kid, os.urandom)


def doors_of(settings: Settings) -> Doors:
    """How people reach us. Letters of the sandbox are read on this machine, so its own address will do."""
    http, twilio, smtp = settings.http, settings.twilio, settings.smtp
    real = twilio.configured or smtp.configured
    senders = {"sms": twilio.sender, "email": smtp.sender}
    return Doors(
        http.configured_public_url if real else http.public_url,
        {channel: sender for channel, sender in senders.items() if sender},
        http.public_url,
    )


def _data_folder(settings: Settings) -> Path:
    """The data folder, made where there is none: servers and keys may all be given by settings."""
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"KEPT_DATA_DIR: {folder} cannot be made: {error.strerror}; name a folder that you may write"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"KEPT_DATA_DIR: {folder} cannot be written; name a folder that you may write")
    return folder


@asynccontextmanager
async def assembled(
    settings: Settings,
    *,
    clock: Clock | None = None,
    portfolios: Path | None = PORTFOLIOS,
    connections: int = 5,
) -> AsyncGenerator[Assembly]:
    """Engines up, migrations done, shipped strategies published, portfolio files read; all let go at the end.

    Raises EngineError, SettingsError, CaseworkInputError: each says which setting or file.
    """
    async with engines(settings) as running:
        engine = make_engine(running.database_url, pool_size=connections)
        try:
            await migrate(engine)
            office = Office(engine, keyring_of(settings), doors_of(settings))
            anchors = Anchors(_data_folder(settings))
            moment = (clock or SystemClock()).wall()
            await check_keys(office, moment)
            await open_record(office, moment, anchors.append)
            await publish_shipped(office, OPERATOR, moment)
            for spec in read_portfolios(portfolios) if portfolios else []:
                async with office.transaction() as raw:
                    await take_portfolio(raw, OPERATOR, spec, moment)
            keep_what_is_loaded()
            yield Assembly(settings, office, running.redis_url, anchors)
        finally:
            await engine.dispose()
