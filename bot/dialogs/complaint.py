"""A complaint: in their own words, confirmed, and investigated by a person."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager

from bot import widgets as ui
from casework.borrower.tell import tell

_LONGEST: Final = 2_000


class Complaint(StatesGroup):
    """The questions, in order."""

    words = State()
    check = State()


async def _take(_: Message, manager: DialogManager, text: str) -> None:
    ui.data_of(manager)["words"] = text[:_LONGEST]
    await manager.switch_to(Complaint.check)


async def _echo(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    return {"words": ui.data_of(dialog_manager)["words"]}


async def _confirm(manager: DialogManager) -> None:
    here = ui.here_of(manager)
    words = ui.data_of(manager)["words"]
    await tell(here.desk.office, here.chat, "complaint", here.update, here.now, note=words)
    await ui.finish(manager, "complaint.done")


DIALOG: Final = Dialog(
    ui.question("complaint.words", ui.typed(_take), state=Complaint.words, back=False),
    ui.confirmation("complaint.check", _confirm, state=Complaint.check, getter=_echo),
)
ENTRIES: Final = {"complaint": Complaint.words}
