"""A promise: on which loan, how much, which day; said back whole, and recorded when it is confirmed.

What the words that began it name already ("I will pay 20 on Friday") is not asked again.
"""

from datetime import date, timedelta
from typing import Any, Final, cast

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager
from aiogram_dialog.widgets.kbd import Row

from bot import widgets as ui
from bot.answers import named
from bot.dialogs.paid import SHOWN
from casework.borrower.answers import Holding
from casework.borrower.tell import last_day, promise_limits, tell
from casework.errors import CaseworkInputError
from messages.typed.amounts import read_amount
from messages.typed.dates import order_in, read_date, take_date

_CHIPS: Final = (0, 1, 2, 3, 5, 7, 10, 14)  # days from today


class Promise(StatesGroup):
    """The questions, in order."""

    loan = State()
    amount = State()
    day = State()
    calendar = State()
    check = State()


def _asked(one: Holding) -> int:
    return one.arrears or one.next_minor or one.outstanding


async def _amounts(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    here, one = ui.here_of(dialog_manager), await ui.chosen_loan(dialog_manager)
    offered = dict.fromkeys((_asked(one), one.outstanding))
    return {
        **ui.of_loans(here.say, [one]),
        "loan": named(here.say, one),
        "amounts": [(here.say.money(minor, one.currency), str(minor)) for minor in offered],
    }


async def _pick_amount(_: CallbackQuery, __: Any, manager: DialogManager, minor: str) -> None:
    await _take_amount(manager, int(minor))


async def _type_amount(_: Message, manager: DialogManager, text: str) -> None:
    found = _amounts_in(text, await ui.chosen_loan(manager))
    if len(found) == 1:
        await _take_amount(manager, found[0])
    elif not await _take_said(manager, text):
        await ui.unread(manager, text, "promise.amount_unclear")


def _amounts_in(text: str, one: Holding) -> list[int]:
    """In minor units, each that it can be."""
    return [money.minor for money in read_amount(text, one.currency) if money.currency == one.currency]


async def _take_said(manager: DialogManager, text: str) -> bool:
    """Take the amount of a sentence, with its day if it names one; whether it has one. A day alone waits."""
    one = await ui.chosen_loan(manager)
    said = take_date(text, one.today, order_in(one.country))
    amounts = _amounts_in(said.rest, one)
    if len(said.dates) == 1:
        ui.data_of(manager)["said_day"] = said.dates[0].isoformat()
    if len(amounts) == 1:
        await _take_amount(manager, amounts[0])
    return len(amounts) == 1


async def _take_amount(manager: DialogManager, minor: int) -> None:
    here, one = ui.here_of(manager), await ui.chosen_loan(manager)
    least, most = promise_limits(one)
    if not least <= minor <= most:
        least_said, most_said = (here.say.money(limit, one.currency) for limit in (least, most))
        await ui.once_more(manager, "promise.amount_limits", least=least_said, most=most_said)
        return
    data = ui.data_of(manager)
    data["amount"] = minor
    await manager.switch_to(Promise.day)
    said_day: str | None = data.pop("said_day", None)
    if said_day is not None:
        await _take_day(manager, date.fromisoformat(said_day))


async def _begun(_: Any, manager: DialogManager) -> None:
    if "loan" in (cast("ui.Data | None", manager.start_data) or {}):  # pyright: ignore[reportUnknownMemberType]
        await _picked(manager)


async def _picked(manager: DialogManager) -> bool:
    """What the words that began it name of the loan that is known now."""
    data = cast("ui.Data | None", manager.start_data) or {}  # pyright: ignore[reportUnknownMemberType]
    text: str | None = data.get("said")
    return text is not None and await _take_said(manager, text)


async def _days(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    here, one = ui.here_of(dialog_manager), await ui.chosen_loan(dialog_manager)
    days = [one.today + timedelta(days=ahead) for ahead in _CHIPS]
    days = [day for day in days if day <= last_day(one)]
    return {
        **ui.of_loans(here.say, [one]),
        "amount": here.say.money(ui.data_of(dialog_manager)["amount"], one.currency),
        "days": [(here.say.weekday(day), day.isoformat()) for day in days],
    }


async def _month(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    here, one = ui.here_of(dialog_manager), await ui.chosen_loan(dialog_manager)
    shown = date.fromisoformat(ui.data_of(dialog_manager).get("month") or one.today.isoformat())
    return {
        **ui.of_loans(here.say, [one]),
        "month": here.say.month(shown),
        "days": ui.month_of(shown, one.today, last_day(one)),
    }


async def _turn(manager: DialogManager, ahead: bool) -> None:
    one = await ui.chosen_loan(manager)
    shown = date.fromisoformat(ui.data_of(manager).get("month") or one.today.isoformat()).replace(day=1)
    other = (shown + timedelta(days=32) if ahead else shown - timedelta(days=1)).replace(day=1)
    if one.today.replace(day=1) <= other <= last_day(one):
        ui.data_of(manager)["month"] = other.isoformat()


async def _earlier(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await _turn(manager, ahead=False)


async def _later(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await _turn(manager, ahead=True)


async def _pick_day(_: CallbackQuery, __: Any, manager: DialogManager, day: str) -> None:
    if not day.startswith("-"):
        await _take_day(manager, date.fromisoformat(day))


async def _type_day(_: Message, manager: DialogManager, text: str) -> None:
    one = await ui.chosen_loan(manager)
    found = read_date(text, one.today, order_in(one.country))
    if len(found) != 1:
        await ui.unread(manager, text, "promise.day_unclear")
        return
    await _take_day(manager, found[0])


async def _take_day(manager: DialogManager, day: date) -> None:
    here, one = ui.here_of(manager), await ui.chosen_loan(manager)
    if not one.today <= day <= last_day(one):
        await ui.once_more(manager, "promise.day_limits", last=here.say.day(last_day(one)))
        return
    ui.data_of(manager)["day"] = day.isoformat()
    await manager.switch_to(Promise.check)


async def _calendar(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await manager.switch_to(Promise.calendar)


async def _echo(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    here, one = ui.here_of(dialog_manager), await ui.chosen_loan(dialog_manager)
    data = ui.data_of(dialog_manager)
    return {
        **ui.of_loans(here.say, [one]),
        "loan": named(here.say, one),
        "amount": here.say.money(data["amount"], one.currency),
        "day": here.say.day(date.fromisoformat(data["day"])),
    }


async def _confirm(manager: DialogManager) -> None:
    here, one = ui.here_of(manager), await ui.chosen_loan(manager)
    data = ui.data_of(manager)
    day = date.fromisoformat(data["day"])
    amount: int = data["amount"]
    try:
        made = await tell(
            here.desk.office, here.chat, "promise", here.update, here.now, loan=one.id, amount=amount, due=day
        )
    except CaseworkInputError:  # a payment or another day came in between
        await ui.finish(manager, "promise.changed", [one])
        return
    small = made.promise is not None and not made.promise.pauses
    key = "promise.done_small" if small else "promise.done"
    said = here.say.money(amount, one.currency)
    await ui.finish(manager, key, [one], amount=said, day=here.say.day(day))


DIALOG: Final = Dialog(
    ui.loan_window(Promise.loan, Promise.amount, ui.owing, nothing="pay.nothing", picked=_picked),
    ui.question(
        "promise.amount",
        ui.picks("amount", "amounts", _pick_amount),
        ui.typed(_type_amount),
        SHOWN,
        state=Promise.amount,
        getter=_amounts,
    ),
    ui.question(
        "promise.day",
        ui.picks("day", "days", _pick_day, width=2),
        ui.button("another_day", _calendar),
        ui.typed(_type_day),
        SHOWN,
        state=Promise.day,
        getter=_days,
    ),
    ui.question(
        "promise.calendar",
        ui.picks("cell", "days", _pick_day, width=7),
        Row(ui.button("earlier", _earlier), ui.button("later", _later)),
        ui.typed(_type_day),
        SHOWN,
        state=Promise.calendar,
        getter=_month,
        to=Promise.day,
    ),
    ui.confirmation("promise.check", _confirm, state=Promise.check, getter=_echo, to=Promise.day),
    on_start=_begun,
)
ENTRIES: Final = {"promise": Promise.loan}
