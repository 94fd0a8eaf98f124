"""Whether a loan's payments are known well enough to speak of its arrears: else somebody may have paid.

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


def of_debt(template: str) -> bool:
    """Whether a text may speak of a loan: one of the library unless it is neutral, and anybody's own words.

    Nobody can tell of all words in all languages that they do not ("are you behind?"), so the request to get
    in touch is what goes instead.
    """
    return template == OWN_WORDS or KINDS[template] != "neutral"
