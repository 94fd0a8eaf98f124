"""The cases: found by anything, narrowed, with the columns of one's choice."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Form, Path, Response

from casework.errors import CaseworkInputError
from casework.insight.cases import Line, Wanted, cases
from casework.staff.keeping import drop_filter, filters_of, is_view, keep_filter
from casework.staff.rights import Action
from console.amounts import amounts
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import go
from console.visits import Visit, Visiting

Line_ = Annotated[str, Form(max_length=320)]


def _listing(visit: Visit) -> Listing:
    speech = visit.speech
    words = speech["cases"]

    def choices(table: str) -> list[tuple[str, str]]:
        return list(words[table].items())

    return Listing(
        "cases",
        "/cases",
        (
            Column("case", lambda line: line.code, "code", href=lambda line: f"/cases/{line.case}"),
            Column("name", lambda line: line.name),
            Column("borrower", lambda line: line.borrower, shown=False),
            Column("portfolio", lambda line: line.portfolio),
            Column("days_late", lambda line: line.days_late, "number"),
            Column("bucket", lambda line: line.bucket, words="buckets"),
            Column("grade", lambda line: line.grade, words="grades"),
            Column("arrears", lambda line: amounts(speech, [(c, due) for c, due, _ in line.owed]), "number"),
            Column(
                "outstanding",
                lambda line: amounts(speech, [(c, whole) for c, _, whole in line.owed]),
                "number",
                shown=False,
            ),
            Column("loans", lambda line: ", ".join(line.loans)),
            Column("tags", lambda line: ", ".join(line.tags), shown=False),
            Column("collector", lambda line: line.collector),
            Column("promise", lambda line: line.promise_due),
            Column("holds", lambda line: _held(words, line)),
            Column("last_contact", lambda line: line.last_contact, "moment"),
            Column("next", lambda line: line.next_look, "moment", shown=False),
        ),
        (
            Filter("text"),
            Filter("portfolio"),
            Filter("late", lambda _: choices("lateness")),
            Filter("bucket"),
            Filter("grade", lambda _: choices("grades")[1:]),
            Filter("dpd"),
            Filter("collector"),
            Filter("promise", lambda _: choices("promises")),
            Filter("hold", lambda _: choices("held")),
            Filter("upcoming", lambda _: choices("comes")),
            Filter("tag"),
        ),
    )


def _held(words: Mapping[str, Mapping[str, str]], line: Line) -> str:
    return ", ".join(words["held"].get(kind, kind.replace("_", " ")) for kind in line.holds)


async def all_cases(visit: Visiting) -> Response:
    """The list; without a word of what is asked for, the oldest debt first."""

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        found = await cases(visit.desk.office, visit.member, _wanted(asked), visit.now, before, limit)
        return Rows(found.lines, found.older)

    listing = _listing(visit)
    views = await filters_of(visit.desk.office, visit.member)
    here = visit.request.query_params
    return await listed(
        visit,
        listing,
        "cases.html",
        fetch,
        views=[(one, _address_of(one.wanted)) for one in views],
        wanted=_wanted_of(listing, here),
    )


def _wanted_of(listing: Listing, asked: Mapping[str, str]) -> str:
    """What is asked for as it is kept: a search is the words that the chat finds by, else a query of ours."""
    kept = {one.key: asked[one.key].strip() for one in listing.filters if asked.get(one.key, "").strip()}
    return kept["text"] if kept.keys() == {"text"} else f"?{urlencode(kept)}" if kept else ""


def _address_of(wanted: str) -> str:
    """Where a kept search leads on this page."""
    return f"/cases{wanted if is_view(wanted) else '?' + urlencode({'text': wanted})}"


async def keep_view(visit: Visiting, name: Line_, wanted: Annotated[str, Form(max_length=2000)]) -> Response:
    """Keep what is asked for now under a name; the one of that name before is no more."""
    if is_view(wanted):
        wanted = _wanted_of(_listing(visit), dict(parse_qsl(wanted[1:])))
    await keep_filter(visit.desk.office, visit.member, name, wanted, visit.now)
    return go(_address_of(wanted))


async def drop_view(visit: Visiting, key: Annotated[int, Path(ge=1, lt=1 << 63)]) -> Response:
    """It is kept no more."""
    await drop_filter(visit.desk.office, visit.member, key)
    return go("/cases")


def _wanted(asked: Mapping[str, str]) -> Wanted:
    late = asked.get("late")
    return Wanted(
        text=asked.get("text"),
        portfolio=asked.get("portfolio"),
        late=None if late is None else late == "yes",
        bucket=asked.get("bucket"),
        grade=asked.get("grade"),
        dpd=_days(asked.get("dpd")),
        collector=asked.get("collector"),
        promise=asked.get("promise"),
        hold=asked.get("hold"),
        upcoming=asked.get("upcoming"),
        tag=asked.get("tag"),
    )


def _days(text: str | None) -> tuple[int | None, int | None]:
    """ "30-60", "60+" or "45"."""
    if text is None:
        return None, None
    low, sign, high = text.replace(" ", "").partition("+" if text.strip().endswith("+") else "-")
    given = [low, *([high] if high else [])]
    if not all(one.isascii() and one.isdecimal() and len(one) < 6 for one in given):
        raise CaseworkInputError(f"{text!r} is no range of days: write 30-60, 60+ or 45")
    if sign == "+":
        return int(low), None
    return int(low), int(high or low)


_SEE: Final = (Action.SEE_LOAN,)

PAGES = (
    Page("/cases", all_cases, _SEE, menu="cases", group="work"),
    Page("/cases/views", keep_view, _SEE, method="POST"),
    Page("/cases/views/{key}/drop", drop_view, _SEE, method="POST"),
)
