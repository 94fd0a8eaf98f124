"""Rows of what comes with a book on day one: consents and opt-outs, holds, promises, contacts before us.

An opt-out is obeyed as far as it can be: one without a date that can be read counts from the import on, one
of a channel that nobody knows closes all of them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from casework.consent import PURPOSES
from casework.intake.cells import CellError
from casework.intake.formats import amount_reader

InheritedKind = Literal["consents", "holds", "promises", "contacts"]
CHANNELS: Final = ("sms", "email", "chat", "call", "visit")
_PERSONAL: Final = frozenset(
    {"deceased", "bankrupt", "represented", "cease", "refusal", "hardship", "vulnerable"}
)
_OF_DEBTS: Final = frozenset(
    {"dispute", "moratorium", "claims_paid", "recalled", "sold", "fraud", "complaint", "plan", "promise"}
)
# What core systems write for "no date" and "no end".
_NO_DATE: Final = ("0001-01-01", "1899-12-3", "1900-01-0")
_NO_END: Final = "9999-12-31"

Cells = Mapping[str, str]


class Known(msgspec.Struct, frozen=True):
    """What the rows of a file may speak of, by external id, and the moment at which they came.

    persons  several (records of that id), ids, zone
    loans    several, id, parties (persons), everyone (persons of all loans of that id), borrower, borrowers
             (how many), zone, case_id, currency, portfolio
    grace    portfolio -> days of grace of a promise
    assumed  what was made of what a stop does not say -> how many rows
    """

    persons: Mapping[str, Any]
    loans: Mapping[str, Any]
    grace: Mapping[int, int]
    now: datetime
    assumed: Counter[str]

    def person(self, cells: Cells) -> Any:
        """The person of the row, by the borrower's id. Raises CellError."""
        return _one(self.persons, cells.get("borrower_id", ""), "borrower_id", "person")

    def loan(self, text: str, column: str) -> Any:
        """The loan of that id. Raises CellError."""
        return _one(self.loans, text, column, "loan")

    def records(self, cells: Cells) -> list[int]:
        """Whom a row may mean that cannot be read: every record of the borrower's id, and every party of
        every loan of the loan's id. One of the two may be mistyped."""
        found = set[int]()
        if (person := self.persons.get(cells.get("borrower_id", ""))) is not None:
            found.update(person["ids"])
        for name in loans_of(cells):
            if (loan := self.loans.get(name)) is not None:
                found.update(loan["everyone"])
        return sorted(found)

    def waits(self, cells: Cells) -> bool:
        """Whether the row names a borrower, or else a loan, that the book does not have yet."""
        if name := cells.get("borrower_id"):
            return name not in self.persons
        return not self.records(cells)


def _one(known: Mapping[str, Any], text: str, column: str, what: str) -> Any:
    if not text:
        raise CellError(column, "", f"is empty: the {what}'s id is needed")
    if text not in known:
        raise CellError(column, text, f"no {what} of this id is in the book")
    if known[text]["several"] > 1:
        raise CellError(column, text, f"two sources have a {what} of this id: which is meant?")
    return known[text]


def _together(person: Any, loan: Any, column: str, text: str) -> None:
    """CellError where the person of the row has nothing to do with its loan."""
    if person["id"] not in loan["parties"]:
        raise CellError(column, text, "the person of this row is no party of this loan")


def loans_of(row: Cells) -> list[str]:
    """The external ids of the loans that a row names."""
    text = row.get("loan_id") or row.get("loan_ids") or ""
    return [one for one in (part.strip() for part in text.replace("|", ";").split(";")) if one]


def _consent(known: Known, cells: Cells) -> tuple[object, ...]:
    person = known.person(cells)
    channel, state = cells["channel"].casefold(), cells["state"].casefold()
    if state not in ("granted", "revoked"):
        raise CellError("state", cells["state"], "is unknown: granted or revoked")
    stops = state == "revoked"
    if channel not in CHANNELS and channel != "all":
        if not stops:
            raise CellError("channel", channel, f"is unknown: all, or one of {', '.join(CHANNELS)}")
        known.assumed["a stop of an unknown channel closes every channel"] += 1
        channel = "all"
    dated = True
    try:
        at = _moment(cells, "at", person["zone"], known.now)
    except CellError:
        if not stops:
            raise
        known.assumed["a stop without a date that can be read counts from this import on"] += 1
        at, dated = known.now, False
    channels = list(CHANNELS) if channel == "all" else [channel]
    return person["id"], channels, _purpose(cells, state), state, at, cells.get("evidence") or None, dated


def _purpose(cells: Cells, state: str) -> str | None:
    """What the consent is for; None: whatever a consent is asked for.

    One to something else permits no reminder, so it keeps its word. A stop of something that we do not know
    may mean our reminders as well: it closes everything.
    """
    purpose = (cells.get("purpose") or "").casefold()
    if purpose in ("", "all"):
        return None
    return purpose if state == "granted" or purpose in PURPOSES else None


