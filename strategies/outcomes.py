"""What each outcome does to a case: one table of declared effects, obeyed by whoever records an outcome.

The decision itself knows no code: it sees what the effects leave behind (a hold, a promise, a suspended
address, a stop, an attempt that counts), so a machine, a collector and an import obey in the same way.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

_DAY = timedelta(days=1)


class Pause(msgspec.Struct, frozen=True):
    """A hold that an outcome places. Of the person with all their loans, or of the loans it names."""

    kind: str
    person: bool
    lasts: timedelta | None = None  # None: until somebody lifts it


class Job(msgspec.Struct, frozen=True):
    """Work that an outcome opens. `within`: its service deadline, from the outcome on."""

    kind: str  # call | visit | review | reconcile | trace
    queue: str
    within: timedelta
    priority: int = 5


class Effect(msgspec.Struct, frozen=True):
    """What one outcome code does.

    needs    what has to be told with it: amount, due (the promised day), at (a moment), channel, address
    pause    the hold it places
    job      the work it opens
    result   how the attempt counts: to the caps, to cooldowns, and as right-party contact (conversation)
    address  what becomes of the address it is about, for everybody who has it on file: suspended | unverified
    stop     the channel it is about is closed for the person
    promise  it makes a promise
    machine  found by the decision, and recorded by nobody
    why      what it does, in words
    """

    why: str
    needs: tuple[str, ...] = ()
    pause: Pause | None = None
    job: Job | None = None
    result: str | None = None
    address: str | None = None
    stop: bool = False
    promise: bool = False
    machine: bool = False


SPOKEN = "conversation"
"""How having spoken to the person counts."""

TOLD = frozenset(
    {
        *("claims_paid", "dispute", "hardship", "vulnerable", "plan_agreed", "complaint", "fraud_claim"),
        *("stop", "represented"),
    }
)
"""What a person says of themselves: entered of a call it was a conversation, though by itself it counts as
none, for it may come by letter."""


def _review(queue: str, days: int, priority: int = 5) -> Job:
    return Job("review", queue, days * _DAY, priority)


_WRONG: Final = Effect(
    "the address is suspended at once, for every loan; a trace decides",
    needs=("address",),
    address="suspended",
    job=Job("trace", "trace", 5 * _DAY),
    result="wrong_number",
)
_ABSENT: Final = Effect("a visit at another hour", job=Job("visit", "field", 5 * _DAY), result="no_answer")

EFFECTS: Final[Mapping[str, Effect]] = {
    "promise": Effect(
        "pauses until the promised day and its grace are over; a reminder the day before",
        needs=("amount", "due"),
        promise=True,
        result=SPOKEN,
    ),
    "promise_kept": Effect("the pause ends; what is still owed is asked for as usual", machine=True),
    "promise_partly_kept": Effect(
        "the pause ends; a person speaks about the remainder",
        machine=True,
        job=Job("call", "desk", 2 * _DAY, 3),
    ),
    "promise_broken": Effect("the steps that count from `broken` fire", machine=True),
    "promise_broken_again": Effect(
        "a supervisor decides what comes next", machine=True, job=_review("supervisor", 2, 2)
    ),
    "claims_paid": Effect(
        "pauses for three days while somebody looks for the money",
        pause=Pause("claims_paid", person=False, lasts=3 * _DAY),
        job=Job("reconcile", "back-office", 2 * _DAY, 3),
    ),
    "refused": Effect(
        "a supervisor reviews within a week, and nothing is said by itself meanwhile",
        pause=Pause("refused", person=False, lasts=7 * _DAY),
        job=_review("supervisor", 3),
        result=SPOKEN,
    ),
    "dispute": Effect(
        "dunning of the disputed loans stops until the dispute is settled",
        pause=Pause("dispute", person=False),
        job=_review("disputes", 10, 3),
    ),
    "hardship": Effect(
        "pauses until a specialist has found a way",
        pause=Pause("hardship", person=True),
        job=_review("forbearance", 3, 2),
    ),
    "vulnerable": Effect(
        "pauses until a specialist has found a way",
        pause=Pause("vulnerable", person=True),
        job=_review("forbearance", 3, 2),
    ),
    "plan_agreed": Effect(
        "somebody else approves the plan; from then on its schedule replaces the strategy, while it is kept",
        pause=Pause("plan", person=False),
        job=_review("plans", 2, 3),
        result=SPOKEN,
    ),
    "callback": Effect(
        "other contact pauses until the agreed moment; the call rings then",
        needs=("at",),
        pause=Pause("callback", person=True),
        job=Job("call", "desk", timedelta(hours=2), 1),
        result=SPOKEN,
    ),
    "no_answer": Effect("counts as an attempt; the next goes by another channel or hour", result="no_answer"),
    "busy": Effect("counts as the policy says; the next goes by another channel or hour", result="busy"),
    "voicemail": Effect("counts as an attempt and begins its cooldown", result="voicemail"),
    "wrong_number": _WRONG,
    "wrong_person": _WRONG,
    "third_party": Effect(
        "nothing is disclosed; the address must be verified before anything else is said there",
        needs=("address",),
        address="unverified",
        result="third_party",
    ),
    "stop": Effect(
        "the channel is closed; it is confirmed once, and notices that law demands go on",
        needs=("channel",),
        stop=True,
    ),
    "deceased": Effect(
        "everything stops, what is queued too; a specialist speaks with the estate",
        pause=Pause("deceased", person=True),
        job=_review("specialist", 5, 2),
    ),
    "bankrupt": Effect(
        "everything stops, what is queued too; a specialist files the claim",
        pause=Pause("bankrupt", person=True),
        job=_review("specialist", 5, 2),
    ),
    "moratorium": Effect(
        "the listed loans stop until the moratorium ends",
        pause=Pause("moratorium", person=False),
        job=_review("specialist", 5, 2),
    ),
    "represented": Effect(
        "no direct contact; the lawyer or adviser is written to by a person",
        pause=Pause("represented", person=True),
        job=_review("specialist", 3),
    ),
    "fraud_claim": Effect(
        "the loans stop while it is investigated",
        pause=Pause("fraud_claim", person=False),
        job=_review("investigations", 5, 1),
    ),
    "complaint": Effect(
        "pauses while it is investigated",
        pause=Pause("complaint", person=True, lasts=14 * _DAY),
        job=_review("complaints", 5, 2),
    ),
    "visit_met": Effect("evidence of having spoken to the person", result=SPOKEN),
    "visit_not_home": _ABSENT,
    "visit_moved": Effect("a trace finds the new address", job=Job("trace", "trace", 5 * _DAY)),
    "visit_locked": _ABSENT,
    "visit_unsafe": Effect("no further visit", stop=True, job=_review("supervisor", 2)),
    "visit_cash_taken": Effect(
        "pauses for three days; a receipt is given, and the money is deposited and booked",
        needs=("amount",),
        pause=Pause("cash_taken", person=False, lasts=3 * _DAY),
        job=Job("reconcile", "back-office", _DAY, 1),
        result=SPOKEN,
    ),
    "visit_document_served": Effect(
        "the legal term runs", job=_review("legal", 14, 3), result="document_served"
    ),
}
"""Every code of PRODUCT.md. tests/unit/strategies/test_outcome_table.py fails when one has no effect."""


def spoken(code: str) -> str:
    """A code in words: "wrong number"."""
    return code.replace("_", " ")
