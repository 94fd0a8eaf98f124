"""A book on the eve of its Monday: a real tape imported once a run, copied for each scenario."""

import itertools
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from kept.embedded import Engines
from tests.builders.command import Kept
from tests.builders.databases import drop
from tests.builders.eve import PORTFOLIO, SUNDAY, Imported
from tests.builders.readings import SUPERLENDER, Lent, superlender
from tests.sinks.smtp import SmtpSink
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink

_numbers = itertools.count()


@pytest.fixture(scope="session")
def tape(shared_data: Path) -> Path:
    return shared_data / SUPERLENDER


@pytest.fixture(scope="session")
def lent(shared_data: Path) -> list[Lent]:
    """The same tape, read independently."""
    return superlender(shared_data)


@pytest.fixture(scope="session")
async def eve(
    running_engines: Engines, worker: int, tape: Path, tmp_path_factory: pytest.TempPathFactory
) -> Imported:
    name = f"eve_{worker}"
    await _statement(running_engines.database_url, f"CREATE DATABASE {name}")
    folder = tmp_path_factory.mktemp("eve")
    (folder / "portfolios").mkdir()
    (folder / "portfolios" / "superlender.yaml").write_text(PORTFOLIO)
    kept = Kept(folder, _named(running_engines.database_url, name), running_engines.redis_url)
    report = await kept.json("import", "loans", tape, "--mapping", "superlender", "--as-of", str(SUNDAY))
    return Imported(name, folder, report)


@pytest.fixture
async def copied(
    running_engines: Engines, redis_url: str, worker: int, eve: Imported, tmp_path: Path
) -> AsyncIterator[Kept]:
    """`kept` over this scenario's own copy of the book, with no provider."""
    name = f"scenario_{worker}_{next(_numbers)}"
    await _statement(running_engines.database_url, f"CREATE DATABASE {name} TEMPLATE {eve.database}")
    shutil.copytree(eve.folder, tmp_path, dirs_exist_ok=True)
    yield Kept(tmp_path, _named(running_engines.database_url, name), redis_url)
    await drop(running_engines.database_url, name)


@pytest.fixture
async def sms(tmp_path: Path) -> AsyncIterator[TwilioSink]:
    sink = await TwilioSink(tmp_path / "sms.jsonl").start()
    yield sink
    await sink.close()


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[SmtpSink]:
    sink = await SmtpSink(tmp_path / "mail.jsonl").start()
    yield sink
    await sink.close()


@pytest.fixture
def kept(copied: Kept, sms: TwilioSink, mail: SmtpSink) -> Kept:
    """`kept` over the copied book, its providers pointed at the sinks."""
    return copied.with_settings(
        KEPT_TWILIO_ACCOUNT_SID=ACCOUNT,
        KEPT_TWILIO_AUTH_TOKEN=TOKEN,
        KEPT_TWILIO_FROM="+15005550006",
        KEPT_TWILIO_API_URL=sms.url,
        KEPT_SMTP_URL=mail.url,
        KEPT_MAIL_FROM="Super Lender <post@example.com>",
    )


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


async def _statement(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
