"""Keywords: whether a reply as a whole says stop, start or help, in every language that Kept writes in.

A reply is read as a row of phrases of keywords.yaml. Where each is a keyword or a courtesy ("Stop. Thank
you"), the reply means its keyword; one word of anything else ("I cannot stop by today") and it is left to be
read by a person. Case, width, accents, punctuation and emoji do not matter; neither does how a word is
spelled out ("s t o p") or drawn out ("STOPP").

A stop that is a clause of its own, the first or the last, is one whatever stands beside it: `beside_stop`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

Keyword = Literal["stop", "start", "help"]

_STOP_SIGN: Final = "\N{OCTAGONAL SIGN}"  # the one emoji that is a word
_LENGTH: Final = 400  # of characters: whoever writes more has said more than a keyword
# Letters that stand alone, three or more in a row; a space between two Chinese characters.
_SPELLED: Final = re.compile(
    r"(?<!\S)[^\W\d_](?: [^\W\d_](?!\S)){2,}|(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])"
)
_DRAWN: Final = re.compile(r"(?<=[^\W\d_]{2})([^\W\d_])\1+(?!\S)")  # the end of a word, of four letters up
_CLAUSE: Final = re.compile(r"(?:[^.!?;,\n。！？；，、…—–:：|\u0964]|[.:](?=\S))+[?？]?")
_MARKS: Final = re.compile("[\"“”„«»「」『』]|(?<![^\\s])['‘’][^\\s]")  # somebody else's words
_WORD: Final = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")
_LONGEST_STOP: Final = 8  # words, or characters of Chinese
_GRAVEST_FIRST: Final[tuple[Keyword, ...]] = ("stop", "start", "help")  # where a reply says several


def keyword_of(text: str) -> Keyword | None:
    """The keyword that `text` is, courtesies aside; None where it says anything else, or nothing."""
    if len(text) > _LENGTH:
        return None
    for reading in _readings(_plain(text)):
        keyword = _read(reading)
        if keyword is not None:
            return keyword
    return None


def beside_stop(text: str) -> str | None:
    """What else `text` says, where its first or its last clause is a stop by itself; None where none is.

    "STOP i already paid" has two clauses: whoever speaks of themselves begins one.
    """
    clauses = [clause for clause in _CLAUSE.findall(text[:_LENGTH]) if _plain(clause)]
    if not clauses:
        return None
    last = len(clauses) - 1
    for place in dict.fromkeys((0, last)):
        others = [*clauses[:place], *clauses[place + 1 :]]
        if last and _is_stop_clause(clauses[place], is_last=place == last):
            is_quoted = place == last and _QUOTES.search(_plain(clauses[place - 1]))
            if not is_quoted:
                return " ".join(others)
    found = _split_off(clauses[0], is_last=False)
    if found is not None:
        return " ".join((found, *clauses[1:]))
    found = _split_off(clauses[last], is_last=True)
    return None if found is None else " ".join((*clauses[:last], found))


def _is_stop_clause(clause: str, *, is_last: bool) -> bool:
    """Not where it is quoted or asked about, nor a word that ends other sentences ("50, no more")."""
    if _MARKS.search(clause) or (is_last and clause.rstrip().endswith(("?", "？"))):
        return False
    plain = _plain(clause)
    return keyword_of(plain) == "stop" and (plain not in _SHORT) and not (is_last and plain in _VAGUE)


def _split_off(clause: str, *, is_last: bool) -> str | None:
    """The rest of a clause that begins with a stop and goes on with "I", or ends with "so" and a stop."""
    if _MARKS.search(clause) or (is_last and clause.rstrip().endswith(("?", "？"))):
        return None
    words = _WORD.findall(_plain(clause))
    for place in range(1, len(words)):
        head, tail = " ".join(words[:place]), " ".join(words[place:])
        if is_last:
            is_led = words[place] in _LEADS and words[place - 1] not in _DENIALS
            if (is_led or words[place - 1] in _PAST) and _is_stop_clause(tail, is_last=True):
                return head
        elif words[place] in _SPEAKERS and place <= _LONGEST_STOP and _is_stop_clause(head, is_last=False):
            return tail
    return None


def _readings(plain: str) -> Iterator[str]:
    """The text as written; and, read only where that is no keyword, spelled out, and drawn out."""
    yield plain
    joined = _SPELLED.sub(lambda found: found[0].replace(" ", ""), plain)
    yield joined
    yield _DRAWN.sub(r"\1", joined)


def _read(rest: str) -> Keyword | None:
    """The keyword that a text in plain signs is."""
    said: set[Keyword] = set()
    is_told = False
    while rest:
        found = _phrase_at_start(rest)
        if found is None:
            return None
        length, keyword = found
        if keyword is not None:
            said.add(keyword)
        is_told |= rest[:length] in _TOLD
        rest = rest[length:].lstrip()
    if is_told:
        said.discard("start")
    return next((keyword for keyword in _GRAVEST_FIRST if keyword in said), None)


def _plain(text: str) -> str:
    """Lower case letters, digits and the signs that shape them, one space between words."""
    kept: list[str] = []
    text = text.replace(_STOP_SIGN, " stop ")
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
    vague: tuple[str, ...] = ()  # keywords that end many a sentence: no stop as the last clause of a text
    speaker: tuple[str, ...] = ()  # who speaks: a new clause begins there, behind a stop
    lead: tuple[str, ...] = ()  # a new clause begins there, if a stop comes behind it
    past: tuple[str, ...] = ()  # a clause ends there, if a stop comes behind it
    denial: tuple[str, ...] = ()  # before a `lead`: no stop
    quotes: tuple[str, ...] = ()  # a clause that ends so quotes the next: "you said: STOP"
    told: tuple[str, ...] = ()  # courtesies of what has happened: beside one, START is no wish


def _written() -> Sequence[_Phrases]:
    file = files("messages") / "keywords.yaml"
    loaded: object = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    return tuple(msgspec.convert(loaded, dict[str, _Phrases]).values())


def _table(languages: Sequence[_Phrases]) -> dict[str, Keyword | None]:
    """By phrase; a phrase that is a keyword in one language and a courtesy in another is the keyword."""
    table: dict[str, Keyword | None] = {
        _plain(p): None for spoken in languages for p in (*spoken.courtesy, *spoken.told)
    }
    for spoken in languages:
        table.update({_plain(phrase): "help" for phrase in spoken.help})
        table.update({_plain(phrase): "start" for phrase in spoken.start})
    for spoken in languages:
        table.update({_plain(phrase): "stop" for phrase in spoken.stop})
    return table


_LANGUAGES: Final = _written()
_TABLE: Final = _table(_LANGUAGES)
_TOLD: Final = frozenset(_plain(phrase) for spoken in _LANGUAGES for phrase in spoken.told)
_VAGUE: Final = frozenset(_plain(phrase) for spoken in _LANGUAGES for phrase in spoken.vague)
_SHORT: Final = frozenset(phrase for phrase in _TABLE if len(phrase) <= 2 and phrase.isascii())
_SPEAKERS: Final = frozenset(_plain(word) for spoken in _LANGUAGES for word in spoken.speaker)
_LEADS: Final = frozenset(_plain(word) for spoken in _LANGUAGES for word in spoken.lead)
_PAST: Final = frozenset(_plain(word) for spoken in _LANGUAGES for word in spoken.past)
_DENIALS: Final = frozenset(_plain(word) for spoken in _LANGUAGES for word in spoken.denial)
_QUOTES: Final = re.compile(
    rf"^(?!i ).*(?:{'|'.join(_plain(word) for spoken in _LANGUAGES for word in spoken.quotes)})$"
)
_LONGEST: Final = max(map(len, _TABLE))
