"""I have paid: which loan, a photo of the receipt if there is one; reminders rest while somebody looks.

A photo that comes by itself is asked about first, and carried along: nobody sends it twice.
"""

from datetime import timedelta
from typing import Any, Final, cast

from aiogram import F
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager, ShowMode, StartMode
from aiogram_dialog.widgets.input import MessageInput

from bot import widgets as ui
from bot.answers import named
from bot.files import Sent, keep, sent_in
from casework.borrower.tell import tell

PAUSE: Final = timedelta(days=3)  # of strategies/outcomes.py, claims_paid; a test holds them together


class Paid(StatesGroup):
    """The questions, in order; the first is of a photo that came by itself."""

    shown = State()
    loan = State()
    receipt = State()


async def ask_about(manager: DialogManager, sent: Sent) -> None:
    """A photo came in no dialog: ask what it is. What was open is left."""
    data = {"file": sent.file, "size": sent.size}
    await manager.start(Paid.shown, data, mode=StartMode.RESET_STACK)  # pyright: ignore[reportUnknownMemberType]


async def _keep(manager: DialogManager) -> int:
    """Keep the photo that the dialog began with."""
    data = cast("ui.Data", manager.start_data)  # pyright: ignore[reportUnknownMemberType]
    return await keep(ui.here_of(manager), Sent(data["file"], data["size"]))


async def _is_receipt(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    data = ui.data_of(manager)
    data["photo"] = await _keep(manager)
    found = await ui.owing(manager)
    if not found:
        await ui.finish(manager, "pay.nothing")
    elif len(found) > 1:
        await manager.switch_to(Paid.loan)
    else:
        data["loan"] = found[0].id
        await _tell(manager, data["photo"])


async def _is_none(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    here = ui.here_of(manager)
    await _keep(manager)
    await manager.done(show_mode=ShowMode.NO_UPDATE)
    await here.send(here.say("paid.no_receipt"), (("human", "menu"),))


async def _picked(manager: DialogManager) -> bool:
    """Of which loan the photo is that was carried along; nothing else is left to ask then."""
    photo: int | None = ui.data_of(manager).get("photo")
    if photo is not None:
        await _tell(manager, photo)
    return photo is not None


async def _came(message: Message, _: MessageInput, manager: DialogManager) -> None:
    sent = sent_in(message)
    if sent is None:
        await ui.once_more(manager, "dialog.choose")
    elif sent.is_too_large:
        await ui.once_more(manager, "paid.too_large")
    else:
        await ask_about(manager, sent)


SHOWN: Final = MessageInput(_came, filter=F.photo | F.document)
"""For a window about money, where a photo may be a receipt: it is asked about, and the window is left."""


async def _photo(message: Message, _: MessageInput, manager: DialogManager) -> None:
    sent = sent_in(message)
    if sent is None:
        await ui.once_more(manager, "dialog.choose")
    elif sent.is_too_large:
        await ui.once_more(manager, "paid.too_large")
    else:
        await _tell(manager, await keep(ui.here_of(manager), sent))


async def _without(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await _tell(manager, None)


async def _tell(manager: DialogManager, photo: int | None) -> None:
    here, one = ui.here_of(manager), await ui.chosen_loan(manager)
    await tell(here.desk.office, here.chat, "claims_paid", here.update, here.now, loan=one.id)
    until = here.say.moment(here.now + PAUSE, one.zone)
    key = "paid.done" if photo is None else "paid.done_photo"
    await ui.finish(manager, key, [one], loan=named(here.say, one), until=until)


DIALOG: Final = Dialog(
    ui.question(
        "paid.shown",
        ui.button("yes", _is_receipt),
        ui.button("no", _is_none),
        SHOWN,
        state=Paid.shown,
        back=False,
    ),
    ui.loan_window(Paid.loan, Paid.receipt, ui.owing, nothing="pay.nothing", picked=_picked),
    ui.question(
        "paid.receipt",
        ui.button("skip", _without),
        MessageInput(_photo, filter=F.photo | F.document),
        state=Paid.receipt,
        getter=ui.loan_said,
    ),
)
ENTRIES: Final = {"paid": Paid.loan}
