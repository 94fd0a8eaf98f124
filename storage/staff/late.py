"""What a late entry names: loans and cases by what is written, and what was entered before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from storage.raw import Raw
from storage.recorded import OURS


class Named(msgspec.Struct, frozen=True):
    """A case that was named, its zone, and the loans meant: ids of those owed to us, by their currency."""

    case: int
    portfolio: int
    zone: str
    loans: Mapping[str, tuple[int, ...]]


_SHOWN: Final = timedelta(hours=12)  # before it was called, and a little after: clocks differ


class Known(msgspec.Struct, frozen=True):
    """What an outcome says that was entered before. `amount`: minor units, of `loans` (ids)."""

    amount: int | None
    due: date | None
    rings: datetime | None
    loans: Sequence[int]


_LOANS: Final = f"""
SELECT upper(l.external_id), pa.case_id, l.portfolio_id, p.zones[1],
       CASE WHEN l.status IN {OURS} THEN l.id END, l.currency
FROM loans l JOIN parties pa ON pa.loan_id = l.id AND pa.role = 'borrower'
JOIN persons p ON p.id = pa.person_id
WHERE upper(l.external_id) = ANY($1) AND l.portfolio_id = ANY($2)
"""  # noqa: S608, a constant
_CASES: Final = f"""
SELECT 'K' || c.id, c.id, c.portfolio_id, p.zones[1],
       CASE WHEN l.status IN {OURS} THEN l.id END, l.currency
FROM cases c JOIN persons p ON p.id = c.person_id JOIN parties pa ON pa.case_id = c.id
JOIN loans l ON l.id = pa.loan_id
WHERE c.id = ANY($1) AND c.portfolio_id = ANY($2) ORDER BY l.id
"""  # noqa: S608, a constant


async def named(raw: Raw, written: Sequence[str], portfolios: Sequence[int]) -> dict[str, Named]:
    """By what is written (in capitals): a loan's number, or K17. What several sources have names nothing."""
    codes = [int(one[1:]) for one in written if one[:1] == "K" and one[1:].isdecimal() and len(one) < 19]
    loans = await raw.rows(_LOANS, list(set(written)), list(portfolios))
    cases = await raw.rows(_CASES, codes, list(portfolios))
    names = Counter([*(row[0] for row in loans), *{row[0] for row in cases}])
    found: dict[str, Named] = {}
    for name, case, portfolio, zone, loan, currency in (*loans, *cases):
        before = found.get(name, Named(case, portfolio, zone, {}))
        if loan is not None:
            with_it = {**before.loans, currency: (*before.loans.get(currency, ()), loan)}
            before = msgspec.structs.replace(before, loans=with_it)
        found[name] = before
    return {name: one for name, one in found.items() if names[name] < 2}


async def known(raw: Raw, key: str) -> Known | None:
    """What was entered under `key`."""
    rows = await raw.rows(
        "SELECT amount_minor, due_on, starts_at, loan_ids FROM outcomes WHERE key = $1", key
    )
    return Known(*rows[0]) if rows else None


async def standing_key(raw: Raw, key: str) -> str:
    """The key under which an entry stands, or may be made anew: one that was taken back keeps its own."""
    while undone := await raw.value("SELECT id FROM outcomes WHERE key = $1 AND undone_at IS NOT NULL", key):
        key = f"{key}/{undone}"
    return key


async def outstanding(raw: Raw, loans: Sequence[int]) -> int:
    """What is unpaid of loans of one currency, in minor units."""
    return await raw.value(
        "SELECT coalesce(sum(left_minor), 0)::bigint FROM installments WHERE loan_id = ANY($1)", list(loans)
    )


async def worked_by(raw: Raw, case: int, staff: int, name: str, since: datetime) -> str | None:
    """`name`, where they had the case at hand since a moment and it is nobody's now."""
    had = await raw.value(
        "SELECT EXISTS (SELECT 1 FROM turns WHERE case_id = $1 AND staff_id = $2 AND began_at >= $3) "
        "AND NOT EXISTS (SELECT 1 FROM assignments WHERE case_id = $1)",
        case,
        staff,
        since,
    )
    return name if had else None


async def phone_of(raw: Raw, case: int, staff: int, at: datetime) -> int | None:
    """The number that was called: the one shown to them before a moment, else the one that would be."""
    shown = await raw.value(
        "SELECT s.address_id FROM showings s JOIN turns t ON t.id = s.turn_id WHERE s.case_id = $1 "
        "AND t.staff_id = $2 AND s.called AND s.at > $3 AND s.at <= $4 ORDER BY s.id DESC LIMIT 1",
        case,
        staff,
        at - _SHOWN,
        at + _SHOWN / 12,
    )
    return shown or await raw.value(
        "SELECT a.id FROM addresses a JOIN cases c ON c.person_id = a.person_id WHERE c.id = $1 "
        "AND a.kind = 'phone' AND a.state NOT IN ('suspended', 'detached') "
        "ORDER BY array_position(ARRAY['confirmed', 'attested', 'unverified'], a.state), a.seen_at DESC "
        "LIMIT 1",
        case,
    )
