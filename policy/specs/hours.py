"""Hours and days as a pack writes them."""

from datetime import time
from typing import Final, Literal

from pydantic import field_validator, model_validator

from policy.errors import PolicyInputError
from policy.holidays import check_country
from policy.rules import Calendar, Rule, Window
from policy.rules.hours import Span
from policy.specs.base import PackHead, RuleSpec

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOLIDAY: Final = "holiday"


class WindowSpec(RuleSpec):
    """Hours by day: `{mon-fri: ["08:00", "21:00"], sat: ["09:00", "20:00"]}`; days not named are closed.

    `holiday: [...]` with `holidays: COUNTRY`: the hours of public holidays there.
    """

    kind: Literal["window"]
    hours: dict[str, Span]
    holidays: str | None = None
    unless_agreed: bool = False
    unless_over: int | None = None

    @field_validator("hours")
    @classmethod
    def _days_known(cls, hours: dict[str, Span]) -> dict[str, Span]:
        for days, (opens, closes) in hours.items():
            if days != _HOLIDAY:
                _day_range(days)
            if opens >= closes and closes != time(0):
                raise ValueError(f"{days} closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}")
        named = [day for days in hours if days != _HOLIDAY for day in _day_range(days)]
        if not named:
            raise ValueError('no day is open; write one like {mon-fri: ["08:00", "21:00"]}')
        if len(set(named)) < len(named):
            twice = next(day for day in named if named.count(day) > 1)
            raise ValueError(f"{_DAYS[twice]} has two hours; name each day once")
        return hours

    @model_validator(mode="after")
    def _holidays_known(self) -> "WindowSpec":
        if (_HOLIDAY in self.hours) != (self.holidays is not None):
            raise ValueError("hours of holidays need both: holiday in `hours`, and whose in `holidays`")
        _check_country(self.holidays)
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        week: list[Span | None] = [None] * 7
        for days, hours in self.hours.items():
            for day in _day_range(days) if days != _HOLIDAY else ():
                week[day] = hours
        return Window(
            name,
            tuple(week),
            self.binding(pack),
            self.hours.get(_HOLIDAY),
            self.holidays,
            self.unless_agreed,
            self.unless_over,
        )

    def number(self) -> str:
        said = [
            f"{'every day' if days == 'mon-sun' else days} {opens:%H:%M}-{closes:%H:%M}"
            for days, (opens, closes) in self.hours.items()
        ]
        if self.holidays:
            said.append(f"holidays of {self.holidays}")
        if self.unless_agreed:
            said.append("unless other hours are agreed")
        if self.unless_over is not None:
            said.append(f"unless more than {self.unless_over} days past due")
        return "; ".join(said)


class CalendarSpec(RuleSpec):
    """Days without contact: `closed: [sun]`, and `holidays: COUNTRY`."""

    kind: Literal["calendar"]
    closed: tuple[str, ...] = ()
    holidays: str | None = None
    unless_agreed: bool = False

    @model_validator(mode="after")
    def _something_closed(self) -> "CalendarSpec":
        days = [day for named in self.closed for day in _day_range(named)]
        if not days and self.holidays is None:
            raise ValueError("no day is closed; name some in `closed`, or a country in `holidays`")
        if len(set(days)) == len(_DAYS):
            raise ValueError("every day is closed; leave one open")
        _check_country(self.holidays)
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        closed = frozenset(day for named in self.closed for day in _day_range(named))
        return Calendar(name, closed, self.holidays, self.binding(pack), self.unless_agreed)

    def number(self) -> str:
        days = [*self.closed, *([f"public holidays of {self.holidays}"] if self.holidays else [])]
        return f"none on {', '.join(days)}" + (
            "; unless other hours are agreed" if self.unless_agreed else ""
        )


def _check_country(country: str | None) -> None:
    if country is None:
        return
    try:
        check_country(country)
    except PolicyInputError as error:
        raise ValueError(str(error)) from None


def _day_range(days: str) -> range:
    """ "mon-fri" -> range(0, 5)."""
    first, _, last = days.partition("-")
    if (
        first not in _DAYS
        or (last and last not in _DAYS)
        or (last and _DAYS.index(last) < _DAYS.index(first))
    ):
        raise ValueError(f"{days!r} is no day or range of days; write one like 'mon' or 'mon-fri'")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)
