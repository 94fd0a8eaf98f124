"""Why was somebody reminded, or not, or not yet: told from the record, as a clerk would say it."""

from typing import Any

from tests.builders.command import Kept
from tests.builders.eve import due_on_monday
from tests.builders.readings import Lent

NIGHT = "2017-07-10T22:00+01:00"
MORNING = "2017-07-11T09:00+01:00"


async def test_a_deferred_a_suppressed_and_a_sent_case(copied: Kept, lent: list[Lent]) -> None:
    due = due_on_monday(lent).values()
    today = [one for one in due if one.reminder.step == "due-today"]
    late = next(one for one in due if one.reminder.step == "late-7" and one.channel == "sms")
    loan = late.reminder.loan

    # What is due today has lost its sense by the morning; everything else waits for it.
    looked = await copied.json("look", "--now", NIGHT)
    assert (looked["waiting"], looked["contacts"]) == (len(due) - len(today), 0)
    assert looked["suppressed"] == len(today)
    assert looked["by_reason"] == {"hours": len(due)}

    first, why, owed = await _first_lines(copied, "borrower", late.borrower)
    assert first == f"Step late-7 of loan {loan} waits until Tue 11 Jul 2017 at 08:00 (Lagos)."
    assert "The permitted hours are 08:00-21:00, and it was 22:00 (Lagos)." in why
    assert owed.endswith(f"NGN {late.amount} of loan {loan} was 7 days late (due Mon 3 Jul 2017)")

    first, why, _ = await _first_lines(copied, "borrower", today[0].borrower)
    said = (
        f"Step due-today of loan {today[0].reminder.loan} was not said on Mon 10 Jul 2017 at 22:00 (Lagos)."
    )
    assert first == said
    assert "By then the step has lapsed" in why

    await copied.json("look", "--now", MORNING)
    sent = await copied.json("send", "--now", MORNING)
    assert sent["sms"]["delivered"] > 0, "the sandbox delivers"
    ((contact,),) = await copied.rows(
        "SELECT c.id FROM contacts c JOIN persons p ON p.id = c.person_id WHERE p.external_id = $1",
        late.borrower,
    )
    first, why, _ = await _first_lines(copied, "contact", str(contact))
    assert first == (
        f"An SMS was sent to {late.borrower} on Tue 11 Jul 2017 at 09:00 (Lagos) and was delivered."
    )
    assert why.endswith("every rule allowed it.")

    told = await copied.json("explain", "contact", str(contact))
    assert (told["contact"], told["how"], told["steps"]) == (contact, "delivered", ["late-7"])
    assert told["replay"]["identical"]
    assert [(one["step"], one["at"]) for one in told["next"]] == [
        ("late-15", "2017-07-18T07:00:00+00:00"),
        ("call", "2017-08-02T08:00:00+00:00"),
    ]


async def _first_lines(kept: Kept, *what: str) -> Any:
    ran = await kept.run("explain", *what)
    assert (ran.code, ran.err) == (0, "")
    return ran.out.splitlines()[:3]
