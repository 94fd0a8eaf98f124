"""Alerts: raised once from what stands in the book, told to each once, over when it is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Alert(msgspec.Struct, frozen=True):
    """What is wrong. `portfolio` a code; None: it concerns every one."""

    id: int
    kind: str
    portfolio: str | None
    case: int | None
    said: Mapping[str, Any]
    raised_at: datetime


class Told(msgspec.Struct, frozen=True):
    """Alerts for one chat (the messenger's own id, opened). `more`: how many others there are."""

    staff: int
    telegram: int
    language: str
    alerts: tuple[Alert, ...]
    more: int


_RAISE: Final = "INSERT INTO alerts (key, kind, portfolio_id, case_id, task_id, said, raised_at) "
_ONCE: Final = " ON CONFLICT (key) DO NOTHING"
_RAISE_ONE: Final = f"""
{_RAISE} VALUES ($1, $2, (SELECT id FROM portfolios WHERE code = $3), NULL, NULL, $4::jsonb, $5) {_ONCE}
"""  # noqa: S608, constants
# Work with a deadline of service: what an outcome opened, whose day has passed.
_LATE: Final = """
SELECT 'deadline/' || t.id, 'deadline', c.portfolio_id, t.case_id, t.id,
       jsonb_build_object('kind', t.kind, 'queue', t.queue, 'of', o.code), $1::timestamptz
FROM tasks t JOIN outcomes o ON o.id = t.outcome_id JOIN cases c ON c.id = t.case_id
WHERE t.state = 'open' AND t.starts_at IS NULL
  AND t.finish_by <= $1 AND t.finish_by > $1::timestamptz - interval '7 days'
"""
_BROKEN_AGAIN: Final = """
SELECT 'broken_again/' || t.id, 'broken_again', c.portfolio_id, t.case_id, t.id, '{}'::jsonb, $1::timestamptz
FROM tasks t JOIN cases c ON c.id = t.case_id
WHERE t.state = 'open' AND t.promise_id IS NOT NULL AND t.queue = 'supervisor'
  AND t.opened_at > $1::timestamptz - interval '7 days'
"""
_LOCKED: Final = """
SELECT 'locked/pin/' || p.person_id || '/' || p.locked_until, 'locked', c.portfolio_id, c.id, NULL::bigint,
       '{"what": "pin"}'::jsonb, $1::timestamptz
FROM pins p JOIN LATERAL (SELECT c.id, c.portfolio_id FROM cases c WHERE c.person_id = p.person_id
                          ORDER BY c.id LIMIT 1) c ON true
WHERE p.locked_until > $1
UNION ALL
SELECT 'locked/chat/' || k.id || '/' || k.locked_until, 'locked', NULL, NULL, NULL, '{"what": "chat"}'::jsonb,
       $1::timestamptz
FROM chats k WHERE k.locked_until > $1
UNION ALL
SELECT 'locked/number/' || n.id, 'locked', NULL, NULL, NULL,
       jsonb_build_object('what', 'number', 'name', s.name), $1
FROM staff_numbers n JOIN staff s ON s.id = n.staff_id
WHERE n.failures >= 5 AND n.ended_at > $1::timestamptz - interval '1 day'
"""
_HARM: Final = """
SELECT 'harm/' || e.id, 'harm', NULL::bigint, NULL::bigint, NULL::bigint,
       jsonb_build_object('name', e.name, 'strategy', e.strategy), $1::timestamptz
FROM experiments e WHERE e.state = 'harmed' AND e.ended_at > $1::timestamptz - interval '7 days'
"""
_OVER: Final = """
UPDATE alerts a SET ended_at = $1 WHERE a.ended_at IS NULL
AND (a.task_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = a.task_id AND t.state = 'open')
     OR a.kind = 'feed' AND NOT a.key = ANY($2) OR a.kind = 'check' AND NOT a.key = ANY($2)
     OR a.raised_at < $1::timestamptz - interval '14 days')
"""


async def raise_from_book(raw: Raw, now: datetime) -> int:
    """Raise what stands in the book and was not raised before; how many."""
    count = 0
    for found in (_LATE, _BROKEN_AGAIN, _LOCKED, _HARM):
        count += await raw.run(_RAISE + found + _ONCE, now)
    return count


async def raise_one(
    raw: Raw, key: str, kind: str, portfolio: str | None, said: Mapping[str, Any], now: datetime
) -> bool:
    """Raise what was found by looking; whether it is new. `portfolio`: its code."""
    return bool(
        await raw.run(
            _RAISE_ONE,
            key,
            kind,
            portfolio,
            msgspec.json.encode(said).decode(),
            now,
        )
    )


async def end_those_over(raw: Raw, standing: Sequence[str], now: datetime) -> None:
    """What is over by itself; `standing`: keys of feeds and checks that still are as they were."""
    await raw.run(_OVER, now, list(standing))


_ALERT: Final = "a.id, a.kind, f.code, a.case_id, a.said, a.raised_at"


def _alert(row: Sequence[Any]) -> Alert:
    id_, kind, portfolio, case, said, raised = row
    return Alert(id_, kind, portfolio, case, said, raised)


_DUE: Final = f"""
SELECT s.id AS staff, k.id AS chat, k.value, k.language, {_ALERT}
FROM alerts a LEFT JOIN portfolios f ON f.id = a.portfolio_id
JOIN staff s ON s.role = ANY($2) AND s.removed_at IS NULL
  AND (f.id IS NULL OR s.portfolios IS NULL OR f.code = ANY(s.portfolios))
JOIN chats k ON k.staff_id = s.id
LEFT JOIN alert_tellings t ON t.alert_id = a.id AND t.staff_id = s.id
WHERE a.ended_at IS NULL AND (t.alert_id IS NULL OR t.again_at <= $1)
ORDER BY s.id, a.id LIMIT 500
"""  # noqa: S608, constants
_BEGUN: Final = """
INSERT INTO alert_tellings AS t (alert_id, staff_id, begun_at) SELECT a, $2, $3 FROM unnest($1::bigint[]) a
ON CONFLICT (alert_id, staff_id) DO UPDATE SET begun_at = $3, handed_at = NULL, again_at = NULL
WHERE t.again_at <= $3
RETURNING alert_id
"""


async def begin_alerts(
    raw: Raw, keyring: Keyring, roles: Sequence[str], now: datetime, most: int
) -> list[Told]:
    """What each is to be told now, marked: `most` one by one, of the others how many there are."""
    by: dict[int, list[Any]] = {}
    for row in await raw.rows(_DUE, now, list(roles)):
        by.setdefault(row["staff"], []).append(row)
    found: list[Told] = []
    for staff, rows in by.items():
        mine = {row[0] for row in await raw.rows(_BEGUN, [row[4] for row in rows], staff, now)}
        rows = [row for row in rows if row[4] in mine]  # what another process began is its own to say
        if rows:
            chat, value, language = rows[0][1:4]
            telegram = int(keyring.open("chats", "value", chat, value))
            shown = tuple(_alert(row[4:]) for row in rows[:most])
            found.append(Told(staff, telegram, language, shown, len(rows) - len(shown)))
    return found


async def handed(raw: Raw, staff: int, alert: int, now: datetime) -> None:
    """It was said."""
    await raw.run(
        "UPDATE alert_tellings SET handed_at = $3 WHERE alert_id = $1 AND staff_id = $2", alert, staff, now
    )


async def open_alerts(raw: Raw, portfolios: Sequence[str] | None, limit: int) -> list[Alert]:
    """Those that stand, the newest first, of portfolios (codes; None: all) and of everybody."""
    rows = await raw.rows(
        f"SELECT {_ALERT} FROM alerts a LEFT JOIN portfolios f ON f.id = a.portfolio_id "  # noqa: S608, a constant
        "WHERE a.ended_at IS NULL AND ($1::text[] IS NULL OR f.id IS NULL OR f.code = ANY($1)) "
        "ORDER BY a.id DESC LIMIT $2",
        None if portfolios is None else list(portfolios),
        limit,
    )
    return [_alert(row) for row in rows]


async def alert_of(raw: Raw, alert: int) -> Alert | None:
    """One that stands."""
    rows = await raw.rows(
        f"SELECT {_ALERT} FROM alerts a LEFT JOIN portfolios f ON f.id = a.portfolio_id "  # noqa: S608, a constant
        "WHERE a.id = $1 AND a.ended_at IS NULL",
        alert,
    )
    return _alert(rows[0]) if rows else None


async def snooze(raw: Raw, alert: int, staff: int, now: datetime, until: datetime | None) -> None:
    """They are told again then, if it still stands; None: no more."""
    await raw.run(
        "INSERT INTO alert_tellings (alert_id, staff_id, begun_at, again_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (alert_id, staff_id) DO UPDATE SET again_at = $4",
        alert,
        staff,
        now,
        until,
    )


async def end(raw: Raw, alert: int, by: str, now: datetime) -> bool:
    """Somebody has seen to it; False where it was over."""
    return bool(
        await raw.run(
            "UPDATE alerts SET ended_at = $3, ended_by = $2 WHERE id = $1 AND ended_at IS NULL",
            alert,
            by,
            now,
        )
    )
