"""What the demo's crew enters while the book is played: a case a day, by what the collectors' chat calls.

So a visitor finds promises that were kept and broken, a visit to make, a plan that waits for a yes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from casework.approvals import approve, waiting
from casework.office import Office
from casework.outcomes import Details
from casework.plans import KIND
from casework.staff.desk import next_case, skip
from casework.staff.entering import enter
from casework.staff.offering import offer
from casework.staff.people import Member, member
from casework.staff.planning import proposed, total_of
from casework.staff.rights import Actor, Role
from policy.calendar import DAY

AT: Final = 10  # o'clock, UTC
FIRST: Final = 45  # days after the book was loaded: work opens when something is a month late
_CODES: Final[Sequence[str]] = (
    *(
        "promise",
        "no_answer",
        "promise",
        "visit_not_home",
        "promise",
        "plan_agreed",
        "promise",
        "claims_paid",
    ),
    *("promise", "callback", "promise", "hardship", "promise", "third_party", "promise", "complaint"),
)
_BY: Final = (2, 4, 6)  # days to a promise
_PARTS: Final = 3
_ANSWERED_AFTER: Final = 5 * DAY


class Rounds:
    """The collector's case of each day, and the credit manager's yes to what has waited for some days."""

    def __init__(self, office: Office, crew: Mapping[Role, int], manager: str) -> None:
        self.office, self.collector = office, crew[Role.COLLECTOR]
        self.manager = Actor(manager, Role.CREDIT_MANAGER)
        self.turns = count()

    async def __call__(self, now: datetime, *, last: bool) -> None:
        """One day. The `last` leaves a plan that waits for a yes."""
        for one in await waiting(self.office, self.manager):
            if one.kind == KIND and one.asked_at < now - _ANSWERED_AFTER:
                await approve(self.office, self.manager, one.id, now)
        carla = await member(self.office, self.collector)
        assert carla is not None  # nobody leaves a demo
        card = await next_case(self.office, carla, now)
        while card is not None and card.turn is not None and not card.call.allowed:
            await skip(self.office, carla, card.turn, "tomorrow", now)
            card = await next_case(self.office, carla, now)
        if card is not None and card.turn is not None:
            code = "plan_agreed" if last else _CODES[next(self.turns) % len(_CODES)]
            await self._enter(carla, card.turn, code, now)

    async def _enter(self, carla: Member, turn: int, code: str, now: datetime) -> None:
        found = await offer(self.office, carla, turn, now)
        if found is None:  # paid by now
            code = "no_answer"
        if code == "promise" and found is not None:
            due = found.today + timedelta(days=_BY[turn % len(_BY)])
            amount = total_of(found, everything=False)
            details = Details(amount=amount, due=due, loans=found.loans)
            await enter(self.office, carla, turn, code, now, details)
        elif code == "plan_agreed" and found is not None:
            plan = proposed(found, total_of(found, everything=False), _PARTS)
            await enter(self.office, carla, turn, code, now, Details(loans=found.loans), plan)
        else:
            at = now + DAY if code == "callback" else None
            await enter(self.office, carla, turn, code, now, Details(at=at))
