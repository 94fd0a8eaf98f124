"""Things said in one's own words, confirmed, and read by a person: a complaint, a number that has changed."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager, Window

from bot.desk import Here
from bot.widgets import CHOOSE, Data, Say, button, data_of, finish, here_of, once_more, typed, way_out
from casework.borrower.conversation import ask_for_person, hear
from casework.borrower.tell import tell

_LONGEST: Final = 2_000


class Complaint(StatesGroup):
    """A complaint."""

    words = State()
    check = State()


class Number(StatesGroup):
    """Another number."""

    words = State()
    check = State()


async def _pass_on(here: Here, kind: str, words: str) -> None:
    """A complaint is investigated; a number is checked by a person, who finds it in the conversation."""
    desk = here.desk
    if kind == "complaint":
        await tell(desk.office, here.chat, "complaint", here.update, here.now, note=words)
        return
    await ask_for_person(desk.office, desk.actor, here.chat, kind, here.now)
    await hear(desk.office, desk.actor, here.chat, words, here.update, here.now)


def _windows(kind: str, words: State, check: State, digits: int) -> tuple[Window, Window]:
    async def take(_: Message, manager: DialogManager, text: str) -> None:
        if sum(sign.isdecimal() for sign in text) < digits:
            await once_more(manager, f"{kind}.unclear")
            return
        data_of(manager)["words"] = text[:_LONGEST]
        await manager.switch_to(check)

    async def echo(dialog_manager: DialogManager, **_: Any) -> Data:
        return {"words": data_of(dialog_manager)["words"]}

    async def confirm(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
        here = here_of(manager)
        await _pass_on(here, kind, data_of(manager)["words"])
        await finish(manager, f"{kind}.done")

    return (
        Window(Say(f"{kind}.words"), way_out(back=False), typed(take), CHOOSE, state=words),
        Window(
            Say(f"{kind}.check"),
            button("yes", confirm),
            way_out(),
            CHOOSE,
            state=check,
            getter=echo,
        ),
    )


DIALOG: Final = (
    Dialog(*_windows("complaint", Complaint.words, Complaint.check, 0)),
    Dialog(*_windows("number", Number.words, Number.check, 7)),
)
ENTRIES: Final = {"complaint": Complaint.words, "number": Number.words}
