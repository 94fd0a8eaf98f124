"""What a case's page shows beside its card: addresses, holds that bind, and the rungs that were reached."""

from datetime import datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class AddressRow(msgspec.Struct, frozen=True):
    """An address on file. `value` is opened."""

    id: int
    kind: str
    value: str
    state: str
    shared: bool


class HoldRow(msgspec.Struct, frozen=True):
    """A hold that binds. `loan`: its external id; None: the person."""

    id: int
    kind: str
    loan: str | None
    starts_at: datetime
    ends_at: datetime | None


class Reached(msgspec.Struct, frozen=True):
    """A rung for the installment that leads: its state, when, and the first reason where it was not said."""

    step: str
    state: str
    at: datetime
    reason: str | None


class Ladder(msgspec.Struct, frozen=True):
    """Of the loan that is late the longest (else whose next payment comes first): its strategy and rungs."""

    loan: str
    version: int | None
    reached: tuple[Reached, ...]


_ADDRESSES: Final = """
SELECT id, kind, value, state, shared FROM addresses
WHERE person_id = $1 AND kind <> 'chat' ORDER BY state = 'detached', replaced_at IS NOT NULL, id
"""
_HOLDS: Final = """
SELECT h.id, h.kind, l.external_id, h.starts_at, h.ends_at FROM holds h LEFT JOIN loans l ON l.id = h.loan_id
WHERE h.starts_at <= $3 AND (h.ends_at IS NULL OR h.ends_at > $3)
  AND (h.person_id = $2 AND h.loan_id IS NULL
       OR h.loan_id IN (SELECT q.loan_id FROM parties q WHERE q.case_id = $1))
ORDER BY h.starts_at, h.id
"""
_LEADS: Final = """
SELECT l.id, l.external_id, l.strategy_version_id, i.id FROM parties pa JOIN loans l ON l.id = pa.loan_id
LEFT JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0
WHERE pa.case_id = $1 AND l.status = 'active' ORDER BY i.due_on NULLS LAST, l.id, i.number LIMIT 1
"""
_REACHED: Final = """
SELECT DISTINCT ON (o.step) o.step, o.state, coalesce(o.ended_at, o.due_at), o.reason FROM occurrences o
WHERE o.case_id = $1 AND o.loan_id = $2 AND (o.anchor_id = $3 OR o.anchor <> 'installment')
ORDER BY o.step, o.due_at DESC, o.id DESC
"""


async def addresses_of(raw: Raw, keyring: Keyring, person: int) -> list[AddressRow]:
    """Numbers and mailboxes of the person, those that are somebody else's last."""
    return [
        AddressRow(id_, kind, keyring.open("addresses", "value", id_, value), state, shared)
        for id_, kind, value, state, shared in await raw.rows(_ADDRESSES, person)
    ]


async def holds_now(raw: Raw, case: int, person: int, now: datetime) -> list[HoldRow]:
    """The holds that bind the case at `now`."""
    return [HoldRow(*row) for row in await raw.rows(_HOLDS, case, person, now)]


async def ladder_of(raw: Raw, case: int) -> Ladder | None:
    """Where the case stands on its ladder; None: nothing of it is to be collected."""
    rows: list[Any] = await raw.rows(_LEADS, case)
    if not rows:
        return None
    loan, external_id, version, installment = rows[0]
    reached = await raw.rows(_REACHED, case, loan, installment)
    return Ladder(external_id, version, tuple(Reached(*row) for row in reached))
