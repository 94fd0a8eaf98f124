"""A book with thousands due today, over all channels, each borrower to hear once.

It is noon wherever the borrowers are, whenever the test runs. Who has a chat is written to there first, then
by SMS, then by mail. Some have two loans in one portfolio, some in two: they too hear once today.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

import msgspec

from casework.office import Office
from casework.portfolios import PortfolioSpec, save
from storage.crypt import normal_email, normal_phone
from storage.raw import Raw

SOURCE = "chaos"
_STEPS = (0, 3, 7, 15)  # days late at which gentle speaks

# What the test looks for later, as the database saw it: which transactions a claim knew when it marked.
_MARKS = """
CREATE TABLE marks_of_claims (contact bigint, deliverer text, snapshot pg_snapshot, at timestamptz);
CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO marks_of_claims VALUES (NEW.id, NEW.leased_by, pg_current_snapshot(), clock_timestamp());
  RETURN NEW;
END $$;
CREATE TRIGGER note_claim AFTER UPDATE ON contacts FOR EACH ROW
  WHEN (NEW.state = 'sending' AND OLD.state IS DISTINCT FROM 'sending') EXECUTE FUNCTION note_claim();
-- A row's xmin may be that of a savepoint, which no snapshot lists: it would pass for committed too early.
CREATE TABLE news_by (what text, id bigint, by xid8);
CREATE FUNCTION note_news() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO news_by VALUES (TG_TABLE_NAME, NEW.id, pg_current_xact_id());
  RETURN NEW;
END $$;
CREATE TRIGGER note_news AFTER INSERT ON payments FOR EACH ROW EXECUTE FUNCTION note_news();
CREATE TRIGGER note_news AFTER INSERT ON consents FOR EACH ROW EXECUTE FUNCTION note_news();
"""
# A stop told to the staff, or an import, its cases in hand, waits with its commit for a claim that waits for
# them, for seconds. A stop that a worker hears does not: its job would be ended before, again and again.
_RACES = """
CREATE FUNCTION wait_for_a_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  FOR n IN 1..250 LOOP
    EXIT WHEN EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                      WHERE NOT l.granted AND l.locktype = 'transactionid'
                        AND l.transactionid = pg_current_xact_id()::xid
                        AND a.query LIKE 'SELECT id FROM cases WHERE id = ANY($1) ORDER BY id FOR%');
    PERFORM pg_sleep(0.02);
  END LOOP;
  RETURN NEW;
END $$;
CREATE TRIGGER race AFTER INSERT ON consents FOR EACH ROW
  WHEN (NEW.source = 'staff') EXECUTE FUNCTION wait_for_a_claim();
CREATE TRIGGER race AFTER INSERT ON imports FOR EACH STATEMENT EXECUTE FUNCTION wait_for_a_claim();
"""
# Nobody waits four hours here for a confirmation.
_SOON = """
CREATE FUNCTION confirm_soon() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.confirm_by = least(NEW.confirm_by, NEW.sent_at + interval '12 s'); RETURN NEW;
END $$;
CREATE TRIGGER confirm_soon BEFORE UPDATE ON contacts FOR EACH ROW
  WHEN (NEW.confirm_by IS NOT NULL) EXECUTE FUNCTION confirm_soon();
