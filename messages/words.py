"""Phrases by which a text is refused, or allowed: read from messages/wordlists/, a file a language.

In a file each sort of phrase is a list. In a phrase: `police*` is every word that begins so; `..` is up to
three words (six characters of Chinese) that do not matter; `<n>` a number; `a|b` one or the other, `a_b`
being two words there. Case, width and accents do not matter, nor how a word is disguised (messages/signs.py).
Every language is looked up in every text: a threat is one in whatever language it is made. What lies within
an `innocent` phrase is not found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, product
from pathlib import Path
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

from messages.signs import Word, folded, is_han

Sort = Literal[
    "innocent",
    "threat_arrest",
    "threat_court",
    "threat_seizure",
    "threat_exposure",
    "threat_violence",
    "threat_shame",
    "threat_pressure",
    "promotion",
    "debt",
    "collection",
    "amount",
    "stop",
]

FOLDER: Final = Path(__file__).parent / "wordlists"

_NUMBER: Final = "<n>"
_GAP: Final = ".."
_NUMERALS: Final = frozenset("〇零一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟半几")
_PIECES: Final = re.compile(r"<n>|\.\.")


class Hit(msgspec.Struct, frozen=True):
    """A phrase that was found, of which sort, as the file has it, and which words of the text it covers."""

    sort: Sort
    phrase: str
    first: int
    after: int


class _Phrase(msgspec.Struct, frozen=True):
    sort: Sort
    written: str
    parts: tuple[str, ...]


class _Begun(msgspec.Struct, frozen=True):
    """Phrases that begin with one word: those whose next word is told, by it, and all others."""

    then: dict[str, tuple[_Phrase, ...]]
    others: tuple[_Phrase, ...]


class _Index(msgspec.Struct, frozen=True):
    """Phrases by their first word, by the beginning of it, and those that begin with a number."""

    exact: dict[str, list[_Phrase]]
    stems: dict[str, list[_Phrase]]
    numbers: list[_Phrase]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    innocent: list[str]
    threat_arrest: list[str]
    threat_court: list[str]
    threat_seizure: list[str]
    threat_exposure: list[str]
    threat_violence: list[str]
    threat_shame: list[str]
    threat_pressure: list[str]
    promotion: list[str]
    debt: list[str]
    collection: list[str]
    amount: list[str]
    stop: list[str]


def word_languages() -> frozenset[str]:
    """The languages there are words of."""
    return frozenset(file.stem for file in FOLDER.glob("*.yaml"))


def find(words: Sequence[Word], sorts: frozenset[Sort]) -> list[Hit]:
    """The phrases of `sorts` in `words`, from the first word on, each once; none within an innocent one."""
    found = [
        Hit(phrase.sort, phrase.written, place, after)
        for place, forms in enumerate(words)
        for form in forms
        for phrase in _candidates(form, words[place + 1] if place + 1 < len(words) else ())
        if (phrase.sort in sorts or phrase.sort == "innocent")
        and (after := _end(phrase.parts, 1, words, place + 1)) is not None
    ]
    innocent = {place for hit in found if hit.sort == "innocent" for place in range(hit.first, hit.after)}
    kept: dict[tuple[Sort, str], Hit] = {}
    for hit in found:
        if hit.sort != "innocent" and innocent.isdisjoint(range(hit.first, hit.after)):
            kept.setdefault((hit.sort, hit.phrase), hit)
    return list(kept.values())


def says(words: Sequence[Word], phrase: str) -> bool:
    """Whether `phrase`, written as those of the files are, is said anywhere in `words`; punctuation apart."""
    return any(True for _ in said_at(words, phrase))


def said_at(words: Sequence[Word], phrase: str) -> Iterator[range]:
    """Where `phrase` is said in `words`, counted without what ends a clause."""
    run = [word for word in words if word]
    for parts in _choices(phrase):
        for place in range(len(run)):
            after = _end(parts, 0, run, place)
            if after is not None:
                yield range(place, after)


@lru_cache(maxsize=1024)
def _choices(phrase: str) -> tuple[tuple[str, ...], ...]:
    return tuple(filter(None, map(_parts, _spelled(phrase))))


def _candidates(form: str, following: Word) -> Iterator[_Phrase]:
    """The phrases that may begin with `form` and go on with the word after it."""
    begun = _beginning(form)
    yield from begun.others
    for after in following:
        yield from begun.then.get(after, ())


@lru_cache(maxsize=16384)
def _beginning(form: str) -> _Begun:
    """The phrases whose first word `form` may be."""
    index = _index()
    phrases = list(index.exact.get(form, ()))
    for length in range(1, len(form) + 1):
        phrases += index.stems.get(form[:length], ())
    if _is_number(form):
        phrases += index.numbers
    then: dict[str, list[_Phrase]] = {}
    others: list[_Phrase] = []
    for phrase in phrases:
        told = phrase.parts[1] if len(phrase.parts) > 1 else _GAP
        if told in (_GAP, _NUMBER) or told[-1] == "*":
            others.append(phrase)
        else:
            then.setdefault(told, []).append(phrase)
    return _Begun({word: tuple(several) for word, several in then.items()}, tuple(others))


def _end(parts: tuple[str, ...], part: int, words: Sequence[Word], place: int) -> int | None:
    """Where the rest of a phrase ends, if it goes on at `place`."""
    if part == len(parts):
        return place
    if parts[part] == _GAP:
        most = 6 if is_han(parts[part + 1][0]) else 3
        for skipped in range(most + 1):
            if place + skipped >= len(words) or (skipped and not words[place + skipped - 1]):
                return None
            after = _end(parts, part + 1, words, place + skipped)
            if after is not None:
                return after
        return None
    if place < len(words) and any(_is(parts[part], form) for form in words[place]):
        return _end(parts, part + 1, words, place + 1)
    return None


def _is(part: str, form: str) -> bool:
    if part == _NUMBER:
        return _is_number(form)
    return form.startswith(part[:-1]) if part[-1] == "*" else form == part


def _is_number(form: str) -> bool:
    return form.isdecimal() or form in _NUMERALS


@cache
def _index() -> _Index:
    files = [_read(FOLDER / f"{language}.yaml") for language in sorted(word_languages())]
    index = _Index({}, {}, [])
    for file in files:
        lists: Mapping[Sort, list[str]] = msgspec.structs.asdict(file)  # pyright: ignore[reportAssignmentType]  # by name
        for sort, phrases in lists.items():
            for one in chain.from_iterable(map(_spelled, phrases)):
                _add(index, _Phrase(sort, one, _parts(one)))
    return index


def _add(index: _Index, phrase: _Phrase) -> None:
    first = phrase.parts[0]
    if first == _NUMBER:
        index.numbers.append(phrase)
    elif first[-1] == "*":
        index.stems.setdefault(first[:-1], []).append(phrase)
    else:
        index.exact.setdefault(first, []).append(phrase)


def _spelled(written: str) -> Iterator[str]:
    """A phrase with each choice of its alternatives."""
    for choice in product(*(word.split("|") for word in written.split())):
        yield " ".join(choice).replace("_", " ")


def _parts(phrase: str) -> tuple[str, ...]:
    """The words of a phrase as those of a text are, its marks kept."""
    parts: list[str] = []
    marks = [*_PIECES.findall(phrase), None]
    for piece, mark in zip(_PIECES.split(phrase), marks, strict=True):
        for word in piece.split():
            read = folded(word).split()
            parts += [*read[:-1], f"{read[-1]}*"] if word.endswith("*") else read
        if mark:
            parts.append(mark)
    return tuple(parts)


def _read(file: Path) -> _File:
    loaded: object = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    return msgspec.convert(loaded, _File)
