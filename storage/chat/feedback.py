"""What borrowers say of how it was, when a loan is settled: a word, and perhaps their own words, sealed."""

from datetime import datetime

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
