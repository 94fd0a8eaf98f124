"""Keywords: whether a reply as a whole says stop, start or help, in every language that Kept writes in.

A reply is read as a row of phrases of keywords.yaml. Where each is a keyword or a courtesy ("Stop. Thank
you"), the reply means its keyword; one word of anything else ("I cannot stop by today") and it is left to be
read by a person. Case, width, accents, punctuation and emoji do not matter.
"""

import unicodedata
from importlib.resources import files
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

Keyword = Literal["stop", "start", "help"]

_LENGTH: Final = 400  # of characters: whoever writes more has said more than a keyword
_GRAVEST_FIRST: Final[tuple[Keyword, ...]] = ("stop", "start", "help")  # where a reply says several


def keyword_of(text: str) -> Keyword | None:
    """The keyword that `text` is, courtesies aside; None where it says anything else, or nothing."""
    rest = _plain(text) if len(text) <= _LENGTH else ""
    said: set[Keyword] = set()
    while rest:
        found = _phrase_at_start(rest)
        if found is None:
            return None
        length, keyword = found
        if keyword is not None:
            said.add(keyword)
        rest = rest[length:].lstrip()
    return next((keyword for keyword in _GRAVEST_FIRST if keyword in said), None)


def _plain(text: str) -> str:
    """Lower case letters, digits and the signs that shape them, one space between words."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()):
        kind = unicodedata.category(sign)
        if kind == "Cf" or sign in "'’`´" or "\u0300" <= sign <= "\u036f" or "\ufe00" <= sign <= "\ufe0f":
            continue  # joiners, apostrophes, accents, variants of emoji
        kept.append(sign if kind[0] in "LN" or kind in ("Mn", "Mc") else " ")
    return " ".join("".join(kept).split())


def _phrase_at_start(text: str) -> tuple[int, Keyword | None] | None:
    """(length, keyword or None for a courtesy) of the longest phrase that `text` begins with, if any."""
    for length in range(min(len(text), _LONGEST), 0, -1):
        phrase = text[:length]
        if phrase in _TABLE and _ends_a_word(text, length):
            return length, _TABLE[phrase]
    return None


def _ends_a_word(text: str, length: int) -> bool:
    """Whether a phrase may end there: anywhere in Chinese, which has no spaces, else where a word does."""
    return length == len(text) or text[length] == " " or _is_han(text[length - 1]) or _is_han(text[length])


def _is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff"


class _Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one language has."""

    stop: tuple[str, ...]
    start: tuple[str, ...]
    help: tuple[str, ...]
    courtesy: tuple[str, ...]


def _table() -> dict[str, Keyword | None]:
    """By phrase; a phrase that is a keyword in one language and a courtesy in another is the keyword."""
    file = files("messages") / "keywords.yaml"
    loaded: object = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    languages = msgspec.convert(loaded, dict[str, _Phrases]).values()
    table: dict[str, Keyword | None] = {_plain(p): None for spoken in languages for p in spoken.courtesy}
    for spoken in languages:
        table.update({_plain(phrase): "help" for phrase in spoken.help})
        table.update({_plain(phrase): "start" for phrase in spoken.start})
    for spoken in languages:
        table.update({_plain(phrase): "stop" for phrase in spoken.stop})
    return table


_TABLE: Final = _table()
_LONGEST: Final = max(map(len, _TABLE))
