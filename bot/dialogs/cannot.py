"""I cannot pay: a few kind questions, none of which has to be answered, and a person who calls back."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram_dialog import Dialog, DialogManager, Window

from bot import widgets as ui
from bot.answers import hours_of, mine
from casework.borrower.tell import tell

_CODES: Final = {
    "why": ("income", "health", "family", "costs", "other", "rather_not"),
    "when": ("days", "weeks", "month", "unknown"),
    "what": ("part", "later", "pause", "talk"),
}


class Cannot(StatesGroup):
    """The questions, in order."""

    why = State()
    when = State()
    what = State()
    check = State()


async def _said(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    say, data = ui.here_of(dialog_manager).say, ui.data_of(dialog_manager)
    return {asked: say(f"cannot.{asked}_{data[asked]}") for asked in _CODES}


async def _confirm(manager: DialogManager) -> None:
    here, data = ui.here_of(manager), ui.data_of(manager)
    note = "/".join(data[asked] for asked in _CODES)
    await tell(here.desk.office, here.chat, "hardship", here.update, here.now, note=note)
    found = await mine(here)
    hours = hours_of(found)
    if hours:
        await ui.finish(manager, "cannot.done_hours", found, hours=hours)
    else:
        await ui.finish(manager, "cannot.done", found)


def _window(asked: str, state: State, then: State) -> Window:
    async def choose(manager: DialogManager, code: str) -> None:
        ui.data_of(manager)[asked] = code
        await manager.switch_to(then)

    codes = ui.choices(f"cannot.{asked}", _CODES[asked], choose)
    return ui.question(f"cannot.{asked}", codes, state=state, back=state != Cannot.why)


DIALOG: Final = Dialog(
    _window("why", Cannot.why, Cannot.when),
    _window("when", Cannot.when, Cannot.what),
    _window("what", Cannot.what, Cannot.check),
    ui.confirmation("cannot.check", _confirm, state=Cannot.check, getter=_said),
)
ui.OWING_ONLY[Cannot.why] = "cannot.nothing"
ENTRIES: Final = {"cannot": Cannot.why}
