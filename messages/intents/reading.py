"""Reading what a person wants: sure, 'did you mean', or unclear.

A reading is a guess and has no effect of its own: what changes anything is asked back first. Only stopping
needs no question, and that is messages/keywords.py, which is asked before anything is guessed. "Don't stop"
is neither a stop nor none, and neither is "stopped": they are asked back, and so is whoever wants autopay,
fees, calls or what is stored of them to end.
"""

from functools import cache
from typing import Final, Literal

import msgspec

from messages.intents.bayes import Bayes
from messages.intents.features import gathered, within, words
from messages.intents.phrases import INTENTS, Intent, variants, written
from messages.keywords import beside_stop, keyword_of
from messages.meanings import (
    denies_stop,
    is_not_wrong_person,
    is_other_stop,
    tells_of_death,
    tells_of_stop,
)

# By cross-validation over the phrases themselves: of readings above it, 19 of 20 were right.
_SURE: Final = 0.7
_WORTH_ASKING: Final = 0.12
_MOST_ASKED: Final = 3
_SHARED: Final = 0.5  # of each, where nobody knows which of two is meant
_SHORT: Final = 12  # of characters: a text that tells of a stop and of little else
_TELL_NOTHING: Final = ("stop", "start", "help", "thanks", "unclear")  # beside a stop
_LENGTH: Final = 500  # of characters that are read


class Guess(msgspec.Struct, frozen=True):
    """An intent and how likely it is, of 1."""

    intent: Intent
    share: float


class Reading(msgspec.Struct, frozen=True):
    """What a text may ask for, likeliest first.

    `sure`: one guess. `did_you_mean`: two or three to choose from, or one to confirm. `unclear`: none.
    """

    how: Literal["sure", "did_you_mean", "unclear"]
    guesses: tuple[Guess, ...] = ()

    @property
    def intent(self) -> Intent | None:
        """What is meant, where that is sure."""
        return self.guesses[0].intent if self.how == "sure" else None


def read_intent(text: str) -> Reading:
    """What `text` asks for, in any language that has phrases. Without `get_ready` the first call trains."""
    keyword = keyword_of(text)
    if keyword is not None:
        return Reading("sure", (Guess(keyword, 1.0),))
    text = text[:_LENGTH]
    ranked = rank(text)
    if ranked and ranked[0].intent == "wrong_person" and tells_of_death(text):
        return Reading("sure", (Guess("human", 1.0),))
    if is_not_wrong_person(text):
        ranked = tuple(guess for guess in ranked if guess.intent != "wrong_person")
    if ranked and ranked[0].intent == "stop" and is_other_stop(text):
        return Reading("did_you_mean", (Guess("human", _SHARED), Guess("stop", _SHARED)))
    if ranked and ranked[0].intent in ("stop", "start") and denies_stop(text):
        return Reading("did_you_mean", (Guess("stop", _SHARED), Guess("start", _SHARED)))
    is_told = ranked and (ranked[0].intent == "start" or (ranked[0].share < _SURE and len(text) <= _SHORT))
    if is_told and tells_of_stop(text):
        return Reading("did_you_mean", (Guess("start", _SHARED), Guess("stop", _SHARED)))
    if not ranked or ranked[0].intent == "unclear":
        return Reading("unclear")
    if ranked[0].share >= _SURE:
        return Reading("sure", ranked[:1])
    asked = [guess for guess in ranked if guess.share >= _WORTH_ASKING and guess.intent != "unclear"]
    return Reading("did_you_mean", tuple(asked[:_MOST_ASKED])) if asked else Reading("unclear")


def beside_a_stop(text: str) -> Intent | None:
    """What a text that is a stop asks for or tells besides ("STOP i already paid"), as likely as not."""
    if keyword_of(text) is not None:
        return None
    rest = beside_stop(text)
    read = read_intent(text if rest is None else rest)
    told: list[Intent] = [guess.intent for guess in read.guesses if guess.intent not in _TELL_NOTHING]
    return told[0] if told else None


def get_ready() -> None:
    """Train the model now, so that nobody who writes waits for it: a second or so of one core."""
    model()
    _never()


def rank(text: str) -> tuple[Guess, ...]:
    """Every intent that `text` does not rule out, likeliest first; none where it has no word."""
    said = words(text)
    if not any(word != "0" for word in said):
        return ()
    excluded = {intent for intent, phrases in _never().items() if within(said, phrases)}
    guesses = (
        Guess(intent, share)
        for intent, share in zip(INTENTS, model().shares(text), strict=True)
        if intent not in excluded
    )
    return tuple(sorted(guesses, key=lambda guess: -guess.share))


@cache
def model() -> Bayes:
    """The classifier, trained from every language's phrases."""
    return Bayes(
        INTENTS,
        [
            (intent, variants(phrase))
            for spoken in written().values()
            for intent in INTENTS
            for phrase in spoken.phrases[intent]
        ],
    )


@cache
def _never() -> dict[str, tuple[str, ...]]:
    return gathered([spoken.never for spoken in written().values()])
