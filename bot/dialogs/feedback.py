"""How was it? Asked once a loan is settled: a word, and more in their own words if they like."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager

from bot import widgets as ui
from bot.answers import mine
from casework.borrower.answers import Holding
from casework.borrower.tell import give_feedback

_LONGEST: Final = 2_000


class Feedback(StatesGroup):
    """The questions, in order."""

    loan = State()
    rating = State()
    words = State()


async def settled(manager: DialogManager) -> list[Holding]:
    """Loans on which nothing is unpaid any more."""
    return [one for one in await mine(ui.here_of(manager)) if not one.outstanding]


async def _choose(manager: DialogManager, code: str) -> None:
    ui.data_of(manager)["rating"] = code
    await manager.switch_to(Feedback.words)


async def _words(_: Message, manager: DialogManager, text: str) -> None:
    await _give(manager, text[:_LONGEST])


async def _without(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await _give(manager, None)


async def _give(manager: DialogManager, words: str | None) -> None:
    here, one = ui.here_of(manager), await ui.chosen_loan(manager)
    rating = ui.data_of(manager)["rating"]
    new = await give_feedback(here.desk.office, here.chat, one.id, rating, words, here.update, here.now)
    key = "feedback.before" if not new else "feedback.done_poor" if rating == "poor" else "feedback.done"
    await ui.finish(manager, key)


DIALOG: Final = Dialog(
    ui.loan_window(Feedback.loan, Feedback.rating, settled, nothing="feedback.later"),
    ui.question(
        "feedback.rating",
        ui.choices("feedback.rating", ("good", "fair", "poor"), _choose),
        state=Feedback.rating,
        getter=ui.loan_said,
        back=False,
    ),
    ui.question("feedback.words", ui.button("skip", _without), ui.typed(_words), state=Feedback.words),
)
ENTRIES: Final = {"feedback": Feedback.loan}
