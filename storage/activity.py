"""What was said, what was not and why, and what followed: counts over a span, for people who manage."""

from datetime import datetime, timedelta

import msgspec

from storage.raw import Raw


class Said(msgspec.Struct, frozen=True):
    """Contacts of one step on one channel, by state."""

    step: str
    channel: str
    state: str
    count: int


class Unsaid(msgspec.Struct, frozen=True):
    """Occurrences that ended without a message, by reason code; or that wait."""

    state: str
    reason: str
    count: int


class Followed(msgspec.Struct, frozen=True):
    """Of the installments a step spoke of: how many were paid in full within the days that followed."""

    step: str
    spoken_of: int
    paid: int


async def said(raw: Raw, since: datetime) -> list[Said]:
    """Contacts planned after `since`."""
    rows = await raw.rows(
        "SELECT m.step, c.channel, c.state, count(*) FROM contacts c JOIN messages m ON m.id = c.message_id "
        "WHERE c.planned_at > $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        since,
    )
    return [Said(*row) for row in rows]


async def unsaid(raw: Raw, since: datetime) -> list[Unsaid]:
    """Occurrences due after `since` that were not said, commonest first."""
    rows = await raw.rows(
        "SELECT state, coalesce(reason, 'planned'), count(*) FROM occurrences "
        "WHERE due_at > $1 AND state IN ('suppressed', 'superseded', 'waiting') "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        since,
    )
    return [Unsaid(*row) for row in rows]


async def followed(raw: Raw, since: datetime, until: datetime, within: timedelta) -> list[Followed]:
    """By step, over occurrences messaged after `since` whose span ended before `until`."""
    rows = await raw.rows(
        "SELECT o.step, count(*), count(*) FILTER (WHERE i.left_minor = 0 AND p.last_on IS NOT NULL "
        "AND p.last_on >= o.ended_at::date AND p.last_on <= (o.ended_at + $3::interval)::date) "
        "FROM occurrences o JOIN installments i ON i.id = o.anchor_id "
        "LEFT JOIN LATERAL (SELECT max(y.received_on) AS last_on FROM allocations a "
        "JOIN payments y ON y.id = a.payment_id WHERE a.installment_id = i.id) p ON true "
        "WHERE o.anchor = 'installment' AND o.state = 'messaged' AND o.ended_at > $1 "
        "AND o.ended_at <= $2::timestamptz - $3::interval "
        "GROUP BY 1 ORDER BY min(o.due_at - i.due_on::timestamptz)",
        since,
        until,
        within,
    )
    return [Followed(*row) for row in rows]


async def open_tasks(raw: Raw) -> dict[str, int]:
    """Open tasks by kind."""
    rows = await raw.rows("SELECT kind, count(*) FROM tasks WHERE state = 'open' GROUP BY 1 ORDER BY 1")
    return {row[0]: row[1] for row in rows}


async def next_moment(raw: Raw) -> datetime | None:
    """When a look or a contact is next due; None when nothing is."""
    return await raw.value(
        "SELECT least((SELECT min(next_look_at) FROM cases), "
        "(SELECT min(not_before) FROM contacts WHERE state = 'planned'))"
    )
