"""What a written reply means, where little doubt is left: stop, start, help, a wrong person, or distress.

A reply that is a keyword as a whole (messages/keywords.py) means it. Else phrases of replies.yaml are looked
for anywhere in it, in every language: who writes a whole sentence has stopped us as well as who writes one
word. When in doubt it is a stop: an unwanted silence is mended by one word. What the classifier's files
(messages/intents/phrases) list as a stop is one as a whole text too.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

from messages.intents.phrases import combinations, written
from messages.keywords import beside_stop, keyword_of
from messages.signs import Word, folded, words_of
from messages.words import said_at, says

Meaning = Literal["stop", "start", "help", "wrong_person", "distress"]

_Sort = Literal[
    "stop",
    "stop_calls",
    "rather",
    "no_stop",
    "stopped",
    "other_stop",
    "wrong_person",
    "no_wrong_person",
    "around",
    "erasure",
    "died",
    "distress",
    "no_distress",
]

_OTHER: Final[Word] = ("-",)  # a word that is looked for nowhere

_LENGTH: Final = 1_000  # of characters that are read; a letter is for a person


class _Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one language has, each written as in messages/wordlists/."""

    stop: tuple[str, ...]
    no_stop: tuple[str, ...]  # in a clause where one of these stands, a phrase of `stop` does not count
    wrong_person: tuple[str, ...]
    distress: tuple[str, ...]  # they do not want to live
    around: tuple[str, ...]  # may stand around `wrong_person` and change nothing
    stop_calls: tuple[str, ...] = ()  # a stop as well, unless one of `rather` is said too
    rather: tuple[str, ...] = ()  # they want to be written to
    stopped: tuple[str, ...] = ()  # it came to an end: neither a wish to stop nor one to start
    no_distress: tuple[str, ...] = ()  # the words of one of these are none of those, whatever else is said
    other_stop: tuple[str, ...] = ()  # not messages are to end: autopay, fees, data that is held
    no_wrong_person: tuple[str, ...] = ()  # in a clause where one of these stands, that does not count
    died: tuple[str, ...] = ()  # the borrower did, or somebody close to them
    erasure: tuple[str, ...] = ()  # what is stored of them is to be erased


def meaning_of(text: str) -> Meaning | None:
    """What `text` means; None where it says anything else, for a person to read.

    A wrong person who also wants no more is a wrong person: that address gets nothing at all; but who says
    anything else beside it is asked first (`hints_wrong_person`). Distress comes before either: a person
    reads it, and obeys the rest too (`says_stop`).
    """
    keyword = keyword_of(text)
    if keyword is not None:
        return keyword
    words = words_of(text[:_LENGTH])
    if any(map(_is_distress, _clauses(words))):
        return "distress"
    if _is_wrong_person(words):
        return "wrong_person"
    return "stop" if _is_stop(text, words) else None


def hints_wrong_person(text: str) -> bool:
    """Whether `text` may say, among other things, that they are not the person: asked back, never obeyed."""
    return any(map(_hints_wrong, _clauses(words_of(text[:_LENGTH]))))


def denies_stop(text: str) -> bool:
    """Whether `text` speaks of a stop that may be unwanted ("don't stop"): asked back, never obeyed."""
    return _all_denied(words_of(text[:_LENGTH]))


def tells_of_stop(text: str) -> bool:
    """Whether `text` tells that something stopped ("stopped", "have you stopped?"), and may wish either."""
    words = words_of(text[:_LENGTH])
    return any(says(words, phrase) for phrase in _all("stopped"))


def is_other_stop(text: str) -> bool:
    """Whether `text` wants something else than messages to end: autopay, fees, data, calls."""
    words = words_of(text[:_LENGTH])
    return any(says(words, phrase) for phrase in _all("other_stop")) or _wants_no_calls(words)


def is_not_wrong_person(text: str) -> bool:
    """Whether `text` speaks of an amount, an account or a number to pay to that is wrong, and of nobody."""
    return _has(text, "no_wrong_person")


def tells_of_death(text: str) -> bool:
    """Whether `text` tells of a death: for a person, and no word that the number is wrong."""
    return _has(text, "died")


def is_for_person(text: str) -> bool:
    """Whether a person has to read `text`: what is stored is to be erased, or somebody died."""
    return _has(text, "erasure") or _has(text, "died")


