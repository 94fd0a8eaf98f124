"""The figures of a day: how many hits of how many, by count and by balance, and the list behind each.

A figure is written once, as the rows it counts; the number is their sum, and the list is the same rows.
Amounts are minor units, never summed over currencies. $1 is now, $2 the first day that is asked for; `f` are
the portfolios, each with its own today.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from storage.raw import Raw

_DAYS: Final = """
WITH f AS (SELECT id, zone, ($1::timestamptz AT TIME ZONE zone)::date AS today FROM portfolios)
"""
_OPENING: Final = "CASE WHEN s.changed_on = f.today THEN coalesce(s.before_rank, s.rank) ELSE s.rank END"
_BALANCE: Final = (
    "CASE WHEN s.changed_on = f.today THEN coalesce(s.before_minor, s.outstanding_minor) "
    "ELSE s.outstanding_minor END"
)
_STANDINGS: Final = "standings s JOIN f ON f.id = s.portfolio_id"
_OF_PROMISE: Final = (
    "(SELECT l.currency FROM promise_loans m JOIN loans l ON l.id = m.loan_id "
    "WHERE m.promise_id = p.id LIMIT 1)"
)
# A moment at which the first day has not begun anywhere: what finds rows by an index, before their zone.
_SINCE: Final = "(($2::date - 1)::timestamp AT TIME ZONE 'UTC')"


_TODAY: Final = "f.today"


class Figure(msgspec.Struct, frozen=True):
    """What is counted. The texts are SQL over `rows`.

    id        orders the list behind it
    hit, of   which rows are counted above, and which below the line (false: there is nothing below)
    minor     the balance of a hit, base_minor of a row below the line; None: counts alone
    stock     how it stands, not what happened on a day: a day on which none was made has no figure
    loan      or `case`: whose row it is
    """

    rows: str
    id: str
    hit: str = "true"
    of: str = "true"
    where: str = "true"
    day: str = _TODAY
    portfolio: str = "f.id"
    part: str = "''"
    currency: str = "''"
    minor: str | None = None
    base_minor: str | None = None
    stock: bool = False
    loan: str = "NULL::bigint"
    case: str = "NULL::bigint"


def _moved(hit: str, of: str) -> Figure:
    return Figure(
        rows=_STANDINGS,
        id="s.loan_id",
        hit=f"s.changed_on = f.today AND s.before_rank <> s.rank AND {hit}",
        where=f"{_OPENING} {of}",
        currency="s.currency",
        minor=_BALANCE,
        base_minor=_BALANCE,
        loan="s.loan_id",
    )


FIGURES: Final[Mapping[str, Figure]] = {
    # Received on the day, beside what falls due on it.
    "cash": Figure(
        rows="(SELECT y.id, y.loan_id, y.received_on AS day, y.amount_minor AS minor, true AS paid "
        "FROM payments y WHERE y.received_on >= $2 AND y.amount_minor > 0 "
        "AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = y.id) "
        "UNION ALL SELECT i.id, i.loan_id, i.due_on, "
        "i.principal_minor + i.interest_minor + i.fees_minor + i.penalties_minor, false "
        "FROM installments i WHERE i.due_on >= $2 AND i.due_on <= $1::date + 1) y "
        "JOIN loans l ON l.id = y.loan_id JOIN f ON f.id = l.portfolio_id",
        id="y.id",
        hit="y.paid",
        of="NOT y.paid",
        where="y.day <= f.today AND l.status NOT IN ('recalled', 'sold')",
        day="y.day",
        currency="l.currency",
        minor="y.minor",
        base_minor="y.minor",
        loan="l.id",
    ),
    # Of the loans that were current when the day began.
    "entered": _moved("s.before_rank = 0 AND s.rank > 0", "= 0"),
    # Of those that were late: worse, and paid in full.
    "rolled": _moved("s.before_rank > 0 AND s.rank > s.before_rank", "> 0"),
    "cured": _moved("s.before_rank > 0 AND s.rank = 0", "> 0"),
    # Past due, of all loans; arrears of what is outstanding.
    "late": Figure(
        rows=_STANDINGS,
        id="s.loan_id",
        hit="s.oldest_due IS NOT NULL",
        currency="s.currency",
        minor="s.arrears_minor",
        base_minor="s.outstanding_minor",
        stock=True,
        loan="s.loan_id",
    ),
    # More than 60 days past due, and nobody wrote, rang or met them for a week.
    "untouched": Figure(
        rows=f"{_STANDINGS} JOIN parties pa ON pa.loan_id = s.loan_id AND pa.role = 'borrower'",
        id="s.loan_id",
        hit="NOT EXISTS (SELECT 1 FROM contacts k WHERE k.person_id = pa.person_id "
        "AND k.sent_at > $1 - interval '7 days') "
        "AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.case_id = pa.case_id "
        "AND o.at > $1 - interval '7 days' AND o.undone_at IS NULL) "
        "AND NOT EXISTS (SELECT 1 FROM contacts_elsewhere e WHERE e.person_id = pa.person_id "
        "AND e.at > $1 - interval '7 days')",
        where="s.oldest_due < f.today - 60",
        currency="s.currency",
        minor="s.outstanding_minor",
        base_minor="s.outstanding_minor",
        stock=True,
        loan="s.loan_id",
        case="pa.case_id",
    ),
    "promises_due": Figure(
        rows="promises p JOIN cases c ON c.id = p.case_id JOIN f ON f.id = c.portfolio_id",
        id="p.id",
        hit="p.state = 'open'",
        where="p.due_on >= $2 AND p.due_on <= f.today AND p.state <> 'cancelled'",
        day="p.due_on",
        currency=_OF_PROMISE,
        minor="p.amount_minor",
        base_minor="p.amount_minor",
        case="p.case_id",
    ),
    # Of those that matured: kept means paid by its date and grace.
    "promises_broken": Figure(
        rows="promises p JOIN cases c ON c.id = p.case_id JOIN f ON f.id = c.portfolio_id",
        id="p.id",
        hit="p.state = 'broken'",
        where=f"p.settled_at >= {_SINCE} AND p.state IN ('kept', 'partly_kept', 'broken') "
        "AND (p.settled_at AT TIME ZONE f.zone)::date >= $2 AND p.settled_at <= $1",
        day="(p.settled_at AT TIME ZONE f.zone)::date",
        currency=_OF_PROMISE,
        minor="p.amount_minor",
        base_minor="p.amount_minor",
        case="p.case_id",
    ),
    "waiting": Figure(
        rows="contacts k JOIN cases c ON c.id = k.case_id JOIN f ON f.id = c.portfolio_id",
        id="k.id",
        of="false",
        where="k.state = 'planned' AND k.not_before <= $1",
        stock=True,
        part="k.channel",
        case="k.case_id",
    ),
    # Of what a provider took; who gives no receipts has no hits.
    "delivered": Figure(
        rows="contacts k JOIN cases c ON c.id = k.case_id JOIN f ON f.id = c.portfolio_id",
        id="k.id",
        hit="k.state = 'delivered'",
        where=f"k.sent_at >= {_SINCE} AND k.sent_at <= $1 AND k.state IN ('accepted', 'delivered', 'failed') "
        "AND (k.sent_at AT TIME ZONE f.zone)::date >= $2",
        day="(k.sent_at AT TIME ZONE f.zone)::date",
        part="coalesce(k.provider, k.channel)",
        case="k.case_id",
    ),
    # What people said to us. What a feed tells of an earlier system is no news of the day.
    "stops": Figure(
        rows="consents k JOIN cases c ON c.person_id = k.person_id "
        "AND (k.portfolio_id IS NULL OR k.portfolio_id = c.portfolio_id) JOIN f ON f.id = c.portfolio_id",
        id="k.id",
        of="false",
        where=f"k.state = 'revoked' AND k.source <> 'feed' AND k.at >= {_SINCE} AND k.at <= $1 "
        "AND (k.at AT TIME ZONE f.zone)::date >= $2",
        day="(k.at AT TIME ZONE f.zone)::date",
        part="k.channel",
        case="c.id",
    ),
    "complaints": Figure(
        rows="outcomes o JOIN cases c ON c.id = o.case_id JOIN f ON f.id = c.portfolio_id",
        id="o.id",
        of="false",
        where=f"o.code = 'complaint' AND o.undone_at IS NULL AND o.at >= {_SINCE} AND o.at <= $1 "
        "AND (o.at AT TIME ZONE f.zone)::date >= $2",
        day="(o.at AT TIME ZONE f.zone)::date",
        case="o.case_id",
    ),
    # Somebody says they paid, and no payment was found yet.
    "unreconciled": Figure(
        rows="tasks t JOIN cases c ON c.id = t.case_id JOIN f ON f.id = c.portfolio_id",
        id="t.id",
        of="false",
        where="t.kind = 'reconcile' AND t.state = 'open'",
        stock=True,
        case="t.case_id",
    ),
    # The core system states otherwise than the payments do.
    "differences": Figure(
        rows="differences d JOIN loans l ON l.id = d.loan_id JOIN f ON f.id = l.portfolio_id",
        id="d.id",
        of="false",
        where="d.state = 'open'",
        stock=True,
        part="d.what",
        loan="l.id",
    ),
    # Drawn so far, by arm, of experiments that run.
    "experiments": Figure(
        rows="enrolments e JOIN experiments x ON x.id = e.experiment_id AND x.state = 'running' "
        "JOIN loans l ON l.id = e.loan_id JOIN f ON f.id = l.portfolio_id",
        id="e.id",
        of="false",
        stock=True,
        part="x.name || ' ' || e.arm",
        loan="l.id",
    ),
}
"""In the order in which a screen shows them. Two more are found elsewhere: `stale` feeds, and `breaches`."""


class Row(msgspec.Struct, frozen=True):
    """A figure of a day in a portfolio."""

    figure: str
    day: date
    portfolio: int
    part: str
    currency: str
    hits: int
    base: int
    hits_minor: int
    base_minor: int
    made_at: datetime


class Behind(msgspec.Struct, frozen=True):
    """One row of the list behind a figure. `case` is the borrower's, where the row is a loan's."""

    id: int
    case: int
    loan: int | None
    day: date
    part: str
    currency: str
    minor: int | None


def _made(name: str, figure: Figure) -> str:
    """INSERT of a figure's numbers."""
    return (
        f"{_DAYS} INSERT INTO day_figures SELECT '{name}', {figure.day}, {figure.portfolio}, {figure.part}, "  # noqa: S608, our own texts
        f"{figure.currency}, count(*) FILTER (WHERE {figure.hit}), count(*) FILTER (WHERE {figure.of}), "
        f"{_sum(figure.minor, figure.hit)}, {_sum(figure.base_minor, figure.of)}, $1 "
        f"FROM {figure.rows} WHERE {figure.where} GROUP BY 1, 2, 3, 4, 5"
    )


