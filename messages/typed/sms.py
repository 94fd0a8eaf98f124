"""What an SMS asks for: a word (BAL, PAY, PAID, PROMISE, HUMAN), or a sentence, and perhaps a PIN."""

import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

from messages.intents.phrases import Intent
from messages.intents.reading import read_intent
from messages.meanings import hints_wrong_person, is_for_person
from messages.typed.plain import plain

Wish = Literal[
    "figures",
    "pay",
    "paid",
    "promise",
    "human",
    "real",
    "thanks",
    "stop",
    "may_stop",
    "may_be_wrong",
    "review",
    "unclear",
]
"""`human` is also what only a person can do: a dispute, a plan, more time, a complaint. `review`: what a
person is to read before anybody calls. `may_stop` and `may_be_wrong` (they may not be the person) are asked
back.
"""

_BY_WORD: Final[tuple[Wish, ...]] = ("figures", "pay", "paid", "promise", "human")
PIN_DIGITS: Final = (4, 8)

_PIN: Final = re.compile(r"(?<!\S)(?:pin\s*)?(\d{4,8})$")
_WISHES: Final[dict[Intent, Wish]] = {
    "balance": "figures",
    "next_due": "figures",
    "schedule": "figures",
    "payoff": "figures",
    "statement": "figures",
    "how_to_pay": "pay",
    "paid": "paid",
    "promise": "promise",
    "is_it_real": "real",
    "thanks": "thanks",
    "stop": "stop",
    "wrong_person": "may_be_wrong",
}
"""Every other intent is for a person."""


class Texted(msgspec.Struct, frozen=True):
    """What an SMS asks for. `pin`: the digits at its end, where what it asks for needs a PIN.

    `rest`: the whole of it, but for the word PROMISE that it begins with. `guessed`: from a sentence, by
    its sense, and not from a word of ours.
    """

    wish: Wish
    pin: str | None = None
    rest: str = ""
    guessed: bool = False


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    figures: tuple[str, ...]
    pay: tuple[str, ...]
    paid: tuple[str, ...]
    promise: tuple[str, ...]
    human: tuple[str, ...]


def read_sms(text: str) -> Texted:
    """What `text` asks for; `unclear` also where it can be read in two ways."""
    said = plain(text)
    digits = _PIN.search(said)
    rest = said[: digits.start()].strip(" .,:;-") if digits else said
    by_word = _words().get(re.sub(r"[\s.,:;!?。，！？-]+$", "", rest)) or _by_first_word(rest)
    wish = by_word or _by_sense(rest)
    first, _, after = said.partition(" ")
    begins = _words().get(first.strip(" .,:;")) == "promise"
    pin = digits[1] if digits and wish in ("figures", "pay") else None
    return Texted(wish, pin, after if begins else said, by_word is None)


def _by_first_word(said: str) -> Wish | None:
    """PROMISE is followed by its day; the other words stand alone, for "pay" begins many a sentence."""
    first, _, after = said.partition(" ")
    return "promise" if after and _words().get(first) == "promise" else None


def _by_sense(said: str) -> Wish:
    if is_for_person(said):
        return "review"
    if hints_wrong_person(said):
        return "may_be_wrong"
    reading = read_intent(said)
    if reading.how == "sure" and reading.intent is not None:
        return _WISHES.get(reading.intent, "human")
    wishes: set[Wish] = {_WISHES.get(guess.intent, "human") for guess in reading.guesses}
    if "stop" in wishes:
        return "may_stop"
    if any(guess.intent == "start" for guess in reading.guesses):
        return "unclear"  # nobody calls whoever may have wanted silence
    # What has an effect is asked for plainly.
    return wishes.pop() if len(wishes) == 1 and "paid" not in wishes else "unclear"


@cache
def _words() -> dict[str, Wish]:
    found: dict[str, Wish] = {}
    for spoken in _languages().values():
        for wish in _BY_WORD:
            found |= {plain(word): wish for word in getattr(spoken, wish)}
    return found


def sms_languages() -> frozenset[str]:
    """The languages that have words."""
    return frozenset(_languages())


@cache
def _languages() -> dict[str, _Words]:
    text = (files("messages.typed") / "sms.yaml").read_text("utf-8")
    loaded: object = YAML(typ="safe", pure=True).load(text)  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    return msgspec.convert(loaded, dict[str, _Words])
