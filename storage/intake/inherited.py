"""What comes with a book: who and what its rows speak of, and writing what is not there yet."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from storage.pledges import settle_past
from storage.raw import Raw, touch
from storage.recorded import PromiseRow, write_promise

_PERSONS: Final = """
SELECT external_id, count(*) AS several, min(id) AS id, array_agg(id) AS ids, min(zones[1]) AS zone
FROM persons WHERE external_id = ANY($1) GROUP BY external_id
"""
_LOANS: Final = """
SELECT l.external_id, count(DISTINCT l.id) AS several, min(l.id) AS id, min(p.person_id) AS borrower,
       min(l.zone) AS zone, min(p.case_id) AS case_id,
       ARRAY(SELECT t.person_id FROM parties t WHERE t.loan_id = min(l.id)) AS parties,
       ARRAY(SELECT t.person_id FROM parties t JOIN loans o ON o.id = t.loan_id
             WHERE o.external_id = l.external_id) AS everyone,
       (SELECT count(*) FROM parties t
        WHERE t.loan_id = min(l.id) AND t.role IN ('borrower', 'co-borrower')) AS borrowers,
       min(l.currency) AS currency, min(l.portfolio_id) AS portfolio
FROM loans l JOIN parties p ON p.loan_id = l.id AND p.role = 'borrower'
WHERE l.external_id = ANY($1) GROUP BY l.external_id
"""
# A stop without a date of its own is news where the last word on file is no stop.
_CONSENTS: Final = """
WITH said AS (
  SELECT DISTINCT ON (person_id, channel, purpose, state, at) *
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[],
              $8::boolean[])
    s(id, person_id, channel, purpose, state, at, note, dated)
  ORDER BY person_id, channel, purpose, state, at, id
)
INSERT INTO consents (id, person_id, channel, purpose, state, at, note, source)
SELECT id, person_id, channel, purpose, state, at, note, 'feed' FROM said s
WHERE NOT EXISTS (SELECT 1 FROM consents c WHERE c.person_id = s.person_id AND c.channel = s.channel
                  AND c.purpose IS NOT DISTINCT FROM s.purpose
                  AND c.state = s.state AND c.at = s.at AND c.source = 'feed' AND c.portfolio_id IS NULL)
  AND (s.dated OR 'revoked' IS DISTINCT FROM (
    SELECT c.state FROM consents c
    WHERE c.person_id = s.person_id AND c.channel = s.channel AND c.purpose IS NOT DISTINCT FROM s.purpose
      AND c.portfolio_id IS NULL ORDER BY c.at DESC, c.id DESC LIMIT 1))
ORDER BY id
RETURNING id, person_id
"""
# One without a date of its own counts from the moment at which it came, and is news once: the same again
# does not bring back what was lifted.
_HOLDS: Final = """
WITH said AS (
  SELECT DISTINCT ON (person_id, loan_id, kind, starts_at) * FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::boolean[])
  s(person_id, loan_id, kind, starts_at, ends_at, dated)
)
INSERT INTO holds (person_id, loan_id, kind, starts_at, ends_at, recorded_at, recorded_by)
SELECT person_id, loan_id, kind, starts_at, ends_at, CASE WHEN dated THEN $7 ELSE starts_at END, 'feed'
FROM said s
WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE h.person_id = s.person_id AND h.kind = s.kind
                  AND h.loan_id IS NOT DISTINCT FROM s.loan_id AND h.recorded_by = 'feed'
                  AND (h.starts_at = s.starts_at
                       OR NOT s.dated AND (h.starts_at = h.recorded_at OR h.ends_at IS NULL)))
RETURNING person_id, kind, starts_at, loan_id
"""
_PROMISED: Final = """
SELECT EXISTS (SELECT 1 FROM promises p JOIN promise_loans m ON m.promise_id = p.id
               WHERE m.loan_id = $1 AND p.amount_minor = $2 AND p.due_on = $3 AND p.made_at = $4
                 AND p.recorded_by = 'feed')
