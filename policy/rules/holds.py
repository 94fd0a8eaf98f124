"""Pauses of a person or a loan, and the first days after due."""

from datetime import date, datetime

import msgspec

from policy.calendar import DAY, day_start, local_day
from policy.rules.base import Binding
from policy.values import Ask, Hold, Situation


class Held(msgspec.Struct, frozen=True):
    """A hold of the person, or of a loan asked about, until its end; of some kinds, where they are named."""

    name: str
    binding: Binding
    kinds: frozenset[str] | None = None

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if not situation.holds:
            return at
        return self._released(ask, situation, at)[0]

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        return "hold: " + ", ".join(dict.fromkeys(self._released(ask, situation, at)[1]))

    def _released(self, ask: Ask, situation: Situation, at: datetime) -> tuple[datetime | None, list[str]]:
        """When the holds that follow one another from `at` on have ended (None: never); their kinds."""
        kinds: list[str] = []
        moment = at
        moved = True
        while moved:
            moved = False
            for hold in situation.holds:
                if (
                    self._binds(hold, ask)
                    and hold.start <= moment
                    and (hold.end is None or moment < hold.end)
                ):
                    kinds.append(hold.kind)
                    if hold.end is None:
                        return None, kinds
                    moment, moved = hold.end, True
        return moment, kinds

    def _binds(self, hold: Hold, ask: Ask) -> bool:
        of_kind = self.kinds is None or hold.kind in self.kinds
        return of_kind and (hold.loan == 0 or hold.loan in ask.loans or not ask.loans)


class Overdue(msgspec.Struct, frozen=True):
    """Nothing before every loan asked about is more than `over` days past due; time alone brings that."""

    name: str
    over: int
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        due = self._latest(ask, situation)
        if due is None:
            return at
        return max(at, *(day_start(due + (self.over + 1) * DAY, zone) for zone in situation.zones))

    def _latest(self, ask: Ask, situation: Situation) -> date | None:
        """The due date of the loan that is least late, of those whose due date is known."""
        return max((situation.due[loan] for loan in ask.loans if loan in situation.due), default=None)

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        due = self._latest(ask, situation)
        if due is None:
            return "the days past due are not known"
        late = min((local_day(at, zone) - due).days for zone in situation.zones)
        return f"{late} days past due; more than {self.over} are needed"
