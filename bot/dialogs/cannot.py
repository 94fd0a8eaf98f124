"""I cannot pay: a few kind questions, none of which has to be answered, and a person who calls back."""

from typing import Any, Final

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery
from aiogram_dialog import Dialog, DialogManager, Window

from bot.answers import hours_of, mine
from bot.widgets import CHOOSE, Data, Say, button, data_of, finish, here_of, picks, way_out
from casework.borrower.tell import tell

_WHY: Final = ("income", "health", "family", "costs", "other", "rather_not")
_WHEN: Final = ("days", "weeks", "month", "unknown")
_WHAT: Final = ("part", "later", "pause", "talk")


class Cannot(StatesGroup):
    """The questions, in order."""

    why = State()
    when = State()
    what = State()
    check = State()


def _choices(question: str, codes: tuple[str, ...]) -> Any:
    async def getter(dialog_manager: DialogManager, **_: Any) -> Data:
        say = here_of(dialog_manager).say
        return {"choices": [(say(f"cannot.{question}_{code}"), code) for code in codes]}

    return getter


def _keep(question: str, then: State) -> Any:
    async def pick(_: CallbackQuery, __: Any, manager: DialogManager, code: str) -> None:
        data_of(manager)[question] = code
        await manager.switch_to(then)

    return pick


async def _said(dialog_manager: DialogManager, **_: Any) -> Data:
    say, data = here_of(dialog_manager).say, data_of(dialog_manager)
    return {question: say(f"cannot.{question}_{data[question]}") for question in ("why", "when", "what")}


async def _confirm(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    here, data = here_of(manager), data_of(manager)
    reason = f"{data['why']}/{data['when']}/{data['what']}"
    await tell(here.desk.office, here.chat, "hardship", here.update, here.now, note=reason)
    hours = hours_of(await mine(here))
    if hours:
        await finish(manager, "cannot.done_hours", hours=hours)
    else:
        await finish(manager, "cannot.done")


def _window(question: str, codes: tuple[str, ...], state: State, then: State, *, back: bool) -> Window:
    return Window(
        Say(f"cannot.{question}"),
        picks(question, "choices", _keep(question, then)),
        way_out(back=back),
        CHOOSE,
        state=state,
        getter=_choices(question, codes),
    )


DIALOG: Final = Dialog(
    _window("why", _WHY, Cannot.why, Cannot.when, back=False),
    _window("when", _WHEN, Cannot.when, Cannot.what, back=True),
    _window("what", _WHAT, Cannot.what, Cannot.check, back=True),
    Window(
        Say("cannot.check"),
        button("yes", _confirm),
        way_out(),
        CHOOSE,
        state=Cannot.check,
        getter=_said,
    ),
)
ENTRIES: Final = {"cannot": Cannot.why}
