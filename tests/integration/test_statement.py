"""A statement from the book: the figures of `kept loan show`, of the loans one is party to, and no others."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower import statement
from casework.borrower.answers import NotAnsweredError
from casework.errors import CaseworkInputError
from casework.insight.loan import loan as loan_document
from casework.staff.rights import Actor, Denied, Role
from casework.told import mark_person
from messages.statement.values import Statement
from tests.builders.book import AUDITOR, Borrower
from tests.builders.town import MONDAY, Town

TODAY = date(2026, 11, 23)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Statement, str]]:
    """What was to be printed."""
    seen: list[tuple[Statement, str]] = []
    printed = statement.statement_pdf

    def print_it(what: Statement, language: str) -> bytes:
        seen.append((what, language))
        return printed(what, language)

    monkeypatch.setattr(statement, "statement_pdf", print_it)
    return seen


def themselves(person: int) -> Actor:
    return Actor(f"borrower {person}", Role.BORROWER)


async def of(town: Town, ann: Borrower, **more: Any) -> list[statement.File]:
    return await statement.statements(town.office, themselves(ann.person), ann.person, MONDAY, **more)


async def test_a_statement_has_the_figures_of_the_loan(town: Town, told: list[tuple[Statement, str]]) -> None:
    ann = await town.borrower(date(2026, 10, 15))
    await town.book.pay(ann, 100_00, date(2026, 11, 1))
    await town.book.pay(ann, 50_00, date(2026, 11, 20))
    for day in (None, date(2026, 11, 10)):
        (file,) = await of(town, ann, as_of=day)
        assert (file.name, file.media_type) == (f"statement-{day or TODAY}.pdf", "application/pdf")
        assert file.content.startswith(b"%PDF-")
        shown = await loan_document(town.office, AUDITOR, ann.loan_id, MONDAY, as_of=day)
        (printed,) = told[-1][0].loans
        assert f"{printed.outstanding / 100:.2f}" == shown["outstanding"]
        assert f"{printed.arrears / 100:.2f}" == shown["arrears"]
        assert len(printed.payments) == len(shown["payments"])
        assert [line.paid for line in printed.schedule] == [250_00 - printed.outstanding]
    assert told[0][0].name == "Ann Example"
    assert told[0][0].loans[0].pay == f"https://pay.example.com/{ann.loan_id}"
    assert told[0][1] == "en-DE"


async def test_a_statement_is_in_the_language_asked_for(
    town: Town, told: list[tuple[Statement, str]]
) -> None:
    ann = await town.borrower(TODAY)
    await of(town, ann, language="zh")
    assert told[0][1] == "zh-DE"


async def test_acceptance_29_a_co_borrowers_statement_has_the_joint_loan_never_the_spouses_own(
    town: Town, told: list[tuple[Statement, str]]
) -> None:
    ann, bob = await town.borrower(TODAY), await town.borrower(TODAY)
    await town.book.party(ann.loan, bob.person)
    await of(town, bob)
    assert {loan.loan for loan in told[0][0].loans} == {ann.loan_id, bob.loan_id}
    await of(town, ann)
    assert {loan.loan for loan in told[1][0].loans} == {ann.loan_id}


async def test_what_was_recalled_or_made_later_is_in_no_statement(town: Town) -> None:
    ann = await town.borrower(TODAY)
    assert await of(town, ann, as_of=TODAY - timedelta(days=400)) == []
    await town.book.sql("UPDATE loans SET status = 'recalled' RETURNING id")
    assert await of(town, ann) == []


async def test_nobody_gets_the_statement_of_another(town: Town) -> None:
    ann, bob = await town.borrower(TODAY), await town.borrower(TODAY)
    for actor in (themselves(bob.person), Actor("fay", Role.FINANCE), Actor("adi", Role.ADMINISTRATOR)):
        with pytest.raises(Denied):
            await statement.statements(town.office, actor, ann.person, MONDAY)


async def test_a_day_to_come_is_refused(town: Town) -> None:
    ann = await town.borrower(TODAY)
    with pytest.raises(CaseworkInputError, match="cannot be made yet"):
        await of(town, ann, as_of=TODAY + timedelta(days=1))


async def test_a_statement_asks_the_gate_and_says_that_a_collector_sends_it(
    town: Town, told: list[tuple[Statement, str]]
) -> None:
    own = await town.borrower(date(2026, 10, 15))
    await of(town, own)
    assert told[-1][0].collector is None
    town.portfolio = await town.book.portfolio(packs=["us-reg-f", "house"], actor="third_party")
    ann = await town.borrower(date(2026, 10, 15))
    await of(town, ann)
    assert told[-1][0].collector == "first"
    await mark_person(
        town.office, Actor("cara", Role.SUPERVISOR), ann.external_id, MONDAY, add=["represented"]
    )
    with pytest.raises(NotAnsweredError):
        await of(town, ann)
