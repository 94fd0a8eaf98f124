"""How a clerk says it: moments, amounts, channels, and every reason for which nothing was said. In one place.

A reason is known by its code (REASONS) where a strategy gives it, and by the kind of its rule (RULES) where a
pack does, because packs are data. tests/unit/strategies/test_explain.py fails when one has no words.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from ledger.money import format_major
from policy.calendar import zone_of
from policy.rules import (
    Age,
    Calendar,
    Cap,
    Confirmation,
    Consent,
    Cooldown,
    Disclosure,
    Flagged,
    Grounds,
    Held,
    OneChannel,
    Overdue,
    OwnHours,
    Precondition,
    Role,
    Rule,
    Spacing,
    Stop,
    Window,
)
from policy.values import No

CHANNELS: Final[Mapping[str, str]] = {
    "sms": "SMS",
    "email": "email",
    "chat": "chat message",
    "call": "call",
    "visit": "visit",
    "review": "review",
}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def a(channel: str) -> str:
    """ "an SMS", "an email", "a call"."""
    word = CHANNELS.get(channel, channel)
    return f"an {word}" if word in ("SMS", "email") else f"a {word}"


def day(on: date, *, year: bool = False) -> str:
    """ "Mon 9 Mar", with the year where that is asked for."""
    words = f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]}"
    return f"{words} {on.year}" if year else words


def city(zone: str) -> str:
    """ "Europe/Berlin" -> "Berlin"."""
    return zone.rpartition("/")[2].replace("_", " ")


def moment(at: datetime, zone: str, *, year: bool = False) -> str:
    """ "Mon 9 Mar at 08:00 (Berlin)": as the clocks of the zone show it."""
    local = at.astimezone(zone_of(zone))
    return f"{day(local.date(), year=year)} at {local:%H:%M} ({city(zone)})"


def amount(minor: int, currency: str) -> str:
    """ "EUR 1,250.00"."""
    whole, point, decimals = format_major(minor, currency).partition(".")
    return f"{currency} {int(whole):,}{point}{decimals}"


def days(count: int) -> str:
    """ "1 day", "3 days"."""
    return f"{count} day" if count == 1 else f"{count} days"


def span(length: timedelta) -> str:
    """ "4 days", "36 hours"."""
    hours = length // timedelta(hours=1)
    if hours % 24 == 0:
        return days(hours // 24)
    return f"{hours} hour" if hours == 1 else f"{hours} hours"


class Around(msgspec.Struct, frozen=True):
    """What a reason may speak of besides its own no."""

    zone: str
    fed_at: datetime | None = None  # payments of the loan are known up to here
    stale_after: timedelta | None = None
    rule: Rule | None = None  # that said no
    promise: str = ""  # what was promised, where that is why


def _later_step(no: No, _: Around) -> str:
    return f"A later step, {no.detail.removesuffix(' has come')}, had come by then."


def _stale_feed(_: No, around: Around) -> str:
    known = moment(around.fed_at, around.zone) if around.fed_at else "an earlier day"
    limit = span(around.stale_after) if around.stale_after else "the strategy allows"
    return (
        f"Payments are known only up to {known}, and that is older than {limit}: who is late is not certain."
    )


def _no_address(no: No, _: Around) -> str:
    channels = [a(channel) for channel in no.detail.rpartition("by ")[2].split(", ")]
    listed = " or ".join([", ".join(channels[:-1]), channels[-1]] if len(channels) > 1 else channels)
    return f"There is no address on file that may carry {listed}."


def together(noes: Iterable[No]) -> list[No]:
    """The noes with those of missing addresses as one, in the place of the first."""
    found: list[No] = []
    missing: No | None = None
    for no in noes:
        if no.rule != "no_address":
            found.append(no)
        elif missing is None:
            missing = no
            found.append(no)
        else:
            channel = no.detail.rpartition(" ")[2]
            joined = msgspec.structs.replace(missing, detail=f"{missing.detail}, {channel}")
            found[found.index(missing)] = missing = joined
    return found


def _none_left(no: No, _: Around) -> str:
    tried = ", ".join(CHANNELS.get(name, name) for name in no.detail.removeprefix("failed on ").split(", "))
    return f"It failed by {tried}, and no other channel is left."


def _condition(no: No, _: Around) -> str:
    text, _where, values = no.detail.partition(", where ")
    return f"It is only said where {text}, and {values}."


def _other_arm(no: No, _: Around) -> str:
    arms, _in, own = no.detail.removeprefix("for ").partition("; the person is in ")
    return f"It is for the arm {arms} of the experiment, and the borrower is in the arm {own or 'of none'}."


def _holdout(no: No, _: Around) -> str:
    return f"The borrower is in the holdout of the experiment {no.detail}, which hears no message."


def _promise_over(no: No, _: Around) -> str:
    return f"{no.detail[:1].upper()}{no.detail[1:]}, so there is nothing to remind of."


def _undecided(_: No, around: Around) -> str:
    known = moment(around.fed_at, around.zone) if around.fed_at else "an earlier day"
    return f"A promise is over, and payments are known only up to {known}: nobody can say if it was kept."


def _fixed(sentence: str) -> Callable[[No, Around], str]:
    return lambda _no, _around: sentence


REASONS: Final[Mapping[str, Callable[[No, Around], str]]] = {
    "later_step": _later_step,
    "paid": _fixed("The installment had been paid."),
    "not_oldest": _fixed("An older installment is unpaid again, and that one is spoken of first."),
    "moved_later": _fixed("The due date is later now, so this waits for its new moment."),
    "moved_on": _fixed("The strategy or the due date has changed, and this moment is no longer expected."),
    "expired": _fixed("Its time had passed before it could be said."),
    "stale_feed": _stale_feed,
    "held_tape": _fixed("The last tape of this loan looks wrong and waits for somebody's approval."),
    "core_differs": _fixed(
        "The core system states another balance than the payments do, and nobody has settled it yet."
    ),
    "closed": _fixed("The lender has closed the loan."),
    "recalled": _fixed("The lender has recalled the loan."),
    "sold": _fixed("The loan has been sold."),
    "written_off": _fixed("The loan has been written off."),
    "condition": _condition,
    "other_arm": _other_arm,
    "holdout": _holdout,
    "promise": _promise_over,
    "promise_undecided": _undecided,
    "no_address": _no_address,
    "none_left": _none_left,
}
"""Reasons that the decision itself gives, by code."""


def _window(no: No, around: Around) -> str:
    hours, _, now = no.detail.removeprefix("hours ").partition("; it is ")
    now = now.replace(f"({around.zone})", f"({city(around.zone)})")
    following = f" The next permitted moment is {moment(no.until, around.zone)}." if no.until else ""
    if hours == "not on this day":
        return f"Nothing may be said on this day of the week; it was {now}.{following}"
    return f"The permitted hours are {hours}, and it was {now}.{following}"


def _cap(no: No, around: Around) -> str:
    if not isinstance(around.rule, Cap):
        return f"A limit is spent: {no.detail}."
    spent = no.detail.partition(" of ")[0]
    most = around.rule.most
    been = "has" if spent == "1" else "have"
    period = around.rule.period
    if period:
        span = f"a {period}"
        following = f" The next {period} begins on {moment(no.until, around.zone)}." if no.until else ""
    else:
        span = f"in any {days(around.rule.days)}"
        following = _next_moment(no, around)
    return (
        f"The limit is {most} {'contact' if most == 1 else 'contacts'} {span}, "
        f"and {spent} {been} been made or planned.{following}"
    )


def _next_moment(no: No, around: Around) -> str:
    return f" The next permitted moment is {moment(no.until, around.zone)}." if no.until else ""


def _detailed(no: No, around: Around) -> str:
    """What the rule itself says, as a sentence."""
    return f"{no.detail[:1].upper()}{no.detail[1:]}.{_next_moment(no, around)}"


def _stop(no: No, _: Around) -> str:
    return f"The borrower has stopped {CHANNELS.get(no.detail.rpartition(' ')[2], 'this channel')}."


def _held(no: No, around: Around) -> str:
    if around.promise:
        return around.promise
    kinds = no.detail.removeprefix("hold: ").replace("_", " ")
    end = f" until {moment(no.until, around.zone)}" if no.until else ", without an end"
    return f"There is a hold ({kinds}){end}."


RULES: Final[Mapping[type[object], Callable[[No, Around], str]]] = {
    Window: _window,
    Cap: _cap,
    Stop: _stop,
    Held: _held,
    **dict.fromkeys(
        (
            Age,
            Calendar,
            Confirmation,
            Consent,
            Cooldown,
            Disclosure,
            Flagged,
            Grounds,
            OneChannel,
            Overdue,
            OwnHours,
            Precondition,
            Role,
            Spacing,
        ),
        _detailed,
    ),
}
"""Reasons that a rule of a pack gives, by the kind of the rule."""


CONTACT_CODES: Final[Mapping[str, str]] = {
    "replanned": "Another channel or address had become the right one.",
    "not_expected": "Nothing about it was to be said any more.",
    "stale_feed": "The payments of the core system were too old to say what is owed.",
    "no_answer_recorded": "The program ended before the provider's answer was on record.",
}
"""What a contact's own code means, where Kept gave it; all others are a provider's."""

NEUTRAL: Final = (
    " No address of theirs may carry more than a request to get in touch, so that is all it says."
)
NEUTRALLY: Final = ": a request to get in touch, for no address may carry more"


def reason(no: No, around: Around) -> str:
    """Whole sentences for one no, with the moment from which it no longer holds, where there is one."""
    words = REASONS.get(no.rule) or RULES.get(type(around.rule))
    if words is None:
        return f"The rule {no.rule} of {no.pack} says no: {no.detail}."
    return words(no, around)


def accepted(rule: Rule, detail: str, channel: str, zone: str) -> str:
    """Why a rule said yes, in a few words."""
    if isinstance(rule, Stop):
        return f"{CHANNELS.get(channel, channel)} is not stopped"
    if isinstance(rule, Held):
        return "no hold"
    return detail.replace(f"({zone})", f"({city(zone)})")
