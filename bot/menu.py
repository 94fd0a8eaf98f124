"""Where a conversation begins and comes back to: the choices, in few words."""

from collections.abc import Sequence
from typing import Final

import msgspec

from bot.answers import MAIN
from bot.desk import Here, Rows
from bot.dialogs import behind_more
from bot.texts import languages, speech
from casework.borrower.answers import myself
from casework.borrower.asking import rest_in_chat
from casework.borrower.chats import arrive, speak

_MORE: Final = ("schedule", "payoff", "fees", "statement", "real", "language", "stop")

MEANT: Final = "meant:"  # before the action of a button that answers whether a stop was meant


async def welcome(here: Here, person: int | None) -> None:
    """The chat is somebody's now: greet them, in their language from now on."""
    assert person is not None
    desk = here.desk
    chat = await arrive(desk.office, desk.actor, here.chat.telegram, None, here.now)
    here = msgspec.structs.replace(here, chat=chat, say=speech(chat.language, chat.country))
    await here.send_plain(here.say("menu.linked"))
    await greet(here)


async def greet(here: Here) -> None:
    """Hello, and the choices."""
    who = await myself(here.desk.office, here.borrower, here.person)
    text = here.say("menu.hello", name=who.name) if who.name else here.say("menu.hello_nameless")
    await here.send(text, MAIN)


async def again(here: Here, key: str = "menu.again") -> None:
    """The choices once more, after what `key` says."""
    await here.send(here.say(key), MAIN)


async def ask_back(here: Here, maybe: Sequence[str]) -> None:
    """Which of these they meant; where it may be a stop, nothing is sent by itself until they tap one."""
    offered = [one for one in maybe if f"buttons.{one}" in here.say.texts and one != "human"]
    offered.append("human")
    if "stop" in maybe:
        await rest_in_chat(here.desk.office, here.desk.actor, here.chat, here.now)
        rows: Rows = [[(here.say.button(one), f"{MEANT}{one}")] for one in offered]
    else:
        rows = [[one] for one in offered]
    await here.send(here.say("menu.did_you_mean"), rows)


async def more(here: Here) -> None:
    """What else there is."""
    asked = [*_MORE, *behind_more()]
    rows: Rows = [list(asked[place : place + 2]) for place in range(0, len(asked), 2)]
    await here.send(here.say("menu.more"), [*rows, ["menu", "human"]])


async def ask_language(here: Here) -> None:
    """Every language there is, named in itself."""
    rows = [[(name, f"language:{code}")] for code, name in languages().items()]
    await here.send(here.say("language.ask"), [*rows, ["menu"]])


async def set_language(here: Here, code: str) -> None:
    """Speak another language from now on."""
    if code not in languages():
        await ask_language(here)
        return
    desk = here.desk
    chat = await speak(desk.office, desk.actor, here.chat, code, here.now)
    here = msgspec.structs.replace(here, chat=chat, say=speech(code, chat.country))
    await here.send(here.say("language.done"), MAIN)
