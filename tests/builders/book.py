"""A small book in the database: portfolios, persons, addresses, loans, payments, cases, feeds, a strategy.

Everything is invented: numbers of ranges reserved for examples, mailboxes at example.org. Each call is one
transaction, so a test reads like a story: `book = Book(office_of(engine))`, `ann = await book.borrower()`,
`await book.pay(ann, 100_00, on)`.
"""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.office import Office
from casework.portfolios import PortfolioSpec, save
from casework.staff.rights import Actor, Role
from storage.crypt import Keyring, normal_email, normal_phone
from storage.names import keep_tokens, name_tokens, tail_token
from storage.raw import Raw, touch
from storage.rulebooks import publish_version
from strategies.language import read_strategy, shipped_strategies
from tests.builders.money import Money, digest, receive

SYSTEM = Actor("test", Role.SYSTEM)
AUDITOR = Actor("oda", Role.AUDITOR)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_numbers = count(1)
_phones = count(0)


class Borrower(msgspec.Struct, frozen=True):
    """Ids of a person with one loan. `installments` are in the order they were given."""

    person: int
    loan: int
    case: int
    installments: tuple[int, ...]
    external_id: str  # of the person
    loan_id: str  # the loan's external id
    phone: int | None = None  # ids of addresses
    email: int | None = None


def keyring() -> Keyring:
    """One fixed key: what one test sealed, another opens."""
    return Keyring({"test": bytes(range(32))}, "test", os.urandom)


def office_of(engine: AsyncEngine) -> Office:
    """The office as bootstrap wires it, on a test's engine."""
    return Office(engine, keyring())


