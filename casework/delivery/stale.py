"""Whether a loan's payments are known well enough to speak of its arrears: else somebody may have paid.

A strategy's steps wait for the feed then (strategies/come.py); what the staff says is asked the same.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from messages.context import Context
from messages.lint import lint
from messages.templates import KINDS, OWN_WORDS
from policy.calendar import local_day
from policy.values import No
from strategies.come import is_stale
from strategies.rulebook import Rulebook
from strategies.values import Facts

_OF_DEBT: Final = frozenset({"amount", "debt", "reference"})


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


def of_debt(template: str, words: str, references: Sequence[str] = ()) -> bool:
    """Whether a text of the library, or (OWN_WORDS) somebody's own words, speak of a loan at all."""
    if template != OWN_WORDS:
        return KINDS[template] != "neutral"
    context = Context(channel="chat", may_carry_amounts=False, references=tuple(references))
    return any(one.code in _OF_DEBT for one in lint(words, context))
