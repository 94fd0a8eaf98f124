"""What the gate is asked for a case: as whom, before or after due, to whom, at which address."""

from collections.abc import Iterable
from datetime import datetime

from policy.calendar import local_day
from policy.values import Ask
from strategies.rulebook import Rulebook
from strategies.values import Facts, Loan, Plan


def stage_of(loan: Loan, at: datetime) -> str:
    """A reminder is what is said while nothing of the loan is past due; all else is collection."""
    if loan.unpaid and loan.unpaid[0].due >= local_day(at, loan.zone):
        return "reminder"
    return "collection"


def ask_about(
    loan: Loan,
    facts: Facts,
    rulebook: Rulebook,
    channel: str,
    at: datetime,
    *,
    message: int = 0,
    address: int = 0,
) -> Ask:
    """To speak of one loan on a channel, at about `at`. `message`, `address`: 0 where there is none yet."""
    return Ask(
        channel,
        (loan.id,),
        message=message,
        actor=rulebook.actor(facts.portfolio),
        stage=stage_of(loan, at),
        party=loan.party,
        address=address,
    )


def asks_of(plan: Plan, facts: Facts, rulebook: Rulebook, at: datetime, text: str | None = None) -> list[Ask]:
    """What a planned contact asks for: loans of one stage and party together. `text`: what is to be said."""
    return asks_about(
        (loan for loan in facts.loans if loan.id in plan.loans),
        rulebook.actor(facts.portfolio),
        plan.channel,
        at,
        message=plan.message,
        address=plan.address,
        text=text,
    )


def asks_about(
    loans: Iterable[Loan],
    actor: str,
    channel: str,
    at: datetime,
    *,
    purpose: str = "dunning",
    message: int = 0,
    address: int = 0,
    text: str | None = None,
) -> list[Ask]:
    """One ask for the loans of each stage and party."""
    together: dict[tuple[str, str], list[int]] = {}
    for loan in loans:
        together.setdefault((stage_of(loan, at), loan.party), []).append(loan.id)
    return [
        Ask(channel, tuple(ids), purpose, message, actor, stage, party, address, text)
        for (stage, party), ids in together.items()
    ]
