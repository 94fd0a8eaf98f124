"""Something is not right: which loan, what about it, in their own words; reminders of it rest meanwhile."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager, Window

from bot.answers import mine, named
from bot.widgets import (
    CHOOSE,
    Data,
    Say,
    button,
    chosen_loan,
    data_of,
    finish,
    here_of,
    loan_window,
    picks,
    typed,
    way_out,
)
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
    return await mine(here_of(dialog_manager))


async def _reasons(dialog_manager: DialogManager, **_: Any) -> Data:
    here = here_of(dialog_manager)
    return {
        "loan": named(here.say, await chosen_loan(dialog_manager)),
        "reasons": [(here.say(f"dispute.reason_{code}"), code) for code in _REASONS],
    }


async def _pick(_: CallbackQuery, __: Any, manager: DialogManager, code: str) -> None:
    data_of(manager)["reason"] = code
    await manager.switch_to(Dispute.words)


async def _words(_: Message, manager: DialogManager, text: str) -> None:
    data_of(manager)["words"] = text[:_LONGEST]
    await manager.switch_to(Dispute.check)


async def _without(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    data_of(manager).pop("words", None)
    await manager.switch_to(Dispute.check)


async def _echo(dialog_manager: DialogManager, **_: Any) -> Data:
    here, data = here_of(dialog_manager), data_of(dialog_manager)
    return {
        "loan": named(here.say, await chosen_loan(dialog_manager)),
        "reason": here.say(f"dispute.reason_{data['reason']}"),
        "words": data.get("words", ""),
    }


async def _confirm(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    here, one, data = here_of(manager), await chosen_loan(manager), data_of(manager)
    note = ": ".join(filter(None, (data["reason"], data.get("words"))))
    await tell(here.desk.office, here.chat, "dispute", here.update, here.now, loan=one.id, note=note)
    await finish(manager, "dispute.done", loan=named(here.say, one))


DIALOG: Final = Dialog(
    loan_window(Dispute.loan, Dispute.reason, theirs, nothing="balance.none"),
    Window(
        Say("dispute.reason"),
        picks("reason", "reasons", _pick),
        way_out(),
        CHOOSE,
        state=Dispute.reason,
        getter=_reasons,
    ),
    Window(
        Say("dispute.words"),
        button("skip", _without),
        way_out(),
        typed(_words),
        CHOOSE,
        state=Dispute.words,
    ),
    Window(
        Say("dispute.check"),
        button("yes", _confirm),
        way_out(),
        CHOOSE,
        state=Dispute.check,
        getter=_echo,
    ),
)
ENTRIES: Final = {"dispute": Dispute.loan}
