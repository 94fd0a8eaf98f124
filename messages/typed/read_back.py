"""What the staff read by SMS of the late entries that they sent: a table of short texts a language."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from ruamel.yaml import YAML

from messages.locales import locale_for, money, short_date

FALLBACK: Final = "en"


class ReadBack(msgspec.Struct, frozen=True):
    """The texts of one language, their blanks by name. `why`: a question for each doubt."""

    code: str
    line: str
    known: str
    doubt: str
    save: str
    saved: str
    again: str
    left: str
    nothing: str
    waits: str
    figures: str
    locked: str
    ended: str
    denied: str
    how: str
    why: Mapping[str, str]


def read_back(language: str) -> ReadBack:
    """The texts of `language`, else the English ones."""
    return languages().get(language) or languages()[FALLBACK]


@cache
def languages() -> dict[str, ReadBack]:
    """The texts of each language."""
    loaded: object = YAML(typ="safe", pure=True).load(  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
        (files("messages.typed") / "read_back.yaml").read_text("utf-8")
    )
    return msgspec.convert(loaded, dict[str, ReadBack])


def what_of(
    name: str,
    language: str,
    today: date,
    *,
    amount: tuple[int, str] | None = None,
    due: date | None = None,
    rings: tuple[datetime, str] | None = None,
) -> str:
    """An entry as it is read back: "PTP €250.00 28 Nov".

    name     how its outcome is written
    amount   minor units, currency
    rings    the moment of a call, the zone it is said in
    """
    locale = locale_for(language, language)
    said = [name]
    if amount is not None:
        said.append(money(*amount, locale, gsm7=True))
    if due is not None:
        said.append(short_date(due, today, locale))
    if rings is not None:
        said.append(when_of(*rings, language, today))
    return " ".join(said)


def when_of(at: datetime, zone: str, language: str, today: date) -> str:
    """A moment on the clocks of `zone`: "23 Nov 14:30"."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{short_date(there.date(), today, locale_for(language, language))} {there:%H:%M}"
