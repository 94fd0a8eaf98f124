"""The pure core of `kept policy check`: a situation written as JSON in, what the packs say of it out.

SURFACE.md has the shapes. What it leaves open: `packs`, `text`, `country` and `region` may be left out or be
null, as may be all that has a default; of a contact in the history `loans` and `result` may be, and it then
counts for every loan and as every result; a hold without loans is the person's, one without `from` has always
been; a date of a hold is a day of the person's zone, the last one included; days past due are those at `now`,
and grow by one at each midnight.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal, cast

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from policy.calendar import DAY, day_start, local_day, zone_of
from policy.earliest import in_force
from policy.errors import PolicyInputError
from policy.pack import shipped_pack
from policy.values import Actor, Ask, Channel, Flag, Hold, Past, Purpose, Situation, Stage
from policy.verdict import Verdict, verdict

# Far from the ends of the calendar, that no day counted from a moment falls off them.
_YEARS: Final = range(1900, 2200)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Question(msgspec.Struct, frozen=True):
    """A document that was read."""

    packs: tuple[str, ...]
    ask: Ask
    situation: Situation
    at: datetime


# --- the document as it is written --------------------------------------------------------------------


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is not None and at.tzinfo is not None and at.year in _YEARS:
            return at.astimezone(UTC)
    raise ValueError('write a moment with its zone, like "2026-11-23T09:00:00-05:00" or "...Z"')


def _moment_or_day(value: object) -> datetime | date:
    if isinstance(value, str) and len(value) == len("2026-11-23"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            raise ValueError('write a date like "2026-11-23"')
        return day
    return _moment(value)


def _clock(value: object) -> time:
    if isinstance(value, str):
        try:
            return time(0) if value in ("24:00", "24:00:00") else time.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError('write an hour like "08:00"')


_Moment = Annotated[datetime, BeforeValidator(_moment)]
_MomentOrDay = Annotated[datetime | date, BeforeValidator(_moment_or_day)]
_Clock = Annotated[time, BeforeValidator(_clock)]
_Name = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError("write an object {...}")  # noqa: TRY004 - pydantic takes no other
        given = cast("dict[str, object]", value)
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: one for key, one in given.items() if one is not None or key not in known}


class _Held(_Strict):
    kind: _Name
    loans: list[_Name] = Field(default_factory=list[str])
    start: _MomentOrDay | None = Field(None, alias="from")
    end: _MomentOrDay | None = Field(None, alias="to")


class _Contact(_Strict):
    at: _Moment
    channel: Channel
    direction: Literal["out", "in"]
    result: str | None = None
    loans: list[_Name] = Field(default_factory=list[str])


class _Borrower(_Strict):
    zones: Annotated[list[str], Field(min_length=1)]
    country: str | None = None
    region: str | None = None
    consents: dict[Channel, Literal["granted", "revoked", "unknown"]] = Field(default_factory=dict)
    hours_agreed: bool = False
    windows: list[Annotated[list[_Clock], Field(min_length=2, max_length=2)]] = Field(default_factory=list)
    holds: list[_Held] = Field(default_factory=list[_Held])
    flags: list[Flag] = Field(default_factory=list)


class _Document(_Strict):
    now: _Moment
    packs: list[str] = Field(default_factory=list[str])
    actor: Actor
    stage: Stage
    channel: Channel
    purpose: Purpose
    loans: list[_Name]
    dpd: dict[str, Annotated[int, Field(ge=0, le=100_000)]] = Field(default_factory=dict)
    text: str | None = None
    borrower: _Borrower
    history: list[_Contact] = Field(default_factory=list[_Contact])


def read(text: str) -> Question:
    """The question of a JSON text, checked throughout; PolicyInputError names the key that is wrong."""
    try:
        written = _Document.model_validate(_load(text))
    except ValidationError as error:
        raise PolicyInputError(_complaint(error)) from None
    return _question(written)


def _load(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PolicyInputError(f"{where}: this is no JSON ({error.msg}); give one JSON object") from None
    except RecursionError:
        raise PolicyInputError("nested too deeply: give one JSON object") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise PolicyInputError(f'"{twice}" is there twice in one object: leave one out')
    return values


def _complaint(error: ValidationError) -> str:
    """One line: where, what is wrong, what would be right."""
    # An unknown key first: what is then missing is often the key that was meant.
    found = sorted(error.errors(), key=lambda slip: slip["type"] != "extra_forbidden")[0]
    where = ""
    for part in found["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    if found["type"] == "extra_forbidden":
        return f'{where}: unknown key "{found["loc"][-1]}"; known are {", ".join(_known(found["loc"]))}'
    if found["type"] == "missing":
        return f"{where}: is missing"
    message = found["msg"].removeprefix("Value error, ")
    return f"{where or 'the document'}: {message[:1].lower()}{message[1:]}"


def _known(loc: Sequence[int | str]) -> list[str]:
    """The keys of the object in which an unknown one stands."""
    keys = [part for part in loc[:-1] if isinstance(part, str)]
    at: dict[str, type[BaseModel]] = {
        "": _Document,
        "borrower": _Borrower,
        "history": _Contact,
        "holds": _Held,
    }
    model = at[keys[-1] if keys else ""]
    return [field.alias or name for name, field in model.model_fields.items()]


# --- and as the rules read it --------------------------------------------------------------------------


def _question(written: _Document) -> Question:
    borrower = written.borrower
    zones = tuple(dict.fromkeys(borrower.zones))
    for zone in zones:
        try:
            zone_of(zone)
        except PolicyInputError as error:
            raise PolicyInputError(f"borrower.zones: {error}") from None
    _check_windows(borrower.windows)
    number = _Numbers()
    ask = Ask(
        written.channel,
        number.all(written.loans),
        written.purpose,
        actor=written.actor,
        stage=written.stage,
        text=written.text,
    )
    today = local_day(written.now, zones[0])
    past = tuple(
        Past(row.at, row.channel, row.result or "", number.all(row.loans), inbound=row.direction == "in")
        for row in sorted(written.history, key=lambda row: row.at)
    )
    situation = Situation(
        zones,
        borrower.country,
        borrower.region,
        consents={channel: state for channel, state in borrower.consents.items() if state != "unknown"},
        holds=tuple(
            hold
            for k, row in enumerate(borrower.holds)
            for hold in _holds(row, f"borrower.holds[{k}]", zones[0], number)
        ),
        past=past,
        hours_agreed=borrower.hours_agreed,
        windows=tuple((opens, closes) for opens, closes in borrower.windows),
        flags=tuple(borrower.flags),
        due={number.of(loan): today - days * DAY for loan, days in written.dpd.items()},
    )
    return Question(tuple(dict.fromkeys(written.packs)) or ("house",), ask, situation, written.now)


class _Numbers:
    """Loans by number: the rules know them so. 0 is the person."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, loan: str) -> int:
        return self._known.setdefault(loan, len(self._known) + 1)

    def all(self, loans: Sequence[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.of(loan) for loan in loans))


