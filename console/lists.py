"""A list as every page has it: columns of one's choice, filters in the address, a cursor, and exports.

A page says what a list is (`Listing`) and how its rows are fetched; `listed` answers, as a page, CSV or XLSX.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from fastapi import HTTPException, Response

from console.render import show
from console.sheets import csv_of, xlsx_of
from console.visits import Visit

AT_ONCE: Final = 50  # rows of a page
MOST: Final = 10_000  # rows of an export
_MOST_TEXT: Final = 200

Value = str | int | datetime | date | None
Kind = Literal["text", "long", "number", "moment", "code"]


class Column(msgspec.Struct, frozen=True):
    """A column. Its head is the text `LIST.columns.KEY`.

    value   of a row; a moment is shown in the reader's zone
    words   the value is a key of the text `LIST.WORDS`, else of `WORDS`, and is shown as that
    href    where the row's cell leads
    shown   whether it is there for who has not chosen
    said    the value is a sentence of use cases, or words of theirs: it is told in the reader's language
    """

    key: str
    value: Callable[[Any], Value]
    kind: Kind = "text"
    words: str | None = None
    href: Callable[[Any], str | None] | None = None
    shown: bool = True
    said: bool = False


class Filter(msgspec.Struct, frozen=True):
    """What the rows can be narrowed by; its label is the text `LIST.filters.KEY`.

    options   (value, word) of each that can be chosen; None: one types
    """

    key: str
    options: Callable[[Visit], Sequence[tuple[str, str]]] | None = None


class Listing(msgspec.Struct, frozen=True):
    """A list by its name, which is also that of its texts and of the chosen columns in one's settings."""

    name: str
    path: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()


class Rows(msgspec.Struct, frozen=True):
    """Some rows, and the cursor of what follows; None at the end."""

    rows: Sequence[Any]
    older: str | None = None


Fetch = Callable[[Mapping[str, str], str | None, int], Awaitable[Rows]]
"""The rows: (what is asked by filter, the cursor or None, how many at most)."""


class Cell(msgspec.Struct, frozen=True):
    """A value as it is shown. `iso`: the moment for machines."""

    text: str
    kind: Kind
    href: str | None = None
    iso: str | None = None


class Sheet(msgspec.Struct, frozen=True):
    """What the template draws."""

    name: str
    path: str
    columns: Sequence[tuple[str, str, Kind]]  # (key, head, kind) of those shown
    choices: Sequence[tuple[str, str, bool]]  # (key, head, shown) of all
    filters: Sequence[tuple[str, str, Sequence[tuple[str, str]] | None, str]]  # key, label, options, asked
    rows: Sequence[tuple[Any, Sequence[Cell]]]
    asked: bool
    here: str
    newest: str | None
    older: str | None
    csv: str
    xlsx: str


async def listed(visit: Visit, listing: Listing, template: str, fetch: Fetch, **values: Any) -> Response:
    """The list as the address asks for it. The template finds it as `list`, and `values` beside it."""
    query = visit.request.query_params
    asked = {one.key: query.get(one.key, "").strip()[:_MOST_TEXT] for one in listing.filters}
    asked = {key: value for key, value in asked.items() if value}
    _check_options(visit, listing, asked)
    columns = chosen(listing, visit.settings.columns.get(listing.name, ()))
    form = query.get("format")
    if form is not None:
        return await _export(visit, listing, columns, fetch, asked, form)
    before = query.get("before")
    found = await fetch(asked, before, AT_ONCE)

    def at(**more: str) -> str:
        return f"{listing.path}?{urlencode({**asked, **more})}" if asked or more else listing.path

    words = visit.speech[listing.name]
    shown = {column.key for column in columns}
    sheet = Sheet(
        name=listing.name,
        path=listing.path,
        columns=[(column.key, words["columns"][column.key], column.kind) for column in columns],
        choices=[(one.key, words["columns"][one.key], one.key in shown) for one in listing.columns],
        filters=[
            (
                one.key,
                words["filters"][one.key],
                None if one.options is None else one.options(visit),
                asked.get(one.key, ""),
            )
            for one in listing.filters
        ],
        rows=[(row, [_cell(visit, listing, column, row) for column in columns]) for row in found.rows],
        asked=bool(asked),
        here=at(),
        newest=at() if before is not None else None,
        older=None if found.older is None else at(before=found.older),
        csv=at(format="csv"),
        xlsx=at(format="xlsx"),
    )
    return show(visit, template, list=sheet, **values)


def chosen(listing: Listing, keys: Sequence[str]) -> list[Column]:
    """The columns that somebody chose, in the list's own order; those that are shown to who has not."""
    found = [column for column in listing.columns if column.key in keys]
    return found or [column for column in listing.columns if column.shown]


def _check_options(visit: Visit, listing: Listing, asked: Mapping[str, str]) -> None:
    """404 where the address asks for what cannot be chosen."""
    for one in listing.filters:
        if one.options is not None and one.key in asked:
            known = {value for value, _ in one.options(visit)}
            if asked[one.key] not in known:
                raise HTTPException(HTTPStatus.NOT_FOUND)


def _cell(visit: Visit, listing: Listing, column: Column, row: Any) -> Cell:
    value = column.value(row)
    iso = value.isoformat() if isinstance(value, (datetime, date)) else None
    text = _text(visit, listing, column, value)
    if isinstance(value, datetime):
        text = visit.speech.moment(value, visit.settings.zone)
    return Cell(text, column.kind, column.href(row) if column.href else None, iso)


def _text(visit: Visit, listing: Listing, column: Column, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(visit.settings.zone)).isoformat(" ", "seconds")
    if column.words is not None:
        own = visit.speech[listing.name]
        words = own[column.words] if column.words in own else visit.speech[column.words]
        return words.get(value, str(value))
    return visit.speech.said(str(value)) if column.said else str(value)


async def _export(
    visit: Visit,
    listing: Listing,
    columns: Sequence[Column],
    fetch: Fetch,
    asked: Mapping[str, str],
    form: str,
) -> Response:
    """The same rows and columns as a file, up to MOST of them."""
    makers = {"csv": csv_of, "xlsx": xlsx_of}
    if form not in makers:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    rows: list[Any] = []
    before: str | None = None
    while len(rows) < MOST:
        found = await fetch(asked, before, min(500, MOST - len(rows)))
        rows += found.rows
        before = found.older
        if before is None:
            break
    head = [visit.speech[listing.name]["columns"][column.key] for column in columns]
    table = [[_exported(visit, listing, column, row) for column in columns] for row in rows]
    name = f"kept-{listing.name}-{visit.now.astimezone(ZoneInfo(visit.settings.zone)):%Y-%m-%d}"
    return await makers[form](name, head, table)


def _exported(visit: Visit, listing: Listing, column: Column, row: Any) -> str | int:
    value = column.value(row)
    return value if isinstance(value, int) and column.words is None else _text(visit, listing, column, value)