def _sum(minor: str | None, of: str) -> str:
    return "0" if minor is None else f"coalesce(sum({minor}) FILTER (WHERE {of}), 0)"


def _list(figure: Figure, *, rest: bool) -> str:
    """SELECT of the rows behind a figure: $3 portfolios, $4 the day, $5 part, $6 after, $7 so many."""
    chosen = f"({figure.of}) AND NOT ({figure.hit})" if rest else figure.hit
    minor = (figure.base_minor if rest else figure.minor) or "NULL::bigint"
    return (
        f"{_DAYS}, b AS (SELECT {figure.id} AS id, {figure.case} AS case_id, {figure.loan} AS loan_id, "  # noqa: S608, our own texts
        f"{figure.day} AS day, {figure.part} AS part, {figure.currency} AS currency, {minor} AS minor "
        f"FROM {figure.rows} WHERE {figure.where} AND {chosen} AND {figure.portfolio} = ANY($3) "
        f"AND {figure.day} = coalesce($4::date, f.today) AND ($5::text IS NULL OR {figure.part} = $5) "
        f"AND {figure.id} > $6 AND $2::date IS NOT NULL ORDER BY {figure.id} "
        "FETCH FIRST $7 ROWS WITH TIES) "
        "SELECT b.id, coalesce(b.case_id, (SELECT pa.case_id FROM parties pa WHERE pa.loan_id = b.loan_id "
        "ORDER BY pa.role <> 'borrower', pa.case_id LIMIT 1)), b.loan_id, b.day, b.part, b.currency, b.minor "
        "FROM b ORDER BY b.id"
    )


