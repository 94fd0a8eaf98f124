"""`kept check`, invariant 3: what is expected is stored, and what news changed is looked at."""

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.checked import Checked, made_checked
from tests.builders.town import DAY, MONDAY


@pytest.fixture
async def checked(engine: AsyncEngine) -> Checked:
    return await made_checked(engine)


async def test_3_what_is_expected_and_not_stored(checked: Checked) -> None:
    await checked.plant("DELETE FROM occurrences WHERE id = 2")
    installment = checked.ann.installments[0]
    assert (await checked.broken())["nothing_lost"] == [
        f"case {checked.ann.case}: step upcoming of installment {installment} (2026-11-17 07:00Z) "
        "is expected and not stored"
    ]


async def test_3_a_touched_case_is_judged_after_its_look(checked: Checked) -> None:
    """The payment is taken back: the installment is unpaid again; the look stores what it expects."""
    payment = (await checked.town.book.sql("SELECT id FROM payments"))[0][0]
    await checked.town.book.reverse(checked.paid, payment, date(2026, 11, 23), at=MONDAY + DAY)
    assert await checked.broken() == {}
    checked.town.now = MONDAY + DAY
    await checked.town.look()
    assert await checked.broken() == {}


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (
            "UPDATE cases SET next_look_at = NULL WHERE id = 1",
            "case 1: step late-7 of installment 1 comes at 2026-11-27 07:00Z, before the case's next look",
        ),
        (
            "UPDATE installments SET due_on = '2026-11-18' WHERE id = 1",
            "case 1: step late-7 of installment 1 comes at 2026-11-25 07:00Z, before the case's next look",
        ),
        (
            "UPDATE cases SET looked_through = NULL, next_look_at = NULL WHERE id = 2",
            "case 2 was never looked at, and is not to be",
        ),
    ],
)
async def test_3_news_that_touched_nothing_would_be_missed(
    checked: Checked, plant: str, example: str
) -> None:
    await checked.plant(plant)
    assert example in (await checked.broken())["nothing_lost"]
    await checked.plant("UPDATE cases SET next_look_at = '2026-11-23 08:00Z'")  # as a touch does
    assert "is not to be" in example or "nothing_lost" not in await checked.broken()


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (
            "UPDATE installments SET paid_minor = 25000 WHERE id = 4",
            "step late-3 of installment 4 is over (paid), and it is looked at at 2026-11-27 07:00Z only",
        ),
        (
            "UPDATE installments SET due_on = '2026-11-16' WHERE id = 4",
            "step late-7 of installment 4 (2026-11-23 07:00Z) is expected and not stored",
        ),
        (
            "UPDATE loans SET status = 'recalled' WHERE id = (SELECT loan_id FROM installments WHERE id = 4)",
            "step late-3 of installment 4 is over (recalled), and it is looked at",
        ),
        (
            "INSERT INTO consents (person_id, channel, state, at, source) SELECT person_id, 'sms', "
            "'revoked', '2026-11-23', 'reply' FROM cases WHERE id = 4",
            "a contact by email is to be made, and it is looked at",
        ),
        (
            "UPDATE contacts SET not_before = '2026-11-24' WHERE case_id = 4",
            "contact 4 need not wait any longer",
        ),
    ],
)
async def test_3_a_lost_touch_of_what_is_under_way(checked: Checked, plant: str, example: str) -> None:
    late = await checked.town.borrower(date(2026, 11, 20))
    await checked.town.look()
    assert (late.case, late.installments[0]) == (4, 4)
    assert await checked.broken() == {}
    await checked.plant(plant)
    found = (await checked.broken())["nothing_lost"]
    assert {line.partition(":")[0] for line in found} == {"case 4"}
    assert any(example in line for line in found)
    await checked.plant("UPDATE cases SET next_look_at = looked_through WHERE id = 4")
    assert "nothing_lost" not in await checked.broken()
    await checked.town.look()
    assert "nothing_lost" not in await checked.broken()


async def test_3_a_hold_that_ended_early_and_touched_nothing(checked: Checked) -> None:
    held = await checked.town.borrower(date(2026, 11, 20))
    await checked.town.book.hold(held.person, "claims_paid", end=MONDAY + DAY)
    await checked.town.look()
    assert await checked.broken() == {}
    await checked.plant("UPDATE holds SET ends_at = recorded_at")
    (found,) = (await checked.broken())["nothing_lost"]
    assert "a contact by sms is to be made, and it is looked at at 2026-11-24" in found


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (
            "UPDATE occurrences SET step = 'late-99' WHERE id = 1",
            "occurrence 1: no version of strategy gentle has a step late-99",
        ),
        (
            "UPDATE occurrences SET anchor_id = 999 WHERE id = 1",
            "occurrence 1: loan {loan} has no installment 999",
        ),
        (
            "UPDATE occurrences SET due_at = '2026-11-27 07:00Z' WHERE id = 3",
            "occurrence 3 is of 2026-11-27 07:00:00+00, and case 1 is looked through "
            "2026-11-23 08:05:00+00 only",
        ),
        (
            "UPDATE occurrences SET due_at = '2026-11-01 07:00Z' WHERE id = 1",
            "occurrence 1 of loan {loan} is of 2026-11-01 07:00:00+00, and nothing is expected before "
            "2026-11-10 00:00:00+00",
        ),
    ],
)
async def test_3_what_no_version_could_expect(checked: Checked, plant: str, example: str) -> None:
    await checked.plant(plant)
    assert example.format(loan=checked.ann.loan_id) in (await checked.broken())["nothing_lost"]
