"""A portfolio's file that spreads payments otherwise: every loan is spread anew, and what was paid stays."""

from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.insight.check import check
from casework.intake.terms import Taken, take_portfolio
from casework.office import Office
from casework.portfolios import PortfolioSpec
from tests.builders.book import AUDITOR, office_of
from tests.builders.tapes import NOW, OPERATIONS, book_rows, bring, due, loan, paid, tape

SPREAD = (
    "SELECT l.external_id, a.principal_minor, a.interest_minor, a.fees_minor FROM allocations a "
    "JOIN loans l ON l.id = a.loan_id JOIN installments i ON i.id = a.installment_id "
    "ORDER BY l.external_id, a.payment_id, i.number"
)
BALANCES = (
    "SELECT l.external_id, l.credit_minor, array_agg(i.paid_minor ORDER BY i.number) FROM loans l "
    "JOIN installments i ON i.loan_id = l.id GROUP BY 1, 2 ORDER BY 1"
)


def spec(**terms: object) -> PortfolioSpec:
    return PortfolioSpec.model_validate(
        {"portfolio": "main", "name": "Main", "brand": "Main", "zone": "Europe/Berlin", "currency": "EUR"}
        | {"terms": terms}
    )


async def take(office: Office, file: PortfolioSpec) -> Taken:
    async with office.transaction() as raw:
        return await take_portfolio(raw, OPERATIONS, file, NOW)


def dues(name: str) -> list[dict[str, object]]:
    return [due(name, n, f"2026-0{n + 2}-01", "80.00", interest="20.00", fees="5.00") for n in (1, 2, 3)]


async def sound(office: Office) -> None:
    found = await check(office, AUDITOR, NOW, ())
    assert [one.name for one in found if not one.holds and one.name != "audit_verifies"] == []


async def test_every_loan_is_spread_by_the_new_order_at_once(engine: AsyncEngine, tmp_path: Path) -> None:
    office = office_of(engine)
    await take(office, spec())
    loans = [loan("L1"), loan("L2", "B2"), loan("L3", "B3")]
    pays = [paid("L1", "a", "2026-03-01", "50.00"), paid("L2", "b", "2026-04-10", "105.00")]
    await bring(office, tape(tmp_path / "t", loans, [*dues("L1"), *dues("L2"), *dues("L3")], pays))
    assert await book_rows(office, SPREAD) == [("L1", 2500, 2000, 500), ("L2", 8000, 2000, 500)]
    await book_rows(office, "UPDATE cases SET next_look_at = NULL RETURNING 1")
    # Nothing that spreads payments: nothing is spread anew.
    assert await take(office, spec(grace_days=3)) == Taken(1, changed=True)
    oldest_principal = ["principal", "interest", "fees", "penalties"]
    assert await take(office, spec(allocation=oldest_principal)) == Taken(1, changed=True, loans=1)
    assert await book_rows(office, SPREAD) == [("L1", 5000, 0, 0), ("L2", 8000, 2000, 500)]
    touched = (
        "SELECT p.external_id FROM cases c JOIN persons p ON p.id = c.person_id WHERE next_look_at <= $1"
    )
    assert await book_rows(office, touched, NOW) == [("B1",)]
    await book_rows(office, "UPDATE cases SET next_look_at = $1 RETURNING 1", NOW)
    assert (await take(office, spec(allocation=oldest_principal))).changed is False
    by_component = spec(allocation=oldest_principal, spread="by_component")
    assert (await take(office, by_component)).loans == 1
    assert (await book_rows(office, SPREAD))[1:] == [("L2", 8000, 0, 0), ("L2", 2500, 0, 0)]
    events = await book_rows(
        office, "SELECT data::text FROM events WHERE action = 'portfolio.changed' ORDER BY id"
    )
    assert [row[0] for row in events] == [f'{{"loans_spread_anew":{n}}}' for n in (0, 1, 1)]
    await sound(office)


orders = st.permutations(["penalties", "fees", "interest", "principal"])
files = st.builds(
    lambda order, spread, prepayment: {"allocation": order, "spread": spread, "prepayment": prepayment},
    orders,
    st.sampled_from(["by_installment", "by_component"]),
    st.sampled_from(["next", "last"]),
)


@given(files, st.lists(st.integers(1, 400), min_size=1, max_size=4))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_loan_stands_as_if_it_had_always_been_so(
    engine: AsyncEngine, tmp_path: Path, terms: dict[str, object], amounts: list[int]
) -> None:
    """By terms that came later as by terms that were there first: to the minor unit."""
    office = office_of(engine)
    stands: list[object] = []
    for late in (True, False):
        await book_rows(
            office, "TRUNCATE persons, loans, portfolios, feeds, imports RESTART IDENTITY CASCADE"
        )
        await take(office, spec() if late else spec(**terms))
        pays = [paid("L1", f"p{n}", f"2026-03-{n + 1:02}", f"{one}.00") for n, one in enumerate(amounts)]
        there = tape(tmp_path / "t", [loan("L1")], dues("L1"), pays)
        await bring(office, there, now=NOW + timedelta(seconds=late))
        await take(office, spec(**terms))
        stands.append((await book_rows(office, SPREAD), await book_rows(office, BALANCES)))
        await sound(office)
    assert stands[0] == stands[1]
