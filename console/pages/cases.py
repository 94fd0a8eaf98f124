"""The cases: found by anything, narrowed, with the columns of one's choice."""

from collections.abc import Mapping

from fastapi import Response

from casework.errors import CaseworkInputError
from casework.insight.cases import Line, Wanted, cases
from casework.staff.rights import Action
from console.amounts import amounts
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.visits import Visit, Visiting


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

    return await listed(visit, _listing(visit), "cases.html", fetch)


def _wanted(asked: Mapping[str, str]) -> Wanted:
    late = asked.get("late")
    return Wanted(
        text=asked.get("text"),
        portfolio=asked.get("portfolio"),
        late=None if late is None else late == "yes",
        bucket=asked.get("bucket"),
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


PAGES = (Page("/cases", all_cases, (Action.SEE_LOAN,), menu="cases", group="work"),)
