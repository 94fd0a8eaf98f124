"""Every outcome code has its declared effect; holds are the sum of what was done about them."""

import re
from datetime import timedelta

import pytest

from strategies.outcomes import EFFECTS
from strategies.pauses import Action, period
from tests.builders.facts import DAY, at

# PRODUCT.md, outcome codes, and what each does to the case: every word of its first column.
CODES = {
    "promise": "promise",
    "promise kept": "promise_kept",
    "partly kept": "promise_partly_kept",
    "promise broken": "promise_broken",
    "the second break": "promise_broken_again",
    "claims paid": "claims_paid",
    "refused": "refused",
    "dispute": "dispute",
    "hardship": "hardship",
    "vulnerable": "vulnerable",
    "plan agreed": "plan_agreed",
    "callback": "callback",
    "no answer": "no_answer",
    "busy": "busy",
    "voicemail": "voicemail",
    "wrong number": "wrong_number",
    "wrong person": "wrong_person",
    "third party answered": "third_party",
    "stop": "stop",
    "deceased": "deceased",
    "bankrupt": "bankrupt",
    "moratorium": "moratorium",
    "represented": "represented",
    "fraud claim": "fraud_claim",
    "complaint": "complaint",
    "visit: met": "visit_met",
    "visit: not home": "visit_not_home",
    "visit: moved": "visit_moved",
    "visit: locked": "visit_locked",
    "visit: unsafe": "visit_unsafe",
    "visit: cash taken": "visit_cash_taken",
    "visit: document served": "visit_document_served",
}


def test_every_code_is_classified_and_none_is_unknown() -> None:
    assert set(CODES.values()) == set(EFFECTS)


@pytest.mark.parametrize("code", sorted(EFFECTS))
def test_every_code_does_something_and_says_what(code: str) -> None:
    effect = EFFECTS[code]
    assert re.fullmatch(r"[a-z].+[a-z`]", effect.why), effect.why
    does = (effect.pause, effect.job, effect.result, effect.address, effect.promise, effect.stop)
    assert effect.machine or any(does), "a code without an effect"
    assert (effect.address is None) or "address" in effect.needs
    assert not effect.promise or {"amount", "due"} <= set(effect.needs)


def test_holds_reach_as_far_as_they_should() -> None:
    """Of a person: death, bankruptcy, represented. Of a debt: dispute, moratorium, claims paid."""
    of_person = {code for code, one in EFFECTS.items() if one.pause and one.pause.person}
    of_loan = {code for code, one in EFFECTS.items() if one.pause and not one.pause.person}
    assert {"deceased", "bankrupt", "represented", "hardship", "vulnerable", "complaint"} <= of_person
    assert {"dispute", "moratorium", "claims_paid", "fraud_claim", "visit_cash_taken"} <= of_loan
    claims = EFFECTS["claims_paid"].pause
    assert claims is not None
    assert timedelta(days=2) <= (claims.lasts or timedelta()) <= timedelta(days=3)


def test_the_period_is_the_sum_of_the_actions() -> None:
    monday = at("2026-11-23 09:00")
    placed = Action("place", monday, None)
    assert period([placed]) == (monday, None)
    assert period([placed, Action("lift", None, monday + DAY)]) == (monday, monday + DAY)
    changed = Action("change", monday - 5 * DAY, monday + 5 * DAY)
    assert period([placed, changed]) == (monday - 5 * DAY, monday + 5 * DAY)
    assert period([placed, changed, Action("lift", None, monday)]) == (monday - 5 * DAY, monday)
    never = period([placed, Action("lift", None, monday - 9 * DAY)])
    assert never == (monday, monday), "lifted before it began, it never held"
    again = Action("place", monday + 9 * DAY, None)
    assert period([placed, Action("lift", None, monday), again]) == (monday + 9 * DAY, None)
    for wrong in ([Action("lift", None, monday)], []):
        with pytest.raises(ValueError, match="placed before"):
            period(wrong)
