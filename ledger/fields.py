"""Strict reading of JSON: every complaint names the key, what is wrong, and what would be right."""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import NoReturn, cast

from ledger.errors import LedgerInputError
from ledger.money import parse_major

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def load(text: str) -> object:
    """The value of a JSON text, no key twice in an object. LedgerInputError says where it breaks off."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise LedgerInputError(f"{where}: this is no JSON ({error.msg}); give one JSON object") from None
    except RecursionError:
        raise LedgerInputError("nested too deeply: give one JSON object of lists of objects") from None
    except LedgerInputError:
        raise
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise LedgerInputError("a number has thousands of digits: no key takes such a one") from None


def parse_day(text: str) -> date:
    """A date written YYYY-MM-DD; of ISO 8601's other ways to write one, none is taken."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        complaint = f'"{text}" is no date'
    except ValueError as error:
        complaint = f'"{text}" is no date ({error})'
    raise LedgerInputError(f'{complaint}: write it like "2023-10-31"')


class Fields:
    """One object of a document; `path` is where it stands ("payments[1]"; "" for the whole)."""

    def __init__(self, value: object, path: str, known: Sequence[str]) -> None:
        if not isinstance(value, dict):
            raise LedgerInputError(f"{path or 'the document'}: {_kind(value)} instead of an object {{...}}")
        self._values = cast("dict[str, object]", value)
        self._path = path
        for key in self._values:
            if key not in known:
                raise LedgerInputError(f'{self.at(key)}: unknown key "{key}"; known are {", ".join(known)}')

    def at(self, key: str) -> str:
        """Where a key of this object stands in the document: "payments[1].amount"."""
        return f"{self._path}.{key}" if self._path else key

    def refuse(self, key: str, complaint: str) -> NoReturn:
        """LedgerInputError about a key."""
        raise LedgerInputError(f"{self.at(key)}: {complaint}")

    def has(self, key: str) -> bool:
        """Whether the key is there, be it null."""
        return key in self._values

    def given(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty. Without a default the key must be there (here and below)."""
        value = self._value(key, default)
        if not isinstance(value, str) or not value:
            self._wrong(key, value, 'a text such as "..."')
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number of 0 or more."""
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._wrong(key, value, "a whole number of 0 or more, such as 1")
        return value

    def day(self, key: str) -> date:
        """A date, written YYYY-MM-DD."""
        value = self._value(key, None)
        if not isinstance(value, str):
            self._wrong(key, value, 'a date such as "2023-10-31"')
        try:
            return parse_day(value)
        except LedgerInputError as error:
            self.refuse(key, str(error))

    def amount(self, key: str, currency: str, default: str | None = None) -> int:
        """An amount of 0 or more: a text in major units in the document, minor units here."""
        value = self._value(key, default)
        if not isinstance(value, str):
            self._wrong(key, value, 'an amount in quotes, such as "250"')
        try:
            minor = parse_major(value, currency)
        except LedgerInputError as error:
            self.refuse(key, str(error))
        if minor < 0:
            self.refuse(key, f'"{value}" is negative: it must be 0 or more')
        return minor

    def rows(self, key: str, default: Sequence[object] | None = None) -> Sequence[object]:
        """A list of anything."""
        value = self._value(key, default)
        if not isinstance(value, list | tuple):
            self._wrong(key, value, "a list [...]")
        return cast("Sequence[object]", value)

    def _value(self, key: str, default: object) -> object:
        if key in self._values:
            return self._values[key]
        if default is None:
            self.refuse(key, "is missing")
        return default

    def _wrong(self, key: str, value: object, right: str) -> NoReturn:
        self.refuse(key, f"{_kind(value)} instead of {right}")


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{value}"'
        case list():
            return "a list"
        case _:
            return "an object"


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            raise LedgerInputError(f'"{key}" is there twice in one object: leave one out')
        values[key] = value
    return values


def _no_constant(name: str) -> NoReturn:
    raise LedgerInputError(f'{name} is no JSON: amounts are written in quotes, such as "250"')
