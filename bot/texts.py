"""What the bot says: a file of locales/ a language, blanks by name, money and dates as it writes them."""

import string
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date, format_skeleton, format_time
from ruamel.yaml import YAML

from messages.locales import locale_for, long_date, money, office_hours

FALLBACK: Final = "en"
_FOLDER: Final = Path(__file__).parent / "locales"


class Speech(msgspec.Struct, frozen=True, eq=False):  # one of each, known by itself
    """One language. A key that is missing is a KeyError, and a test. `locale` writes figures and dates."""

    code: str
    locale: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **blanks: object) -> str:
        """The text of `key` ("balance.late"), its blanks filled."""
        text = self.texts[key]
        return text.format_map(blanks) if blanks else text

    def button(self, action: str) -> str:
        """What the button of an action says."""
        return self.texts[f"buttons.{action}"]

    def money(self, minor: int, currency: str) -> str:
        return money(minor, currency, self.locale)

    def day(self, day: date) -> str:
        """A date with its month in words."""
        return long_date(day, self.locale)

    def weekday(self, day: date) -> str:
        """A date of the coming days, with its weekday."""
        return format_skeleton("MMMEd", day, locale=self.locale)

    def month(self, day: date) -> str:
        return format_skeleton("yMMMM", day, locale=self.locale)

    def hours(self, written: str) -> str:
        """When an office is open, as its portfolio's file has it, in the weekdays of the language."""
        return office_hours(written, self.locale)

    def moment(self, at: datetime, zone: str) -> str:
        """A moment, at the borrower's, to the minute."""
        return _moment(at.replace(second=0, microsecond=0), zone, self.locale, self.code == "zh")


@lru_cache(maxsize=4096)
def _moment(at: datetime, zone: str, locale: str, no_comma: bool) -> str:
    there = at.astimezone(ZoneInfo(zone))
    day, clock = format_date(there, locale=locale), format_time(there, "short", locale=locale)
    return f"{day} {clock}" if no_comma else f"{day}, {clock}"


@cache
def languages() -> Mapping[str, str]:
    """The name of each language in itself, by code."""
    return {file.stem: _texts(file.stem)["name"] for file in sorted(_FOLDER.glob("*.yaml"))}


@cache
def speech(code: str, country: str | None = None) -> Speech:
    """The language of `code`, else English; figures as they are written in `country`."""
    code = code if code in languages() else FALLBACK
    return Speech(code, locale_for(f"{code}-{country}" if country else code, code), _texts(code))


@cache
def staff_speech(code: str) -> Speech:
    """How the bot speaks with the staff, in the language of `code`, else English."""
    code = code if code in languages() else FALLBACK
    return Speech(code, locale_for(code, code), _texts(f"staff/{code}"))


@cache
def _texts(file: str) -> Mapping[str, str]:
    yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
    return dict(_flat(yaml.load((_FOLDER / f"{file}.yaml").read_text("utf-8")), ""))


def _flat(node: Any, path: str) -> Any:
    if isinstance(node, str):
        yield path, node.strip()
        return
    for key, child in node.items():
        yield from _flat(child, f"{path}.{key}" if path else key)


def blanks_of(text: str) -> set[str]:
    """The names of a text's blanks."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
