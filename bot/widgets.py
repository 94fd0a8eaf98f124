"""What dialogs are made of: texts of the catalogue, choices, the way back and out."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from types import CoroutineType
from typing import Any, Final, cast

from aiogram import F
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode, StartMode, Window
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Back, Button, Group, Keyboard, Row, Select, SwitchTo
from aiogram_dialog.widgets.text import Format, Text

from bot import menu
from bot.answers import ANSWERS, by_whom, mine, named, told_of
from bot.desk import Here
from bot.dialogs import entries
from bot.texts import Speech
from bot.understanding import understand
from casework.borrower.answers import Holding

Data = dict[str, Any]
_LONGEST_SAID: Final = 500  # characters


def here_of(manager: DialogManager) -> Here:
    """Where the dialog takes place."""
    return cast("Data", manager.middleware_data)["here"]  # pyright: ignore[reportUnknownMemberType]


def data_of(manager: DialogManager) -> Data:
    """What the dialog has been told so far."""
    return cast("Data", manager.dialog_data)  # pyright: ignore[reportUnknownMemberType]


async def begin(manager: DialogManager, state: State, said: str = "") -> None:
    """Begin a dialog; what was open is left. Which loan is asked only where there are several.

    `said`: the words that asked for it, for a dialog that reads more in them.
    """
    data: Data = {"said": said[:_LONGEST_SAID]} if said else {}
    if state in LOAN_QUESTIONS:
        then, loans, nothing = LOAN_QUESTIONS[state]
        found = await loans(manager)
        if not found:
            if manager.has_context():
                await manager.reset_stack()
            await menu.again(here_of(manager), nothing)
            return
        if len(found) == 1:
            state, data = then, {**data, "loan": found[0].id}
    elif state in OWING_ONLY and not await owing(manager):
        if manager.has_context():
            await manager.reset_stack()
        await menu.again(here_of(manager), OWING_ONLY[state])
        return
    await manager.start(state, data or None, mode=StartMode.RESET_STACK)  # pyright: ignore[reportUnknownMemberType]


class Say(Text):
    """A text of the catalogue; its blanks are filled with what the window's getter gives.

    `key` may name one of the getter's values: "{key}" is taken from there.
    """

    def __init__(self, key: str, when: Any = None) -> None:
        super().__init__(when=when)
        self._key = key

    async def _render_text(self, data: Data, manager: DialogManager) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return here_of(manager).say(self._key.format_map(data), **data)


class Ask(Say):
    """What a window says: of loans only after what a pack has whoever collects say first (`of_loans`)."""

    async def _render_text(self, data: Data, manager: DialogManager) -> str:
        text = await super()._render_text(data, manager)
        return "\n\n".join((*data.get("by_whom", ()), text))


Click = Callable[[CallbackQuery, Any, DialogManager], "CoroutineType[Any, Any, None]"]
Pick = Callable[[CallbackQuery, Any, DialogManager, str], "CoroutineType[Any, Any, None]"]


def button(action: str, click: Click, when: Any = None) -> Button:
    """A button labelled by the catalogue's `buttons.<action>`."""
    return Button(Say(f"buttons.{action}"), id=action, on_click=click, when=when)


def picks(id_: str, items: str, pick: Pick, *, width: int = 1, when: Any = None) -> Keyboard:
    """A button for each of the getter's `items`, which are (label, value) pairs."""
    select: Select[Any] = Select(
        Format("{item[0]}"), id=id_, item_id_getter=lambda item: item[1], items=items, on_click=pick
    )
    return Group(select, width=width, when=when)


Choose = Callable[[DialogManager, str], Awaitable[None]]


def choices(prefix: str, codes: Sequence[str], choose: Choose) -> Keyboard:
    """A button for each code, labelled by the catalogue's `<prefix>_<code>`."""

    async def click(_: CallbackQuery, pressed: Button, manager: DialogManager) -> None:
        await choose(manager, cast("str", pressed.widget_id))

    return Group(*(Button(Say(f"{prefix}_{code}"), id=code, on_click=click) for code in codes), width=1)


