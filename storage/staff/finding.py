"""Cases found by whole values, by parts of a name or number, by tags, attributes and days late."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.names import TAIL, is_called, tail_token, wanted_tokens
from storage.raw import Raw


class Found(msgspec.Struct, frozen=True):
    """A case that was found. `name` is opened."""

    case: int
    name: str | None


class Reach(msgspec.Struct, frozen=True):
    """Where somebody may look. `staff` None: every case of the portfolios; else their own, and nobody's."""

    portfolios: Sequence[int]
    staff: int | None


class Marks(msgspec.Struct, frozen=True):
    """What is asked of a case beside its person: tags, attributes of its loans, days late."""

    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    late_over: date | None = None  # something unpaid was due before this day
    late_under: date | None = None  # nothing was

    @property
    def asked(self) -> bool:
        """Whether anything is."""
        return self != Marks()


_WITHIN: Final = """
FROM cases c JOIN persons p ON p.id = c.person_id LEFT JOIN assignments a ON a.case_id = c.id
WHERE c.portfolio_id = ANY($1) AND ($2::bigint IS NULL OR a.staff_id IS NULL OR a.staff_id = $2)
"""
_OF_LOANS: Final = "c.id IN (SELECT pa.case_id FROM loans l JOIN parties pa ON pa.loan_id = l.id WHERE {})"
_BY: Final = {
    "phone": "p.id IN (SELECT d.person_id FROM addresses d WHERE d.kind = 'phone' AND d.token = $3 "
    "AND d.state <> 'detached')",
    "loan": _OF_LOANS.format("upper(l.external_id) = upper($3)"),
    "borrower": "p.external_id = $3",
}
# Whoever owes is many: asked case by case, a million are not gathered first.
_UNPAID: Final = (
    "EXISTS (SELECT 1 FROM parties pa JOIN loans l ON l.id = pa.loan_id AND l.status = 'active' "
    "JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0 AND i.due_on < ${n}::date "
    "WHERE pa.case_id = c.id)"
)
# Of the staff's tags and of the book's, each by its own index: loans without any are in none.
_TAGGED: Final = (
    "c.id IN (SELECT g.case_id FROM case_tags g WHERE g.tag = lower(${n}::text) UNION ALL "
    "SELECT pa.case_id FROM loans l JOIN parties pa ON pa.loan_id = l.id "
    "WHERE l.tags <> '{{}}' AND l.tags @> ARRAY[${n}::text])"
)
# An attribute is a string. Compared as the index has it: all of it in lower case.
_ATTRIBUTE: Final = (
    "c.id IN (SELECT pa.case_id FROM loans l JOIN parties pa ON pa.loan_id = l.id "
    "WHERE l.attributes <> '{{}}' AND lower(l.attributes::text)::jsonb "
    "@> jsonb_build_object(lower(${n}::text), lower(${m}::text)))"
)


async def by(
    raw: Raw, keyring: Keyring, how: str, value: str | bytes, reach: Reach, limit: int
) -> list[Found]:
    """Cases by a whole value. `how`: phone (its token) | loan | borrower."""
    rows = await raw.rows(
        f"SELECT c.id, p.id AS person, p.name {_WITHIN} AND {_BY[how]} ORDER BY c.id LIMIT $4",
        list(reach.portfolios),
        reach.staff,
        value,
        limit,
    )
    return [Found(case, _opened(keyring, person, name)) for case, person, name in rows]


async def by_tail(raw: Raw, keyring: Keyring, figures: str, reach: Reach, limit: int) -> list[Found]:
    """Cases of a person with a number that ends in `figures`, four or more."""
    if len(figures) < TAIL:
        return []
    sql = (
        f"SELECT c.id, p.id AS person, p.name, d.id AS address, d.value {_WITHIN} "  # noqa: S608, constants
        "AND d.kind = 'phone' AND d.state <> 'detached' "
        "AND p.id IN (SELECT t.person_id FROM person_tokens t WHERE t.token = $3)"
    ).replace("LEFT JOIN assignments", "JOIN addresses d ON d.person_id = p.id LEFT JOIN assignments")
    found: dict[int, Found] = {}
    async for rows in raw.batches(sql, list(reach.portfolios), reach.staff, tail_token(keyring, figures)):
        for case, person, name, address, value in rows:
            if keyring.open("addresses", "value", address, value).endswith(figures):
                found[case] = Found(case, _opened(keyring, person, name))
                if len(found) == limit:
                    return [found[case] for case in sorted(found)]
    return [found[case] for case in sorted(found)]


async def by_marks(
    raw: Raw,
    keyring: Keyring,
    marks: Marks,
    words: Sequence[str],
    reach: Reach,
    limit: int,
    *,
    tokens: bool,
) -> list[Found]:
    """Cases with all of `marks`, in whose person's name each of `words` (folded) begins a word.

    tokens   whether everybody is found by their tokens; else each name within reach is opened
    """
    conditions, values = _conditions(marks)
    if words:
        conditions.append("p.name IS NOT NULL")
        looked_up = wanted_tokens(keyring, words) if tokens else None
        if tokens and looked_up is None:
            return []
        if looked_up is not None:
            values += [looked_up, len(looked_up)]
            conditions.append(
                f"p.id IN (SELECT t.person_id FROM person_tokens t WHERE t.token = ANY(${len(values) + 1}) "  # noqa: S608
                f"GROUP BY t.person_id HAVING count(*) = ${len(values) + 2})"
            )
    sql = " AND ".join([f"SELECT c.id, p.id AS person, p.name {_WITHIN}", *conditions])
    found: list[Found] = []
    async for rows in raw.batches(sql, list(reach.portfolios), reach.staff, *values):
        for case, person, name in rows:
            opened = _opened(keyring, person, name)
            if not words or (opened is not None and is_called(opened, words)):
                found.append(Found(case, opened))
                if len(found) == limit:
                    return sorted(found, key=lambda one: one.case)
    return sorted(found, key=lambda one: one.case)


def _conditions(marks: Marks) -> tuple[list[str], list[Any]]:
    """Conditions for what is asked, their parameters from $3 on."""
    conditions: list[str] = []
    values: list[Any] = []
    for tag in marks.tags:
        values.append(tag)
        conditions.append(_TAGGED.format(n=len(values) + 2))
    for name, value in marks.attributes:
        values += [name, value]
        conditions.append(_ATTRIBUTE.format(n=len(values) + 1, m=len(values) + 2))
    for day, prefix in ((marks.late_over, ""), (marks.late_under, "NOT ")):
        if day is not None:
            values.append(day)
            conditions.append(prefix + _UNPAID.format(n=len(values) + 2))
    return conditions, values


def _opened(keyring: Keyring, person: int, name: bytes | None) -> str | None:
    return None if name is None else keyring.open("persons", "name", person, name)
