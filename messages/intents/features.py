"""What the classifier sees of a text: its words and their neighbours, and the letters inside a word.

Letters make it forgive slips ("paymnt"). A Chinese character is a word of its own. Every figure is read as 0:
how much and when is not what a person wants. Beside these stand the signs of the phrases' files, kinds of
words ('hours', 'no_messages'): which there are, and which of them together.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from messages.intents.phrases import combinations, written
from messages.signs import folded, is_han

_FIGURES: Final = re.compile(r"\d+")
_LETTERS: Final = (3, 4, 5)  # in a row
_SIGN: Final = 3.0  # as much as three words
_SHORT: Final = 2  # a word of so many letters is nothing but itself


def words(text: str) -> list[str]:
    """The words of `text`, folded (messages/signs.py), figures as 0, without the ends of clauses."""
    return [word for word in _FIGURES.sub("0", folded(text)).split() if word != ","]


def features(text: str) -> dict[str, float]:
    """Features of `text` and what each counts, in the order met."""
    found: dict[str, float] = {}
    said = words(text)
    for word in said:
        found[word] = 1.0
        if len(word) > _SHORT and not is_han(word[0]):
            whole = f"_{word}_"
            for size in _LETTERS:
                for start in range(len(whole) - size + 1):
                    found[f"~{whole[start : start + size]}"] = 0.3
    found |= dict.fromkeys(_rows(["^", *said, "$"], 2), 1.0)
    found |= dict.fromkeys(_rows(said, 3), 0.5)
    signs = _signs(said)
    found |= dict.fromkeys((f"!{sign}" for sign in signs), _SIGN)
    found[f"!!{' '.join(signs)}"] = _SIGN
    return found


def within(said: Sequence[str], phrases: Sequence[str]) -> bool:
    """Whether any of `phrases`, words with a blank around, is among the words `said`."""
    text = f" {' '.join(said)} "
    return any(phrase in text for phrase in phrases)


def gathered(kinds: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    """Phrases of several languages by what they stand under, as `within` looks for them."""
    found: dict[str, dict[str, None]] = {}
    for language in kinds:
        for name, phrases in language.items():
            those = found.setdefault(name, {})
            those |= {f" {' '.join(words(one))} ": None for phrase in phrases for one in combinations(phrase)}
    return {name: tuple(those) for name, those in found.items()}


def _signs(said: Sequence[str]) -> list[str]:
    return [sign for sign, phrases in _all_signs().items() if within(said, phrases)]


@cache
def _all_signs() -> dict[str, tuple[str, ...]]:
    return gathered([spoken.signs for spoken in written().values()])


def _rows(said: Sequence[str], size: int) -> list[str]:
    return [" ".join(said[start : start + size]) for start in range(len(said) - size + 1)]
