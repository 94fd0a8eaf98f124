"""What somebody of the staff sends to themselves to look at: to which address of theirs, and that once."""

from datetime import datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Ways(msgspec.Struct, frozen=True):
    """The addresses that are somebody's own, opened: a confirmed number, the chat they work in.

    `mailbox`: the keyed token of the mailbox that single sign-on has checked; the mailbox is not stored.
    """

    sms: str | None
    chat: str | None
    mailbox: bytes | None


class Due(msgspec.Struct, frozen=True):
    """What goes out now, opened. `body`: JSON of messages.body.Body."""

    id: int
    channel: str
    language: str
    recipient: str
    body: str


_WAYS = """
SELECT n.id, n.value, c.id, c.value, a.mailbox
FROM staff s
LEFT JOIN staff_numbers n ON n.staff_id = s.id AND n.confirmed_at IS NOT NULL AND n.ended_at IS NULL
LEFT JOIN LATERAL (SELECT id, value FROM chats WHERE staff_id = s.id ORDER BY id LIMIT 1) c ON true
LEFT JOIN staff_accounts a ON a.staff_id = s.id AND a.subject IS NOT NULL
WHERE s.id = $1 AND s.removed_at IS NULL
"""
_BEGIN = """
WITH due AS (SELECT id FROM tried_texts WHERE begun_at IS NULL AND planned_at > $2
             ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE tried_texts t SET begun_at = $1 FROM due WHERE t.id = due.id
RETURNING t.id, t.channel, t.language, t.recipient, t.body
"""


async def ways_of(raw: Raw, keyring: Keyring, staff: int) -> Ways:
    """Where somebody can be reached themselves."""
    for number, value, chat, telegram, mailbox in await raw.rows(_WAYS, staff):
        return Ways(
            None if number is None else keyring.open("staff_numbers", "value", number, value),
            None if chat is None else keyring.open("chats", "value", chat, telegram),
            mailbox,
        )
    return Ways(None, None, None)


async def is_customers(raw: Raw, token: bytes) -> bool:
    """Whether an address is on file with anybody in the book."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM addresses WHERE token = $1 AND state <> 'detached')", token
    )


async def plan(
    raw: Raw, keyring: Keyring, staff: int, channel: str, language: str, to: str, body: str, now: datetime
) -> int:
    """It goes out soon; its id."""
    (id_,) = await raw.ids("tried_texts", 1)
    await raw.run(
        "INSERT INTO tried_texts (id, staff_id, channel, language, recipient, body, planned_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id_,
        staff,
        channel,
        language,
        keyring.seal("tried_texts", "recipient", id_, to),
        keyring.seal("tried_texts", "body", id_, body),
        now,
    )
    return id_


async def planned_since(raw: Raw, staff: int, since: datetime) -> int:
    """How many somebody has sent themselves after a moment."""
    return await raw.value(
        "SELECT count(*) FROM tried_texts WHERE staff_id = $1 AND planned_at > $2", staff, since
    )


async def begin(raw: Raw, keyring: Keyring, now: datetime, oldest: datetime, limit: int) -> list[Due]:
    """What is to go now, marked as begun: nobody begins it again. What is older than `oldest` never goes."""
    rows = await raw.rows(_BEGIN, now, oldest, limit)
    found = [
        Due(
            id_,
            channel,
            language,
            keyring.open("tried_texts", "recipient", id_, recipient),
            keyring.open("tried_texts", "body", id_, body),
        )
        for id_, channel, language, recipient, body in rows
    ]
    return sorted(found, key=lambda one: one.id)


async def handed(raw: Raw, id_: int, code: str | None, now: datetime) -> None:
    """The provider took it, or (`code`) is not known to have."""
    await raw.run(
        "UPDATE tried_texts SET handed_at = CASE WHEN $2::text IS NULL THEN $3::timestamptz END, code = $2 "
        "WHERE id = $1",
        id_,
        code,
        now,
    )
