"""The four foreign tapes, against an independent reading of their files: csv and Decimal, nothing of Kept."""

import csv
from calendar import monthrange
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.office import Office
from tests.builders.book import office_of
from tests.builders.readings import Lent, claritypay, superlender
from tests.builders.tapes import book_rows, bring, counts, on, refused, snapshot

CENT = Decimal("0.01")


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return office_of(engine)


def rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))


def next_month(day: date, months: int) -> date:
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


# --- superlender -----------------------------------------------------------------------------------


def arrears_of(lent: list[Lent], day: date) -> dict[str, int]:
    """Unpaid amounts due before `day`, by loan, in minor units."""
    return {one.loan: one.arrears(day) for one in lent if one.made_on <= day}


ARREARS = """
SELECT l.external_id, coalesce(sum(i.left_minor) FILTER (WHERE i.due_on < $1), 0)::bigint
FROM loans l JOIN installments i ON i.loan_id = l.id GROUP BY 1
"""


async def test_superlender_whole(office: Office, shared_data: Path) -> None:
    path = shared_data / "superlender_ng"
    report = await bring(office, path, "superlender")
    assert (report.read, counts(report)) == (18183, {"loaded": 18183})
    assert report.sums["due"] == {"NGN": "355899548.90"}
    assert report.rejects_file is None
    assert await book_rows(office, "SELECT count(*), sum(left_minor)::bigint FROM installments") == [
        (19236, 0)
    ]
    by_term = Counter(row["termdays"] for row in rows(path / "trainprevloans.csv"))
    assert by_term["15"] + by_term["30"] + 2 * by_term["60"] + 3 * by_term["90"] == 19236
    before = await snapshot(office)
    again = await bring(office, path, "superlender")
    assert counts(again) == {"unchanged": 18183}
    assert again.sums == report.sums
    assert await snapshot(office) == before


async def test_superlender_arrears_as_of_a_day_and_the_next(office: Office, shared_data: Path) -> None:
    file = shared_data / "superlender_ng" / "trainprevloans.csv"
    day = on("2017-03-01")
    first = await bring(office, file, "superlender", as_of=day)
    made = [row for row in rows(file) if on(row["approveddate"][:10]) <= day]
    assert counts(first) == {"loaded": len(made), "skipped": 18183 - len(made)}
    lent = superlender(shared_data)
    assert dict(await book_rows(office, ARREARS, day)) == arrears_of(lent, day)
    assert sum(arrears_of(lent, day).values()) == 1_341_650_00
    # The next day brings the next day's loans and payments, and nothing else.
    following = day + timedelta(days=1)
    second = await bring(office, file, "superlender", as_of=following)
    new = [row for row in rows(file) if on(row["approveddate"][:10]) == following]
    paid = [
        row
        for row in made
        if on(row["firstrepaiddate"][:10]) == following
        or (on(row["closeddate"][:10]) == following and row["termdays"] in ("60", "90"))
    ]
    assert counts(second) == {
        "loaded": len(new),
        "updated": len(paid),
        "unchanged": len(made) - len(paid),
        "skipped": 18183 - len(made) - len(new),
    }
    assert dict(await book_rows(office, ARREARS, following)) == arrears_of(lent, following)
    # A day already told takes nothing away.
    before = await snapshot(office)
    earlier = await bring(office, file, "superlender", as_of=day)
    assert set(counts(earlier)) == {"unchanged", "skipped"}
    assert await snapshot(office) == before


async def test_superlender_governs_from_the_end_of_the_day_in_lagos(
    office: Office, shared_data: Path
) -> None:
    await bring(office, shared_data / "superlender_ng", "superlender", as_of=on("2017-03-01"))
    sql = "SELECT DISTINCT governed_since::text FROM loans UNION ALL SELECT fed_at::text FROM feeds"
    async with office.transaction() as raw:
        await raw.run("SET LOCAL TIME ZONE 'UTC'")
        moments = [row[0] for row in await raw.rows(sql)]
    assert moments == ["2017-03-01 23:00:00+00"] * 2
    persons = await book_rows(office, "SELECT DISTINCT zones, country, language FROM persons")
    assert persons == [(["Africa/Lagos"], "NG", "en")]


# --- claritypay ------------------------------------------------------------------------------------


