"""The book that is measured: loans of one installment paid, one late, two to come, by set-based SQL.

Every person has a phone, a mailbox and one loan, and every loan expects exactly one occurrence by NOW: 3, 7
or 15 days after its due date. Which cases are due is set afterwards (`make_due`), evenly over the book, so
that the same book serves every measurement.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from casework.office import Office
from casework.portfolios import PortfolioSpec, save
from casework.publish import publish_shipped
from casework.staff.rights import Actor, Role
from storage.raw import Raw

# A Monday, 09:00 in Berlin.
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
_SINCE = NOW - timedelta(days=1)
_LATER = NOW + timedelta(days=4)
_CHUNK = 20_000
OPERATIONS = Actor("bench", Role.OPERATIONS)

_STATEMENTS = {
    "persons": """
        INSERT INTO persons (id, source, external_id, name, language, zones, country, feed_digest)
        SELECT id, 'bench', 'b' || id, name, 'en', '{Europe/Berlin}', 'DE', sha256(id::text::bytea)
        FROM sealed ORDER BY id
    """,
    "addresses": """
        INSERT INTO addresses (id, person_id, kind, value, token, state, seen_at)
        SELECT 2 * id - 1 + mail, id, CASE mail WHEN 0 THEN 'phone' ELSE 'email' END,
               CASE mail WHEN 0 THEN phone ELSE email END, sha256((id || '/' || mail)::bytea), 'attested', $1
        FROM sealed, generate_series(0, 1) mail ORDER BY 1
    """,
    "loans": """
        INSERT INTO loans (id, portfolio_id, source, external_id, product, currency, principal_minor, made_on,
                           status, zone, strategy_version_id, governed_since, feed_digest)
        SELECT id, p.portfolio, 'bench', 'L' || id, 'consumer', 'EUR', 100000, $1::date - 60, 'active',
               'Europe/Berlin', p.version, $2, sha256(id::text::bytea)
        FROM sealed, (SELECT f.id AS portfolio, v.id AS version FROM portfolios f, strategy_versions v
                      WHERE f.code = 'bench' AND v.name = 'gentle') p ORDER BY id
    """,
    "cases": """
        INSERT INTO cases (id, person_id, portfolio_id, opened_at, next_look_at, looked_through)
        SELECT l.id, l.id, l.portfolio_id, l.governed_since, $1, l.governed_since FROM loans l ORDER BY l.id
    """,
    "parties": """
        INSERT INTO parties SELECT id, id, 'borrower', id FROM loans ORDER BY id
    """,
    "installments": """
        INSERT INTO installments (loan_id, external_id, number, due_on, principal_minor, interest_minor,
                                  fees_minor, penalties_minor, paid_minor, feed_digest)
        SELECT id, n::text, n, $1::date - (ARRAY[3, 7, 15])[1 + id % 3] + 30 * (n - 2), 25000, 500, 0, 0,
               CASE n WHEN 1 THEN 25500 ELSE 0 END, sha256((id || '/' || n)::bytea)
        FROM loans, generate_series(1, 4) each(n) ORDER BY loans.id, each.n
    """,
}
_WITH = {
    "addresses": (_SINCE,),
    "loans": (NOW.date(), _SINCE),
    "cases": (_LATER,),
    "installments": (NOW.date(),),
}


async def build(office: Office, loans: int, say: Callable[[str], None]) -> None:
    """A book of so many loans, none of them due, into an empty migrated database."""
    await publish_shipped(office, OPERATIONS, _SINCE)
    async with office.transaction() as raw:
        await save(raw, _portfolio())
        await raw.run("INSERT INTO feeds SELECT id, 'bench', $1 FROM portfolios", NOW)
        await raw.run(
            "CREATE UNLOGGED TABLE sealed (id bigint PRIMARY KEY, name bytea, phone bytea, email bytea)"
        )
        for start in range(1, loans + 1, _CHUNK):
            await _seal(office, raw, start, min(start + _CHUNK, loans + 1))
            say(f"sealed {min(start + _CHUNK - 1, loans):,} of {loans:,} persons")
        for table, statement in _STATEMENTS.items():
            say(f"writing {table}")
            await raw.run(statement, *_WITH.get(table, ()))
        await raw.run("DROP TABLE sealed")
        for table in ("persons", "addresses", "loans", "cases"):
            await raw.rows(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")
    await tidy(office)


async def make_due(office: Office, due: int, offset: int = 0) -> None:
    """So many cases, evenly over the book, are to be looked at by NOW; another `offset`, other cases."""
    async with office.transaction() as raw:
        every = await raw.value("SELECT count(*) FROM cases") // due
        await raw.run(
            "UPDATE cases SET next_look_at = $1 WHERE id % $2 = $3 AND id <= $2 * $4",
            NOW - timedelta(hours=1),
            every,
            offset % every,
            due,
        )
    await tidy(office, "cases")


async def tidy(office: Office, table: str = "") -> None:
    """As autovacuum leaves the table (none named: all): no measurement pays for what was before it."""
    async with office.engine.connect() as connection:
        apart = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await apart.exec_driver_sql(f"VACUUM ANALYZE {table}")


async def _seal(office: Office, raw: Raw, start: int, stop: int) -> None:
    """Names and addresses of the persons `start` to `stop` - 1, sealed as an import seals them."""
    seal = office.keyring.seal
    await raw.copy(
        "sealed",
        ("id", "name", "phone", "email"),
        [
            (
                n,
                seal("persons", "name", n, f"Ann Example {n}"),
                seal("addresses", "value", 2 * n - 1, f"+1201555{100 + n % 100:04}"),
                seal("addresses", "value", 2 * n, f"b{n}@example.org"),
            )
            for n in range(start, stop)
        ],
    )


async def under_packs(office: Office, *packs: str) -> None:
    """The portfolio collects for others, under so many packs."""
    async with office.transaction() as raw:
        await save(raw, _portfolio(packs=packs, actor="third_party"))


def _portfolio(**changes: Any) -> PortfolioSpec:
    return PortfolioSpec(
        **changes,
        portfolio="bench",
        name="Acme Credit Ltd",
        brand="Acme Credit",
        country="DE",
        zone="Europe/Berlin",
        currency="EUR",
        pay={"en": "https://pay.example.com/{reference}"},
    )


async def only_by(office: Office, channel: str) -> None:
    """Everybody keeps the address of one channel alone: by SMS, by mail, or a chat in place of the phone."""
    async with office.transaction() as raw:
        if channel == "sms":
            return
        await raw.run("DELETE FROM addresses WHERE kind = $1", "phone" if channel == "email" else "email")
        if channel == "chat":
            ids = [row[0] for row in await raw.rows("SELECT id FROM addresses ORDER BY id")]
            await raw.run(
                "UPDATE addresses a SET kind = 'chat', state = 'confirmed', value = n.value "
                "FROM unnest($1::bigint[], $2::bytea[]) n(id, value) WHERE a.id = n.id",
                ids,
                [office.keyring.seal("addresses", "value", id_, str(100_000_000 + id_)) for id_ in ids],
            )
    await tidy(office, "addresses")
