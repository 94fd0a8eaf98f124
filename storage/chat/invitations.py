"""Who may be sent a link to the chat, and to which address of theirs."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.raw import Raw


class Invitee(msgspec.Struct, frozen=True):
    """A person, their id on the tape, and the address where a link may go; None: there is none."""

    person: int
    external_id: str
    address: int | None
    kind: str | None


# Theirs alone and vouched for: what they answered at before first, then a phone, where a link opens the app.
_BEST = """
SELECT p.id, p.external_id, a.id AS address, a.kind FROM persons p
LEFT JOIN LATERAL (
  SELECT a.id, a.kind FROM addresses a
  WHERE a.person_id = p.id AND a.kind IN ('phone', 'email') AND a.state IN ('attested', 'confirmed')
    AND NOT a.shared
    AND coalesce((SELECT c.state FROM consents c WHERE c.person_id = p.id
                  AND c.channel = CASE a.kind WHEN 'phone' THEN 'sms' ELSE 'email' END
                  ORDER BY c.at DESC, c.id DESC LIMIT 1), '') <> 'revoked'
  ORDER BY a.state = 'confirmed' DESC, a.kind = 'phone' DESC, a.seen_at DESC, a.id LIMIT 1) a ON true
"""
_WAITING = (
    "EXISTS (SELECT 1 FROM chat_proofs l WHERE l.person_id = p.id AND l.kind = 'link' "
    "AND l.ended_at IS NULL AND l.expires_at > $2)"
)
_LINKED = "EXISTS (SELECT 1 FROM chats h WHERE h.person_id = p.id)"


async def invitees(raw: Raw, persons: Sequence[int]) -> list[Invitee]:
    """The persons, each with the best address for a link."""
    return [Invitee(*row) for row in await raw.rows(_BEST + "WHERE p.id = ANY($1) ORDER BY p.id", persons)]


async def to_invite(raw: Raw, portfolio: int, now: datetime) -> list[Invitee]:
    """Everybody who owes the portfolio something, has no chat, and has no link that is still good."""
    rows = await raw.rows(
        _BEST + "WHERE p.id IN (SELECT pa.person_id FROM parties pa JOIN loans l ON l.id = pa.loan_id "  # noqa: S608
        "JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0 "
        "WHERE l.portfolio_id = $1 AND l.status = 'active') "
        f"AND NOT {_WAITING} AND NOT {_LINKED} ORDER BY p.id",
        portfolio,
        now,
    )
    return [Invitee(*row) for row in rows]
