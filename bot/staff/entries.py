"""Outcomes by tapping: a category, then the code; a day or a moment by a chip before the calendar."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bot.staff.cards import back, button, outcome, show
from bot.staff.post import Post, Rows
from bot.widgets import month_of
from casework.outcomes import Details
from casework.staff.desk import next_case
from casework.staff.entering import Entered, enter, take_back
from casework.staff.offering import Offer, call_then, offer
from casework.staff.taps import CATEGORIES, STOPS, days_of, moments_of
from ledger.money import Money
from messages.typed.amounts import read_owed
from messages.typed.dates import order_in, read_date
from messages.typed.moments import read_moment

_SUM: Final = re.compile(r"(\d*)([A-Z]{3})?", re.ASCII)


async def category(post: Post, given: str) -> None:
    """The codes of a category."""
    turn, _, name = given.partition(":")
    codes = CATEGORIES[name]
    asks = {code: f"o:{turn}:{code}" for code in codes}
    if "plan_agreed" in asks:
        asks["plan_agreed"] = f"plan:{turn}"  # its payments are asked for
    buttons = [(outcome(post.say, code), asked) for code, asked in asks.items()]
    if name == "special":
        buttons += [
            (post.say("entry.stop", channel=post.say(f"channels.{one}")), f"stop:{turn}:{one}")
            for one in STOPS
        ]
    rows: Rows = [*(buttons[at : at + 2] for at in range(0, len(buttons), 2)), back(post)]
    await post.send(post.say("entry.which"), rows)


async def record(post: Post, given: str) -> None:
    """A code was tapped: it is saved; cash asks for its amount first."""
    turn, _, code = given.partition(":")
    if code == "visit_cash_taken":
        await ask_cash(post, turn)
        return
    await saved(post, await enter(post.office, post.member, int(turn), code, post.now), code)


async def ask_cash(post: Post, given: str) -> None:
    """The cash that was taken is typed."""
    found = await offered(post, int(given), None)
    if found is None:
        return
    await post.asks("cash", turn=int(given), currency=found.currency)
    await post.send(_with_currencies(post, "entry.cash", found), (back(post),))


async def stop(post: Post, given: str) -> None:
    """A channel is closed."""
    turn, _, channel = given.partition(":")
    details = Details(channel=channel)
    await saved(post, await enter(post.office, post.member, int(turn), "stop", post.now, details), "stop")


async def promise(post: Post, given: str) -> None:
    """Days for what is late, or for another amount; one that is more than what is owed is asked about."""
    turn, so_much, sure = (*given.split(":"), "", "")[:3]
    minor, currency = read_sum(so_much)
    found = await offered(post, int(turn), currency)
    if found is None:
        return
    amount = minor or found.arrears or found.outstanding
    asked = f"{amount}{found.currency}"
    if amount > found.outstanding and not sure:
        await _more(post, found, amount, f"promise:{turn}:{asked}:sure", f"amount:{turn}:{found.currency}")
        return
    say = post.say
    chips = [(_chip(post, day, found), day) for day in days_of(found)]
    buttons = [(label, f"p:{turn}:{asked}:{day.isoformat()}") for label, day in chips]
    other = (
        button(post, "another_day", f"month:{turn}:{asked}"),
        button(post, "another_amount", f"amount:{turn}:{found.currency}"),
    )
    days = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    rows: Rows = [*days, other, in_others(post, found, f"promise:{turn}:"), back(post)]
    await post.asks("day", turn=int(turn), amount=amount, currency=found.currency)
    await post.send(say("entry.promise", amount=say.money(amount, found.currency)), rows)


async def offered(post: Post, turn: int, currency: str | None, *, entered: bool = False) -> Offer | None:
    """What is owed in the currency; None: nothing is, and that is said."""
    found = await offer(post.office, post.member, turn, post.now, entered=entered, currency=currency)
    if found is None and currency is not None:
        await post.send(post.say("entry.nothing_owed_in", currency=currency))
    elif found is None:
        await post.send(post.say("entry.nothing_owed"))
    return found


def read_sum(given: str) -> tuple[int | None, str | None]:
    """Minor units and a currency, as a button has them: "25000EUR". Either may be missing."""
    read = _SUM.fullmatch(given)
    if read is None:
        raise ValueError(given)
    return int(read[1]) if read[1] else None, read[2]


def in_others(post: Post, found: Offer, asks: str) -> list[tuple[str, str]]:
    """A button for each other currency in which the case owes; `asks` ends with the currency."""
    return [(post.say("entry.in_currency", currency=other), f"{asks}{other}") for other in found.others]


def _with_currencies(post: Post, question: str, found: Offer) -> str:
    """The question for an amount, and what a number alone means where several currencies are owed."""
    said = post.say(question)
    if not found.others:
        return said
    hint = post.say("entry.currencies", currency=found.currency, other=found.others[0])
    return f"{said} {hint}"


async def _more(post: Post, found: Offer, amount: int, yes: str, other: str) -> None:
    """Is it meant? More is promised or paid than what is owed."""
    say = post.say
    said, owed = say.money(amount, found.currency), say.money(found.outstanding, found.currency)
    taps = (say("entry.more_yes", amount=said), yes), button(post, "another_amount", other)
    await post.asks_nothing()
    await post.send(say("entry.more", amount=said, owed=owed), (taps, back(post)))


def _chip(post: Post, day: date, found: Offer) -> str:
    if day == found.payday:
        return post.say("entry.payday", day=post.say.weekday(day))
    ahead = (day - found.today).days
    return post.say(f"entry.day_{ahead}") if ahead < 2 else post.say.weekday(day)


async def another_amount(post: Post, given: str) -> None:
    """The amount is typed."""
    turn, _, currency = given.partition(":")
    found = await offered(post, int(turn), read_sum(currency)[1])
    if found is None:
        return
    await post.asks("amount", turn=int(turn), currency=found.currency)
    await post.send(_with_currencies(post, "entry.amount", found), (back(post),))


async def month(post: Post, given: str) -> None:
    """The calendar, a month at a time; what is out of reach has no day."""
    turn, amount, *shown = given.split(":")
    found = await offered(post, int(turn), read_sum(amount)[1])
    if found is None:
        return
    first = date.fromisoformat(shown[0]) if shown else found.today
    cells = [
        (label, f"p:{turn}:{amount}:{day}" if not day.startswith("-") else "no")
        for label, day in month_of(first, found.today, found.last)
    ]
    start = first.replace(day=1)
    turns: list[tuple[str, str]] = []
    for label, other in (("earlier", start - timedelta(days=1)), ("later", start + timedelta(days=32))):
        other = other.replace(day=1)
        if found.today.replace(day=1) <= other <= found.last:
            turns.append(button(post, label, f"month:{turn}:{amount}:{other.isoformat()}"))
    rows = [cells[at : at + 7] for at in range(0, len(cells), 7)]
    await post.send(post.say("entry.month", month=post.say.month(first)), [*rows, [*turns, *back(post)]])


async def promised(post: Post, given: str) -> None:
    """A day was tapped: the promise is saved."""
    turn, so_much, day = given.split(":")
    amount, currency = read_sum(so_much)
    if amount is None:
        raise ValueError(given)
    await _promised(post, int(turn), amount, currency, date.fromisoformat(day))


async def _promised(post: Post, turn: int, amount: int, currency: str | None, day: date) -> None:
    found = await offered(post, turn, currency, entered=True)
    if found is None:
        return
    details = Details(amount=amount, due=day, loans=found.loans)
    entered = await enter(post.office, post.member, turn, "promise", post.now, details)
    say = post.say
    what = say("entry.promised", amount=say.money(amount, found.currency), day=say.day(day))
    small = entered.recorded.promise is not None and not entered.recorded.promise.pauses
    await saved(post, entered, "promise", what + (" " + say("entry.small") if small else ""))


async def callback(post: Post, given: str) -> None:
    """Moments for a call."""
    turn = given
    found = await offer(post.office, post.member, int(turn), post.now)
    zone = found.zone if found else "UTC"
    say, now = post.say, post.now
    labels = [say("entry.in_hours", hours=hours) for hours in (1, 3)]
    labels += [say("entry.tomorrow_at", at=at) for at in ("10:00", "17:00")]
    moments = zip(labels, moments_of(zone, now), strict=True)
    buttons = [(label, f"ring:{turn}:{int(at.timestamp())}") for label, at in moments]
    await post.asks("moment", turn=int(turn), zone=zone)
    await post.send(say("entry.callback"), [buttons[:2], buttons[2:], back(post)])


async def ring(post: Post, given: str) -> None:
    """A moment was tapped: the call rings then."""
    turn, stamp, sure = (*given.split(":"), "")[:3]
    found = await offer(post.office, post.member, int(turn), post.now)
    zone = found.zone if found else "UTC"
    await _ring(post, int(turn), datetime.fromtimestamp(int(stamp), UTC), zone, sure=bool(sure))


async def _ring(post: Post, turn: int, at: datetime, zone: str, *, sure: bool = False) -> None:
    """It rings then; where no call may be made at that moment, they are asked."""
    against = () if sure else await call_then(post.office, post.member, turn, at, post.now)
    if against:
        say = post.say
        whys = dict.fromkeys(one.detail or one.code for one in against)
        lines = [say("entry.ring_refused", at=say.moment(at, zone))]
        lines += [say("refused.reason", why=post.why(why)) for why in whys]
        taps = button(post, "keep_it", f"ring:{turn}:{int(at.timestamp())}:sure")
        await post.asks("moment", turn=turn, zone=zone)
        await post.send(
            "\n".join(lines), ((taps, button(post, "another_moment", f"callback:{turn}")), back(post))
        )
        return
    entered = await enter(post.office, post.member, turn, "callback", post.now, Details(at=at))
    await saved(post, entered, "callback", post.say("entry.rings", at=post.say.moment(at, zone)))


async def saved(post: Post, entered: Entered, code: str, what: str | None = None) -> None:
    """It is recorded: say so, with a way back; the next case comes by itself."""
    said = post.say("entry.saved", code=f"K{entered.case}", what=what or outcome(post.say, code))
    await post.send(said, ((button(post, "undo", f"undo:{entered.recorded.outcome}"),),))
    await show(post, await next_case(post.office, post.member, post.now, but=entered.case))


async def undo(post: Post, given: str) -> None:
    """Take the entry back; the case is at hand again."""
    taken = await take_back(post.office, post.member, int(given), post.now)
    said = [post.say("entry.undone")]
    if taken.stays == "stop":
        said.append(post.say("entry.stays_stop", channel=post.say(f"channels.{taken.channel}")))
    elif taken.stays is not None:
        said.append(post.say("entry.stays_address"))
    if taken.card is None:
        said.append(post.say("entry.undone_elsewhere"))
        await post.send("\n".join(said), ((button(post, "next", "next"),),))
        return
    await post.send("\n".join(said))
    await show(post, taken.card)


# What is typed.


async def typed_amount(post: Post, text: str, turn: int, currency: str | None = None) -> None:
    """An amount for a promise, of `currency` unless it names another that is owed."""
    read = await _typed(post, text, "amount", turn, currency)
    if read is not None:
        await promise(post, f"{turn}:{read.minor}{read.currency}")


async def typed_cash(post: Post, text: str, turn: int, currency: str | None = None) -> None:
    """The cash that was taken, of `currency` unless it names another that is owed."""
    read = await _typed(post, text, "cash", turn, currency)
    found = None if read is None else await offered(post, turn, read.currency)
    if read is None or found is None:
        return
    taken = f"{turn}:{read.minor}{read.currency}"
    if read.minor > found.outstanding:
        await _more(post, found, read.minor, f"cash:{taken}", f"askcash:{turn}")
    else:
        await cash(post, taken)


async def _typed(post: Post, text: str, asks: str, turn: int, currency: str | None) -> Money | None:
    """The one amount that was typed; None: it was asked for again."""
    found = await offered(post, turn, currency)
    if found is None:
        return None
    read = read_owed(text, (found.currency, *found.others))
    if len(read) == 1:
        return read[0]
    await post.asks(asks, turn=turn, currency=currency)
    await post.send(post.say("entry.amount_unclear"), (back(post),))
    return None


async def cash(post: Post, given: str) -> None:
    """So much cash was taken."""
    turn, _, so_much = given.partition(":")
    minor, currency = read_sum(so_much)
    if minor is None:
        raise ValueError(given)
    found = await offered(post, int(turn), currency, entered=True)
    if found is None:
        return
    details = Details(amount=minor, loans=found.loans, channel="visit")
    entered = await enter(post.office, post.member, int(turn), "visit_cash_taken", post.now, details)
    amount = post.say.money(minor, found.currency)
    await saved(post, entered, "visit_cash_taken", f"{outcome(post.say, 'visit_cash_taken')}, {amount}")


async def typed_day(post: Post, text: str, turn: int, amount: int, currency: str | None = None) -> None:
    """A day for a promise."""
    found = await offer(post.office, post.member, turn, post.now)
    days = () if found is None else read_date(text, found.today, order_in(found.country))
    if len(days) != 1:
        await post.send(post.say("entry.day_unclear"), (back(post),))
        return
    await _promised(post, turn, amount, currency, days[0])


async def typed_moment(post: Post, text: str, turn: int, zone: str) -> None:
    """A moment for a call."""
    found = await offer(post.office, post.member, turn, post.now)
    order = order_in(found.country) if found else None
    at = read_moment(text, post.now, zone, order)
    if at is None:
        await post.send(post.say("entry.moment_unclear"), (back(post),))
        return
    await _ring(post, turn, at, zone)
