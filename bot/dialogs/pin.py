"""A PIN for text messages: typed twice, taken out of the chat again where the server can."""

from typing import Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager

from bot import widgets as ui
from bot.api import quietly
from casework.borrower.pins import is_good_pin, set_pin


class Pin(StatesGroup):
    """The questions, in order."""

    first = State()
    again = State()


async def _first(message: Message, manager: DialogManager, text: str) -> None:
    await _forget(message, manager)
    if is_good_pin(text):
        ui.data_of(manager)["pin"] = text
        await manager.switch_to(Pin.again)
    else:
        await ui.once_more(manager, "pin.not_good")


async def _again(message: Message, manager: DialogManager, text: str) -> None:
    await _forget(message, manager)
    if text != ui.data_of(manager)["pin"]:
        await ui.once_more(manager, "pin.differs")
        await manager.switch_to(Pin.first)
        return
    here = ui.here_of(manager)
    await set_pin(here.desk.office, here.borrower, here.person, text, here.now)
    await ui.finish(manager, "pin.done")


async def _forget(message: Message, manager: DialogManager) -> None:
    """What was typed should not stay to be read by whoever takes the phone."""
    here = ui.here_of(manager)
    await quietly(here.bot.delete_message(here.chat.telegram, message.message_id))


DIALOG: Final = Dialog(
    ui.question("pin.first", ui.typed(_first), state=Pin.first, back=False),
    ui.question("pin.again", ui.typed(_again), state=Pin.again),
)
ENTRIES: Final = {"pin": Pin.first}
