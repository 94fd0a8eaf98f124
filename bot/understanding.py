"""What a text asks for: a stop at once, the words on a button as the button, and everyday words as they read.

A reading changes nothing by itself: what has an effect is asked back, by its dialog or here. Only stopping is
not: who may want messages again is asked, unless they say so by the word or the button.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

import msgspec

from bot.texts import languages, speech
from messages.intents.reading import beside_a_stop, read_intent
from messages.meanings import hints_wrong_person, is_for_person, meaning_of
from messages.signs import words_of

_MEANT: Final = {
    "stop": "stop",
    "start": "start",
    "help": "menu",
    "wrong_person": "wrong",
    "distress": "distress",
}
_INTENTS: Final[Mapping[str, str]] = {
    "next_due": "balance",
    "how_to_pay": "pay",
    "cannot_pay": "cannot",
    "extension": "cannot",
    "plan": "cannot",
    "wrong_person": "wrong",
    "is_it_real": "real",
    "change_number": "number",
    "quiet_hours": "quiet",
    "help": "menu",
    "thanks": "thanks",
}
"""What the classifier calls otherwise than the buttons do; the others have one name."""


_TELLS: Final = 3  # words, or characters of Chinese


class Meaning(msgspec.Struct, frozen=True):
    """An intent, where the text leaves no doubt; else those it may be, the likeliest first."""

    intent: str | None
    maybe: tuple[str, ...] = ()


def is_command(text: str) -> bool:
    """Whether a text only presses something: a slash command, or the words on a button."""
    return text.startswith("/") or _plain(text) in _labels()


def tells_more(text: str) -> bool:
    """Whether who asks for a person says more than that ("human", "人工"), or presses its button."""
    return not is_command(text) and len(words_of(text)) >= _TELLS


def is_said(text: str) -> bool:
    """Whether what a text means is said in words that are looked for, or a button's: it is no guess."""
    return is_command(text) or meaning_of(text) is not None


def beside_stop(text: str) -> str | None:
    """What a text that is a stop asks for or tells besides; None where nothing."""
    intent = beside_a_stop(text)
    return None if intent is None else _INTENTS.get(intent, intent)


def understand(text: str) -> Meaning:
    """What a text means, whatever language it is in."""
    labelled = _labels().get(_plain(text))
    if labelled is not None:
        return Meaning(labelled)
    meaning = meaning_of(text)
    if meaning is not None:
        return Meaning(_MEANT[meaning])
    if is_for_person(text):
        return Meaning("human")
    if hints_wrong_person(text):
        return Meaning("wrong")
    reading = read_intent(text)
    if reading.how == "unclear":
        return Meaning(None)
    found = dict.fromkeys(_INTENTS.get(guess.intent, guess.intent) for guess in reading.guesses)
    if reading.how == "sure" and reading.intent != "start":
        return Meaning(next(iter(found)))
    return Meaning(None, tuple(found))


@cache
def _labels() -> dict[str, str]:
    """What the buttons say, typed."""
    found: dict[str, str] = {}
    for code in languages():
        for key, text in speech(code).texts.items():
            if key.startswith("buttons."):
                found.setdefault(_plain(text), key.removeprefix("buttons."))
    return found


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().strip()
    return " ".join(text.strip(" .!?？。！").split())
