"""What a text is filled with, read at the claim: the person, the address, the figures of the loans."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
import structlog

from ledger.standing import Unpaid
from storage.addresses import REACH, STATE_NOW
from storage.crypt import CryptError, Keyring
from storage.raw import Raw

log: structlog.stdlib.BoundLogger = structlog.get_logger("storage")


class Recipient(msgspec.Struct, frozen=True):
    """Whom a contact reaches, opened for this one sending."""

    name: str | None
    language: str | None
    country: str | None
    to: str
    state: str  # of the address
    shared: bool  # with another person
    wrote_at: datetime | None = None  # in a chat of theirs, to some minutes


class LoanFigures(msgspec.Struct, frozen=True):
    """What a loan owes as of now."""

    id: int
    external_id: str
    product: str | None
    currency: str
    zone: str
    unpaid: tuple[Unpaid, ...]


_RECIPIENTS: Final = f"""
WITH {REACH}
SELECT c.id, c.person_id, p.name, p.language, p.country, c.address_id, a.value,
       {STATE_NOW.format(now="$2")} AS state, a.shared,
       (SELECT max(w.seen_at) FROM chats w WHERE w.person_id = c.person_id) AS wrote_at
FROM contacts c JOIN persons p ON p.id = c.person_id JOIN addresses a ON a.id = c.address_id
JOIN cases b ON b.id = c.case_id JOIN reach ON reach.portfolio_id = b.portfolio_id
WHERE c.id = ANY($1)
"""  # noqa: S608, constants
_FIGURES: Final = """
SELECT l.id, l.external_id, l.product, l.currency, l.zone, i.id AS installment, i.due_on, i.left_minor
FROM loans l JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0
WHERE l.id = ANY($1) ORDER BY l.id, i.due_on, i.number, i.id
"""


async def to_be_said(
    raw: Raw, keyring: Keyring, contacts: Sequence[int], loans: Sequence[int], now: datetime
) -> tuple[dict[int, Recipient], dict[int, LoanFigures]]:
    """By contact, whom it reaches; by loan, what it owes.

    A contact whose name or address is not what was sealed is left out: it fails alone. A loan that owes
    nothing is left out; of the others every installment that is not fully paid is told, by due date.
    """
    recipients, figures = await raw.many((_RECIPIENTS, contacts, now), (_FIGURES, loans))
    return _recipients(keyring, recipients), _figures(figures)


def _recipients(keyring: Keyring, rows: Sequence[Any]) -> dict[int, Recipient]:
    found: dict[int, Recipient] = {}
    for contact, person, name, language, country, address, value, state, shared, wrote_at in rows:
        try:
            opened = None if name is None else keyring.open("persons", "name", person, name)
            to = keyring.open("addresses", "value", address, value)
        except CryptError as error:
            log.error("unreadable", contact=contact, error=str(error))  # noqa: TRY400 - its cause says no more
            continue
        found[contact] = Recipient(opened, language, country, to, state, shared, wrote_at)
    return found


async def recipient_at(raw: Raw, keyring: Keyring, case: int, address: int, now: datetime) -> Recipient:
    """Whom an address reaches, for a case of its person. Raises CryptError."""
    (row,) = await raw.rows(
        f"WITH {REACH} SELECT p.id, p.name, p.language, p.country, a.value, "  # noqa: S608, constants
        f"{STATE_NOW.format(now='$3')} AS state, a.shared "
        "FROM addresses a JOIN persons p ON p.id = a.person_id JOIN cases b ON b.person_id = p.id "
        "JOIN reach ON reach.portfolio_id = b.portfolio_id WHERE a.id = $1 AND b.id = $2",
        address,
        case,
        now,
    )
    person, name, language, country, value, state, shared = row
    opened = None if name is None else keyring.open("persons", "name", person, name)
    return Recipient(
        opened, language, country, keyring.open("addresses", "value", address, value), state, shared
    )


async def figures(raw: Raw, loans: Sequence[int]) -> dict[int, LoanFigures]:
    """By loan, what it owes; as `to_be_said`."""
    return _figures(await raw.rows(_FIGURES, loans))


def _figures(rows: Sequence[Any]) -> dict[int, LoanFigures]:
    unpaid: dict[int, list[Unpaid]] = {}
    heads: dict[int, tuple[str, str | None, str, str]] = {}
    for loan, external_id, product, currency, zone, installment, due_on, left in rows:
        heads[loan] = (external_id, product, currency, zone)
        due: date = due_on
        unpaid.setdefault(loan, []).append(Unpaid(installment, due, left))
    return {loan: LoanFigures(loan, *head, tuple(unpaid[loan])) for loan, head in heads.items()}
