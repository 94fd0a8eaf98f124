"""The collector's day: the case at hand, the call, what came of it in two keys, and the next by itself."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_skeleton
from fastapi import Form, Path, Query, Response

from casework.errors import CaseworkInputError
from casework.outcomes import Details
from casework.say import Reason
from casework.staff.card import Card, case_of, code_of
from casework.staff.desk import RESTS, at_hand, next_case, open_case, skip
from casework.staff.entering import enter, key_of, lately, take_back
from casework.staff.noting import keep, notes_of
from casework.staff.offering import Offer, call_then, offer
from casework.staff.reaching import (
    WRITTEN,
    Shown,
    not_called,
    show_number,
    texts_now,
    write_text,
    write_words,
)
from casework.staff.rights import Action
from casework.staff.talk_pages import is_readable
from casework.staff.taps import CATEGORIES, STOPS, days_of, moments_of
from casework.staff.views import my_callbacks, my_day, my_promises
from console.amounts import amount as money
from console.amounts import amounts, currencies_hint, typed
from console.language import LOCALES
from console.registry import Page
from console.render import go, show
from console.sure import Sure, more_than_owed, no_call_then
from console.visits import Visit, Visiting
from console.waking import wake
from ledger.money import Money, format_major
from policy.values import Channel

Key = Annotated[int, Form(ge=1, lt=1 << 63)]
Line = Annotated[str, Form(max_length=320)]
Words = Annotated[str, Form(max_length=4000)]
Written = Annotated[Channel, Form()]

SKIPS: Final = tuple(reason for reason in RESTS if reason != "written")
WITH_AMOUNT: Final = "visit_cash_taken"
# What a group of outcomes opens besides its codes; "promise" and "callback" have no others.
GROUPS: Final = ("missed", "promise", "callback", "said", "visit", "special")


class Chip(msgspec.Struct, frozen=True):
    """A day or a moment to pick: its value in the form, and how it is called."""

    value: str
    label: str


async def work(visit: Visiting, none: Annotated[str, Query(max_length=1)] = "") -> Response:
    """What is at hand."""
    return await _page(visit, none=bool(none))


async def _page(
    visit: Visit,
    *,
    none: bool = False,
    wrong: str | None = None,
    refused: Sequence[Reason] = (),
    shown: Shown | None = None,
    written: bool = False,
    sure: Sure | None = None,
    stays: str | None = None,
) -> Response:
    office, member, now = visit.desk.office, visit.member, visit.now
    card = await at_hand(office, member, now)
    given: dict[str, Any] = {}
    if card is not None and card.turn is not None:
        given = await _at_hand(visit, card, card.turn)
    entered = await lately(office, member, now)
    return show(
        visit,
        "work.html",
        200 if wrong is None and not refused and sure is None else 422,
        sure=sure,
        stays=stays,
        card=card,
        none=none,
        wrong=wrong,
        refused=refused,
        shown=shown,
        written=written,
        entered=entered,
        entered_code=None if entered is None else code_of(entered.case),
        seconds=0 if entered is None else max(0, round((entered.until - now).total_seconds())),
        callbacks=await my_callbacks(office, member),
        promises=await my_promises(office, member, now),
        day=await my_day(office, member, now),
        code_of=code_of,
        money=partial(money, visit.speech),
        skips=SKIPS,
        channels=WRITTEN,
        **given,
    )


async def _at_hand(visit: Visit, card: Card, turn: int) -> dict[str, Any]:
    """What is shown of a case at hand beside its card."""
    office, member, now = visit.desk.office, visit.member, visit.now
    offered = await offer(office, member, turn, now)
    zone = card.zone if offered is None else offered.zone
    return {
        "groups": GROUPS,
        "codes": CATEGORIES,
        "stops": STOPS,
        "with_amount": WITH_AMOUNT,
        "offered": offered,
        "texts": await texts_now(office, member, turn, now),
        "to_promise": "" if offered is None else _to_promise(offered),
        "days": () if offered is None else _days(visit, offered),
        "moments": [Chip(at.isoformat(), visit.speech.moment(at, zone)) for at in moments_of(zone, now)],
        "currencies": None
        if offered is None
        else currencies_hint(visit.speech, (offered.currency, *offered.others)),
        "owed": (
            amounts(visit.speech, [(one.currency, one.arrears) for one in card.owed]),
            amounts(visit.speech, [(one.currency, one.outstanding) for one in card.owed]),
        ),
        "talk_readable": await is_readable(office, member, card.talk),
        "notes": await notes_of(office, member, turn, now) if card.notes and card.personal else (),
    }


def _to_promise(offered: Offer) -> str:
    """The amount that is proposed, in major units, as it is typed."""
    text = format_major(offered.arrears or offered.outstanding, offered.currency)
    return str(Decimal(text))


def _days(visit: Visit, offered: Offer) -> list[Chip]:
    speech = visit.speech
    made: list[Chip] = []
    for day in days_of(offered):
        ahead = (day - offered.today).days
        label = format_skeleton("MMMEd", day, locale=LOCALES[speech.code])
        if day == offered.payday:
            label = speech["work"]["payday"].format(day=label)
        elif ahead < 2:
            label = speech["work"]["today"] if ahead == 0 else speech["work"]["tomorrow"]
        made.append(Chip(day.isoformat(), label))
    return made


async def give_next(visit: Visiting) -> Response:
    """The next case."""
    return await _next(visit)


async def _next(visit: Visit, but: int | None = None) -> Response:
    card = await next_case(visit.desk.office, visit.member, visit.now, but)
    return go("/work?none=1" if card is None else "/work")


async def by_code(visit: Visiting, code: Annotated[str, Path(pattern=r"^[Kk][0-9]{1,18}$")]) -> Response:
    """Where the chat sends somebody for a case that it shows by its code alone: who works has it at hand."""
    case = case_of(code)
    try:
        card = await open_case(visit.desk.office, visit.member, case, visit.now)
    except CaseworkInputError:  # somebody else has it at hand: its page is there all the same
        return go(f"/cases/{case}")
    return go(f"/cases/{case}" if card.turn is None else "/work")


async def call(visit: Visiting, turn: Key) -> Response:
    """The number, on this answer alone: the page asked for again has it no more."""
    try:
        found = await show_number(visit.desk.office, visit.member, turn, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, wrong=str(error))
    return await _page(visit, shown=found, refused=found.reasons)


async def outcome(
    visit: Visiting,
    turn: Key,
    code: Line,
    amount: Line = "",
    due: Line = "",
    at: Line = "",
    local: Line = "",
    channel: Line = "",
    sure: Line = "",
) -> Response:
    """What came of it; then the next case. More than is owed is asked about, unless they are `sure`."""
    office, member = visit.desk.office, visit.member
    try:
        details = await _details(visit, turn, code, amount, due, at or local, channel)
        asked = None
        if details is not None and not sure:
            told = {"turn": str(turn), "code": code, "amount": amount, "due": due, "at": at, "local": local}
            asked = await _hardly_meant(visit, turn, details, told)
        if asked is not None:
            return await _page(visit, sure=asked)
        entered = await enter(office, member, turn, code, visit.now, details)
    except (CaseworkInputError, ValueError) as error:
        before = await lately(office, member, visit.now)
        if before is not None and before.key == key_of(turn):  # a key that was held too long
            return go("/work")
        return await _page(visit, wrong=str(error))
    await wake(visit.desk, "look")
    return await _next(visit, entered.case)


async def _hardly_meant(visit: Visit, turn: int, details: Details, told: Mapping[str, str]) -> Sure | None:
    """What is asked first: more than is owed, or a call at a moment when none may be made."""
    if details.at is not None:
        against = await call_then(visit.desk.office, visit.member, turn, details.at, visit.now)
        return no_call_then(visit, against, "/work/outcome", told)
    if details.amount is None:
        return None
    offered, named = await _named(visit, turn, told["amount"])
    return more_than_owed(visit, named.minor, offered.outstanding, named.currency, "/work/outcome", told)


async def _named(visit: Visit, turn: int, text: str) -> tuple[Offer, Money]:
    """An amount as it is typed, and what is offered in its currency. CaseworkInputError: it is none."""
    office, member = visit.desk.office, visit.member
    offered = await offer(office, member, turn, visit.now)
    if offered is None:
        raise CaseworkInputError(visit.speech["work"]["nothing_owed"])
    named = typed(visit.speech, text, (offered.currency, *offered.others))
    if named.currency != offered.currency:
        offered = await offer(office, member, turn, visit.now, currency=named.currency)
    if offered is None:  # paid since
        raise CaseworkInputError(visit.speech["work"]["nothing_owed"])
    return offered, named


async def _details(
    visit: Visit, turn: int, code: str, amount: str, due: str, at: str, channel: str
) -> Details | None:
    """What was told with it. CaseworkInputError, ValueError: what cannot be read."""
    if code == "stop":
        return Details(channel=channel or None)
    if code == "callback":
        return Details(at=_moment(visit, at))
    if code not in ("promise", WITH_AMOUNT):
        return None
    offered, named = await _named(visit, turn, amount)
    if code == "promise":
        return Details(amount=named.minor, due=date.fromisoformat(due), loans=offered.loans)
    return Details(amount=named.minor, loans=offered.loans, channel="visit")


def _moment(visit: Visit, text: str) -> datetime | None:
    """A moment that was picked, or one on the reader's clock."""
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(visit.settings.zone))


