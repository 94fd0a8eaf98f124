"""Numbers of the staff, whose each is, and the SMS that go there: begun once, so that none is said twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Number(msgspec.Struct, frozen=True):
    """A number that waits for its code (`confirmed` False), or is somebody's."""

    id: int
    staff: int
    expires_at: datetime
    failures: int
    confirmed: bool


class Writer(msgspec.Struct, frozen=True):
    """Whose number an SMS came from, and in which language they are answered."""

    number: int
    staff: int
    language: str


class Echo(msgspec.Struct, frozen=True):
    """Lines that were read back and wait, or waited, for a yes. `asks` is opened."""

    id: int
    asks: str
    failures: int
    settled: bool


class Due(msgspec.Struct, frozen=True):
    """An SMS that goes to somebody of the staff now, opened."""

    id: int
    to: str
    body: str
    language: str


_LANGUAGE: Final = (
    "coalesce((SELECT c.language FROM chats c WHERE c.staff_id = n.staff_id ORDER BY c.id LIMIT 1), 'en')"
)


_BEGIN: Final = f"""
WITH due AS (SELECT t.id FROM staff_texts t WHERE t.begun_at IS NULL AND t.planned_at > $2
             ORDER BY t.id LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE staff_texts t SET begun_at = $1 FROM due, staff_numbers n
WHERE t.id = due.id AND n.id = t.number_id
RETURNING t.id, n.id AS number, n.value, t.body, {_LANGUAGE}
"""  # noqa: S608, a constant


async def add(
    raw: Raw, keyring: Keyring, staff: int, value: str, token: bytes, now: datetime, expires: datetime
) -> int:
    """A number that waits for its code; what somebody had before is theirs no more. Its id."""
    await end(raw, staff, now)
    (number,) = await raw.ids("staff_numbers", 1)
    await raw.run(
        "INSERT INTO staff_numbers (id, staff_id, value, token, made_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        number,
        staff,
        keyring.seal("staff_numbers", "value", number, value),
        token,
        now,
        expires,
    )
    return number


async def end(raw: Raw, staff: int, now: datetime) -> int:
    """No number is theirs any more; how many were."""
    return await raw.run(
        "UPDATE staff_numbers SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL", staff, now
    )


async def open_of(raw: Raw, staff: int) -> Number | None:
    """Their number, locked: confirmed, or waiting for its code."""
    rows = await raw.rows(
        "SELECT id, staff_id, expires_at, failures, confirmed_at IS NOT NULL FROM staff_numbers "
        "WHERE staff_id = $1 AND ended_at IS NULL FOR UPDATE",
        staff,
    )
    return Number(*rows[0]) if rows else None


async def is_taken(raw: Raw, token: bytes, staff: int) -> bool:
    """Whether a number is another's of the staff, or on file with a customer."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM staff_numbers WHERE token = $1 AND staff_id <> $2 "
        "AND confirmed_at IS NOT NULL AND ended_at IS NULL) "
        "OR EXISTS (SELECT 1 FROM addresses WHERE token = $1 AND kind = 'phone' AND state <> 'detached')",
        token,
        staff,
    )


async def count_failure(raw: Raw, number: int) -> int:
    """A wrong code was typed, or wrong figures; how many there are by now."""
    return await raw.value(
        "UPDATE staff_numbers SET failures = failures + 1 WHERE id = $1 RETURNING failures", number
    )


async def forget_failures(raw: Raw, number: int) -> None:
    """The figures were right."""
    await raw.run("UPDATE staff_numbers SET failures = 0 WHERE id = $1 AND failures > 0", number)


async def confirm(raw: Raw, number: int, now: datetime) -> None:
    """The number is theirs."""
    await raw.run("UPDATE staff_numbers SET confirmed_at = $2, failures = 0 WHERE id = $1", number, now)


async def writer(raw: Raw, token: bytes) -> Writer | None:
    """Whose number it is, of those who are there."""
    rows = await raw.rows(
        f"SELECT n.id, n.staff_id, {_LANGUAGE} FROM staff_numbers n JOIN staff s ON s.id = n.staff_id "  # noqa: S608, a constant
        "WHERE n.token = $1 AND n.confirmed_at IS NOT NULL AND n.ended_at IS NULL AND s.removed_at IS NULL",
        token,
    )
    return Writer(*rows[0]) if rows else None


# What goes there.


async def plan(
    raw: Raw,
    keyring: Keyring,
    id_: int,
    number: int,
    kind: str,
    body: str,
    now: datetime,
    *,
    asks: str | None = None,
    reply: int | None = None,
) -> None:
    """An SMS goes to the number. `id_`: of `raw.ids("staff_texts", 1)`; `kind`: code | echo | answer."""
    await raw.run(
        "INSERT INTO staff_texts (id, number_id, kind, body, asks, planned_at, reply_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id_,
        number,
        kind,
        keyring.seal("staff_texts", "body", id_, body),
        None if asks is None else keyring.seal("staff_texts", "asks", id_, asks),
        now,
        reply,
    )


async def planned_since(raw: Raw, staff: int, kinds: Sequence[str], since: datetime) -> int:
    """How many SMS of `kinds` went to somebody's numbers after a moment."""
    return await raw.value(
        "SELECT count(*) FROM staff_texts t JOIN staff_numbers n ON n.id = t.number_id "
        "WHERE n.staff_id = $1 AND t.kind = ANY($2) AND t.planned_at > $3",
        staff,
        list(kinds),
        since,
    )


async def echoes(raw: Raw, keyring: Keyring, number: int, since: datetime, limit: int) -> list[Echo]:
    """What was read back to a number, the newest first, locked."""
    rows = await raw.rows(
        "SELECT id, asks, failures, settled_at IS NOT NULL FROM staff_texts WHERE number_id = $1 "
        "AND kind = 'echo' AND planned_at > $2 ORDER BY id DESC LIMIT $3 FOR UPDATE",
        number,
        since,
        limit,
    )
    return [
        Echo(id_, keyring.open("staff_texts", "asks", id_, asks), failures, settled)
        for id_, asks, failures, settled in rows
    ]


async def settle(raw: Raw, text: int, now: datetime) -> None:
    """It was answered with a yes or a no."""
    await raw.run("UPDATE staff_texts SET settled_at = $2 WHERE id = $1 AND settled_at IS NULL", text, now)


async def count_wrong(raw: Raw, text: int) -> None:
    """Somebody said yes with other figures."""
    await raw.run("UPDATE staff_texts SET failures = failures + 1 WHERE id = $1", text)


async def begin(raw: Raw, keyring: Keyring, now: datetime, oldest: datetime, limit: int) -> list[Due]:
    """What is to go now, marked as begun: nobody begins it again. What is older than `oldest` never goes."""
    rows: list[Any] = await raw.rows(_BEGIN, now, oldest, limit)
    found = [
        Due(
            id_,
            keyring.open("staff_numbers", "value", number, value),
            keyring.open("staff_texts", "body", id_, body),
            language,
        )
        for id_, number, value, body, language in rows
    ]
    return sorted(found, key=lambda one: one.id)


async def handed(raw: Raw, text: int, now: datetime) -> None:
    """The provider took it."""
    await raw.run("UPDATE staff_texts SET handed_at = $2 WHERE id = $1", text, now)