def _hold(known: Known, cells: Cells) -> tuple[object, ...]:
    kind = cells["kind"]
    if kind not in _PERSONAL | _OF_DEBTS:
        raise CellError("kind", kind, f"is unknown: one of {', '.join(sorted(_PERSONAL | _OF_DEBTS))}")
    loan = known.loan(cells["loan_id"], "loan_id") if cells["loan_id"] else None
    if loan is None and kind in _OF_DEBTS - {"moratorium", "complaint"}:
        raise CellError("loan_id", "", f"is empty: {kind} is a hold of a debt, and needs the loan")
    if loan is not None and not cells["borrower_id"]:
        if kind in _PERSONAL and loan["borrowers"] > 1:
            raise CellError("borrower_id", "", "is empty: the loan has several borrowers: which is meant?")
        who, zone = loan["borrower"], loan["zone"]
    else:
        person = known.person(cells)
        who, zone = person["id"], person["zone"]
        if loan is not None:
            _together(person, loan, "loan_id", cells["loan_id"])
    dated = bool(cells["from"]) and not _is_null(cells["from"])
    starts = _moment(cells, "from", zone, known.now) if dated else known.now
    ends = _end(cells["to"], zone) if cells["to"] else None
    if ends is not None and not dated:
        starts = min(starts, ends)  # one that is over by now held before it came
    elif ends is not None and ends <= starts:
        raise CellError("to", cells["to"], "ends before it begins")
    debt = loan["id"] if loan is not None and kind not in _PERSONAL else None
    return who, debt, kind, starts, ends, dated


def _promise(known: Known, cells: Cells) -> tuple[object, ...]:
    loan = known.loan(cells["loan_id"], "loan_id")
    if cells.get("borrower_id"):
        _together(known.person(cells), loan, "loan_id", cells["loan_id"])
    try:
        amount = amount_reader(".", None, loan["currency"], None)(cells["amount"])
    except ValueError as error:
        raise CellError("amount", cells["amount"], str(error)) from None
    made = _moment(cells, "made_at", loan["zone"], known.now)
    due = _day(cells, "due_on")
    if amount <= 0:
        raise CellError("amount", cells["amount"], "is not above zero")
    try:
        last = due + timedelta(days=known.grace.get(loan["portfolio"], 0))
        until = _end_of(last, loan["zone"])
    except (CellError, OverflowError):
        raise CellError("due_on", cells["due_on"], "is beyond every calendar: a promise has a day") from None
    made_on = made.astimezone(ZoneInfo(loan["zone"])).date()
    if due < made_on:
        raise CellError("due_on", cells["due_on"], "is before the day on which it was promised")
    return loan["case_id"], loan["id"], amount, made, made_on, due, last, until


def _contact(known: Known, cells: Cells) -> tuple[object, ...]:
    person = known.person(cells)
    channel, direction = cells["channel"], cells["direction"]
    if channel not in CHANNELS:
        raise CellError("channel", channel, f"is unknown: one of {', '.join(CHANNELS)}")
    if direction not in ("in", "out"):
        raise CellError("direction", direction, "is unknown: in or out")
    loans: list[int] = []
    for one in loans_of(cells):
        loan = known.loan(one, "loan_ids")
        _together(person, loan, "loan_ids", one)
        loans.append(loan["id"])
    at = _moment(cells, "at", person["zone"], known.now)
    return person["id"], at, channel, direction == "in", cells["result"][:40], loans


READERS: Final[Mapping[InheritedKind, Callable[[Known, Cells], tuple[object, ...]]]] = {
    "consents": _consent,
    "holds": _hold,
    "promises": _promise,
    "contacts": _contact,
}


def _moment(cells: Cells, column: str, zone: str, now: datetime) -> datetime:
    """A moment with its zone, or a local one of the person's; a day alone is its beginning."""
    text = cells[column]
    if _is_null(text):
        raise CellError(column, text, "stands for no date at all")
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CellError(column, text, "is no moment: 2026-03-01, or 2026-03-01T09:30+01:00") from None
    if at > now:
        raise CellError(column, text, "has not come yet")
    return at


def _day(cells: Cells, column: str) -> date:
    try:
        return date.fromisoformat(cells[column])
    except ValueError:
        raise CellError(column, cells[column], "is no date: 2026-03-01") from None


def _is_null(text: str) -> bool:
    """Whether it is what core systems write where they have no date."""
    return text.startswith(_NO_DATE)


def _end(text: str, zone: str) -> datetime | None:
    """The end of the last day, or the moment; None: no end."""
    if text.startswith(_NO_END):
        return None
    try:
        if len(text) == 10:
            return _end_of(date.fromisoformat(text), zone)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CellError("to", text, "is no moment: 2026-03-01, or 2026-03-01T09:30+01:00") from None


def _end_of(day: date, zone: str) -> datetime:
    try:
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise CellError("to", day.isoformat(), "is beyond every calendar") from None
