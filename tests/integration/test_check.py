"""`kept check` over a small book: it holds; what is broken by hand is named with an example."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.insight.check import check
from casework.staff.rights import Actor, Denied, Role
from policy.values import Hold
from storage.chain import Head
from tests.builders.checked import Checked, made_checked
from tests.builders.town import DAY, MONDAY


@pytest.fixture
async def checked(engine: AsyncEngine) -> Checked:
    return await made_checked(engine)


async def test_a_book_that_was_worked_holds(checked: Checked) -> None:
    assert await checked.broken() == {}
    sampled = await checked.check(everything=False)
    assert all(invariant.holds for invariant in sampled.values())


async def test_only_those_who_may_check(checked: Checked) -> None:
    with pytest.raises(Denied):
        await check(checked.town.office, Actor("col", Role.COLLECTOR), MONDAY, ())


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (
            "DELETE FROM contacts; UPDATE occurrences SET state = 'suppressed', reason = 'paid', noes = NULL "
            "WHERE state = 'messaged'",
            "message 1 has no contact",
        ),
        ("UPDATE occurrences SET message_id = NULL WHERE step = 'late-3'", "message 1 has no occurrence"),
        (
            "UPDATE contacts SET claim_id = NULL, state = 'cancelled' WHERE id = 1",
            "occurrence 1 is messaged, and no contact of message 1 was handed over",
        ),
        ("UPDATE occurrences SET state = 'tasked' WHERE id = 2", "occurrence 2 is tasked and has no task"),
        (
            "INSERT INTO tasks (case_id, loan_id, occurrence_id, kind, state, opened_at) "
            "VALUES (1, 1, 2, 'call', 'open', now())",
            "task 1 is of occurrence 2, which is superseded",
        ),
    ],
)
async def test_1_what_is_expected_has_one_end_and_what_was_said_a_contact(
    checked: Checked, plant: str, example: str
) -> None:
    await checked.plant("ALTER TABLE occurrences DROP CONSTRAINT ck_occurrences_messaged_by_a_message")
    await checked.plant(*plant.split("; "))
    assert example in (await checked.broken())["expected_once"]


COLUMNS = "case_id, loan_id, anchor, anchor_id, strategy, step, due_at, state, reason, decision_id, ended_at"


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        ("UPDATE occurrences SET loan_id = 999 WHERE id = 1", "occurrence 1 is of loan 999"),
        ("UPDATE contacts SET person_id = 999 WHERE id = 1", "contact 1 is to person 999"),
        ("UPDATE contacts SET address_id = 999 WHERE id = 1", "contact 1 is to person 1 at address 999"),
    ],
)
async def test_1_an_id_that_points_nowhere(checked: Checked, plant: str, example: str) -> None:
    await checked.plant(plant)
    assert any(example in found for found in (await checked.broken())["expected_once"])


async def test_1_an_occurrence_has_one_row(checked: Checked) -> None:
    await checked.plant(
        "ALTER TABLE occurrences DROP CONSTRAINT uq_occurrences_case_id_anchor_id_anchor_strategy_step",
        f"INSERT INTO occurrences ({COLUMNS}) SELECT {COLUMNS} FROM occurrences WHERE id = 2",
    )
    installment = checked.ann.installments[0]
    assert (await checked.broken())["expected_once"] == [
        f"case {checked.ann.case}: step upcoming (gentle) of installment {installment} has 2 rows"
    ]


async def test_2_a_contact_that_a_dead_deliverer_left_sending(checked: Checked) -> None:
    await checked.plant(
        "UPDATE contacts SET state = 'sending', leased_by = 'x', leased_until = '2026-11-23 08:10Z' "
        "WHERE id = 1"
    )
    assert "handed_over_once" not in await checked.broken(MONDAY)
    (example,) = (await checked.broken(MONDAY + DAY))["handed_over_once"]
    assert example.startswith("contact 1 is sending, and its lease ended at 2026-11-23 08:10")


@pytest.mark.parametrize(
    ("channel", "state", "confirmed_in", "broken"),
    [
        ("email", "accepted", None, True),
        ("email", "unknown", None, True),
        ("email", "sending", timedelta(hours=4), True),
        ("email", "delivered", None, True),
        ("email", "accepted", timedelta(hours=4), False),
        ("sms", "accepted", timedelta(hours=4), True),
        ("email", "accepted", timedelta(hours=6), True),
    ],
)
@pytest.mark.parametrize("since", ["accepted", "delivered"])
async def test_2_a_second_contact_of_a_message_only_as_a_fallback(
    checked: Checked, channel: str, state: str, confirmed_in: timedelta | None, broken: bool, since: str
) -> None:
    """Judged by the facts of its claim: the first may have been delivered since, whatever the clocks said."""
    await checked.fall_back(channel, state, confirmed_in)
    await checked.plant(f"UPDATE contacts SET state = '{since}', settled_at = sent_at WHERE id = 1")
    found = (await checked.broken()).get("handed_over_once", [])
    said = f"contacts 1 (sms, {since}) and 4 ({channel}, accepted) of message 1 both went out"
    assert found == ([said] if broken else [])


async def test_2_what_failed_is_followed(checked: Checked) -> None:
    await checked.fall_back("email", "failed", None)
    await checked.plant("UPDATE contacts SET state = 'failed' WHERE id = 1")
    assert "handed_over_once" not in await checked.broken()


async def test_2_a_provider_names_each_contact_once(checked: Checked) -> None:
    await checked.plant(
        "ALTER TABLE contacts DROP CONSTRAINT uq_contacts_provider_provider_id",
        "UPDATE contacts SET provider = 'counting', provider_id = 'one' WHERE id IN (1, 2)",
    )
    assert (await checked.broken())["handed_over_once"] == ["counting names 2 contacts by the id one"]


@pytest.mark.parametrize(
    ("field", "value", "example"),
    [
        ("unpaid", (), "contact 1: the decision of its claim does not plan it by sms to address 1"),
        (
            "holds",
            (Hold("dispute", 0, datetime(2026, 11, 1, tzinfo=UTC)),),
            "contact 1: the decision of its claim does not plan it by sms to address 1",
        ),
        (
            "consents",
            {"sms": "revoked"},
            "contact 1: the decision of its claim does not plan it by sms to address 1",
        ),
    ],
)
async def test_4_a_contact_that_its_claim_did_not_allow(
    checked: Checked, field: str, value: object, example: str
) -> None:
    await checked.change_claim(checked.ann, field, value)
    assert (await checked.broken())["allowed_at_claim"] == [example]


async def test_4_a_contact_after_a_stop_or_under_a_hold_that_the_facts_did_not_show(checked: Checked) -> None:
    """What was noted before the claim's decision, and what only says that it was: the order is judged."""
    await checked.plant(
        "INSERT INTO consents (person_id, channel, state, at, source) "
        f"VALUES ({checked.ann.person}, 'sms', 'revoked', '2026-11-20', 'feed')",
        "INSERT INTO holds (person_id, kind, starts_at, recorded_at, recorded_by) "
        f"VALUES ({checked.ben.person}, 'deceased', '2026-11-20', '2026-11-20', 'test')",
    )
    assert "allowed_at_claim" not in await checked.broken()
    await checked.plant(
        "UPDATE consents SET place = (SELECT claim_id - 1 FROM contacts WHERE id = 1)",
        "UPDATE holds SET place = (SELECT claim_id - 1 FROM contacts WHERE id = 2)",
    )
    assert (await checked.broken())["allowed_at_claim"] == [
        "contact 1 went out by sms after the person stopped that channel",
        "contact 2 went out under a hold (deceased)",
    ]


