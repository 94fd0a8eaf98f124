"""Answers to what a borrower asks of their loans: words made of figures that the use cases give."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiogram.types import BufferedInputFile

from bot.api import quietly
from bot.desk import Here, Rows
from bot.texts import Speech
from casework.borrower.answers import Holding, Rate, holdings, schedule
from casework.borrower.statement import statements

_LISTED: Final = 12  # dates of a schedule in one message
_AHEAD: Final = 9

MAIN: Final[Rows] = (("balance",), ("pay",), ("paid",), ("promise", "cannot"), ("human", "more"))
BACK: Final[Rows] = (("menu", "human"),)


async def mine(here: Here) -> list[Holding]:
    """The loans of whose chat it is."""
    return await holdings(here.desk.office, here.borrower, here.person, here.now)


async def balance(here: Here) -> None:
    """What is owed, since when, and what comes next."""
    found = await mine(here)
    parts = [_balance(here.say, one) for one in found if one.outstanding or one.credit]
    if not parts:
        parts = [here.say("balance.paid_off", loan=named(here.say, one)) for one in found[:3]]
    if found:
        parts = [*by_whom(here.say, found), *parts]
    if not parts:
        parts = [here.say("balance.none")]
    known = [one.known_until for one in found if one.known_until is not None]
    if known:
        parts.append(here.say("balance.as_of", moment=here.say.moment(min(known), found[0].zone)))
    owing = any(one.outstanding for one in found)
    rows: Rows = (("pay", "paid"), ("promise", "cannot"), ("menu", "human")) if owing else BACK
    if found and not owing:
        rows = (("feedback",), *BACK)
    await here.send("\n\n".join(parts), rows)


def by_whom(say: Speech, found: Sequence[Holding]) -> list[str]:
    """That a collector says this, where a pack has them say so; said at once for all of their loans."""
    said = {one.collector for one in found}
    if "first" in said:
        return [say("collector.first")]
    return [say("collector.later")] if "later" in said else []


def told_of(say: Speech, found: Sequence[Holding], text: str) -> str:
    """`text`, which speaks of these loans, after what a pack has whoever collects for others say first."""
    return "\n\n".join((*by_whom(say, found), text))


def _balance(say: Speech, one: Holding) -> str:
    """One loan in two or three sentences."""
    blanks = {
        "loan": named(say, one),
        "arrears": say.money(one.arrears, one.currency),
        "outstanding": say.money(one.outstanding, one.currency),
    }
    if one.days_late > 0 and one.since is not None:
        key = "balance.late_one" if one.days_late == 1 else "balance.late"
        lines = [say(key, since=say.day(one.since), days=one.days_late, **blanks)]
    elif one.outstanding:
        lines = [say("balance.on_time", **blanks)]
    else:
        lines = [say("balance.paid_off", **blanks)]
    if one.next is not None:
        key = "balance.next_today" if one.next == one.today else "balance.next"
        lines.append(say(key, amount=say.money(one.next_minor, one.currency), date=say.day(one.next)))
    if one.credit:
        lines.append(say("balance.credit", amount=say.money(one.credit, one.currency)))
    return "\n".join(lines)


async def pay(here: Here) -> None:
    """How to pay each loan: as its lender writes it, with the reference."""
    found = await mine(here)
    parts: list[str] = []
    for one in found:
        if not one.outstanding:
            continue
        line = one.lender.pay.get(here.say.code) or one.lender.pay.get(one.lender.language)
        if line is None:
            parts.append(here.say("pay.none", loan=named(here.say, one)))
            continue
        said = here.say("pay.line", loan=named(here.say, one), line=line.replace("{reference}", one.loan))
        if "{reference}" not in line:
            said += "\n" + here.say("pay.reference", loan=one.loan)
        parts.append(said)
    rows: Rows = (("paid",), ("menu", "human"))
    if parts and here.desk.payments is not None:
        rows = (("pay_here",), *rows)
    said = "\n\n".join(parts or [here.say("pay.nothing")])
    await here.send(told_of(here.say, found, said), rows)


async def dates(here: Here) -> None:
    """Every date of each loan: what was paid, what comes."""
    found = (await mine(here))[:5]
    parts = by_whom(here.say, found)
    for one in found:
        rates = await schedule(here.desk.office, here.borrower, here.person, one.id)
        open_ = next((place for place, rate in enumerate(rates) if _left(rate) > 0), len(rates))
        first = max(0, min(open_ - (_LISTED - _AHEAD), len(rates) - _LISTED))
        shown = rates[first : first + _LISTED]
        lines = [here.say("schedule.title", loan=named(here.say, one))]
        lines += [_dated(here.say, rate, one.currency) for rate in shown]
        if len(rates) > first + len(shown):
            lines.append(here.say("schedule.more", count=len(rates) - first - len(shown)))
        parts.append("\n".join(lines))
    await here.send("\n\n".join(parts or [here.say("balance.none")]), BACK)


def _left(rate: Rate) -> int:
    return rate.principal + rate.interest + rate.fees + rate.penalties - rate.paid


def _dated(say: Speech, rate: Rate, currency: str) -> str:
    left = _left(rate)
    key = "schedule.row_paid" if left == 0 else "schedule.row_part" if rate.paid else "schedule.row"
    return say(
        key,
        date=say.day(rate.due),
        amount=say.money(left + rate.paid, currency),
        left=say.money(left, currency),
    )


async def payoff(here: Here) -> None:
    """All that is unpaid of each loan."""
    found = await mine(here)
    owing = [one for one in found if one.outstanding]
    parts = by_whom(here.say, found) + [
        here.say(
            "payoff.row",
            loan=named(here.say, one),
            outstanding=here.say.money(max(0, one.outstanding - one.credit), one.currency),
        )
        for one in owing
    ]
    parts.append(here.say("payoff.caution") if owing else here.say("balance.none"))
    await here.send("\n\n".join(parts), (("pay",), ("menu", "human")))


async def fees(here: Here) -> None:
    """Fees and late charges of each loan: over its whole schedule, and which date they came with."""
    found = await mine(here)
    parts = by_whom(here.say, found)
    for one in found:
        rates = await schedule(here.desk.office, here.borrower, here.person, one.id)
        charged, late = sum(rate.fees for rate in rates), sum(rate.penalties for rate in rates)
        lines = [
            here.say(
                "fees.row" if charged or late else "fees.none",
                loan=named(here.say, one),
                fees=here.say.money(charged, one.currency),
                penalties=here.say.money(late, one.currency),
            )
        ]
        lines += [
            here.say(
                "fees.date",
                date=here.say.day(rate.due),
                fees=here.say.money(rate.fees, one.currency),
                penalties=here.say.money(rate.penalties, one.currency),
            )
            for rate in [rate for rate in rates if rate.fees or rate.penalties][:_LISTED]
        ]
        parts.append("\n".join(lines))
    parts.append(here.say("fees.ask"))
    await here.send("\n\n".join(parts), (("dispute",), ("menu", "human")))


async def statement(here: Here) -> None:
    """Their loans as a file, one for each lender; by a person where the server takes no files."""
    office = here.desk.office
    files = await statements(office, here.borrower, here.person, here.now, language=here.say.code)
    if not files:
        await here.send(here.say("statement.none"), BACK)
        return
    found = await mine(here)
    for file in files:
        theirs = [one for one in found if one.lender.code == file.portfolio]
        caption = here.say("statement.caption", date=here.say.day(file.as_of))
        said = told_of(here.say, theirs, caption)
        document = BufferedInputFile(file.content, file.name)
        sent = await quietly(here.bot.send_document(here.chat.telegram, document, caption=said))
        if sent is None:
            await here.send(here.say("statement.not_here"), BACK)
            return
    await here.send(here.say("menu.again"), BACK)


async def real(here: Here) -> None:
    """Who we are, what we never ask for, and how to check it elsewhere."""
    found = await mine(here)
    parts = by_whom(here.say, found)
    seen: set[str] = set()
    for one in found:
        if one.lender.code in seen:
            continue
        seen.add(one.lender.code)
        reply = one.lender.reply_to
        parts.append(here.say("real.text", brand=one.lender.brand, name=one.lender.name))
        if reply is not None and reply.phone:
            parts.append(here.say("real.check", phone=reply.phone, loan=one.loan))
        else:
            parts.append(here.say("real.check_papers", loan=one.loan))
    await here.send("\n\n".join(parts or [here.say("open.is_it_real")]), BACK)


def named(say: Speech, one: Holding) -> str:
    """A loan as it is spoken of: its product and number, and the part of who stands for another's.

    A product that tapes call by a common code is named in the language; any other as its lender names it.
    """
    product = one.product and say.texts.get(f"product.{one.product.casefold()}", one.product)
    loan = (
        say("loan.named", product=product, loan=one.loan) if product else say("loan.nameless", loan=one.loan)
    )
    return say("loan.guarantor", loan=loan) if one.role == "guarantor" else loan


def hours_of(found: Sequence[Holding]) -> str | None:
    """When a person is there, as the lender writes it."""
    for one in found:
        if one.lender.reply_to is not None and one.lender.reply_to.hours:
            return one.lender.reply_to.hours
    return None


ANSWERS: Final[dict[str, Callable[[Here], Awaitable[None]]]] = {
    "balance": balance,
    "pay": pay,
    "schedule": dates,
    "payoff": payoff,
    "fees": fees,
    "real": real,
    "statement": statement,
}
"""What is answered at once, by what was asked."""