_FORGET: Final = f"""{_DAYS} DELETE FROM day_figures d USING f
WHERE f.id = d.portfolio_id AND d.figure = $3 AND d.day >= CASE WHEN $4 THEN f.today ELSE $2::date END
"""  # noqa: S608, our own texts


# Two workers may count at the same moment: the second replaces what the first wrote, and does not meet it.
_ALONE: Final = "SELECT pg_advisory_xact_lock(1801810036, 20)"


async def alone(raw: Raw) -> None:
    """Until this transaction ends, nobody else makes figures."""
    await raw.run(_ALONE)


async def make(raw: Raw, name: str, now: datetime, first: date) -> None:
    """Make a figure of the days from `first` on anew; of today, where the rows know of no other day."""
    figure = FIGURES[name]
    await alone(raw)
    await raw.run(_FORGET, now, first, name, figure.day == _TODAY)
    await raw.run(f"{_made(name, figure)}" + _UNUSED, now, first)


# Each statement is given both parameters, whether or not it reads the second.
_UNUSED: Final = " HAVING $2::date IS NOT NULL"


async def put(raw: Raw, rows: Sequence[tuple[str, int, str, int]], name: str, now: datetime) -> None:
    """What is counted elsewhere, of today: (figure, portfolio, part, hits), in place of what was there."""
    await alone(raw)
    await raw.run(_FORGET, now, now.date(), name, True)
    await raw.run(
        f"{_DAYS} INSERT INTO day_figures "  # noqa: S608, our own texts
        "SELECT n.figure, f.today, f.id, n.part, '', n.hits, 0, 0, 0, $1 "
        "FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[]) n(figure, portfolio_id, part, hits) "
        "JOIN f ON f.id = n.portfolio_id",
        now,
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


async def last_made(raw: Raw) -> datetime | None:
    """When figures were made last."""
    return await raw.value("SELECT at FROM marks WHERE name = 'day_figures'")


async def note_made(raw: Raw, now: datetime) -> None:
    """They were made."""
    await raw.run(
        "INSERT INTO marks (name, at) VALUES ('day_figures', $1) "
        "ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at",
        now,
    )


async def since(raw: Raw, portfolios: Sequence[int], first: date) -> list[Row]:
    """The figures of the portfolios from a day on, by day."""
    found = await raw.rows(
        "SELECT * FROM day_figures WHERE portfolio_id = ANY($1) AND day >= $2 "
        "ORDER BY day, figure, portfolio_id, part, currency",
        list(portfolios),
        first,
    )
    return [Row(*row) for row in found]


async def oldest_waiting(raw: Raw, portfolios: Sequence[int], now: datetime) -> datetime | None:
    """Since when the oldest contact waits that could have gone; None: none waits."""
    return await raw.value(
        "SELECT k.not_before FROM contacts k JOIN cases c ON c.id = k.case_id "
        "WHERE k.state = 'planned' AND k.not_before <= $2 AND c.portfolio_id = ANY($1) "
        "ORDER BY k.not_before, k.id LIMIT 1",
        list(portfolios),
        now,
    )


async def behind(
    raw: Raw,
    name: str,
    portfolios: Sequence[int],
    now: datetime,
    day: date | None,
    part: str | None,
    after: int,
    limit: int,
    *,
    rest: bool = False,
) -> list[Behind]:
    """The rows that a figure counts on a day (None: each portfolio's today), by id.

    `rest`: those of its base that are no hits.
    """
    first = day or now.date() - timedelta(days=1)  # where it is still yesterday
    found: list[Any] = await raw.rows(
        _list(FIGURES[name], rest=rest), now, first, list(portfolios), day, part, after, limit
    )
    return [Behind(*row) for row in found]
