"""I have paid: which loan, a photo of the receipt if there is one; reminders rest while somebody looks."""

from datetime import timedelta
from io import BytesIO
from typing import Any, Final

from aiogram import F
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager
from aiogram_dialog.widgets.input import MessageInput

from bot import widgets as ui
from bot.answers import named
from casework.borrower.tell import LARGEST_PHOTO, keep_photo, tell

PAUSE: Final = timedelta(days=3)  # of strategies/outcomes.py, claims_paid; a test holds them together


class Paid(StatesGroup):
    """The questions, in order."""

    loan = State()
    receipt = State()


async def _photo(message: Message, _: MessageInput, manager: DialogManager) -> None:
    here = ui.here_of(manager)
    assert message.photo is not None
    largest = message.photo[-1]
    if (largest.file_size or 0) > LARGEST_PHOTO:
        await ui.once_more(manager, "paid.too_large")
        return
    into = BytesIO()
    await here.bot.download(largest, into)
    kept = await keep_photo(here.desk.office, here.chat, "image/jpeg", into.getvalue(), here.update, here.now)
    await _tell(manager, kept)


async def _without(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await _tell(manager, None)


async def _tell(manager: DialogManager, photo: int | None) -> None:
    here, one = ui.here_of(manager), await ui.chosen_loan(manager)
    await tell(here.desk.office, here.chat, "claims_paid", here.update, here.now, loan=one.id)
    until = here.say.moment(here.now + PAUSE, one.zone)
    key = "paid.done" if photo is None else "paid.done_photo"
    await ui.finish(manager, key, [one], loan=named(here.say, one), until=until)


DIALOG: Final = Dialog(
    ui.loan_window(Paid.loan, Paid.receipt, ui.owing, nothing="pay.nothing"),
    ui.question(
        "paid.receipt",
        ui.button("skip", _without),
        MessageInput(_photo, filter=F.photo),
        state=Paid.receipt,
        getter=ui.loan_said,
    ),
)
ENTRIES: Final = {"paid": Paid.loan}
