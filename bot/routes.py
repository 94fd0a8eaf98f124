"""Which handler hears what: proofs of identity, then what is answered at once, then dialogs, then words.

Buttons outside dialogs carry an action and nothing else, so they stay good for ever.
"""

from typing import Any, Final

import structlog
from aiogram import Dispatcher, Router
from aiogram.filters.exception import ExceptionTypeFilter
from aiogram.fsm.storage.base import BaseStorage
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    ErrorEvent,
    Message,
)
from aiogram_dialog import DialogManager
from aiogram_dialog import setup_dialogs as _setup_dialogs  # pyright: ignore[reportUnknownVariableType]
from aiogram_dialog.api.exceptions import OutdatedIntent, UnknownIntent, UnknownState
from aiogram_dialog.api.protocols import MessageManagerProtocol

from bot import identity, menu
from bot.answers import ANSWERS, hours_of, mine
from bot.api import Showing, quietly
from bot.desk import Desk, Here
from bot.dialogs import dialogs, entries
from bot.dialogs.paid import ask_about
from bot.files import Sent, TooLargeError, hear, sent_in
from bot.heard import Arrival, Asks, AtOnce, Has, Idle, Linked, Starts
from bot.payments import last_check, paid_here, pay_here
from bot.staff.router import staff_router
from bot.understanding import Meaning, beside_stop, is_command, tells_more, understand
from bot.widgets import LoanGoneError, begin
from casework.borrower import blocked, conversation
from casework.borrower.answers import NotAnsweredError
from casework.borrower.asking import answered_in_chat
from casework.borrower.conversation import Asked
from casework.borrower.preferences import consent
from messages.meanings import tells_of_death

_HEARD_TOO: Final = ("paid", "dispute", "cannot", "promise", "complaint")  # offered below the word of a stop

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


def dispatcher(
    desk: Desk, storage: BaseStorage, message_manager: MessageManagerProtocol | None = None
) -> Dispatcher:
    """Everything wired; `storage` holds the state of dialogs."""
    made = Dispatcher(storage=storage)
    made.update.outer_middleware(Arrival(desk))
    last = Router(name="last")
    last.message.register(_words)
    last.callback_query.register(_stale)
    made.include_routers(staff_router(), _front(), *_fresh_dialogs(), last)
    _setup_dialogs(made, message_manager=message_manager or Showing())
    stale = ExceptionTypeFilter(UnknownIntent, OutdatedIntent, UnknownState)
    made.errors.register(_stale_click, stale)
    made.errors.register(_not_answered, ExceptionTypeFilter(NotAnsweredError))
    made.errors.register(_too_large, ExceptionTypeFilter(TooLargeError))
    made.errors.register(_loan_gone, ExceptionTypeFilter(LoanGoneError))
    return made


def _fresh_dialogs() -> list[Any]:
    """The dialogs, let go by an earlier dispatcher: a router has one parent, and tests make several."""
    for dialog in dialogs():
        dialog._parent_router = None  # pyright: ignore[reportPrivateUsage]
    return list(dialogs())


def _front() -> Router:
    front = Router(name="front")
    front.my_chat_member.register(_membership)
    front.message.register(_start, Starts())
    front.message.register(_contact, Has("contact"))
    front.message.register(paid_here, Has("successful_payment"))
    front.pre_checkout_query.register(last_check)
    front.message.register(_stranger_says, ~Linked())
    front.callback_query.register(_stranger_taps, ~Linked())
    front.message.register(_heard, Asks())
    front.message.register(_words, Idle())
    front.callback_query.register(_tapped, AtOnce())
    return front


async def _membership(event: ChatMemberUpdated, here: Here) -> None:
    """Blocked, or opened again."""
    follow = blocked.blocked if event.new_chat_member.status == "kicked" else blocked.opened
    await follow(here.desk.office, here.desk.actor, here.chat, here.now)


