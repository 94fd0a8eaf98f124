"""A list of cases: those that are late by the oldest debt, or all by number; then what a page of them shows.

The late ones are read along ix_standings_late, a portfolio at a time, so that a page costs what it shows and
not what there is. A case of several late loans stands at the oldest of them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Asked(msgspec.Struct, frozen=True):
    """What a list is narrowed to. None, or empty: by nothing.

    portfolios  ids that one may see, with `since` and `until` (the oldest debt is due between) each
    staff       of somebody who sees what is theirs or nobody's
    cases       those that a search found
    owner       a name of the staff; "": nobody's
    promise     open | broken | none
    hold        a kind that binds now; "any", "none"
    due         their next step is due before that moment
    """

    portfolios: Sequence[int]
    since: Sequence[date | None]
    until: Sequence[date | None]
    staff: int | None = None
    cases: Sequence[int] | None = None
    owner: str | None = None
    promise: str | None = None
    hold: str | None = None
    due: datetime | None = None
    tag: str | None = None
    status: str | None = None


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a list goes on: after this case. `due`, `loan`: of the late ones."""

    case: int
    due: date | None = None
    loan: int | None = None


class Summary(msgspec.Struct, frozen=True):
    """What a line of the list shows. `name` is opened; `owed` are (currency, arrears, outstanding)."""

    case: int
    portfolio: int
    borrower: str
    name: str | None
    oldest_due: date | None
    zone: str
    rank: int
    owed: tuple[tuple[str, int, int], ...]
    loans: tuple[str, ...]
    tags: tuple[str, ...]
    owner: str | None
    promise_due: date | None
    holds: tuple[str, ...]
    last_contact: datetime | None
    next_look: datetime | None


_HELD: Final = (
    "SELECT 1 FROM holds h WHERE h.starts_at <= $3 AND (h.ends_at IS NULL OR h.ends_at > $3) "
    "AND (h.person_id = c.person_id AND h.loan_id IS NULL OR h.loan_id IN "
    "(SELECT q.loan_id FROM parties q WHERE q.case_id = c.id))"
)
_NARROW: Final[Mapping[str, str]] = {
    "staff": "NOT EXISTS (SELECT 1 FROM assignments a WHERE a.case_id = c.id AND a.staff_id <> {})",
    "cases": "c.id = ANY({}::bigint[])",
    "owner": "c.id IN (SELECT a.case_id FROM assignments a JOIN staff s ON s.id = a.staff_id "
    "WHERE s.name = {})",
    "due": "c.next_look_at < {}",
    "tag": "(EXISTS (SELECT 1 FROM case_tags t WHERE t.case_id = c.id AND t.tag = lower({0}::text)) "
    "OR EXISTS (SELECT 1 FROM parties q JOIN loans l ON l.id = q.loan_id WHERE q.case_id = c.id "
    "AND l.tags @> ARRAY[{0}::text]))",
    "status": "EXISTS (SELECT 1 FROM parties q JOIN loans l ON l.id = q.loan_id WHERE q.case_id = c.id "
    "AND l.status = {})",
}
_NOBODYS: Final = "NOT EXISTS (SELECT 1 FROM assignments a WHERE a.case_id = c.id)"
_PROMISES: Final[Mapping[str, str]] = {
    "open": "c.id IN (SELECT p.case_id FROM promises p WHERE p.state = 'open')",
    "broken": "c.id IN (SELECT p.case_id FROM promises p WHERE p.state = 'broken')",
    "none": "NOT EXISTS (SELECT 1 FROM promises p WHERE p.case_id = c.id AND p.state = 'open')",
}
# $1, $2: portfolios; $3 now; $4 limit; $5.. where it goes on.
_LATE: Final = """
SELECT x.* FROM unnest($1::bigint[], $5::date[], $6::date[]) f(id, since, until) CROSS JOIN LATERAL (
  SELECT c.id, s.oldest_due, s.loan_id FROM standings s JOIN parties pa ON pa.loan_id = s.loan_id
  JOIN cases c ON c.id = pa.case_id
  WHERE s.portfolio_id = f.id AND s.oldest_due IS NOT NULL
    AND $2::int IS NOT NULL AND $3::timestamptz IS NOT NULL
    AND s.oldest_due >= coalesce(f.since, '-infinity') AND s.oldest_due <= coalesce(f.until, 'infinity')
    AND (s.oldest_due, s.loan_id) >= (coalesce($7::date, '-infinity'), coalesce($8::bigint, 0))
    AND (s.oldest_due, s.loan_id, c.id) > (coalesce($7::date, '-infinity'), coalesce($8::bigint, 0), $9)
    AND NOT EXISTS (SELECT 1 FROM parties pb JOIN standings sb ON sb.loan_id = pb.loan_id
                    WHERE pb.case_id = c.id AND sb.oldest_due IS NOT NULL
                      AND (sb.oldest_due, sb.loan_id) < (s.oldest_due, s.loan_id))
    {narrow}
  ORDER BY s.oldest_due, s.loan_id, c.id LIMIT $4
) x ORDER BY x.oldest_due, x.loan_id, x.id LIMIT $4
"""
_ALL: Final = """
SELECT c.id, NULL::date, NULL::bigint FROM cases c
WHERE c.portfolio_id = ANY($1) AND $2::int IS NOT NULL AND $3::timestamptz IS NOT NULL AND c.id > $5
{narrow} ORDER BY c.id LIMIT $4
"""


