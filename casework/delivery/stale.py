"""Whether a loan's figures are known well enough to speak of its arrears: else somebody may have paid.

A strategy's steps wait for the feed then (strategies/come.py); what the staff says is asked the same.
"""

from collections.abc import Collection
from datetime import datetime

from messages.templates import KINDS, OWN_WORDS
from policy.calendar import local_day
from policy.values import No
from strategies.come import is_stale
from strategies.rulebook import Rulebook
from strategies.values import Facts


def stale_noes(facts: Facts, loans: Collection[int], rulebook: Rulebook, now: datetime) -> tuple[No, ...]:
    """Why nothing may be said at `now` of what is past due on `loans`: a feed of theirs is too old."""
    fed = [
        loan.fed_at
        for loan in facts.loans
        if loan.id in loans
        and loan.unpaid
        and loan.unpaid[0].due < local_day(now, loan.zone)
        and is_stale(loan, rulebook.strategies[loan.strategy], now)
    ]
    if not fed:
        return ()
    detail = (
        f"payments are known only up to {min(fed):%Y-%m-%d %H:%M} UTC; "
        "nothing is said of arrears until the core system has sent newer ones"
    )
    return (No("book", "stale_feed", detail),)


def unsure_noes(facts: Facts, loans: Collection[int], now: datetime) -> tuple[No, ...]:
    """Why nothing may be said of `loans` but by what the person asks: figures in doubt, or nothing owed."""
    about = [loan for loan in facts.loans if loan.id in loans]
    found: list[No] = []
    if not any(loan.status == "active" and loan.unpaid for loan in about):
        found.append(No("book", "nothing_owed", "nothing is owed that it could be about"))
    for loan in about:
        if "held_tape" in loan.unsure:
            found.append(No("book", "held_tape", "the last tape of a loan waits for approval"))
        late = bool(loan.unpaid) and loan.unpaid[0].due < local_day(now, loan.zone)
        if late and "core_differs" in loan.unsure:
            found.append(No("book", "core_differs", "the core system states another balance of a loan"))
    return tuple({no.rule: no for no in found}.values())


def of_debt(template: str) -> bool:
    """Whether a text may speak of a loan: one of the library unless it is neutral, and anybody's own words.

    Nobody can tell of all words in all languages that they do not ("are you behind?"), so the request to get
    in touch is what goes instead.
    """
    return template == OWN_WORDS or KINDS[template] != "neutral"