async def _start(message: Message, here: Here, dialog_manager: DialogManager) -> None:
    _, _, payload = (message.text or "").partition(" ")
    await blocked.opened(here.desk.office, here.desk.actor, here.chat, here.now)
    if here.chat.person is not None and not payload.strip():
        await _leave(dialog_manager)
        await menu.greet(here)
    else:
        await identity.come_in(here, payload.strip() or None)


async def _contact(message: Message, here: Here) -> None:
    if here.chat.person is None:
        await identity.show_contact(here, message)
    else:
        await menu.again(here)


async def _stranger_says(message: Message, here: Here) -> None:
    text = message.text or message.caption or ""
    await identity.speak(here, text, shows=message.text is None)


async def _stranger_taps(query: CallbackQuery, here: Here) -> None:
    await quietly(here.bot.answer_callback_query(query.id))
    await identity.speak(here, "", asked=query.data or "menu")


async def _heard(message: Message, here: Here, dialog_manager: DialogManager, meaning: Meaning) -> None:
    if meaning.intent == "distress":
        await _leave(dialog_manager)
        await identity.care(here, message.text or message.caption or "")
        return
    text = message.text or message.caption or ""
    if meaning.intent == "human":
        await _leave(dialog_manager)
        await _human(here, text)
        return
    asked = await _told(here, text)
    if asked is not None and meaning.intent == "menu" and not is_command(text):
        await _waits(here, asked)  # a greeting is for the person
        return
    await act(here, dialog_manager, meaning.intent or "menu", text)


async def _tapped(query: CallbackQuery, here: Here, dialog_manager: DialogManager, action: str) -> None:
    await quietly(here.bot.answer_callback_query(query.id))
    meant = action.removeprefix(menu.MEANT)
    if meant != action:
        await answered_in_chat(here.desk.office, here.desk.actor, here.chat, here.now)
    await act(here, dialog_manager, meant)


async def _words(message: Message, here: Here, dialog_manager: DialogManager) -> None:
    """Free text, in no dialog: to the person who was asked for; a question, or without one, to its answer."""
    text = message.text or message.caption or ""
    sent = sent_in(message)
    if sent is not None:
        await _shown(here, dialog_manager, sent, text)
        return
    meaning = understand(text)
    asked = await _told(here, text)
    if asked is not None and (asked.taken or meaning.intent not in ANSWERS):
        # What is meant for a person is not taken for a wish of its own, however it reads.
        await _waits(here, asked)
        return
    if meaning.intent is not None:
        await act(here, dialog_manager, meaning.intent, text)
    elif meaning.maybe:
        await menu.ask_back(here, meaning.maybe)
    else:
        await menu.again(here, "menu.not_understood")


async def _told(here: Here, text: str) -> Asked | None:
    """Keep what is said for the person who was asked for; None where there is none."""
    if not text or not here.chat.talking:
        return None
    desk = here.desk
    return await conversation.hear(desk.office, desk.actor, here.chat, text, here.update, here.now)


async def _waits(here: Here, asked: Asked) -> None:
    """Say that it is kept; whoever has the conversation answers themselves."""
    if not asked.taken:
        await here.send(here.say("human.waiting"), (("end_talk", "menu"),))


async def _shown(here: Here, dialog_manager: DialogManager, sent: Sent, words: str) -> None:
    """A photo, in no dialog: for the person who was asked for; without one it may be a receipt."""
    if sent.is_too_large:
        await here.send(here.say("paid.too_large"), (("paid", "human"),))
        return
    asked = await hear(here, sent, words) if here.chat.talking else None
    if asked is None:
        await ask_about(dialog_manager, sent)
    else:
        await _waits(here, asked)