async def undo(visit: Visiting, outcome_key: Key) -> Response:
    """Take the entry back: the case is at hand again."""
    try:
        taken = await take_back(visit.desk.office, visit.member, outcome_key, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, wrong=str(error))
    await wake(visit.desk, "look")
    if taken.stays is None:
        return go("/work")
    speech = visit.speech
    if taken.stays == "address":
        return await _page(visit, stays=speech["work"]["stays_address"])
    channel = speech["case"]["channels"].get(taken.channel, taken.channel)
    return await _page(visit, stays=speech["work"]["stays_stop"].format(channel=channel))


async def pass_by(visit: Visiting, turn: Key, reason: Line) -> Response:
    """It rests, for a reason; then the next case."""
    try:
        await skip(visit.desk.office, visit.member, turn, reason, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, wrong=str(error))
    return await give_next(visit)


async def no_call(visit: Visiting, turn: Key) -> Response:
    """The number was shown, and nobody called."""
    try:
        await not_called(visit.desk.office, visit.member, turn, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, wrong=str(error))
    return go("/work")


async def note(visit: Visiting, turn: Key, words: Words = "") -> Response:
    """Words to keep."""
    try:
        await keep(visit.desk.office, visit.member, turn, "text", words.strip(), visit.now)
    except CaseworkInputError as error:
        return await _page(visit, wrong=str(error))
    return go("/work")


