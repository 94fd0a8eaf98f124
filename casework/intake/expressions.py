"""Where a value comes from, as mappings write it: a column, a constant, a composition, a look-up."""

import datetime as dt
import re
from string import Formatter
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from casework.intake.dates import AUTO
from casework.intake.formats import date_reader

Column = Annotated[str, Field(min_length=1)]
REGION = re.compile(r"[A-Z]{2}")


_WAYS = ("column", "value", "compose", "look_up", "example_phone")


class Strict(BaseModel):
    """Keys that are not known are refused by name, beside those that are."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, given: Any) -> Any:
        if isinstance(given, cls):
            return given
        if not isinstance(given, dict):
            raise PydanticCustomError(
                "block", "a block of keys is wanted here: {known}", {"known": cls._known()}
            )
        for key in given:  # pyright: ignore[reportUnknownVariableType] - whatever the file holds
            if key not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key",
                    "unknown key '{key}'; known are {known}",
                    {"key": key, "known": cls._known()},
                )
        return given  # pyright: ignore[reportUnknownVariableType]

    @classmethod
    def _known(cls) -> str:
        return ", ".join(cls.model_fields)


def wrong(key: str | None, text: str) -> PydanticCustomError:
    """An error at `key` of the block at hand."""
    return PydanticCustomError("wrong", "{text}", {"text": text, **({"key": key} if key else {})})


class Text(Strict):
    """Where a text comes from. A bare name in the file is a column."""

    column: Column | None = None
    value: str | int | None = None
    compose: str | None = None
    look_up: str | None = None
    by: "Text | None" = None
    take: Column | None = None
    words: dict[str, str] | None = None

    ways: ClassVar[tuple[str, ...]] = ("column", "value", "compose", "look_up")

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"column": given}
        if isinstance(given, dict):
            return given  # pyright: ignore[reportUnknownVariableType]
        raise wrong(None, f"a column's name is wanted here, or a block with one of {', '.join(cls.ways)}")

    @field_validator("words", mode="before")
    @classmethod
    def _words_are_text(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {str(key): value for key, value in given.items()}  # pyright: ignore
        return given

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in _WAYS if getattr(self, way, None) is not None]
        for way in given:
            if way not in self.ways:
                raise wrong(way, f"{way} has no use here: one of {', '.join(self.ways)}")
        if len(given) != 1:
            raise wrong(None, f"exactly one of {', '.join(self.ways)} is wanted, here are {len(given)}")
        if (self.look_up is not None) != (self.by is not None and self.take is not None):
            raise wrong(
                None, "look_up, by and take belong together: which file, the key's column, the column taken"
            )
        if self.compose is not None:
            _composed(self.compose)
        return self

    def columns(self) -> set[str]:
        """The columns of the row itself that the value is made of."""
        named = set(composed_columns(self.compose)) if self.compose is not None else set[str]()
        if self.column is not None:
            named.add(self.column)
        if self.by is not None:
            named |= self.by.columns()
        return named

    def look_ups(self) -> list[tuple[str, str]]:
        """The look-up files used, each with the column taken."""
        found = self.by.look_ups() if self.by is not None else []
        return [*found, (self.look_up, self.take or "")] if self.look_up is not None else found


def _composed(template: str) -> None:
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise wrong(
            "compose", f'"{template}" cannot be read ({error}); write it like "b-{{customerid}}@example.org"'
        ) from None
    if not any(name for _, name, _, _ in parts):
        raise wrong("compose", f'"{template}" names no column; write it like "b-{{customerid}}@example.org"')
    for _, name, style, conversion in parts:
        if name == "" or conversion or (style and style != "whole"):
            raise wrong("compose", f'"{template}": only {{column}} and {{column:whole}} (3.0 as 3) are known')


def composed_columns(template: str) -> list[str]:
    """The columns that a composed text names, in their order."""
    return [name for _, name, _, _ in Formatter().parse(template) if name]


class Day(Text):
    """Where a date comes from: `date`, or days relative to `days_from`.

    A date is a format of strptime; `excel`: days as spreadsheets count them; `auto`: what all cells of the
    column prove.
    """

    date: str | None = None
    century: int | None = None
    days_from: dt.date | None = None
    plus_months: int = 0
    value: dt.date | None = None  # pyright: ignore[reportIncompatibleVariableOverride]

    @model_validator(mode="after")
    def _readable(self) -> Self:
        check_date_format(self.date, self.century, self.days_from)
        return self


def check_date_format(pattern: str | None, century: int | None, days_from: dt.date | None) -> None:
    """Refuse a pattern that tells no date, a century without a pattern, and two ways at once."""
    if pattern is not None and days_from is not None:
        raise wrong("days_from", "date and days_from are two ways to read one cell: keep one")
    if century is not None and pattern is None:
        raise wrong("century", "a century belongs to a date of two digits a year: give date too")
    if pattern is not None and pattern != AUTO:
        try:
            date_reader(pattern, century)
        except ValueError as error:
            raise wrong("date", str(error)) from None


class Amount(Text):
    """Where an amount comes from, in the marks of `formats` unless told otherwise here."""

    value: None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    decimal: str | None = None
    thousands: str | None = None
    ways: ClassVar[tuple[str, ...]] = ("column", "look_up")

    @model_validator(mode="after")
    def _marks(self) -> Self:
        check_marks(self.decimal, self.thousands)
        return self


def check_marks(decimal: str | None, thousands: str | None) -> None:
    """Marks are one sign each, no digits, and differ."""
    for key, mark in (("decimal", decimal), ("thousands", thousands)):
        if mark is not None and (len(mark) != 1 or mark.isalnum() or mark in "+-"):
            raise wrong(key, f'"{mark}" is no mark of {key}: one sign such as "." or ","')
    if decimal is not None and decimal == thousands:
        raise wrong("thousands", f'"{decimal}" cannot be the mark of decimals and of thousands')


class Whole(Text):
    """A whole number, also as people type it ("36 months", "36个月").

    `divide`, with a rounding, makes months of days (termdays / 30: 15 -> 1); `suffix` is dropped.
    """

    divide: Annotated[int, Field(ge=1)] = 1
    round: Literal["up", "down", "exact"] = "exact"
    suffix: str = ""


class Phone(Text):
    """A phone number: in E.164, or in the national form of `region`; or one of a range reserved for examples
    (+1, an area code, 555-0100 to 555-0199), derived from a column, for tapes without any."""

    region: str | None = None
    example_phone: Column | None = None
    ways: ClassVar[tuple[str, ...]] = ("column", "value", "compose", "look_up", "example_phone")

    @field_validator("region")
    @classmethod
    def _region(cls, region: str | None) -> str | None:
        return check_region(region)

    def columns(self) -> set[str]:
        return super().columns() | ({self.example_phone} if self.example_phone else set[str]())


def check_region(region: str | None) -> str | None:
    """Two capital letters, or nothing."""
    if region is not None and not REGION.fullmatch(region):
        raise wrong(None, f'"{region}" is no country: two capital letters, such as NG')
    return region
