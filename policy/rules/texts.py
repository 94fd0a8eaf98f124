"""What a text must say, and what it must not. Only phrases: the lint of messages/ reads further."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import msgspec

from policy.rules.base import Binding
from policy.rules.grounds import first_communication
from policy.values import Ask, Situation

_LETTER = r"[^\W\u2e80-\u9fff\uac00-\ud7af]"
_LINK = r"https?://|www\.|\b[\w-]+\.[a-z]{2,}/"


class Disclosure(msgspec.Struct, frozen=True):
    """One of the phrases `says` is there (of `says_first` in the first communication), none of `never`.

    Case and punctuation do not matter; "attempt* to collect" takes any ending there; "<link>" is any link.
    """

    name: str
    says: tuple[str, ...]
    says_first: tuple[str, ...]  # empty: as later
    never: tuple[str, ...]
    binding: Binding
    part: str = ""  # the part of a text that says it, put in where the rule asks for it

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        return None if self._wrong(ask, situation, at) else at

    def _wrong(self, ask: Ask, situation: Situation, at: datetime) -> str | None:
        text = ask.text or ""
        said = _found(self.never, text)
        if said is not None:
            return f"the text may not say {in_words(said)}"
        needed = self.says_first if self.is_first(ask, situation, at) else self.says
        if needed and _found(needed, text) is None:
            return f"the text must say {in_words(needed[0])}"
        return None

    def is_first(self, ask: Ask, situation: Situation, at: datetime) -> bool:
        """Whether it wants what only the first communication says."""
        return bool(self.says_first) and first_communication(ask, situation, at) is None

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        return self._wrong(ask, situation, at) or "the text says what it must"


def in_words(phrase: str) -> str:
    """A phrase as people read it: "attempt… to collect" in quotes, where … is any ending; or: a link."""
    return "a link" if phrase == "<link>" else f'"{phrase.replace("*", "…")}"'


def _found(phrases: Iterable[str], text: str) -> str | None:
    return next((phrase for phrase in phrases if _pattern(phrase).search(text)), None)


@lru_cache(maxsize=1024)
def _pattern(phrase: str) -> re.Pattern[str]:
    if phrase == "<link>":
        return re.compile(_LINK, re.IGNORECASE)
    words = [re.escape(word).replace(r"\*", r"\w*") for word in phrase.split()]
    pattern = r"\W+".join(words)
    # No word ends where a script writes none (Chinese), and a word of another script ends beside it.
    bounded = rf"(?<!{_LETTER}){pattern}(?!{_LETTER})" if phrase.isascii() else pattern
    return re.compile(bounded, re.IGNORECASE)