def _check_windows(windows: Sequence[Sequence[time]]) -> None:
    for k, (opens, closes) in enumerate(windows):
        if opens == closes:
            raise PolicyInputError(
                f"borrower.windows[{k}]: it opens and closes at {opens:%H:%M}; give another hour"
            )


def _holds(row: _Held, where: str, zone: str, number: _Numbers) -> list[Hold]:
    start = _start(row.start, zone) or _EPOCH
    # A day that is named as the last belongs to the hold.
    last = row.end
    end = _start(last + DAY if _is_day(last) else last, zone) if last is not None else None
    if end is not None and end <= start:
        raise PolicyInputError(f"{where}.to: it ends before it begins; `to` must be later than `from`")
    return [Hold(row.kind, loan, start, end) for loan in number.all(row.loans) or (0,)]


def _is_day(value: date | datetime | None) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _start(value: date | datetime | None, zone: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return day_start(value, zone)


# --- what the packs say ----------------------------------------------------------------------------------


def check(question: Question) -> Verdict:
    """Allow, defer or deny, with every rule that says no. PolicyInputError: a pack that there is not."""
    packs = {name: shipped_pack(name) for name in question.packs}
    rules = in_force({name: pack.rules for name, pack in packs.items()}, question.packs)
    return verdict(rules, packs, [question.ask], question.situation, question.at)[1]
