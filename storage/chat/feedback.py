"""What borrowers say of how it was, when a loan is settled: a word, and perhaps their own words, sealed."""

from datetime import date, datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


async def keep_feedback(
    raw: Raw,
    keyring: Keyring,
    case: int,
    loan: int,
    rating: str,
    words: str | None,
    update: int | None,
    now: datetime,
) -> int | None:
    """Keep it; None where it was said of that loan before."""
    (id_,) = await raw.ids("feedback", 1)
    return await raw.value(
        "INSERT INTO feedback (id, case_id, loan_id, rating, words, at, update_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, loan_id) DO NOTHING RETURNING id",
        id_,
        case,
        loan,
        rating,
        None if words is None else keyring.seal("feedback", "words", id_, words),
        now,
        update,
    )


class Settled(msgspec.Struct, frozen=True):
    """A case on which nothing is unpaid any more, and the chat of whose it is, as an address."""

    case: int
    person: int
    address: int


async def settled(raw: Raw, text: str, since: date, limit: int) -> list[Settled]:
    """Cases whose last loan was paid off on `since` or later, of persons with a chat.

    Without those who said how it was, and those to whom `text` was planned already.
    """
    rows = await raw.rows(
        "SELECT k.id, k.person_id, c.address_id FROM chats c "
        "JOIN addresses a ON a.id = c.address_id AND a.state = 'linked' "
        "JOIN cases k ON k.person_id = c.person_id "
        "WHERE EXISTS (SELECT 1 FROM parties pa JOIN payments p ON p.loan_id = pa.loan_id "
        "              WHERE pa.case_id = k.id AND p.received_on >= $2) "
        "AND NOT EXISTS (SELECT 1 FROM parties pa JOIN loans l ON l.id = pa.loan_id "
        "                LEFT JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0 "
        "                WHERE pa.case_id = k.id AND (l.status = 'written_off' OR i.id IS NOT NULL)) "
        "AND NOT EXISTS (SELECT 1 FROM feedback f WHERE f.case_id = k.id) "
        "AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.case_id = k.id AND m.step = $1) "
        "ORDER BY k.id LIMIT $3",
        text,
        since,
        limit,
    )
    return [Settled(*row) for row in rows]
