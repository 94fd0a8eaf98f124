"""A chat that is nobody's yet: it is asked who it is, and told nothing, not even that there is anything."""

from typing import Final

from aiogram.types import Message

from bot.answers import ANSWERS
from bot.desk import Here
from bot.menu import welcome
from bot.understanding import is_said, tells_more, understand
from casework.borrower.conversation import ask_for_person, hear
from casework.borrower.distress import heard_in_chat
from casework.borrower.identity import give_code, looks_like_code, open_link, show_number
from casework.borrower.preferences import consent
from messages.emergency import emergency_numbers
from messages.meanings import says_stop

_LONGEST_NOTE: Final = 1_000


async def come_in(here: Here, payload: str | None) -> None:
    """/start, with the payload of a link or without."""
    desk = here.desk
    if payload is None or here.chat.locked:
        await here.send_open(here.say("open.locked" if here.chat.locked else "open.welcome"))
        return
    answer = await open_link(desk.office, desk.actor, here.chat, payload, here.now)
    if answer.how == "linked":
        await welcome(here, answer.person)
    else:
        await here.send_open(here.say("open.locked" if answer.how == "locked" else "open.wrong_link"))


async def show_contact(here: Here, message: Message) -> None:
    """Somebody shared a contact."""
    contact, sender = message.contact, message.from_user
    if contact is None or sender is None:
        return
    how = await show_number(
        here.desk.office,
        here.desk.actor,
        here.chat,
        contact.phone_number,
        contact.user_id,
        sender.id,
        here.now,
    )
    await here.send_open(here.say(f"open.{how}"))


async def speak(here: Here, text: str, asked: str | None = None, *, shows: bool = False) -> None:
    """A text, or (`asked`) a button. `shows`: something else was sent, and `text` stands below it.

    What is said while a conversation with a person is open is kept for them, however it reads.
    """
    desk = here.desk
    if asked is None and looks_like_code(text):
        answer = await give_code(desk.office, desk.actor, here.chat, text, here.now)
        if answer.how == "linked":
            await welcome(here, answer.person)
        else:
            await here.send_open(here.say("open.locked" if answer.how == "locked" else "open.wrong_code"))
        return
    intent = asked or understand(text).intent
    if intent == "stop" or intent == "start":
        await consent(
            desk.office,
            desk.actor,
            here.chat,
            "revoked" if intent == "stop" else "granted",
            here.update,
            here.now,
        )
        await here.send_open(here.say("open.stopped" if intent == "stop" else "open.started"))
    elif intent == "wrong" and (asked is not None or is_said(text)):
        await consent(desk.office, desk.actor, here.chat, "revoked", here.update, here.now)
        await ask_for_person(desk.office, desk.actor, here.chat, "wrong", here.now)
        await here.send_open(here.say("open.not_me"))
    elif intent == "distress":
        await care(here, text)
    elif intent == "human":
        await ask_for_person(desk.office, desk.actor, here.chat, "human", here.now)
        if tells_more(text):
            await _is_waiting(here, text)
        await here.send_open(here.say("human.open"))
    else:
        waits = asked is None and bool(text) and await _is_waiting(here, text)
        await here.send_open("\n\n".join(map(here.say, _replies(here, intent, waits=waits, shows=shows))))


def _replies(here: Here, intent: str | None, *, waits: bool, shows: bool) -> list[str]:
    """What is said to somebody unknown. `waits`: they asked for a person, who is to have it."""
    if shows:
        return ["open.only_words"]
    if intent == "real":
        return ["open.is_it_real"]
    first = ["human.waiting"] if waits else []
    if intent == "wrong":  # a guess
        return [*first, "open.wrong_perhaps"]
    if waits and intent not in ANSWERS:
        return first
    if here.chat.locked:
        return [*first, "open.locked"]
    if here.chat.expired:
        return [*first, "open.expired"]
    return [*first, "open.welcome_again" if intent is None else "open.ask_first"]


async def care(here: Here, text: str) -> None:
    """They do not want to live: a person is asked for, and nothing else is said, whoever's the chat is."""
    desk = here.desk
    await heard_in_chat(desk.office, desk.actor, here.chat, text, here.update, here.now)
    if says_stop(text):
        await consent(desk.office, desk.actor, here.chat, "revoked", here.update, here.now)
    said = here.say("open.distress", whom=_whom_to_call(here))
    if here.chat.person is None:
        await here.send_open(said)
    else:
        await here.send(said, (("human",),))


def _whom_to_call(here: Here) -> str:
    """The number of their country; nobody knows which that is where the chat is nobody's."""
    numbers = emergency_numbers(here.chat.country)
    if not numbers:
        return here.say("open.local_number")
    return here.say("open.numbers", first=numbers[0], then=numbers[1]) if len(numbers) > 1 else numbers[0]


async def _is_waiting(here: Here, text: str) -> bool:
    """Keep what was said for who looks; whether they asked for a person, and are to be told so."""
    desk = here.desk
    asked = await hear(desk.office, desk.actor, here.chat, text[:_LONGEST_NOTE], here.update, here.now)
    return asked is not None and asked.known
