"""What came of a visit or call, written as a line with its time: `PTP 250 28/11 @14:30 L-1042`.

The parts may stand in any order: what came of it, the loan (or K17, the case), `@` and when it happened, and
what the outcome needs: an amount, a day, a moment. What cannot be read without doubt is a doubt, never a
guess: whoever wrote it is asked.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

from messages.typed.clock import CLOCK, PART, clock_time, spelled_out, time_of
from messages.typed.dates import Order, read_date, take_date
from messages.typed.moments import FARTHEST, take_time
from messages.typed.plain import plain

Why = Literal["code", "loan", "time", "day", "amount", "moment", "rest"]
"""What a line leaves in doubt."""


class Entry(msgspec.Struct, frozen=True):
    """A line that was read. `ref` as the caller names the loan or case; `amount` as it was written.

    on, at    when it happened, on the borrower's clocks; `on` None: no day was said
    due       the promised day; `rings` the time of a callback on that day
    """

    code: str
    ref: str
    at: time
    on: date | None = None
    amount: str | None = None
    due: date | None = None
    rings: time | None = None


class Doubt(msgspec.Struct, frozen=True):
    """A line that was not read, and why."""

    line: str
    why: Why


_AGO: Final[Mapping[str, int]] = {
    "today": 0, "今天": 0, "今日": 0, "yesterday": 1, "昨天": 1, "昨日": 1, "前天": 2,
}  # fmt: skip
_AT: Final = re.compile(
    r"@\s*(?:(?P<day>\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|20\d\d-\d\d-\d\d|(?:20\d\d年)?\d{1,2}月\d{1,2}[日号號]?"
    rf"|{'|'.join(_AGO)})[\s,]*)?(?P<part>{PART})?\s?"
    # Here a point may stand for the colon, or nothing: there is no amount or day that it could be.
    rf"(?:{CLOCK}|(?P<hour>\d{{1,2}})(?:\s?\.\s?|(?<=\d\d))(?P<minute>\d{{2}})(?:\s?(?P<after>[ap])\.?m\b\.?)?)"
    rf"(?:\s?(?P<later>{PART}))?(?![\w:./])"
)
_MONEY: Final = re.compile(
    r"(?<![\w.,])(?:[a-z]{3}\s?|[€£$¥₹₦₽]\s?)?\d+(?:[.,']\d+)*(?:\s?(?:[a-z]{3}|[€£$¥₹₦₽元]|块钱?|塊))?(?!\w)"
)
_TIMED: Final = re.compile(rf"@\s*(?:\d|{PART}|{'|'.join(_AGO)}|(?:{CLOCK}))")
_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "promise": frozenset({"amount", "due"}),
    "callback": frozenset({"due", "rings"}),
    "visit_cash_taken": frozenset({"amount"}),
}
_NOTHING: Final[frozenset[str]] = frozenset()
_LONGEST: Final = 200
_NEXT_YEARS: Final = timedelta(
    days=300
)  # a day without a year that has just passed is meant, not the next one


def lines_of(text: str) -> list[str]:
    """The lines of a text that say anything; `;` ends one too."""
    return [line.strip() for line in re.split(r"[\n;；]", text) if line.strip()]


def looks_like_entries(text: str) -> bool:
    """Whether a text is meant as such lines: its first has `@` and a figure, or begins with an outcome."""
    lines = lines_of(text)
    return bool(lines) and (
        _TIMED.search(spelled_out(plain(lines[0]))) is not None or _begins_with_code(lines[0])
    )


def _begins_with_code(line: str) -> bool:
    said = plain(line)
    return any(re.match(rf"{re.escape(name)}(?![\w-])", said) and re.search(r"\d", said) for name in _names())


def candidates(line: str) -> tuple[str, ...]:
    """What may name a loan or case in a line, in capitals; also without a blank or dash that slipped."""
    said = [part for part in re.split(r"[\s,;]+", plain(line).upper()) if part and not part.startswith("@")]
    parts = [part.strip("#.:()") for part in said]
    pairs = [(one, other) for one, other in pairwise(parts) if one.isalpha()]
    found = [*parts, *(f"{one}{other}" for one, other in pairs), *(f"{one}-{other}" for one, other in pairs)]
    found += [re.sub(r"(?<=[A-Z])(?=\d)", "-", part, count=1) for part in found]
    found += [part.replace("-", "") for part in found]
    return tuple(dict.fromkeys(part for part in found if any(sign.isdigit() for sign in part)))


def read_entry(line: str, refs: Mapping[str, str], today: date, order: Order | None) -> Entry | Doubt:
    """A line. `refs`: those of its `candidates` that name a loan or case, and what the caller calls it."""
    said = spelled_out(plain(line[:_LONGEST]))
    ref, said = _taken_ref(said, refs)
    if ref is None:
        return Doubt(line, "loan")
    when = _AT.findall(said)
    found = _AT.search(said)
    if "@" in said and (found is None or len(when) != 1 or said.count("@") != 1):
        return Doubt(line, "time")
    code, rest = _taken_code(said if found is None else said[: found.start()] + " " + said[found.end() :])
    if code is None:
        return Doubt(line, "code")
    needs = _NEEDS.get(code, _NOTHING)
    if found is not None:
        at, on = _time_of(found), _day_of(found["day"], today, order)
        if on == "unclear":
            return Doubt(line, "time")
    else:  # the @ was forgotten: plain where there is one time, and the outcome has none of its own
        bare = take_time(rest)
        if len(bare.times) != 1 or "rings" in needs:
            return Doubt(line, "time")
        at, on, rest = bare.times[0], None, bare.rest
    if at is None or isinstance(on, str):
        return Doubt(line, "time")
    return _filled(line, Entry(code, ref, at, on), rest, needs, today, order)


def _filled(
    line: str, entry: Entry, rest: str, needs: frozenset[str], today: date, order: Order | None
) -> Entry | Doubt:
    """With what the outcome needs; nothing may be left that was not understood."""
    rings: time | None = None
    if "rings" in needs:
        timed = take_time(rest)
        if len(timed.times) != 1:
            return Doubt(line, "moment")
        rings, rest = timed.times[0], timed.rest
    due: date | None = None
    if "due" in needs:
        said = take_date(rest, entry.on or today, order)
        if len(said.dates) != 1:
            return Doubt(line, "day")
        due, rest = said.dates[0], said.rest
        if (
            due < (entry.on or today)
            or due - (entry.on or today) > _NEXT_YEARS
            or ("rings" in needs and not today <= due <= today + FARTHEST)
        ):
            return Doubt(line, "day")
    amount: str | None = None
    if "amount" in needs:
        found = list(_MONEY.finditer(rest))
        if len(found) != 1:
            return Doubt(line, "amount")
        amount, rest = found[0][0].strip(), rest[: found[0].start()] + rest[found[0].end() :]
    if re.search(r"[\w@]", re.sub(r"\b(?:on|for|by|of|at|eur|loan|to|pay)\b", "", rest)):
        # A day beside the time, and no @ before them: it is the moment that is not plain.
        return Doubt(line, "rest" if "@" in line or not take_date(rest, today, order).dates else "time")
    return msgspec.structs.replace(entry, amount=amount, due=due, rings=rings)


def _taken_ref(said: str, refs: Mapping[str, str]) -> tuple[str | None, str]:
    """The one loan or case that the line names, and the line without it."""
    named = {written: ref for written, ref in refs.items() if written in candidates(said)}
    lettered = {written: ref for written, ref in named.items() if not written.isdigit()}
    named = lettered or named
    if len(set(named.values())) != 1:
        return None, said
    for written in sorted(named, key=len, reverse=True):
        spaced = r"\s?-?\s?".join(
            re.escape(part) for part in re.split(r"-|(?<=[A-Z])(?=\d)", written) if part
        )
        said = re.sub(rf"(?<![\w@])#?{spaced}(?![\w/:-])", " ", said, flags=re.IGNORECASE)
    return next(iter(named.values())), said


def _taken_code(said: str) -> tuple[str | None, str]:
    """What came of it, and the line without it: a name of the list, or one that is a letter off."""
    found: dict[str, None] = {}
    rest = said
    for name, code in _names().items():
        pattern = rf"(?<![a-z]){re.escape(name)}(?![a-z])" if name.isascii() else re.escape(name)
        rest, count = re.subn(pattern, " ", rest)
        if count:
            found[code] = None
    if found:
        return (next(iter(found)), rest) if len(found) == 1 else (None, said)
    for word in re.findall(r"[a-z]{4,}", said):
        near = {code for name, code in _names().items() if len(name) > 3 and _is_near(word, name)}
        if len(near) == 1:
            return near.pop(), said.replace(word, " ", 1)
    return None, said


def _is_near(word: str, name: str) -> bool:
    """Whether one letter was left out, put in, taken for another, or two were swapped."""
    if abs(len(word) - len(name)) > 1 or word[0] != name[0]:
        return False
    at = next(
        (at for at, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), min(len(word), len(name))
    )
    after, wanted = word[at:], name[at:]
    swapped = len(after) > 1 and len(wanted) > 1 and after[1::-1] + after[2:] == wanted
    return swapped or wanted in (after[1:],) or wanted[1:] in (after, after[1:])


def _time_of(found: re.Match[str]) -> time | None:
    part = found["part"] or found["later"]
    if found["part"] and found["later"]:
        return None
    if found["hour"]:
        return clock_time(int(found["hour"]), int(found["minute"]), part, found["after"])
    return time_of(found, part)


def _day_of(written: str | None, today: date, order: Order | None) -> date | Literal["unclear"] | None:
    if written is None:
        return None
    if written in _AGO:
        return today - timedelta(days=_AGO[written])
    days = [day for day in read_date(written, today, order) if day <= today]
    year = [ago for day in read_date(written, today, order) if day > today and (ago := _a_year_ago(day))]
    return days[0] if len(days) == 1 else year[0] if len(year) == 1 and not days else "unclear"


def _a_year_ago(day: date) -> date | None:
    """The same day a year ago; None: that year had no 29 February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return None


@cache
def _names() -> dict[str, str]:
    """What is written for each outcome, the longest first."""
    loaded: object = YAML(typ="safe", pure=True).load(  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
        (files("messages.typed") / "entries.yaml").read_text("utf-8")
    )
    table = msgspec.convert(loaded, dict[str, list[str]])
    names = {plain(name): code for code, written in table.items() for name in written}
    return dict(sorted(names.items(), key=lambda item: (-len(item[0]), item[0])))


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """The shortest way to write each of `codes`, for a help text."""
    shortest = {code: name for name, code in _names().items() if name.isascii()}
    return {code: shortest[code].upper() for code in codes if code in shortest}
