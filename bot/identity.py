"""A chat that is nobody's yet: it is asked who it is, and told nothing, not even that there is anything."""

from typing import Final

from aiogram.types import Message

from bot.desk import Here
from bot.menu import welcome
from bot.understanding import understand
from casework.borrower.conversation import ask_for_person, hear
from casework.borrower.distress import heard_in_chat
from casework.borrower.identity import give_code, looks_like_code, open_link, show_number
from casework.borrower.preferences import consent
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


async def speak(here: Here, text: str, asked: str | None = None) -> None:
    """A text, or (`asked`) a button."""
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
    elif intent == "wrong":
        await consent(desk.office, desk.actor, here.chat, "revoked", here.update, here.now)
        await ask_for_person(desk.office, desk.actor, here.chat, "wrong", here.now)
        await here.send_open(here.say("open.not_me"))
    elif intent == "distress":
        await care(here, text)
    elif intent == "real":
        await here.send_open(here.say("open.is_it_real"))
    elif intent == "human":
        await ask_for_person(desk.office, desk.actor, here.chat, "human", here.now)
        await here.send_open(here.say("human.open"))
    elif intent is None and await _is_waiting(here, text):
        await here.send_open(here.say("human.waiting"))
    elif here.chat.locked:
        await here.send_open(here.say("open.locked"))
    elif here.chat.expired:
        await here.send_open(here.say("open.expired"))
    elif intent is None:
        await here.send_open(here.say("open.welcome_again"))
    else:
        await here.send_open(here.say("open.ask_first"))


async def care(here: Here, text: str) -> None:
    """They do not want to live: a person is asked for, and nothing else is said, whoever's the chat is."""
    desk = here.desk
    await heard_in_chat(desk.office, desk.actor, here.chat, text, here.update, here.now)
    if says_stop(text):
        await consent(desk.office, desk.actor, here.chat, "revoked", here.update, here.now)
    if here.chat.person is None:
        await here.send_open(here.say("open.distress"))
    else:
        await here.send(here.say("open.distress"), (("human",),))


async def _is_waiting(here: Here, text: str) -> bool:
    """Keep what was said for who looks; whether they asked for a person, and are to be told so."""
    desk = here.desk
    asked = await hear(desk.office, desk.actor, here.chat, text[:_LONGEST_NOTE], here.update, here.now)
    return asked is not None and asked.known