def says_stop(text: str) -> bool:
    """Whether `text` says stop too, whatever else it means."""
    return _is_stop(text, words_of(text[:_LENGTH]))


def _is_distress(clause: Sequence[Word]) -> bool:
    """Without the words that only sound like it: "I hurt myself at work and want to die" has others."""
    if not any(says(clause, phrase) for phrase in _all("distress")):
        return False
    else_meant = {place for phrase in _all("no_distress") for at in said_at(clause, phrase) for place in at}
    left = [_OTHER if place in else_meant else word for place, word in enumerate(clause)]
    return any(says(left, phrase) for phrase in _all("distress"))


def _is_stop(text: str, words: Sequence[Word]) -> bool:
    listed = len(text) <= _LENGTH and _bare(text) in _listed()
    if listed or (_stops(words) and not _all_denied(words) and not _wants_no_calls(words)):
        return True
    return beside_stop(text) is not None and not _denies(words)


def _is_wrong_person(words: Sequence[Word]) -> bool:
    """Whether it says nothing else, a stop and courtesies aside."""
    clauses = _clauses(words)
    wrong = [clause for clause in clauses if _hints_wrong(clause)]
    beside = (*_all("wrong_person"), *_all("around"), *_all("stop"))
    return (
        bool(wrong)
        and all(_is_all(clause, beside) for clause in wrong)
        and all(
            _stops(clause) or _is_all(clause, _all("around")) for clause in clauses if clause not in wrong
        )
    )


def _is_all(clause: Sequence[Word], phrases: Sequence[str]) -> bool:
    """Whether the clause says one or several of the phrases, and nothing else."""
    said = {place for phrase in phrases for at in said_at(clause, phrase) for place in at}
    return said == set(range(len(clause)))


def _hints_wrong(clause: Sequence[Word]) -> bool:
    return any(says(clause, phrase) for phrase in _all("wrong_person")) and not any(
        says(clause, phrase) for phrase in _all("no_wrong_person")
    )


def _has(text: str, sort: _Sort) -> bool:
    words = words_of(text[:_LENGTH])
    return any(says(words, phrase) for phrase in _all(sort))


def _clauses(words: Sequence[Word]) -> list[list[Word]]:
    return [list(clause) for ends, clause in groupby(words, key=lambda word: not word) if not ends]


def _stops(words: Sequence[Word]) -> bool:
    return any(says(words, phrase) for phrase in (*_all("stop"), *_all("stop_calls")))


def _wants_no_calls(words: Sequence[Word]) -> bool:
    """Whether it wants calls alone to end: "stop calling me, just text"."""
    return (
        any(says(words, phrase) for phrase in _all("stop_calls"))
        and any(says(words, phrase) for phrase in _all("rather"))
        and not any(says(words, phrase) for phrase in _all("stop"))
    )


def _denies(words: Sequence[Word]) -> bool:
    return any(says(words, phrase) for phrase in _all("no_stop"))


def _all_denied(words: Sequence[Word]) -> bool:
    """Whether every stop in it is denied. "You never stop, leave me alone": the second clause denies none."""
    if not _denies(words):
        return False
    clauses = _clauses(words)
    others = [clause for clause in clauses if not _denies(clause)]
    # "Don't. Stop": nobody knows, where the clauses deny it together alone.
    return len(others) == len(clauses) or not any(map(_stops, others))


def _bare(text: str) -> str:
    return " ".join(word for word in folded(text).split() if word != ",")


@cache
def _listed() -> frozenset[str]:
    """What the classifier learns as a stop, as whole texts."""
    return frozenset(
        _bare(text)
        for spoken in written().values()
        for phrase in spoken.phrases["stop"]
        for text in combinations(phrase)
    )


@cache
def _all(sort: _Sort) -> tuple[str, ...]:
    return tuple(phrase for spoken in _languages().values() for phrase in getattr(spoken, sort))


@cache
def _languages() -> Mapping[str, _Phrases]:
    file = files("messages") / "replies.yaml"
    loaded: object = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    return msgspec.convert(loaded, dict[str, _Phrases])


def meaning_languages() -> frozenset[str]:
    """The languages there are phrases of."""
    return frozenset(_languages())
