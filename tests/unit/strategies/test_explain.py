"""Explanations read as a clerk would say them, and no reason is without words."""

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import policy.rules
from ledger.standing import Unpaid
from ledger.terms import Terms
from policy.pack import shipped_packs, shipped_texts
from policy.values import Hold, No, Past, Situation
from strategies.explain import explain
from strategies.explanation import Contact, Explanation, Labels, LoanLabel
from strategies.language import shipped_strategies
from strategies.reasons import CONTACT_CODES, REASONS, RULES, Around, reason, together
from strategies.rulebook import Rulebook, Written, read_rulebook
from strategies.values import Address, Begun, Facts, Key, Loan, Tried

ROOT = Path(__file__).parents[3]
# A Monday, 09:00 in Berlin; what was due on Friday is three days late.
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)
LATE = Key("installment", 7, "gentle", "late-3")


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return read_rulebook(Written({1: shipped_strategies()["gentle"]}, shipped_texts(), {1: ("house",)}))


def facts(**changes: Any) -> Facts:
    """One loan of EUR 250.00, due on Friday; a phone and a mailbox."""
    loan: dict[str, Any] = {
        "id": 1,
        "status": "active",
        "zone": "Europe/Berlin",
        "strategy": 1,
        "since": NOW - timedelta(days=4),
        "fed_at": NOW,
        "unpaid": (Unpaid(7, FRIDAY, 250_00),),
    }
    loan |= {
        name: changes.pop(name) for name in list(changes) if name in loan or name in ("ended", "waiting")
    }
    addresses = changes.pop("addresses", (Address(1, "phone", "attested"), Address(2, "email", "attested")))
    begun = changes.pop("begun", ())
    return Facts(1, 1, 1, Situation(("Europe/Berlin",), **changes), (Loan(**loan),), addresses, begun)


def told(rulebook: Rulebook, facts: Facts, contact: Contact | None = None, at: datetime = NOW) -> Explanation:
    labels = Labels("b-17", {1: LoanLabel("L-1", Terms("EUR", "Europe/Berlin"))}, {1: "gentle v1"})
    return explain(facts, rulebook, at, labels, contact)


def contact(state: str, **changes: Any) -> Contact:
    given: dict[str, Any] = {
        "message": 5,
        "channel": "sms",
        "address": 1,
        "state": state,
        "code": None,
        "not_before": NOW,
        "sent_at": NOW if state not in ("planned", "cancelled") else None,
        "settled_at": NOW,
    }
    return Contact(**{**given, **changes})


def planned(*earlier: Tried) -> Begun:
    return Begun(
        5,
        "late-3",
        1,
        NOW + timedelta(days=4),
        (LATE,),
        1 + len(earlier),
        (*earlier, Tried(9, "sms", 1, "claimed", NOW)),
    )


def test_a_planned_contact(rulebook: Rulebook) -> None:
    found = told(rulebook, facts())
    first, *others = found.told
    assert first.headline == "An SMS to b-17 was planned on Mon 23 Nov 2026 at 09:00 (Berlin)."
    assert first.why == "EUR 250.00 of loan L-1 was 3 days late (due Fri 20 Nov 2026); every rule allowed it."
    assert first.step == "late-3 (gentle v1) of loan L-1, Mon 23 Nov at 08:00 (Berlin): planned"
    assert [(one.how, one.steps, one.why) for one in others] == [
        ("superseded", ("due-today",), "A later step, late-3, had come by then.")
    ]
    assert [(rule.pack, rule.rule, rule.answer, rule.words) for rule in found.rules] == [
        ("always", "stop", "yes", "SMS is not stopped"),
        ("always", "hold", "yes", "no hold"),
        ("house", "hours", "yes", "hours 08:00-21:00; it is 09:00 (Berlin)"),
        ("house", "daily", "yes", "0 of 1 this day"),
        ("house", "weekly", "yes", "0 of 4 this week"),
    ]
    assert all(rule.source for rule in found.rules)
    assert [(one.step, one.what) for one in found.next] == [
        ("late-3", "SMS late-3: it may go now"),
        ("late-7", "SMS late-7, if unpaid"),
        ("late-15", "SMS late-15, if unpaid"),
        ("call", "call (call by a person), if unpaid"),
    ]


@pytest.mark.parametrize(
    ("state", "code", "headline"),
    [
        (
            "accepted",
            None,
            "An SMS was sent to b-17 on Mon 23 Nov 2026 at 09:00 (Berlin); the provider has accepted it.",
        ),
        (
            "delivered",
            None,
            "An SMS was sent to b-17 on Mon 23 Nov 2026 at 09:00 (Berlin) and was delivered.",
        ),
        ("failed", "30003", "An SMS to b-17 failed on Mon 23 Nov 2026 at 09:00 (Berlin)."),
        (
            "unknown",
            "no_answer_recorded",
            "An SMS was handed over for b-17 on Mon 23 Nov 2026 at 09:00 (Berlin); nobody knows whether it "
            "arrived, and it is not sent again.",
        ),
        (
            "sending",
            None,
            "An SMS was handed over for b-17 on Mon 23 Nov 2026 at 09:00 (Berlin); there is no answer yet.",
        ),
        ("planned", None, "An SMS is planned for b-17, not before Mon 23 Nov 2026 at 09:00 (Berlin)."),
    ],
)
def test_a_contact_in_every_state(rulebook: Rulebook, state: str, code: str | None, headline: str) -> None:
    found = told(rulebook, facts(begun=(planned(),), waiting=(LATE,)), contact(state, code=code))
    assert found.told[0].headline == headline
    owed = "EUR 250.00 of loan L-1 was 3 days late (due Fri 20 Nov 2026); every rule allowed it."
    more = {
        "30003": " The provider's code is 30003.",
        "no_answer_recorded": " The program ended before the provider's answer was on record.",
    }
    assert found.told[0].why == owed + more.get(code or "", "")
    assert len(found.rules) == 5