"""
_CONTACT: Final = """
INSERT INTO contacts_elsewhere (person_id, at, channel, inbound, result, loan_ids, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'feed') ON CONFLICT DO NOTHING RETURNING person_id
"""
_CASES: Final = """
SELECT id FROM cases WHERE person_id = ANY($1)
UNION
SELECT case_id FROM parties WHERE loan_id = ANY($2)
"""


Seal = Callable[[int, str], bytes]  # words of the row of that id


async def persons(raw: Raw, ids: Iterable[str]) -> dict[str, Any]:
    """By external id: how many records have it (`several`), their ids, and id and zone of one of them."""
    return {row["external_id"]: row for row in await raw.rows(_PERSONS, list(ids))}


async def loans(raw: Raw, ids: Iterable[str]) -> dict[str, Any]:
    """By external id: how many loans have it (`several`); of one of them id, persons, zone, currency..."""
    return {row["external_id"]: row for row in await raw.rows(_LOANS, list(ids))}


async def touch_cases(raw: Raw, cases: Iterable[int], now: datetime) -> None:
    """Have these cases looked at."""
    await touch(raw, sorted(cases), now)


async def cases_of(raw: Raw, persons: Iterable[int]) -> list[int]:
    """The cases of these persons."""
    return await _cases(raw, list(persons), [])


async def _cases(raw: Raw, persons: list[int], loans: list[int]) -> list[int]:
    return [row[0] for row in await raw.rows(_CASES, persons, loans)]


async def _consents(
    raw: Raw, rows: Sequence[tuple[Any, ...]], now: datetime, seal: Seal
) -> tuple[int, list[int]]:
    """One for each channel, its evidence sealed under its own id. Of one moment, the file's order counts."""
    one_each = sorted(
        (
            (at, number, person, channel, purpose, state, note, dated)
            for number, (person, channels, purpose, state, at, note, dated) in enumerate(rows)
            for channel in channels
        ),
        key=lambda one: one[:2],
    )
    ids = await raw.ids("consents", len(one_each))
    row_of = {id_: one[1] for id_, one in zip(ids, one_each, strict=True)}
    made = [
        (id_, person, channel, purpose, state, at, None if note is None else seal(id_, note), dated)
        for id_, (at, _, person, channel, purpose, state, note, dated) in zip(ids, one_each, strict=True)
    ]
    new = await raw.rows(_CONSENTS, *_columns(made, 8))
    count = len({row_of[row["id"]] for row in new})
    return count, await _cases(raw, [row["person_id"] for row in new], [])


async def _holds(raw: Raw, rows: Sequence[tuple[Any, ...]], now: datetime, _: Seal) -> tuple[int, list[int]]:
    new = await raw.rows(_HOLDS, *_columns(rows, 6), now)
    persons = [row["person_id"] for row in new if row["loan_id"] is None]
    return len(new), await _cases(raw, persons, [row["loan_id"] for row in new if row["loan_id"]])


async def _promises(
    raw: Raw, rows: Sequence[tuple[Any, ...]], now: datetime, _: Seal
) -> tuple[int, list[int]]:
    """Promises made to an earlier system: they pause, are kept or broken like any other.

    What had become of one by the time it came in is written with it: it is news to nobody.
    """
    new, concerned = list[int](), list[int]()
    for case, loan, amount, made_at, made_on, due, last, until in rows:
        if await raw.value(_PROMISED, loan, amount, due, made_at):
            continue
        row = PromiseRow(case, None, amount, made_at, made_on, due, last, until, True, "feed", now, (loan,))
        new.append(await write_promise(raw, row))
        concerned.append(loan)
    await settle_past(raw, new, now)
    return len(new), await _cases(raw, [], concerned)


async def _contacts(
    raw: Raw, rows: Sequence[tuple[Any, ...]], now: datetime, _: Seal
) -> tuple[int, list[int]]:
    new = list[int]()
    for row in rows:
        person = await raw.value(_CONTACT, *row, now)
        if person is not None:
            new.append(person)
    return len(new), await _cases(raw, new, [])


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]


Write = Callable[[Raw, Sequence[tuple[Any, ...]], datetime, Seal], Awaitable[tuple[int, list[int]]]]
WRITE: Final[Mapping[str, Write]] = {
    "consents": _consents,
    "holds": _holds,
    "promises": _promises,
    "contacts": _contacts,
}
"""What writes each kind: how many rows were new, and the cases that they concern."""
