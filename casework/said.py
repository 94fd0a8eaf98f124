"""Why something is, may not or cannot be, in the reader's language.

Use cases, rules and strategies say it in English, in sentences that are part of the record. Here they are
found again, with what stands in their blanks; one that is not in the list is given as it is. The lists are
casework/sentences/LANGUAGE/*.yaml: `sentences` with blanks, `words` that stand in blanks, and `dates`.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from ruamel.yaml import YAML

_FOLDER: Final = Path(__file__).parent / "sentences"
_BLANK: Final = re.compile(r"\{(\w+)\}")
_FIGURE: Final = r"\d[\d,]*"
_FIGURES: Final = frozenset({"digits", "spent"})  # blanks that hold figures alone
# What stands in these is a name, or is to be written as it is, whatever word it may be.
_NAMES: Final = frozenset({"step", "queue", "path", "written", "keys", "like"})
_BETWEEN: Final = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")
_DATE: Final = re.compile(
    r"(?P<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<day>\d{1,2}) "
    r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: (?P<year>\d{4}))?"
    r"(?: at (?P<time>\d\d:\d\d) \((?P<city>[^()]+)\))?"
)


_Patterns = tuple[tuple[re.Pattern[str], str], ...]


class _List(msgspec.Struct, frozen=True):
    """A language: sentences as patterns, the longest first; words; how dates are written.

    `joined`: sentences that hold a semicolon of their own, which divides no list.
    `between`: what stands between two sentences, two things of a list, two that are named with "or", and two
    sentences of a list.
    """

    sentences: _Patterns = ()
    joined: _Patterns = ()
    words: Mapping[str, str] = {}
    dates: Mapping[str, str] = {}
    between: tuple[str, str, str, str] = (" ", ", ", " or ", "; ")


def said_in(language: str, text: str) -> str:
    """`text`, one sentence or several, in `language`."""
    known = _list_of(language)
    if not known.sentences:
        return text
    one = _said(text, known) if len(_BETWEEN.split(text)) == 1 else None
    if one is None:
        parts = [(part, _said(part, known)) for part in _BETWEEN.split(text)]
        if len(parts) > 1 and any(said is None for _, said in parts):
            one = _said(text, known)
        if one is None and all(said is None for _, said in parts):
            return text
        if one is None:
            one = known.between[0].join(part if said is None else said for part, said in parts)
    return one


def is_known(language: str, text: str) -> bool:
    """Whether the language has every sentence of it."""
    known = _list_of(language)
    parts = _BETWEEN.split(text)
    return _said(text, known) is not None or all(_said(part, known) is not None for part in parts)


def _said(sentence: str, known: _List) -> str | None:
    """A sentence, or a list of them; None where the language has it not."""
    whole = (
        known.words.get(sentence)
        or _dated(sentence, known)
        or _filled(sentence, known, known.joined)
        or _listed(sentence, known, "; ", known.between[3])
    )
    return whole if whole is not None else _filled(sentence, known, known.sentences)


def _filled(sentence: str, known: _List, patterns: _Patterns) -> str | None:
    """The first pattern that fits, with what stands in its blanks."""
    for pattern, text in patterns:
        found = pattern.fullmatch(sentence)
        if found is not None:
            given = found.groupdict()
            return text.format_map(
                {name: value if name in _NAMES else _blank(value, known) for name, value in given.items()}
            )
    return None


def _blank(value: str, known: _List) -> str:
    """What stands in a blank: a sentence or word of its own, several of them, or what it is."""
    if " " not in value:
        return known.words.get(value, value)
    signs = ((", ", known.between[1]), (" or ", known.between[2]))
    for sign, between in signs:
        listed = _listed(value, known, sign, between)
        if listed is not None:
            return listed
    said = _said(value, known)
    if said is not None:
        return said
    for sign, between in signs:
        if sign in value:
            return between.join(_blank(part, known) for part in value.split(sign))
    return value


def _listed(text: str, known: _List, sign: str, between: str) -> str | None:
    """Several things of which the language has each; None where it is no such list."""
    if sign not in text:
        return None
    found: list[str] = []
    for part in text.split(sign):
        said = _said(part, known)
        if said is None:
            return None
        found.append(said)
    return between.join(found)


def _dated(text: str, known: _List) -> str | None:
    """A day or moment as `strategies.reasons` writes it."""
    found = _DATE.fullmatch(text)
    if found is None or not known.dates:
        return None
    given = {name: known.dates.get(value or "", value or "") for name, value in found.groupdict().items()}
    day = known.dates["year" if given["year"] else "day"].format_map(given)
    return known.dates["at"].format_map({**given, "on": day}) if given["time"] else day


@cache
def _list_of(language: str) -> _List:
    yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
    files = sorted((_FOLDER / language).glob("*.yaml"))
    loaded = [yaml.load(file.read_text("utf-8")) for file in files]
    sentences: dict[str, str] = {}
    words: dict[str, str] = {}
    dates: dict[str, str] = {}
    between: tuple[str, str, str, str] = _List().between
    for one in loaded:
        sentences |= one.get("sentences", {})
        words |= one.get("words", {})
        dates |= one.get("dates", {})
        between = tuple(one["between"]) if "between" in one else between
    # One that begins with a blank fits much that is not meant.
    ordered = sorted(sentences.items(), key=lambda one: (one[0][0] == "{", -len(_BLANK.sub("", one[0]))))
    made = [(english, (_pattern(english), text)) for english, text in ordered]
    joined = tuple(one for english, one in made if "; " in english)
    return _List(tuple(one for _, one in made), joined, words, dates, between)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _BLANK.split(english)
    made = [
        re.escape(part) if at % 2 == 0 else f"(?P<{part}>{_FIGURE if part in _FIGURES else '.+?'})"
        for at, part in enumerate(parts)
    ]
    return re.compile("".join(made), re.DOTALL)