async def page(
    raw: Raw, asked: Asked, now: datetime, after: Place | None, limit: int, *, late: bool
) -> list[Place]:
    """The next cases. `late`: only those with something past due, the oldest debt first; else by number."""
    if asked.cases is None:
        asked = msgspec.structs.replace(asked, cases=await _few(raw, asked, now))
    if asked.cases == []:
        return []
    parameters: list[object] = [list(asked.portfolios), 0, now, limit]
    if late:
        parameters += [list(asked.since), list(asked.until)]
        parameters += [after.due, after.loan, after.case] if after else [None, None, 0]
    else:
        parameters.append(after.case if after else 0)
    narrow = _narrowed(asked, parameters)
    sql = (_LATE if late else _ALL).format(narrow="".join(f" AND {one}" for one in narrow))
    return [Place(*row) for row in await raw.rows(sql, *parameters)]


_FEW: Final = 5_000  # cases; who are more are met soon enough along the list itself
_RARE: Final[Mapping[str, str]] = {
    "owner": "SELECT a.case_id FROM assignments a JOIN staff s ON s.id = a.staff_id "
    "WHERE s.name = $2 LIMIT $1",
    "tag": "SELECT q.case_id FROM loans l JOIN parties q ON q.loan_id = l.id WHERE l.tags @> ARRAY[$2::text] "
    "UNION ALL SELECT t.case_id FROM case_tags t WHERE t.tag = lower($2::text) LIMIT $1",
    "due": "SELECT id FROM cases WHERE next_look_at < $2 LIMIT $1",
    "promise": "SELECT case_id FROM promises WHERE state = $2 LIMIT $1",
    "hold": "SELECT c.id FROM holds h JOIN cases c ON c.person_id = h.person_id "
    "WHERE ($2 = 'any' OR h.kind = $2) AND h.loan_id IS NULL AND h.starts_at <= $3 "
    "AND (h.ends_at IS NULL OR h.ends_at > $3) "
    "UNION ALL SELECT q.case_id FROM holds h JOIN parties q ON q.loan_id = h.loan_id "
    "WHERE ($2 = 'any' OR h.kind = $2) AND h.starts_at <= $3 AND (h.ends_at IS NULL OR h.ends_at > $3) "
    "LIMIT $1",
}
"""By what few cases may be met: they are found first, lest the whole list is read for them."""


async def _few(raw: Raw, asked: Asked, now: datetime) -> Sequence[int] | None:
    """The cases of the first condition that only a few meet; None: there is no such condition."""
    for name, sql in _RARE.items():
        value = getattr(asked, name)
        if value in (None, "", "none"):
            continue
        rows = await raw.rows(sql, _FEW + 1, value, *([now] if name == "hold" else []))
        if len(rows) <= _FEW:
            return sorted({row[0] for row in rows})
    return None


