"""Messages that no strategy plans, one contact each: answers, confirmations, a collector's words.

They go the way of every contact: planned, claimed, sent once. What they say is sealed with the message, and
their text is named from the beginning; that is how a claim tells them from what it has to decide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from policy.values import Past
from storage.crypt import CryptError, Keyring
from storage.raw import Raw

log: structlog.stdlib.BoundLogger = structlog.get_logger("storage")


class Answer(msgspec.Struct, frozen=True):
    """A claimed contact of such a message: for what, what it says, and until when that makes sense."""

    contact: int
    message: int
    purpose: str
    template: str
    given: Mapping[str, str]
    expires_at: datetime


async def plan_answer(
    raw: Raw,
    keyring: Keyring,
    case: int,
    person: int,
    address: int,
    channel: str,
    template: str,
    given: Mapping[str, str],
    now: datetime,
    expires_at: datetime,
    *,
    purpose: str = "answer",
) -> int:
    """Plan a message to an address of the person; its contact."""
    (message,) = await raw.ids("messages", 1)
    sealed = keyring.seal("messages", "given", message, msgspec.json.encode(given).decode())
    await raw.run(
        "INSERT INTO messages (id, case_id, step, purpose, planned_at, expires_at, state, given) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)",
        message,
        case,
        template,
        purpose,
        now,
        expires_at,
        sealed,
    )
    return await raw.value(
        "INSERT INTO contacts (message_id, case_id, person_id, address_id, channel, attempt, state, "
        "planned_at, not_before, template) VALUES ($1, $2, $3, $4, $5, 1, 'planned', $6, $6, $7) "
        "RETURNING id",
        message,
        case,
        person,
        address,
        channel,
        now,
        template,
    )


async def planned_to(raw: Raw, person: int, now: datetime) -> list[Past]:
    """What is planned for the person over all their cases and nobody asked for, but by no strategy.

    As it will count once it is sent: at the moment at which it may go.
    """
    rows = await raw.rows(
        "SELECT greatest(c.not_before, $2), c.channel, c.state, c.message_id, c.address_id FROM cases b "
        "JOIN contacts c ON c.case_id = b.id AND c.state IN ('planned', 'claimed') "
        "JOIN messages m ON m.id = c.message_id AND m.given IS NOT NULL AND m.purpose = 'dunning' "
        "WHERE m.expires_at > $2 AND b.person_id = ANY(ARRAY(SELECT $1::bigint UNION SELECT other_id "
        "FROM same_persons WHERE person_id = $1 AND ended_at IS NULL)) ORDER BY c.id",
        person,
        now,
    )
    return [
        Past(at, channel, state, (), message, False, address) for at, channel, state, message, address in rows
    ]


async def planned_before(
    raw: Raw,
    keyring: Keyring,
    case: int,
    person: int,
    channel: str,
    template: str,
    given: Mapping[str, str],
    since: datetime,
    *,
    gone: bool = True,
) -> int | None:
    """The contact that says exactly this already, planned after `since` and neither failed nor cancelled.

    `gone` False: only one that has not been sent yet.
    """
    rows = await raw.rows(
        "SELECT id FROM contacts WHERE case_id = $1 AND state IN ('planned', 'claimed') "
        "AND channel = $3 AND template = $4 AND planned_at > $5 UNION ALL "
        "SELECT id FROM contacts WHERE person_id = $2 AND sent_at > $5 AND case_id = $1 AND $6 "
        "AND channel = $3 AND template = $4 AND planned_at > $5 AND state <> 'failed' ORDER BY 1",
        case,
        person,
        channel,
        template,
        since,
        gone,
    )
    for one in await answers_of(raw, keyring, [row[0] for row in rows]):
        if one.given == given:
            return one.contact
    return None


async def answers_of(raw: Raw, keyring: Keyring, contacts: Sequence[int]) -> list[Answer]:
    """Those among `contacts`, opened; what cannot be is left out, and fails alone."""
    rows = await raw.rows(
        "SELECT c.id, m.id AS message, m.purpose, m.step, m.given, m.expires_at FROM contacts c "
        "JOIN messages m ON m.id = c.message_id WHERE c.id = ANY($1) AND m.given IS NOT NULL ORDER BY c.id",
        contacts,
    )
    found: list[Answer] = []
    for contact, message, purpose, template, given, expires_at in rows:
        try:
            opened = keyring.open("messages", "given", message, given)
        except CryptError as error:
            log.error("unreadable", contact=contact, error=str(error))  # noqa: TRY400 - its cause says no more
            continue
        told = msgspec.json.decode(opened, type=dict[str, str])
        found.append(Answer(contact, message, purpose, template, told, expires_at))
    return found


async def on_its_way(raw: Raw, cases: Sequence[int], template: str) -> set[int]:
    """Those of `cases` for which such a message is planned, or in the air, or nobody knows."""
    rows = await raw.rows(
        "SELECT DISTINCT m.case_id FROM messages m JOIN contacts c ON c.message_id = m.id "
        "WHERE m.case_id = ANY($1) AND m.given IS NOT NULL AND m.step = $2 "
        "AND c.state IN ('planned', 'claimed', 'sending', 'unknown')",
        cases,
        template,
    )
    return {row[0] for row in rows}


async def said_since(raw: Raw, case: int, template: str, since: datetime) -> bool:
    """Whether such a message was planned for the case after `since`, whatever came of it."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM messages WHERE case_id = $1 AND given IS NOT NULL AND step = $2 "
        "AND planned_at > $3)",
        case,
        template,
        since,
    )


async def answered_since(raw: Raw, address: int, since: datetime) -> int:
    """How many such messages were planned to the address after `since`."""
    return await raw.value(
        "SELECT count(*) FROM contacts c JOIN messages m ON m.id = c.message_id "
        "WHERE c.address_id = $1 AND m.given IS NOT NULL AND m.planned_at > $2",
        address,
        since,
    )


async def last_said(
    raw: Raw, keyring: Keyring, address: int, templates: Sequence[str], since: datetime
) -> tuple[int, str, Mapping[str, str]] | None:
    """The latest of these messages that was planned to the address after `since`: (its id, which, given)."""
    rows = await raw.rows(
        "SELECT m.id, m.step, m.given FROM contacts c JOIN messages m ON m.id = c.message_id "
        "WHERE c.address_id = $1 AND m.given IS NOT NULL AND m.step = ANY($2) AND m.planned_at > $3 "
        "ORDER BY m.id DESC LIMIT 1",
        address,
        list(templates),
        since,
    )
    for message, template, given in rows:
        opened = keyring.open("messages", "given", message, given)
        return message, template, msgspec.json.decode(opened, type=dict[str, str])
    return None


async def put_off(raw: Raw, contact: int, until: datetime) -> None:
    """A claimed one that may not go now: planned again for later."""
    await raw.run(
        "UPDATE contacts SET state = 'planned', not_before = $2, leased_by = NULL, leased_until = NULL "
        "WHERE id = $1 AND state = 'claimed'",
        contact,
        until,
    )


async def close(raw: Raw, contacts: Sequence[int], state: str) -> None:
    """Their messages, which nothing follows: cancelled, or failed."""
    await raw.run(
        "UPDATE messages m SET state = $2 FROM contacts c "
        "WHERE c.id = ANY($1) AND m.id = c.message_id AND m.state = 'open' AND m.given IS NOT NULL",
        contacts,
        state,
    )