def test_a_contact_that_was_cancelled_because_it_was_paid(rulebook: Rulebook) -> None:
    paid = facts(begun=(planned(),), waiting=(LATE,), unpaid=())
    found = told(rulebook, paid, contact("cancelled", code="paid"))
    assert found.told[0].headline == (
        "An SMS that was planned for b-17 was not sent: it was cancelled on Mon 23 Nov 2026 at 09:00 "
        "(Berlin)."
    )
    assert found.told[0].why == "The installment had been paid."
    assert found.told[0].step == "late-3 (gentle v1) of loan L-1: cancelled"
    assert (found.owed, found.rules, found.next) == ((), (), ())


def test_a_fallback_says_what_came_before_it(rulebook: Rulebook) -> None:
    first = Tried(8, "chat", 3, "failed", NOW)
    found = told(rulebook, facts(begun=(planned(first),), waiting=(LATE,)), contact("accepted"))
    assert found.told[0].why.endswith("every rule allowed it. The chat message before it failed.")


def test_what_is_not_confirmed_yet_goes_on_to_the_next_channel(rulebook: Rulebook) -> None:
    sent = Tried(9, "sms", 1, "accepted", NOW, NOW + timedelta(hours=4))
    begun = Begun(5, "late-3", 1, NOW + timedelta(days=4), (LATE,), 1, (sent,))
    found = told(rulebook, facts(begun=(begun,), ended=(LATE,)))
    assert (
        found.told[0].headline
        == "Step due-today of loan L-1 was passed over on Mon 23 Nov 2026 at 09:00 (Berlin)."
    )
    assert (found.next[0].at, found.next[0].what) == (
        NOW + timedelta(hours=4),
        "email late-3, if the SMS is not known to be delivered by then",
    )


@pytest.mark.parametrize(
    ("changes", "at", "headline", "why"),
    [
        (
            {},
            NOW + timedelta(hours=14),
            "Step late-3 of loan L-1 waits until Tue 24 Nov 2026 at 08:00 (Berlin).",
            "The permitted hours are 08:00-21:00, and it was 23:00 (Berlin). The next permitted moment is "
            "Tue 24 Nov at 08:00 (Berlin).",
        ),
        (
            {"holds": (Hold("dispute", 1, NOW, NOW + timedelta(days=2)),)},
            NOW,
            "Step late-3 of loan L-1 waits until Wed 25 Nov 2026 at 09:00 (Berlin).",
            "There is a hold (dispute) until Wed 25 Nov at 09:00 (Berlin).",
        ),
        (
            {"past": (Past(NOW - timedelta(hours=1), "email", "delivered", (2,), 3),)},
            NOW,
            "Step late-3 of loan L-1 waits until Tue 24 Nov 2026 at 08:00 (Berlin).",
            "The limit is 1 contact a day, and 1 has been made or planned. The next day begins on "
            "Tue 24 Nov at 00:00 (Berlin). The permitted hours are 08:00-21:00, and it was 00:00 (Berlin). "
            "The next permitted moment is Tue 24 Nov at 08:00 (Berlin).",
        ),
        (
            {"fed_at": NOW - timedelta(days=5)},
            NOW,
            "Step late-3 of loan L-1 waits until news comes, and lapses on Fri 27 Nov 2026 at 08:00 "
            "(Berlin).",
            "Payments are known only up to Wed 18 Nov at 09:00 (Berlin), and that is older than 4 days: "
            "who is late is not certain.",
        ),
        (
            {"consents": {"sms": "revoked"}, "addresses": (Address(1, "phone", "attested"),)},
            NOW,
            "Step late-3 of loan L-1 was not said on Mon 23 Nov 2026 at 09:00 (Berlin).",
            "There is no address on file that may carry a chat message or an email. The borrower has stopped "
            "SMS.",
        ),
        (
            {"addresses": ()},
            NOW,
            "Step late-3 of loan L-1 was not said on Mon 23 Nov 2026 at 09:00 (Berlin).",
            "There is no address on file that may carry a chat message, an SMS or an email.",
        ),
        (
            {"holds": (Hold("dispute", 0, NOW, NOW + timedelta(days=20)),)},
            NOW,
            "Step late-3 of loan L-1 was not said on Mon 23 Nov 2026 at 09:00 (Berlin).",
            "There is no address on file that may carry a chat message. There is a hold (dispute) until "
            "Sun 13 Dec at 09:00 (Berlin). By then the step has lapsed (on Fri 27 Nov at 08:00 (Berlin)).",
        ),
        (
            {},
            NOW - timedelta(hours=1, seconds=1),
            "Step due-today of loan L-1 was not said on Mon 23 Nov 2026 at 07:59 (Berlin).",
            "Its time had passed before it could be said.",
        ),
        (
            {"status": "sold", "waiting": (LATE,)},
            NOW,
            "Step late-3 of loan L-1 was not said on Mon 23 Nov 2026 at 09:00 (Berlin).",
            "The loan has been sold.",
        ),
        (
            {"unpaid": (Unpaid(7, date(2026, 12, 20), 250_00),)},
            NOW,
            "Nothing was to be said to b-17 on Mon 23 Nov 2026 at 09:00 (Berlin).",
            "No step of loan L-1 had come yet.",
        ),
    ],
)
def test_why_nothing_was_said(
    rulebook: Rulebook, changes: dict[str, Any], at: datetime, headline: str, why: str
) -> None:
    found = told(rulebook, facts(**changes), at=at)
    assert (found.told[0].headline, found.told[0].why) == (headline, why)