async def write(visit: Visiting, turn: Key, channel: Written, text: Line = "", words: Words = "") -> Response:
    """A text of the library or one's own words, if the rules let it go; refused with every reason."""
    office, member = visit.desk.office, visit.member
    try:
        if words.strip():
            said = await write_words(office, member, turn, channel, words, visit.now)
        else:
            said = await write_text(office, member, turn, channel, text, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, wrong=str(error))
    if said.contact is None:
        return await _page(visit, refused=said.reasons)
    await wake(visit.desk, "deliver")
    return await _page(visit, written=True)


_TAKES: Final = (Action.TAKE_CASE,)
_WRITES: Final = (Action.SAY,)

PAGES: Final = (
    Page("/work", work, _TAKES, menu="work", group="work"),
    Page("/work/next", give_next, _TAKES, method="POST"),
    Page("/work/call", call, _TAKES, method="POST"),
    Page("/work/outcome", outcome, _TAKES, method="POST"),
    Page("/work/undo", undo, _TAKES, method="POST"),
    Page("/work/skip", pass_by, _TAKES, method="POST"),
    Page("/work/no-call", no_call, _TAKES, method="POST"),
    Page("/work/note", note, _TAKES, method="POST"),
    Page("/work/write", write, _WRITES, method="POST"),
)
# A code stands where the other pages of work have their names, so it comes after all of them.
BY_CODE: Final = (Page("/work/{code}", by_code, (Action.SEE_LOAN,)),)
