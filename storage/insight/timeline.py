"""Everything that happened in a case, as one line of entries, the newest first.

`at` is when it happened, or where that is only known by day, when it was recorded. Nothing is opened here.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from storage.raw import Raw


class Entry(msgspec.Struct, frozen=True):
    """One entry. `kind` says what the rest means:

    sent       a contact (id): `what` its channel, `how` its state, `detail` its step, `who` its provider
    receipt    what a provider learnt of a contact: the same
    heard      a reply (id): `what` its channel, `how` its meaning
    elsewhere  a contact not made by us: `what` its channel, `how` its result, `detail` in or out, `who` told
    payment    `minor`, of `loan`; `how` is "reversal" where it takes one back
    promise    made: `minor`, `day`, `how` its state now; `settled`: the same, when that was learnt
    outcome    `what` its code, `who` entered it, `how` their role; `undone`: taken back
    hold       `what` its kind, `how` what was done about it, `detail` the reason
    consent    `what` a channel, `how` granted or revoked, `who` the source
    decision   a step (`what`) that was not said or became work: `how` its state, `detail` the first reason
    task       `what` its kind, opened; `done`: ended
    note       `what` its kind, `who` wrote it
    said       in a conversation (`detail` its id): `how` which side, `who`
    """

    at: datetime
    kind: str
    id: int
    what: str = ""
    how: str = ""
    detail: str = ""
    who: str = ""
    minor: int | None = None
    currency: str | None = None
    day: Any | None = None
    loan: str | None = None


# $1 the case, $2 its person, $3 its portfolio.
_ENTRIES: Final = """
k AS (SELECT * FROM contacts WHERE person_id = $2 AND sent_at IS NOT NULL AND case_id = $1
  UNION SELECT c.* FROM occurrences o JOIN contacts c ON c.message_id = o.message_id
  WHERE o.case_id = $1 AND o.message_id IS NOT NULL),
h AS (SELECT * FROM holds WHERE person_id = $2 AND (loan_id IS NULL
  OR loan_id IN (SELECT q.loan_id FROM parties q WHERE q.case_id = $1))),