def _narrowed(asked: Asked, parameters: list[object]) -> list[str]:
    """The conditions, their values added to `parameters`."""
    found: list[str] = []
    for name, condition in _NARROW.items():
        value = getattr(asked, name)
        if name == "owner" and value == "":
            found.append(_NOBODYS)
        elif value is not None:
            parameters.append(value)
            found.append(condition.format(f"${len(parameters)}"))
    if asked.promise is not None:
        found.append(_PROMISES[asked.promise])
    if asked.hold is not None:
        if asked.hold in ("any", "none"):
            found.append(f"{'NOT ' if asked.hold == 'none' else ''}EXISTS ({_HELD})")
        else:
            parameters.append(asked.hold)
            found.append(f"EXISTS ({_HELD} AND h.kind = ${len(parameters)})")
    return found


_SUMMARY: Final = """
SELECT c.id, c.portfolio_id, p.id AS person, p.external_id, p.name, s.oldest_due,
  coalesce(s.zone, p.zones[1]),
  coalesce(s.rank, 0), c.next_look_at,
  ARRAY(SELECT t.currency || ' ' || sum(t.arrears_minor) || ' ' || sum(t.outstanding_minor)
        FROM parties q JOIN standings t ON t.loan_id = q.loan_id WHERE q.case_id = c.id
        GROUP BY t.currency ORDER BY 1) AS owed,
  ARRAY(SELECT l.external_id FROM parties q JOIN loans l ON l.id = q.loan_id WHERE q.case_id = c.id
        ORDER BY l.id LIMIT 4) AS loans,
  ARRAY(SELECT unnest(l.tags) FROM parties q JOIN loans l ON l.id = q.loan_id WHERE q.case_id = c.id
        UNION SELECT t.tag FROM case_tags t WHERE t.case_id = c.id ORDER BY 1) AS tags,
  (SELECT f.name FROM assignments a JOIN staff f ON f.id = a.staff_id WHERE a.case_id = c.id) AS owner,
  (SELECT min(o.due_on) FROM promises o WHERE o.case_id = c.id AND o.state = 'open') AS promise_due,
  ARRAY(SELECT DISTINCT h.kind FROM holds h WHERE h.starts_at <= $2 AND (h.ends_at IS NULL OR h.ends_at > $2)
        AND (h.person_id = p.id AND h.loan_id IS NULL
             OR h.loan_id IN (SELECT q.loan_id FROM parties q WHERE q.case_id = c.id)) ORDER BY 1) AS holds,
  (SELECT max(k.sent_at) FROM contacts k WHERE k.person_id = p.id AND k.sent_at IS NOT NULL) AS last_contact
FROM cases c JOIN persons p ON p.id = c.person_id
LEFT JOIN LATERAL (SELECT t.oldest_due, l.zone, t.rank FROM parties q
  JOIN standings t ON t.loan_id = q.loan_id JOIN loans l ON l.id = t.loan_id WHERE q.case_id = c.id
  AND t.oldest_due IS NOT NULL ORDER BY t.oldest_due, t.loan_id LIMIT 1) s ON true
WHERE c.id = ANY($1)
"""


async def summaries(raw: Raw, keyring: Keyring, cases: Sequence[int], now: datetime) -> Mapping[int, Summary]:
    """What a list shows of the cases, by id."""
    rows: list[Any] = await raw.rows(_SUMMARY, list(cases), now)
    found: dict[int, Summary] = {}
    for case, portfolio, person, borrower, name, due, zone, rank, look, owed, loans, tags, *rest in rows:
        owner, promise, holds, contact = rest
        found[case] = Summary(
            case,
            portfolio,
            borrower,
            None if name is None else keyring.open("persons", "name", person, name),
            due,
            zone,
            rank,
            tuple(_owed(one) for one in owed),
            tuple(loans),
            tuple(tags),
            owner,
            promise,
            tuple(holds),
            contact,
            look,
        )
    return found


def _owed(text: str) -> tuple[str, int, int]:
    currency, arrears, outstanding = text.split(" ")
    return currency, int(arrears), int(outstanding)
