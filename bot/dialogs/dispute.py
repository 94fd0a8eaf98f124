"""Something is not right: which loan, what about it, in their own words; reminders of it rest meanwhile."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager

from bot import widgets as ui
from bot.answers import mine, named
from casework.borrower.answers import Holding
from casework.borrower.tell import tell

_REASONS: Final = ("amount", "paid", "not_mine", "charges", "other")
_LONGEST: Final = 1_000


class Dispute(StatesGroup):
    """The questions, in order."""

    loan = State()
    reason = State()
    words = State()
    check = State()


async def theirs(dialog_manager: DialogManager) -> list[Holding]:
    """Any loan of theirs may be wrong."""
    return await mine(ui.here_of(dialog_manager))


async def _reason(manager: DialogManager, code: str) -> None:
    ui.data_of(manager)["reason"] = code
    await manager.switch_to(Dispute.words)


async def _words(_: Message, manager: DialogManager, text: str) -> None:
    ui.data_of(manager)["words"] = text[:_LONGEST]
    await manager.switch_to(Dispute.check)


async def _without(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    ui.data_of(manager).pop("words", None)
    await manager.switch_to(Dispute.check)


async def _echo(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    data = ui.data_of(dialog_manager)
    reason = ui.here_of(dialog_manager).say(f"dispute.reason_{data['reason']}")
    return {**await ui.loan_said(dialog_manager), "reason": reason, "words": data.get("words", "")}


async def _confirm(manager: DialogManager) -> None:
    here, one, data = ui.here_of(manager), await ui.chosen_loan(manager), ui.data_of(manager)
    note = ": ".join(filter(None, (data["reason"], data.get("words"))))
    await tell(here.desk.office, here.chat, "dispute", here.update, here.now, loan=one.id, note=note)
    await ui.finish(manager, "dispute.done", [one], loan=named(here.say, one))


DIALOG: Final = Dialog(
    ui.loan_window(Dispute.loan, Dispute.reason, theirs, nothing="balance.none"),
    ui.question(
        "dispute.reason",
        ui.choices("dispute.reason", _REASONS, _reason),
        state=Dispute.reason,
        getter=ui.loan_said,
    ),
    ui.question("dispute.words", ui.button("skip", _without), ui.typed(_words), state=Dispute.words),
    ui.confirmation("dispute.check", _confirm, state=Dispute.check, getter=_echo),
)
ENTRIES: Final = {"dispute": Dispute.loan}
