"""What was owed, as a clerk says it."""

from datetime import datetime

from ledger.standing import standing
from policy.calendar import local_day
from strategies import reasons as say
from strategies.explanation import Labels, Owed
from strategies.values import Facts, Loan


def owed(facts: Facts, now: datetime, labels: Labels) -> tuple[Owed, ...]:
    """What each loan of the case owed at `now`, if anything."""
    return tuple(owed_of(loan, now, labels) for loan in facts.loans if loan.unpaid)


def owed_of(loan: Loan, now: datetime, labels: Labels) -> Owed:
    """What a loan owed at `now`, by its own terms and zone."""
    label = labels.loans[loan.id]
    name, currency = label.loan, label.terms.currency
    if not loan.unpaid:
        return Owed(name, currency, 0, 0, None, f"Nothing of loan {name} was unpaid")
    stands = standing(loan.unpaid, label.terms, local_day(now, loan.zone))
    due = loan.unpaid[0].due
    if stands.arrears:
        words = (
            f"{say.amount(stands.arrears, currency)} of loan {name} was {say.days(stands.dpd)} late "
            f"(due {say.day(due, year=True)})"
        )
    else:
        left = say.amount(loan.unpaid[0].left, currency)
        words = f"{left} of loan {name} falls due on {say.day(due, year=True)}, and nothing was late"
    return Owed(name, currency, stands.arrears, stands.dpd, due, words)