async def act(here: Here, dialog_manager: DialogManager, action: str, said: str = "") -> None:
    """Do what a button or a text (`said`) asks; what is open is left for it."""
    state = entries().get(action)
    if state is not None:
        await begin(dialog_manager, state, said)
        return
    await _leave(dialog_manager)
    if action == "pay_here":
        await pay_here(here)
    elif action in ANSWERS:
        await ANSWERS[action](here)
    elif action in ("stop", "start"):
        desk = here.desk
        state_ = "revoked" if action == "stop" else "granted"
        await consent(desk.office, desk.actor, here.chat, state_, here.update, here.now)
        beside = beside_stop(said) if action == "stop" and said else None
        rows = (
            [("menu", "human")]
            if beside is None or beside not in _HEARD_TOO
            else [(beside,), ("menu", "human")]
        )
        await here.send(here.say("stop.done" if action == "stop" else "stop.started"), rows)
    elif action == "human":
        await _human(here)
    elif action == "end_talk":
        ended = await conversation.end(here.desk.office, here.desk.actor, here.chat, here.now)
        await menu.again(here, "human.ended" if ended else "human.not_open")
    elif action == "more":
        await menu.more(here)
    elif action == "language":
        await menu.ask_language(here)
    elif action == "thanks":
        await menu.again(here, "menu.thanks")
    elif action.startswith("language:"):
        await menu.set_language(here, action.partition(":")[2])
    else:
        await menu.again(here)


async def _human(here: Here, words: str = "") -> None:
    """Ask for a person; what was said with it is the first that they read."""
    desk = here.desk
    again = "" if tells_more(words) else here.say.button("human")
    asked = await conversation.ask_for_person(
        desk.office, desk.actor, here.chat, "human", here.now, said=again
    )
    if tells_more(words):
        await conversation.hear(desk.office, desk.actor, here.chat, words, here.update, here.now)
    parts = [here.say("human.here" if asked.taken else "human.open")]
    if words and tells_of_death(words):
        parts.insert(0, here.say("human.loss"))
    try:
        hours = hours_of(await mine(here))
    except NotAnsweredError:  # a person may see to it all the same
        hours = None
    if hours and not asked.taken:
        parts.append(here.say("human.hours", hours=here.say.hours(hours)))
    await here.send("\n\n".join(parts), (("end_talk", "menu"),))


async def _leave(dialog_manager: DialogManager) -> None:
    if dialog_manager.has_context():
        await dialog_manager.reset_stack()


async def _stale(query: CallbackQuery, here: Here) -> None:
    """A button that nothing knows any more."""
    await quietly(here.bot.answer_callback_query(query.id))
    await menu.again(here, "menu.stale")


async def _not_answered(event: ErrorEvent, here: Here) -> bool:
    """A rule says that nothing of a loan is said to this person: somebody of the lender's sees to it."""
    query = event.update.callback_query
    if query is not None:
        await quietly(here.bot.answer_callback_query(query.id))
    await here.send(here.say("collector.closed"), (("human",),))
    return True


async def _too_large(event: ErrorEvent, here: Here) -> bool:
    """What was sent is not taken; what was asked of it stands as it was."""
    query = event.update.callback_query
    if query is not None:
        await quietly(here.bot.answer_callback_query(query.id))
    await here.send(here.say("paid.too_large"), (("paid", "human"),))
    return True


async def _loan_gone(event: ErrorEvent, here: Here, dialog_manager: DialogManager) -> bool:
    """The loan that a dialog was about went away meanwhile: the dialog is left, and nothing was done."""
    query = event.update.callback_query
    if query is not None:
        await quietly(here.bot.answer_callback_query(query.id))
    await _leave(dialog_manager)
    await menu.again(here, "loan.gone")
    return True


async def _stale_click(event: ErrorEvent, here: Here) -> bool:
    """A button of a dialog that is over, or of one that began again since."""
    query = event.update.callback_query
    if query is not None:
        await quietly(here.bot.answer_callback_query(query.id))
    if here.chat.person is None:
        await identity.speak(here, "", asked="menu")
    else:
        await menu.again(here, "menu.stale")
    return True
