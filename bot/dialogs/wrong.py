"""You have the wrong person: asked back once, then this chat and what led here reach nobody any more."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery
from aiogram_dialog import Dialog, DialogManager, ShowMode, Window
from aiogram_dialog.widgets.kbd import Row

from bot.widgets import CHOOSE, Say, button, here_of, leave
from casework.borrower.tell import wrong_person


class Wrong(StatesGroup):
    """The one question."""

    check = State()


async def _confirm(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    here = here_of(manager)
    await wrong_person(here.desk.office, here.chat, here.update, here.now)
    await manager.done(show_mode=ShowMode.NO_UPDATE)
    await here.send_plain(here.say("open.not_me"))


DIALOG: Final = Dialog(
    Window(
        Say("wrong.check"),
        Row(button("yes", _confirm), button("no", leave)),
        CHOOSE,
        state=Wrong.check,
    )
)
ENTRIES: Final = {"wrong": Wrong.check}