def test_a_task_is_told_as_work_for_a_person(rulebook: Rulebook) -> None:
    late = facts(unpaid=(Unpaid(7, date(2026, 10, 23), 250_00),), since=NOW - timedelta(days=3))
    found = told(rulebook, late)
    assert found.told[0].headline == (
        "On Mon 23 Nov 2026 at 09:00 (Berlin) a call about loan L-1 became work for a person, by "
        "Sun 6 Dec at 09:00 (Berlin)."
    )
    assert {rule.channel for rule in found.rules} == {"call"}


def test_what_comes_next_is_open_about_closed_channels(rulebook: Rulebook) -> None:
    found = told(rulebook, facts(holds=(Hold("deceased", 0, NOW),)))
    assert [one.what for one in found.next] == [
        "late-7: no channel is open while there is a hold (deceased)",
        "late-15: no channel is open while there is a hold (deceased)",
        "call: the rules allow no call while there is a hold (deceased)",
    ]
    found = told(rulebook, facts(consents={"sms": "revoked", "email": "revoked"}))
    assert found.next[0].what == "late-7: no channel is open as things are"


def test_every_reason_that_a_decision_can_give_has_words() -> None:
    trees = [ast.parse(file.read_text()) for file in (ROOT / "strategies").glob("*.py")]
    given = {
        node.args[1].value if isinstance(node.args[1], ast.Constant) else ast.unparse(node.args[1])
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "No"
    }
    assert len(given) > 6
    given.remove("loan.status")  # whatever the status is, but for active
    statuses = {"closed", "recalled", "sold", "written_off"}
    assert given | statuses == set(REASONS)


def test_every_status_of_a_loan_has_words() -> None:
    table = (ROOT / "storage" / "tables" / "book.py").read_text()
    known = re.search(r'one_of\("status", ([^)]*)\)', table)
    assert known
    assert set(re.findall(r'"(\w+)"', known[1])) - {"active"} <= set(REASONS)


def test_every_kind_of_rule_has_words() -> None:
    kinds = {
        value
        for value in vars(policy.rules).values()
        if isinstance(value, type) and hasattr(value, "first") and value is not policy.rules.Rule
    }
    assert kinds == set(RULES)
    for pack in shipped_packs().values():
        assert {type(rule) for rule in pack.rules} <= kinds
        assert {rule.name for rule in pack.rules}.isdisjoint(REASONS)


def test_every_code_that_kept_gives_a_contact_has_words() -> None:
    course = (ROOT / "casework" / "course.py").read_text()
    contacts = (ROOT / "storage" / "contacts.py").read_text()
    answers = (ROOT / "casework" / "delivery" / "answer.py").read_text()
    given = set(re.findall(r'cancelled\.append\(\([^"]*"(\w+)"\)\)|or "(\w+)"$', course, re.MULTILINE))
    codes = {code for pair in given for code in pair if code} | set(re.findall(r'code="(\w+)"', contacts))
    codes |= set(re.findall(r'return "(\w+)" if stale', answers))
    assert codes == set(CONTACT_CODES)


def test_a_rule_that_nobody_knows_is_still_told() -> None:
    said = reason(No("xx-law", "odd", "the moon is full"), Around("Europe/Berlin"))
    assert said == "The rule odd of xx-law says no: the moon is full."


def test_missing_addresses_are_one_sentence_in_the_place_of_the_first() -> None:
    noes = [
        No("addresses", "no_address", f"none on file that may carry it by {channel}")
        for channel in ("chat", "sms")
    ]
    stop = No("always", "stop", "the person stopped email")
    joined = together([noes[0], stop, noes[1]])
    assert [no.rule for no in joined] == ["no_address", "stop"]
    assert reason(joined[0], Around("Europe/Berlin")) == (
        "There is no address on file that may carry a chat message or an SMS."
    )
