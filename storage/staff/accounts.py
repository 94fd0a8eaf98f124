"""Accounts of the console: what lets somebody of the staff in, and how they like their pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.people import StaffRow, of_id


class Account(msgspec.Struct, frozen=True):
    """What somebody must show. `password`: argon2id; `seed`: of the second step, base32."""

    staff: int
    password: str | None
    seed: str | None
    changed_at: datetime


async def account(raw: Raw, keyring: Keyring, staff: int) -> Account | None:
    """The account of somebody of the staff; None: they have none."""
    rows = await raw.rows("SELECT password, totp, changed_at FROM staff_accounts WHERE staff_id = $1", staff)
    if not rows:
        return None
    password, sealed, changed = rows[0]
    seed = None if sealed is None else keyring.open("staff_accounts", "totp", staff, sealed)
    return Account(staff, password, seed, changed)


async def account_named(raw: Raw, keyring: Keyring, name: str) -> Account | None:
    """The same of whoever is called so and is there, in whatever case it is written."""
    staff = await raw.value(
        "SELECT id FROM staff WHERE lower(name) = lower($1) AND removed_at IS NULL ORDER BY name <> $1, id "
        "LIMIT 1",
        name,
    )
    return None if staff is None else await account(raw, keyring, staff)


async def set_secrets(
    raw: Raw, keyring: Keyring, staff: int, password: str, seed: str, step: int, now: datetime
) -> None:
    """A new password and a new second step, of which `step` was used already."""
    await raw.run(
        "INSERT INTO staff_accounts (staff_id, password, totp, totp_step, changed_at) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (staff_id) DO UPDATE SET password = EXCLUDED.password, "
        "totp = EXCLUDED.totp, totp_step = EXCLUDED.totp_step, changed_at = EXCLUDED.changed_at",
        staff,
        password,
        keyring.seal("staff_accounts", "totp", staff, seed),
        step,
        now,
    )


async def set_password(raw: Raw, staff: int, password: str, now: datetime) -> None:
    """Another password; the second step stays."""
    await raw.run(
        "UPDATE staff_accounts SET password = $2, changed_at = $3 WHERE staff_id = $1", staff, password, now
    )


async def use_step(raw: Raw, staff: int, step: int) -> bool:
    """Whether this step (or a later one) was not used before; it is from now on."""
    return bool(
        await raw.run(
            "UPDATE staff_accounts SET totp_step = $2 WHERE staff_id = $1 "
            "AND (totp_step IS NULL OR totp_step < $2)",
            staff,
            step,
        )
    )


async def forget_secrets(raw: Raw, staff: int) -> None:
    """Nothing lets them in any more; how they like their pages goes too."""
    await raw.run("DELETE FROM staff_accounts WHERE staff_id = $1", staff)


async def link_open(raw: Raw, link: int, now: datetime, *, lock: bool = False) -> StaffRow | None:
    """Whose account the link would make now; None where it opens nothing (any more).

    With `lock` nobody else uses it meanwhile. One that a chat was opened with makes the account too, unless
    they were invited again since.
    """
    tail = " FOR UPDATE OF l" if lock else ""
    staff = await raw.value(
        "SELECT l.staff_id FROM staff_links l JOIN staff s ON s.id = l.staff_id "  # noqa: S608
        "WHERE l.id = $1 AND l.joined_at IS NULL AND l.expires_at > $2 AND l.made_at >= s.invited_at "
        f"AND (l.ended_at IS NULL OR l.outcome = 'used'){tail}",
        link,
        now,
    )
    return None if staff is None else await of_id(raw, staff)


async def join(raw: Raw, link: int, now: datetime) -> None:
    """The link has made an account, and makes no other."""
    await raw.run("UPDATE staff_links SET joined_at = $2 WHERE id = $1", link, now)


async def open_link_of(raw: Raw, staff: int, now: datetime) -> tuple[int, datetime] | None:
    """(id, until when) of the link that would still make somebody's account; locks nothing."""
    rows = await raw.rows(
        "SELECT id, expires_at FROM staff_links WHERE staff_id = $1 AND ended_at IS NULL "
        "AND joined_at IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT 1",
        staff,
        now,
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def anybody_may_enter(raw: Raw, role: str) -> bool:
    """Whether somebody of this role has an account that opens."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM staff s JOIN staff_accounts a ON a.staff_id = s.id WHERE s.role = $1 "
        "AND s.removed_at IS NULL AND (a.password IS NOT NULL OR a.subject IS NOT NULL))",
        role,
    )


async def seated(raw: Raw, staff: int) -> tuple[StaffRow, Mapping[str, Any], datetime] | None:
    """Somebody who is there, with how they like their pages and since when they are invited; None: gone."""
    rows = await raw.rows(
        "SELECT s.id, s.name, s.role, s.portfolios, s.queues, s.removed_at, coalesce(a.settings, '{}'), "
        "s.invited_at "
        "FROM staff s LEFT JOIN staff_accounts a ON a.staff_id = s.id "
        "WHERE s.id = $1 AND s.removed_at IS NULL",
        staff,
    )
    if not rows:
        return None
    id_, name, role, portfolios, queues, removed, settings, invited = rows[0]
    row = StaffRow(
        id_,
        name,
        role,
        None if portfolios is None else tuple(portfolios),
        None if queues is None else tuple(queues),
        removed,
    )
    return row, settings, invited


async def set_settings(raw: Raw, staff: int, settings: str, now: datetime) -> None:
    """How somebody likes their pages, as JSON."""
    await raw.run(
        "INSERT INTO staff_accounts (staff_id, settings, changed_at) VALUES ($1, $2::jsonb, $3) "
        "ON CONFLICT (staff_id) DO UPDATE SET settings = EXCLUDED.settings",
        staff,
        settings,
        now,
    )


async def set_mailbox(raw: Raw, staff: int, token: bytes | None, now: datetime) -> None:
    """Which mailbox single sign-on must vouch for; what it vouched for before counts no more."""
    await raw.run(
        "INSERT INTO staff_accounts (staff_id, mailbox, changed_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (staff_id) DO UPDATE SET mailbox = EXCLUDED.mailbox, subject = NULL",
        staff,
        token,
        now,
    )


async def mailbox_taken(raw: Raw, token: bytes, staff: int) -> bool:
    """Whether it is somebody else's."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM staff_accounts WHERE mailbox = $1 AND staff_id <> $2)", token, staff
    )


async def vouched(raw: Raw, subject: bytes, mailbox: bytes | None) -> int | None:
    """Whom a single sign-on means: by its subject, else (the first time) by the mailbox it has checked."""
    staff = await raw.value(
        "SELECT a.staff_id FROM staff_accounts a JOIN staff s ON s.id = a.staff_id "
        "WHERE a.subject = $1 AND s.removed_at IS NULL",
        subject,
    )
    if staff is not None or mailbox is None:
        return staff
    return await raw.value(
        "UPDATE staff_accounts a SET subject = $1 FROM staff s WHERE s.id = a.staff_id AND a.mailbox = $2 "
        "AND a.subject IS NULL AND s.removed_at IS NULL RETURNING a.staff_id",
        subject,
        mailbox,
    )
