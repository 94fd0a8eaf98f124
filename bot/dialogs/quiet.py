"""When you may write to me: the hours they ask for, said back; the next claim obeys them."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager

from bot import widgets as ui
from casework.borrower.preferences import keep_hours
from messages.typed.hours import read_hours

_HOURS: Final = {"morning": "08:00-12:00", "midday": "12:00-17:00", "evening": "17:00-21:00", "any": ""}


class Quiet(StatesGroup):
    """The questions, in order."""

    hours = State()
    check = State()


async def _choose(manager: DialogManager, code: str) -> None:
    await _keep(manager, _HOURS[code])


async def _type(_: Message, manager: DialogManager, text: str) -> None:
    hours = read_hours(text)
    if hours is None:
        await ui.once_more(manager, "quiet.unclear")
    else:
        await _keep(manager, hours)


async def _keep(manager: DialogManager, hours: str) -> None:
    ui.data_of(manager)["hours"] = hours
    await manager.switch_to(Quiet.check)


def _said(manager: DialogManager) -> str:
    return ui.data_of(manager)["hours"] or ui.here_of(manager).say("quiet.hours_any")


async def _echo(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    return {"hours": _said(dialog_manager)}


async def _confirm(manager: DialogManager) -> None:
    here, hours = ui.here_of(manager), ui.data_of(manager)["hours"]
    await keep_hours(here.desk.office, here.chat, [hours] if hours else [], here.now)
    await ui.finish(manager, "quiet.done", hours=_said(manager))


DIALOG: Final = Dialog(
    ui.question(
        "quiet.hours",
        ui.choices("quiet.hours", tuple(_HOURS), _choose),
        ui.typed(_type),
        state=Quiet.hours,
        back=False,
    ),
    ui.confirmation("quiet.check", _confirm, state=Quiet.check, getter=_echo),
)
ENTRIES: Final = {"quiet": Quiet.hours}