async def empty(engine: AsyncEngine) -> None:
    """Remove every row, those of the audit record too: ids start at 1 again."""
    async with engine.begin() as connection:
        raw = await Raw.of(connection)
        rows = await raw.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
            "AND tablename <> 'alembic_version'"
        )
        tables = ", ".join(row[0] for row in rows)
        for guarded in ("events", "seals"):
            await raw.run(f"ALTER TABLE {guarded} DISABLE TRIGGER ALL")
        await raw.run(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        for guarded in ("events", "seals"):
            await raw.run(f"ALTER TABLE {guarded} ENABLE ALWAYS TRIGGER {guarded}_only_grow")


class Book:
    """Writes rows as an import would leave them. `source` is the feed that the rows come from."""

    def __init__(self, office: Office, source: str = "core") -> None:
        self.office = office
        self.source = source

    async def portfolio(self, code: str = "acme", **changes: Any) -> int:
        """A portfolio in Berlin and EUR under the house pack; the keys of its file may be changed."""
        spec = PortfolioSpec.model_validate(
            {
                "portfolio": code,
                "name": "Acme Credit Ltd",
                "brand": "Acme Credit",
                "country": "DE",
                "zone": "Europe/Berlin",
                "currency": "EUR",
                "pay": {"en": "https://pay.example.com/{reference}"},
                **changes,
            }
        )
        async with self.office.transaction() as raw:
            return (await save(raw, spec))[0]

    async def strategy(self, name: str = "gentle", text: str | None = None, at: datetime = LONG_AGO) -> int:
        """Publish a shipped strategy, or `text`; the version's id."""
        text = shipped_strategies()[name] if text is None else text
        read = read_strategy(text, name)
        async with self.office.transaction() as raw:
            return (await publish_version(raw, read.name, read.digest, text, at, "test"))[0]

    async def feed(self, portfolio: int, fed_at: datetime) -> None:
        """Payments of the portfolio are known up to `fed_at`."""
        async with self.office.transaction() as raw:
            await raw.run(
                "INSERT INTO feeds VALUES ($1, $2, $3) "
                "ON CONFLICT (portfolio_id, source) DO UPDATE SET fed_at = EXCLUDED.fed_at",
                portfolio,
                self.source,
                fed_at,
            )

    async def person(
        self,
        external_id: str | None = None,
        *,
        name: str = "Ann Example",
        zones: Sequence[str] = ("Europe/Berlin",),
        language: str | None = "en",
        country: str | None = "DE",
        region: str | None = None,
    ) -> tuple[int, str]:
        """(id, external id)."""
        external_id = external_id or f"b{next(_numbers)}"
        async with self.office.transaction() as raw:
            (person,) = await raw.ids("persons", 1)
            await raw.run(
                "INSERT INTO persons (id, source, external_id, name, language, zones, country, region, "
                "feed_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                person,
                self.source,
                external_id,
                self.office.keyring.seal("persons", "name", person, name),
                language,
                list(zones),
                country,
                region,
                digest("person", external_id),
            )
            await keep_tokens(raw, [(token, person) for token in name_tokens(self.office.keyring, name)])
        return person, external_id

    async def address(
        self,
        person: int,
        kind: str = "email",
        value: str | None = None,
        *,
        state: str = "attested",
        shared: bool = False,
        seen_at: datetime = LONG_AGO,
    ) -> int:
        """An address of the person: kind phone | email | chat; by default one of its own."""
        ring = self.office.keyring
        if value is None:
            n = next(_phones)
            value = {"phone": f"+1{201 + n // 100}555{100 + n % 100:04}", "email": f"b{n}@example.org"}.get(
                kind, str(7_000_000 + n)
            )
        normal = {"phone": normal_phone, "email": normal_email}.get(kind, str)(value)
        async with self.office.transaction() as raw:
            (address,) = await raw.ids("addresses", 1)
            await raw.run(
                "INSERT INTO addresses (id, person_id, kind, value, token, state, shared, seen_at) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                address,
                person,
                kind,
                ring.seal("addresses", "value", address, normal),
                ring.token(kind, normal),
                state,
                shared,
                seen_at,
            )
            if kind == "phone":
                await keep_tokens(raw, [(tail_token(ring, normal), person)])
        return address

    async def loan(
        self,
        person: int,
        portfolio: int,
        installments: Sequence[tuple[date, int]],
        *,
        strategy: int | None,
        external_id: str | None = None,
        since: datetime = LONG_AGO,
        made_on: date | None = None,
        currency: str = "EUR",
        zone: str = "Europe/Berlin",
        status: str = "active",
        product: str | None = "Consumer",
        look_at: datetime | None = LONG_AGO,
        role: str = "borrower",
    ) -> tuple[int, str, int, tuple[int, ...]]:
        """A loan of (due date, principal in minor units); (id, external id, case, installment ids).

        The person's case with the portfolio is opened where there is none, to be looked at from `look_at`.
        """
        external_id = external_id or f"L{next(_numbers)}"
        made_on = made_on or min((due for due, _ in installments), default=since.date()) - timedelta(days=30)
        async with self.office.transaction() as raw:
            (loan,) = await raw.ids("loans", 1)
            await raw.run(
                "INSERT INTO loans (id, portfolio_id, source, external_id, product, currency, "
                "principal_minor, made_on, status, zone, strategy_version_id, governed_since, feed_digest) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                loan,
                portfolio,
                self.source,
                external_id,
                product,
                currency,
                sum(amount for _, amount in installments),
                made_on,
                status,
                zone,
                strategy,
                since,
                digest("loan", external_id),
            )
            ids = await raw.ids("installments", len(installments))
            for number, (id_, (due, amount)) in enumerate(zip(ids, installments, strict=True), 1):
                await raw.run(
                    "INSERT INTO installments (id, loan_id, external_id, number, due_on, principal_minor, "
                    "interest_minor, fees_minor, penalties_minor, feed_digest) "
                    "VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7)",
                    id_,
                    loan,
                    str(number),
                    number,
                    due,
                    amount,
                    digest("installment", f"{external_id}/{number}"),
                )
            case = await self._party(raw, loan, person, portfolio, role, since, look_at)
        return loan, external_id, case, tuple(ids)

    async def party(
        self, loan: int, person: int, role: str = "co-borrower", look_at: datetime = LONG_AGO
    ) -> int:
        """Make the person a party to the loan as well; their case."""
        async with self.office.transaction() as raw:
            portfolio = await raw.value("SELECT portfolio_id FROM loans WHERE id = $1", loan)
            return await self._party(raw, loan, person, portfolio, role, LONG_AGO, look_at)

    async def _party(
        self,
        raw: Raw,
        loan: int,
        person: int,
        portfolio: int,
        role: str,
        since: datetime,
        look_at: datetime | None,
    ) -> int:
        case = await raw.value(
            "INSERT INTO cases (person_id, portfolio_id, opened_at, next_look_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (person_id, portfolio_id) DO UPDATE SET next_look_at = "
            "least(cases.next_look_at, EXCLUDED.next_look_at) RETURNING id",
            person,
            portfolio,
            since,
            look_at,
        )
        await raw.run("INSERT INTO parties VALUES ($1, $2, $3, $4)", loan, person, role, case)
        return case

    async def borrower(
        self,
        portfolio: int,
        installments: Sequence[tuple[date, int]],
        *,
        strategy: int | None,
        phone: bool = True,
        email: bool = True,
        external_id: str | None = None,
        zones: Sequence[str] = ("Europe/Berlin",),
        country: str | None = "DE",
        **of_loan: Any,
    ) -> Borrower:
        """A person with a phone and a mailbox of their own, and one loan (see `loan`)."""
        person, name = await self.person(external_id, zones=zones, country=country)
        phone_id = await self.address(person, "phone") if phone else None
        email_id = await self.address(person, "email") if email else None
        loan_external_id = of_loan.pop("loan_id", None)
        loan, loan_id, case, ids = await self.loan(
            person, portfolio, installments, strategy=strategy, external_id=loan_external_id, **of_loan
        )
        return Borrower(person, loan, case, ids, name, loan_id, phone_id, email_id)

    async def pay(
        self,
        loan: int | Borrower,
        amount: int,
        on: date,
        *,
        at: datetime | None = None,
        external_id: str | None = None,
        installment: int | None = None,
    ) -> int:
        """A payment in minor units, allocated by the portfolio's terms; its cases are touched at `at`."""
        received = Money(_loan(loan), amount, on, external_id or f"p{next(_numbers)}", installment)
        return await receive(self.office, received, at)

    async def reverse(
        self, loan: int | Borrower, payment: int, on: date, *, at: datetime | None = None
    ) -> int:
        """Take a payment back."""
        taken_back = Money(_loan(loan), 0, on, f"p{next(_numbers)}", reverses=payment)
        return await receive(self.office, taken_back, at)

    async def hold(
        self,
        person: int,
        kind: str = "dispute",
        *,
        loan: int | None = None,
        start: datetime = LONG_AGO,
        end: datetime | None = None,
        at: datetime = LONG_AGO,
    ) -> None:
        """A hold of the person, or of one loan; the person's cases are touched at `at`."""
        async with self.office.transaction() as raw:
            await raw.run(
                "INSERT INTO holds (person_id, loan_id, kind, starts_at, ends_at, recorded_at, recorded_by) "
                "VALUES ($1, $2, $3, $4, $5, $6, 'test')",
                person,
                loan,
                kind,
                start,
                end,
                at,
            )
            await self._touch_person(raw, person, at)

    async def consent(self, person: int, channel: str, state: str, at: datetime) -> None:
        """What the person said of a channel: granted | revoked; their cases are touched at `at`."""
        async with self.office.transaction() as raw:
            await raw.run(
                "INSERT INTO consents (person_id, channel, state, at, source) "
                "VALUES ($1, $2, $3, $4, 'reply')",
                person,
                channel,
                state,
                at,
            )
            await self._touch_person(raw, person, at)

    async def _touch_person(self, raw: Raw, person: int, at: datetime) -> None:
        rows = await raw.rows("SELECT id FROM cases WHERE person_id = $1", person)
        await touch(raw, [row[0] for row in rows], at)

    async def sql(self, statement: str, *parameters: object) -> list[Any]:
        """What a test does to the rows by hand, and the rows it reads back."""
        async with self.office.transaction() as raw:
            return await raw.rows(statement, *parameters)


def _loan(loan: int | Borrower) -> int:
    return loan.loan if isinstance(loan, Borrower) else loan