async def test_claritypay_outstanding_arrears_and_buckets(office: Office, shared_data: Path) -> None:
    path, day = shared_data / "claritypay_bnpl", on("2026-07-01")
    report = await bring(office, path, "claritypay", as_of=day)
    assert (report.read, counts(report)) == (6982 + 35871, {"loaded": 42853})
    lent = claritypay(shared_data)
    assert sum(sum(plan.left(day)) for plan in lent) == 1_191_380_08
    in_book = await book_rows(
        office, "SELECT sum(left_minor)::bigint, (SELECT sum(credit_minor) FROM loans) FROM installments"
    )
    assert in_book == [(119138008, 0)]
    assert dict(await book_rows(office, ARREARS, day)) == arrears_of(lent, day)
    oldest = (
        "SELECT l.external_id, "
        "coalesce($1::date - min(i.due_on) FILTER (WHERE i.left_minor > 0 AND i.due_on < $1), 0) "
        "FROM loans l JOIN installments i ON i.loan_id = l.id GROUP BY l.id"
    )
    assert dict(await book_rows(office, oldest, day)) == {plan.loan: plan.days_late(day) for plan in lent}
    assert len({plan.bucket(day) for plan in lent}) == 5
    fees = await book_rows(office, "SELECT sum(fees_minor)::bigint FROM installments")
    assert fees == [(3829000,)]
    again = await bring(office, path, "claritypay", as_of=day)
    assert counts(again) == {"unchanged": 42853}


# --- home_credit -----------------------------------------------------------------------------------


async def test_home_credit_by_version_and_part_payments(office: Office, shared_data: Path) -> None:
    path = shared_data / "home_credit"
    report = await bring(office, path, "home_credit")
    assert (report.read, counts(report)) == (20000, {"loaded": 20000})
    owed: dict[tuple[str, str, str], Decimal] = {}
    came: dict[str, Decimal] = defaultdict(Decimal)
    due: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(path / "installments_payments.csv"):
        key = row["SK_ID_PREV"], row["NUM_INSTALMENT_VERSION"], row["NUM_INSTALMENT_NUMBER"]
        if key not in owed:
            owed[key] = Decimal(row["AMT_INSTALMENT"])
            due[key[0]] += owed[key]
        came[key[0]] += Decimal(row["AMT_PAYMENT"] or 0)
    assert report.sums["due"] == {"KWD": f"{sum(owed.values()):.3f}"}
    assert report.sums["paid"] == {"KWD": f"{sum(came.values()):.3f}"}
    sql = (
        "SELECT l.external_id, sum(i.left_minor)::bigint, l.credit_minor, count(*) "
        "FROM loans l JOIN installments i ON i.loan_id = l.id GROUP BY l.id"
    )
    found = await book_rows(office, sql)
    assert sum(row[3] for row in found) == len(owed) == 19983
    for loan, left, credit, _ in found:
        over = came[loan] - due[loan]
        assert (left, credit) == (max(-over, 0) * 1000, max(over, 0) * 1000)
    anchored = await book_rows(office, "SELECT min(due_on), max(due_on) FROM installments")
    assert anchored == [(date(2018, 1, 1) - timedelta(days=2922), date(2017, 12, 31))]
    before = await snapshot(office)
    assert counts(await bring(office, path, "home_credit")) == {"unchanged": 20000}
    assert await snapshot(office) == before


# --- berka -----------------------------------------------------------------------------------------


async def test_berka_owners_districts_and_schedules(office: Office, shared_data: Path) -> None:
    path = shared_data / "berka"
    report = await bring(office, path, "berka")
    assert (report.read, counts(report)) == (682, {"loaded": 682})
    assert report.sums == {"due": {"CZK": "103261740.00"}, "paid": {}, "principal": {"CZK": "103261740.00"}}
    owner = {
        row["account_id"]: row["client_id"] for row in rows(path / "disp.asc", ";") if row["type"] == "OWNER"
    }
    district = {row["client_id"]: row["district_id"] for row in rows(path / "client.asc", ";")}
    region = {row["A1"]: row["A3"] for row in rows(path / "district.asc", ";")}
    expected: dict[str, Any] = {}
    for row in rows(path / "loan.asc", ";"):
        made = date(1900 + int(row["date"][:2]), int(row["date"][2:4]), int(row["date"][4:]))
        client, n = owner[row["account_id"]], int(row["duration"])
        expected[row["loan_id"]] = (
            client, region[district[client]], made, n, next_month(made, 1), next_month(made, n),
            int(Decimal(row["payments"]) * n * 100), row["status"],
        )  # fmt: skip
    sql = (
        "SELECT l.external_id, p.external_id, p.region, l.made_on, count(*)::int, min(i.due_on), "
        "max(i.due_on), "
        "sum(i.principal_minor)::bigint, l.attributes->>'bank_status' "
        "FROM loans l JOIN installments i ON i.loan_id = l.id JOIN parties t ON t.loan_id = l.id "
        "JOIN persons p ON p.id = t.person_id GROUP BY l.id, p.id"
    )
    assert {row[0]: row[1:] for row in await book_rows(office, sql)} == expected
    assert refused(report) == []
    assert counts(await bring(office, path, "berka")) == {"unchanged": 682}