async def leave(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
    """Out of the dialog; nothing was changed."""
    await finish(manager, "menu.cancelled")


async def finish(manager: DialogManager, key: str, about: Sequence[Holding] = (), **blanks: object) -> None:
    """The dialog is over: say so, with the choices. `about`: the loans that it speaks of."""
    here = here_of(manager)
    await manager.done(show_mode=ShowMode.NO_UPDATE)
    await here.send(told_of(here.say, about, here.say(key, **blanks)), menu.MAIN)


def way_out(*, back: bool = True, to: State | None = None) -> Row:
    """The last row of every window. `to`: where back leads, where that is not the window before."""
    out = button("cancel", leave)
    if to is not None:
        return Row(SwitchTo(Say("buttons.back"), id="back_to", state=to), out)
    return Row(Back(Say("buttons.back")), out) if back else Row(out)


Typed = Callable[[Message, DialogManager, str], Awaitable[None]]


def typed(take: Typed) -> MessageInput:
    """Takes what is typed in a window."""

    async def heard(message: Message, _: MessageInput, manager: DialogManager) -> None:
        await take(message, manager, (message.text or "").strip())

    return MessageInput(heard, filter=F.text)


async def _choose(message: Message, _: MessageInput, manager: DialogManager) -> None:
    await unread(manager, message.text or "", "dialog.choose")


CHOOSE: Final = MessageInput(_choose)
"""Answers whatever a window has no use for: the question is asked once more."""


async def once_more(manager: DialogManager, key: str, **blanks: object) -> None:
    """What was typed cannot be meant: say why, and ask again."""
    here = here_of(manager)
    await here.send(here.say(key, **blanks))
    manager.show_mode = ShowMode.SEND


async def unread(manager: DialogManager, text: str, key: str) -> None:
    """What was typed is no answer: a sure question is answered, and what has a dialog of its own begins it.

    Else say why (`key`); unless another dialog began, ask again.
    """
    here, meaning = here_of(manager), understand(text)
    state = entries().get(meaning.intent or "")
    if state is not None and state.group is not manager.current_context().state.group:
        await begin(manager, state, text)
    elif meaning.intent in ANSWERS:
        await ANSWERS[meaning.intent](here)
        manager.show_mode = ShowMode.SEND
    elif "stop" in meaning.maybe:
        await menu.ask_back(here, meaning.maybe)
        manager.show_mode = ShowMode.NO_UPDATE
    else:
        await once_more(manager, key)


Getter = Callable[..., Awaitable[Data]]


def question(
    key: str,
    *parts: Any,
    state: State,
    getter: Getter | None = None,
    back: bool = True,
    to: State | None = None,
) -> Window:
    """A window: what it asks, its buttons and what may be typed, the way back and out."""
    return Window(Ask(key), *parts, way_out(back=back, to=to), CHOOSE, state=state, getter=getter)


def confirmation(
    key: str,
    then: Callable[[DialogManager], Awaitable[None]],
    *,
    state: State,
    getter: Getter,
    to: State | None = None,
) -> Window:
    """A window that says back what was told; YES does it."""

    async def click(_: CallbackQuery, __: Any, manager: DialogManager) -> None:
        await then(manager)

    return question(key, button("yes", click), state=state, getter=getter, to=to)


Loans = Callable[[DialogManager], Awaitable[list[Holding]]]
Picked = Callable[[DialogManager], Awaitable[bool]]


def loan_window(
    state: State, then: State, loans: Loans, *, nothing: str, picked: Picked | None = None
) -> Window:
    """Asks which loan it is about; one alone is not asked about, and without any the dialog ends.

    `picked` may do what is left to do, and returns whether it did: then nothing more is asked.
    """

    async def getter(dialog_manager: DialogManager, **_: Any) -> Data:
        say, found = here_of(dialog_manager).say, await loans(dialog_manager)
        return {"loans": [(named(say, one), str(one.id)) for one in found], **of_loans(say, found)}

    async def pick(_: CallbackQuery, __: Any, manager: DialogManager, loan: str) -> None:
        data_of(manager)["loan"] = int(loan)
        if picked is None or not await picked(manager):
            await manager.switch_to(then)

    window = question("loan.which", picks("loan", "loans", pick), state=state, getter=getter, back=False)
    LOAN_QUESTIONS[state] = (then, loans, nothing)
    return window


LOAN_QUESTIONS: Final[dict[State, tuple[State, Loans, str]]] = {}
"""Dialogs that begin with a loan: where they go on, which loans, what is said where there is none."""


OWING_ONLY: Final[dict[State, str]] = {}
"""Dialogs that are for who owes something: what is said to who owes nothing."""


async def owing(manager: DialogManager) -> list[Holding]:
    """The loans on which something is unpaid."""
    return [one for one in await mine(here_of(manager)) if one.outstanding]


def of_loans(say: Speech, found: Sequence[Holding]) -> Data:
    """A part of what a getter gives where its window speaks of these loans."""
    return {"by_whom": by_whom(say, found)}


async def loan_said(dialog_manager: DialogManager, **_: Any) -> Data:
    """A getter: how the loan is called that it is about."""
    say, one = here_of(dialog_manager).say, await chosen_loan(dialog_manager)
    return {"loan": named(say, one), **of_loans(say, [one])}


class LoanGoneError(Exception):
    """The loan that a dialog is about is theirs no more: recalled, sold, or they are no party to it."""


async def chosen_loan(manager: DialogManager) -> Holding:
    """The loan that the dialog is about, as it stands now. Raises LoanGoneError."""
    chosen = data_of(manager).get("loan") or cast("Data", manager.start_data)["loan"]
    for one in await mine(here_of(manager)):
        if one.id == chosen:
            return one
    raise LoanGoneError


def month_of(shown: date, first: date, last: date) -> Sequence[tuple[str, str]]:
    """The days of a month as seven columns from Monday: (label, ISO date); "-" and a number where none is."""
    start = shown.replace(day=1)
    day = start - timedelta(days=start.weekday())
    cells: list[tuple[str, str]] = []
    while day.month == start.month or day < start or len(cells) % 7:
        good = day.month == start.month and first <= day <= last
        cells.append((str(day.day), day.isoformat()) if good else (" ", f"-{len(cells)}"))
        day += timedelta(days=1)
    return cells