"""


class Borrower(msgspec.Struct, frozen=True):
    """Who is due: their loans by external id, and their addresses."""

    person: int
    loans: tuple[str, ...]
    email: str
    phone: str | None
    chat: str | None


def noon_zone(now: datetime) -> str:
    """A zone in which it is between eleven and twelve."""
    ahead = 11 - now.astimezone(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


async def build(
    office: Office, size: int, now: datetime, spread: timedelta, random: Random
) -> list[Borrower]:
    """`size` borrowers, due for a look between `now` and `spread` later."""
    zone = noon_zone(now)
    async with office.transaction() as raw:
        portfolios = [(await save(raw, _portfolio(code, zone)))[0] for code in ("chaos", "second")]
        gentle = await raw.value("SELECT id FROM strategy_versions WHERE name = 'gentle'")
        await raw.run("INSERT INTO feeds SELECT id, $1, $2 FROM portfolios", SOURCE, now)
        made = [_borrower(person) for person in await raw.ids("persons", size)]
        await _persons(raw, office, made, zone, now)
        await _loans(raw, made, portfolios, gentle, zone, now, spread, random)
        await raw.run(_MARKS)
        await raw.run(_RACES)
        await raw.run(_SOON)
    return made


def _borrower(number: int) -> Borrower:
    loans = (f"A{number}",)
    if number % 10 == 3:
        loans = (*loans, f"A{number}-2")  # in the same portfolio: consolidated
    elif number % 17 == 5:
        loans = (*loans, f"B{number}")  # in the other: two cases, and one message a day
    return Borrower(
        number,
        loans,
        f"b{number}@example.org",
        f"+1{201 + number // 100}555{100 + number % 100:04}" if number % 3 else None,
        str(7_000_000 + number) if number % 3 == 2 else None,
    )


async def _persons(raw: Raw, office: Office, made: list[Borrower], zone: str, now: datetime) -> None:
    ring = office.keyring
    await raw.copy(
        "persons",
        ("id", "source", "external_id", "name", "language", "zones", "country", "feed_digest"),
        [
            (
                one.person,
                SOURCE,
                f"b{one.person}",
                ring.seal("persons", "name", one.person, "Ann Example"),
                "en",
                [zone],
                "DE",
                _digest(f"person {one.person}"),
            )
            for one in made
        ],
    )
    rows: list[tuple[object, ...]] = []
    addresses = [
        (one.person, kind, value, state)
        for one in made
        for kind, value, state in (
            ("email", normal_email(one.email), "attested"),
            ("phone", one.phone and normal_phone(one.phone), "attested"),
            ("chat", one.chat, "confirmed"),
        )
        if value
    ]
    ids = await raw.ids("addresses", len(addresses))
    for id_, (person, kind, value, state) in zip(ids, addresses, strict=True):
        sealed = ring.seal("addresses", "value", id_, value)
        rows.append((id_, person, kind, sealed, ring.token(kind, value), state, now))
    await raw.copy("addresses", ("id", "person_id", "kind", "value", "token", "state", "seen_at"), rows)


async def _loans(
    raw: Raw,
    made: list[Borrower],
    portfolios: list[int],
    gentle: int,
    zone: str,
    now: datetime,
    spread: timedelta,
    random: Random,
) -> None:
    """Each expects one step of gentle: that of eight o'clock today."""
    since = now - timedelta(hours=9)
    cases: dict[tuple[int, int], int] = {}
    for one in made:
        for loan in one.loans:
            cases.setdefault((one.person, portfolios[loan.startswith("B")]), 0)
    for pair, id_ in zip(list(cases), await raw.ids("cases", len(cases)), strict=True):
        cases[pair] = id_
    await raw.copy(
        "cases",
        ("id", "person_id", "portfolio_id", "opened_at", "next_look_at", "looked_through"),
        [(id_, *pair, since, now + random.random() * spread, since) for pair, id_ in cases.items()],
    )
    loans = [(one.person, name) for one in made for name in one.loans]
    ids = await raw.ids("loans", len(loans))
    columns = "portfolio_id source external_id product currency principal_minor made_on status zone"
    today = (now.astimezone(UTC) + timedelta(hours=11 - now.astimezone(UTC).hour)).date()
    await raw.copy(
        "loans",
        ("id", *columns.split(), "strategy_version_id", "governed_since", "feed_digest"),
        [
            (
                id_,
                portfolios[name.startswith("B")],
                SOURCE,
                name,
                "consumer",
                "EUR",
                255_00,
                today - timedelta(days=60),
                "active",
                zone,
                gentle,
                since,
                _digest(f"loan {name}"),
            )
            for id_, (_, name) in zip(ids, loans, strict=True)
        ],
    )
    await raw.copy(
        "parties",
        ("loan_id", "person_id", "role", "case_id"),
        [
            (id_, person, "borrower", cases[person, portfolios[name.startswith("B")]])
            for id_, (person, name) in zip(ids, loans, strict=True)
        ],
    )
    parts = "principal_minor interest_minor fees_minor penalties_minor"
    await raw.copy(
        "installments",
        ("loan_id", "external_id", "number", "due_on", *parts.split(), "feed_digest"),
        [
            (id_, "1", 1, today - timedelta(days=_days(person, name)), 250_00, 5_00, 0, 0, _digest(name))
            for id_, (person, name) in zip(ids, loans, strict=True)
        ],
    )


def _days(person: int, name: str) -> int:
    """In two portfolios both are due today: what the day's cap holds back has lost its sense tomorrow."""
    return 0 if person % 17 == 5 or name.startswith("B") else _STEPS[person % 4]


def _portfolio(code: str, zone: str) -> PortfolioSpec:
    return PortfolioSpec(
        portfolio=code,
        name="Acme Credit Ltd",
        brand="Acme Credit",
        country="DE",
        zone=zone,
        currency="EUR",
        pay={"en": "https://pay.example.com/{reference}"},
    )


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()[:16]
