"""My number has changed: the new one, a code that went there, and whether the old ones still reach them."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager
from aiogram_dialog.widgets.kbd import Row

from bot import widgets as ui
from casework.borrower.conversation import ask_for_person, hear
from casework.borrower.identity import give_code
from casework.borrower.numbers import drop_number, number_in, numbers, offer_number


class Number(StatesGroup):
    """The questions, in order."""

    words = State()
    check = State()
    code = State()
    old = State()


async def _take(_: Message, manager: DialogManager, text: str) -> None:
    if number_in(text) is None:
        await ui.once_more(manager, "number.unclear")
        return
    ui.data_of(manager)["words"] = text[:40]
    await manager.switch_to(Number.check)


async def _echo(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    return {"words": number_in(ui.data_of(dialog_manager)["words"])}


async def _confirm(manager: DialogManager) -> None:
    here, desk = ui.here_of(manager), ui.here_of(manager).desk
    how = await offer_number(desk.office, desk.actor, here.chat, ui.data_of(manager)["words"], here.now)
    if how == "asked":
        await manager.switch_to(Number.code)
    elif how == "known":
        await ui.finish(manager, "number.known")
    else:
        await _to_a_person(manager)


async def _code(_: Message, manager: DialogManager, text: str) -> None:
    here, desk = ui.here_of(manager), ui.here_of(manager).desk
    answer = await give_code(desk.office, desk.actor, here.chat, text, here.now)
    if answer.how == "locked":
        await ui.finish(manager, "number.locked")
    elif answer.how == "wrong":
        await ui.once_more(manager, "number.wrong_code")
    else:
        new = (number_in(ui.data_of(manager)["words"]) or "")[-2:]
        known = await numbers(desk.office, here.chat)
        ui.data_of(manager)["old"] = [[one.address, one.ends] for one in known[:-1] or []]
        ui.data_of(manager)["new"] = new
        await _next(manager)


async def _next(manager: DialogManager) -> None:
    """The next number to ask about, or the end."""
    if ui.data_of(manager)["old"]:
        await manager.switch_to(Number.old)
    else:
        await ui.finish(manager, "number.done", ends=ui.data_of(manager)["new"])


async def _asked(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    return {"ends": ui.data_of(dialog_manager)["old"][0][1]}


async def _still(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    ui.data_of(manager)["old"].pop(0)
    await _next(manager)


async def _gone(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    here = ui.here_of(manager)
    address, _ends = ui.data_of(manager)["old"].pop(0)
    await drop_number(here.desk.office, here.chat, address, here.update, here.now)
    await _next(manager)


async def _no_code(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    await _to_a_person(manager)


async def _to_a_person(manager: DialogManager) -> None:
    """They find the number in the conversation, and check it."""
    here, desk = ui.here_of(manager), ui.here_of(manager).desk
    await ask_for_person(desk.office, desk.actor, here.chat, "number", here.now)
    words = ui.data_of(manager)["words"]
    await hear(desk.office, desk.actor, here.chat, words, here.update, here.now)
    await ui.finish(manager, "number.passed_on")


DIALOG: Final = Dialog(
    ui.question("number.words", ui.typed(_take), state=Number.words, back=False),
    ui.confirmation("number.check", _confirm, state=Number.check, getter=_echo),
    ui.question(
        "number.code", ui.button("no_code", _no_code), ui.typed(_code), state=Number.code, to=Number.words
    ),
    ui.question(
        "number.old",
        Row(ui.button("yes", _still), ui.button("no", _gone)),
        state=Number.old,
        getter=_asked,
        back=False,
    ),
)
ENTRIES: Final = {"number": Number.words}