@pytest.mark.parametrize(
    ("field", "value", "example"),
    [
        ("shared", True, "contact 1: address 1 is on file with another person too"),
        ("state", "unverified", "contact 1: address 1 was unverified"),
        ("id", 77, "contact 1: address 1 was suspended, detached or not the person's"),
        ("kind", "email", "contact 1: address 1 is a email and carries no sms"),
    ],
)
async def test_5_an_address_that_may_not_carry_it(
    checked: Checked, field: str, value: object, example: str
) -> None:
    await checked.change_claim(checked.ann, field, value)
    assert example in (await checked.broken())["right_address"]


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (
            "UPDATE occurrences SET reason = 'paid' WHERE id = 2",
            "has the reason paid, and replay says later_step",
        ),
        (
            "UPDATE occurrences SET state = 'suppressed' WHERE id = 2",
            "occurrence 2 is suppressed, and replay says superseded",
        ),
        ("DELETE FROM occurrences WHERE id = 2", "step upcoming of installment 1 has no row"),
        (
            "UPDATE messages SET step = 'late-7' WHERE id = 1",
            "message 1 (step late-7) is not what replay plans",
        ),
        ("UPDATE decisions SET rulebook = 'gone' WHERE id = 1", "its rulebook is not stored"),
        ("UPDATE decisions SET facts = 'x' WHERE id = 1", "its facts cannot be read"),
        ("UPDATE decisions SET at = at - interval '3 days' WHERE id = 1", "decision 1: "),
    ],
)
async def test_6_a_decision_that_comes_out_otherwise(checked: Checked, plant: str, example: str) -> None:
    await checked.plant(plant)
    said = (await checked.broken())["replay_identical"]
    assert len(said) == 1
    assert said[0].startswith("decision 1: ")
    assert example in said[0]


@pytest.mark.parametrize(
    ("plant", "examples"),
    [
        (
            "UPDATE loans SET credit_minor = 999 WHERE credit_minor > 0",
            ["loan {loan} (core): allocated 30000, credit 999, received 31000 minor units"],
        ),
        (
            "UPDATE payments SET amount_minor = 29000",
            [
                "loan {loan} (core): allocated 30000, credit 1000, received 29000 minor units",
                "loan {loan}, payment {payment}: 30000 of 29000 minor units allocated",
            ],
        ),
        (
            "UPDATE installments SET paid_minor = paid_minor - 1 WHERE paid_minor > 0",
            ["loan {loan}, installment 1: 29999 paid, 30000 allocated (minor units)"],
        ),
    ],
)
async def test_7_money_that_does_not_add_up(checked: Checked, plant: str, examples: list[str]) -> None:
    await checked.plant(plant)
    payment = (await checked.town.book.sql("SELECT external_id FROM payments"))[0][0]
    said = [example.format(loan=checked.paid.loan_id, payment=payment) for example in examples]
    assert (await checked.broken())["money_adds_up"] == said


async def test_8_an_edited_event(checked: Checked) -> None:
    await checked.plant(
        "ALTER TABLE events DISABLE TRIGGER ALL", "UPDATE events SET actor = 'nobody' WHERE id = 1"
    )
    (example,) = (await checked.broken())["audit_verifies"]
    assert "an event was altered or exchanged" in example


async def test_8_a_chain_that_is_not_the_anchored_one(checked: Checked) -> None:
    checked.heads.append(Head(99, "00"))
    assert "audit_verifies" in await checked.broken()