e(at, kind, id, what, how, detail, who, minor, currency, day, loan) AS (
  SELECT coalesce(k.sent_at, k.settled_at, k.planned_at), 'sent', k.id, k.channel, k.state,
    (SELECT m.step FROM messages m WHERE m.id = k.message_id), coalesce(k.provider, ''), NULL::bigint, NULL,
    NULL::date, NULL FROM k
  UNION ALL SELECT k.settled_at, 'receipt', k.id, k.channel, k.state, coalesce(k.code, ''),
    coalesce(k.provider, ''), NULL, NULL, NULL, NULL FROM k
    WHERE k.sent_at IS NOT NULL AND k.settled_at > k.sent_at AND k.state IN ('delivered', 'failed', 'unknown')
  UNION ALL SELECT r.received_at, 'heard', r.id, r.channel, coalesce(r.meaning, ''), '', '', NULL, NULL, NULL,
    NULL FROM replies r WHERE r.token IN (SELECT a.token FROM addresses a WHERE a.person_id = $2
      AND a.state <> 'detached')
  UNION ALL SELECT x.at, 'elsewhere', x.id, x.channel, x.result, CASE WHEN x.inbound THEN 'in' ELSE 'out' END,
    x.recorded_by, NULL, NULL, NULL, NULL FROM contacts_elsewhere x WHERE x.person_id = $2
  UNION ALL SELECT y.recorded_at, 'payment', y.id, '',
    CASE WHEN y.reverses_id IS NULL THEN '' ELSE 'reversal' END, '', '',
    CASE WHEN y.reverses_id IS NULL THEN y.amount_minor
      ELSE (SELECT b.amount_minor FROM payments b WHERE b.id = y.reverses_id) END,
    l.currency, y.received_on, l.external_id
    FROM parties pa JOIN loans l ON l.id = pa.loan_id JOIN payments y ON y.loan_id = l.id
    WHERE pa.case_id = $1
  UNION ALL SELECT p.made_at, 'promise', p.id, '', p.state, '', p.recorded_by, p.amount_minor,
    (SELECT l.currency FROM promise_loans m JOIN loans l ON l.id = m.loan_id
     WHERE m.promise_id = p.id LIMIT 1),
    p.due_on, NULL FROM promises p WHERE p.case_id = $1
  UNION ALL SELECT p.settled_at, 'settled', p.id, '', p.state, '', '', p.amount_minor,
    (SELECT l.currency FROM promise_loans m JOIN loans l ON l.id = m.loan_id
     WHERE m.promise_id = p.id LIMIT 1),
    p.due_on, NULL FROM promises p WHERE p.case_id = $1 AND p.settled_at IS NOT NULL AND p.state <> 'open'
  UNION ALL SELECT o.at, 'outcome', o.id, o.code, o.role, '', o.recorded_by, o.amount_minor, NULL, o.due_on,
    NULL FROM outcomes o WHERE o.case_id = $1
  UNION ALL SELECT o.undone_at, 'undone', o.id, o.code, o.role, '', o.undone_by, NULL, NULL, NULL, NULL
    FROM outcomes o WHERE o.case_id = $1 AND o.undone_at IS NOT NULL
  UNION ALL SELECT g.recorded_at, 'hold', h.id, h.kind, g.action, g.reason, g.recorded_by, NULL, NULL,
    g.ends_at::date, NULL FROM h JOIN hold_actions g ON g.hold_id = h.id
  UNION ALL SELECT h.recorded_at, 'hold', h.id, h.kind, 'place', '', h.recorded_by, NULL, NULL,
    h.ends_at::date, NULL FROM h WHERE NOT EXISTS (SELECT 1 FROM hold_actions g WHERE g.hold_id = h.id)
  UNION ALL SELECT s.at, 'consent', s.id, s.channel, s.state, coalesce(s.purpose, ''), s.source, NULL, NULL,
    NULL, NULL FROM consents s WHERE s.person_id = $2 AND (s.portfolio_id IS NULL OR s.portfolio_id = $3)
  UNION ALL SELECT o.ended_at, 'decision', o.id, o.step, o.state, coalesce(o.noes -> 0 ->> 2, o.reason, ''),
    o.strategy, NULL, NULL, NULL, l.external_id FROM occurrences o JOIN loans l ON l.id = o.loan_id
    WHERE o.case_id = $1 AND o.ended_at IS NOT NULL AND o.state <> 'messaged'
  UNION ALL SELECT t.opened_at, 'task', t.id, t.kind, t.state, t.queue, '', NULL, NULL, t.finish_by::date,
    NULL FROM tasks t WHERE t.case_id = $1
  UNION ALL SELECT t.ended_at, 'done', t.id, t.kind, t.state, t.queue, '', NULL, NULL, NULL, NULL
    FROM tasks t WHERE t.case_id = $1 AND t.ended_at IS NOT NULL
  UNION ALL SELECT n.at, 'note', n.id, n.kind, '', '', n.author, NULL, NULL, NULL, NULL
    FROM notes n WHERE n.case_id = $1
  UNION ALL SELECT i.at, 'said', i.id, 'chat', i.side, w.id::text, i.author, NULL, NULL, NULL, NULL
    FROM talks w JOIN talk_lines i ON i.talk_id = w.id WHERE w.person_id = $2
      AND (w.portfolio_id IS NULL OR w.portfolio_id = $3)
)
"""
_PAGE: Final = f"""
WITH {_ENTRIES} SELECT * FROM e
WHERE $4::timestamptz IS NULL OR (e.at, e.kind, e.id) < ($4, $5::text, $6::bigint)
ORDER BY e.at DESC, e.kind DESC, e.id DESC LIMIT $7
"""  # noqa: S608, our own text

Before = tuple[datetime, str, int]


async def entries(
    raw: Raw, case: int, person: int, portfolio: int, before: Before | None, limit: int
) -> list[Entry]:
    """The entries before a place, (at, kind, id) of the last that was shown (None: none), newest first."""
    at, kind, id_ = before or (None, None, None)
    rows = await raw.rows(_PAGE, case, person, portfolio, at, kind, id_, limit)
    return [Entry(*row) for row in rows]


# Where the words of an entry are kept: (table, column, who is whose).
BODIES: Final = {
    "sent": ("contacts", "body"),
    "heard": ("replies", "body"),
    "note": ("notes", "body"),
    "said": ("talk_lines", "body"),
    "outcome": ("outcomes", "note"),
}

FILES: Final = frozenset({"voice", "photo"})
"""Kinds of notes that are no words."""


async def bodies(raw: Raw, kind: str, ids: list[int]) -> dict[int, bytes]:
    """The sealed words of entries of a kind, by id."""
    table, column = BODIES[kind]
    chosen = " AND mime IS NULL" if kind == "note" else ""
    rows = await raw.rows(
        f"SELECT id, {column} FROM {table} WHERE id = ANY($1) AND {column} IS NOT NULL{chosen}",  # noqa: S608
        ids,
    )
    return {row[0]: row[1] for row in rows}
