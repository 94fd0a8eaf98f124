"""A case: what it owes, the ladder with where it stands, why, what comes next, all that happened.

And what one may do with it, as far as one's rights go.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from mimetypes import guess_extension
from types import MappingProxyType
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Form, HTTPException, Path, Query, Response

from casework.errors import CaseworkInputError
from casework.insight.case import Heard, Opened, open_page, timeline, why
from casework.outcomes import Details
from casework.plans import Part
from casework.say import Reason
from casework.staff import at_case
from casework.staff.card import OWED
from casework.staff.noting import file_of_note
from casework.staff.offering import case_called_then
from casework.staff.rights import Action
from casework.staff.talk_pages import is_readable
from casework.staff.team import assign, colleagues
from console.amounts import amount, amounts, currencies_hint, typed
from console.pictures import handed
from console.registry import Page
from console.render import go, show
from console.sure import Sure, more_than_owed, no_call_then, plan_as_read
from console.visits import Visit, Visiting
from console.waking import wake
from ledger.money import Money

Key = Annotated[int, Path(ge=1, lt=1 << 63)]
Line = Annotated[str, Form(max_length=320)]
Done = Literal["recorded", "planned", "held", "lifted", "given", "written", "invited", "corrected"]

CODES: Final = (
    "promise",
    "callback",
    "claims_paid",
    "refused",
    "dispute",
    "hardship",
    "vulnerable",
    "plan_agreed",
    "complaint",
    "no_answer",
    "busy",
    "voicemail",
    "wrong_number",
    "wrong_person",
    "third_party",
    "deceased",
    "bankrupt",
    "represented",
    "fraud_claim",
)
"""What is entered on the page: what a call brings. Visits are entered where they are made."""


class Told(msgspec.Struct, frozen=True):
    """An entry of the line, as it is drawn. `href`: why it was sent; `talk`: where it was said; `file`: a
    voice or photo."""

    heard: Heard
    title: str
    about: str
    href: str | None
    talk: str | None
    file: str | None


async def case(
    visit: Visiting,
    key: Key,
    done: Done | None = None,
    before: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """The page."""
    return await _page(visit, key, done=done, before=before)


async def _page(
    visit: Visit,
    key: int,
    *,
    done: Done | None = None,
    before: str | None = None,
    wrong: str | None = None,
    refused: Sequence[Reason] = (),
    sure: Sure | None = None,
    form: str = "",
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """`form`: which was refused, and what was `typed` in it: it stays."""
    office, member = visit.desk.office, visit.member
    opened = await open_page(office, member, key, visit.now)
    line = await timeline(office, member, key, visit.now, _place(before))
    others = await colleagues(office, member, key, visit.now) if visit.may(Action.ASSIGN_CASE) else ()
    promise = opened.card.promise
    older = None
    if line.older is not None:
        at, kind, id_ = line.older
        older = f"/cases/{key}?before={at.timestamp()}_{kind}_{id_}"
    return show(
        visit,
        "case.html",
        200 if wrong is None and not refused and sure is None else 422,
        key=key,
        one=opened,
        line=[_told(visit, key, heard) for heard in line.entries],
        older=older,
        before=before,
        others=others,
        done=done,
        wrong=wrong,
        refused=refused,
        sure=sure,
        form=form,
        typed=typed,
        codes=CODES,
        holds=at_case.HOLDS,
        once=f"{visit.now.timestamp():.6f}",
        talk=opened.card.talk if await is_readable(office, member, opened.card.talk) else None,
        owed=_owed(visit, opened),
        promised=amount(visit.speech, promise.minor, promise.currency) if promise else "",
        currencies=currencies_hint(visit.speech, [one.currency for one in opened.card.owed]),
        right=Action,
    )


def _owed(visit: Visit, opened: Opened) -> tuple[str, str]:
    owed = opened.card.owed
    return (
        amounts(visit.speech, [(one.currency, one.arrears) for one in owed]),
        amounts(visit.speech, [(one.currency, one.outstanding) for one in owed]),
    )


def _place(before: str | None) -> tuple[datetime, str, int] | None:
    if before is None:
        return None
    try:
        at, kind, id_ = before.split("_")
        return datetime.fromtimestamp(float(at), ZoneInfo("UTC")), kind, int(id_)
    except (ValueError, OverflowError, OSError):
        raise HTTPException(404) from None


def _told(visit: Visit, key: int, heard: Heard) -> Told:
    """What an entry is, and what is to be said of it."""
    words, one = visit.speech["case"], heard.entry
    codes, channels = words["codes"], words["channels"]
    named = codes if one.kind in ("outcome", "undone") else channels
    what = named.get(one.what, words["works"].get(one.what, one.what.replace("_", " ")))
    parts = [what, words["hows"].get(one.how, one.how.replace("_", " "))]
    if one.minor is not None and one.currency is not None:
        parts.append(amount(visit.speech, one.minor, one.currency))
    if one.day is not None:
        parts.append(str(one.day))
    detail = visit.speech.said(one.detail) if one.kind == "decision" else one.detail  # else what people wrote
    talk = f"/talks/{one.detail}" if one.kind == "said" and visit.may(Action.TALK) else None
    parts += [one.loan or "", "" if one.kind == "said" else detail, one.who]
    href = f"/cases/{key}/why/{one.id}" if one.kind == "sent" else None
    file = f"/cases/{key}/notes/{one.id}" if heard.file else None
    return Told(heard, words["kinds"][one.kind], " · ".join(part for part in parts if part), href, talk, file)


async def explained(visit: Visiting, key: Key, contact: Key) -> Response:
    """Why one contact was made, waits, or was not made."""
    found = await why(visit.desk.office, visit.member, key, contact, visit.now)
    return show(visit, "why.html", key=key, contact=contact, found=found)


async def noted(visit: Visiting, key: Key, note: Key) -> Response:
    """A voice or photo that was kept on the case, opened for this answer alone."""
    mime, content = await file_of_note(visit.desk.office, visit.member, key, note, visit.now)
    return handed(mime, content, f"note-{note}{guess_extension(mime) or ''}")


async def outcome(
    visit: Visiting,
    key: Key,
    code: Line,
    once: Line,
    amount: Line = "",
    due: Line = "",
    at: Line = "",
    note: Annotated[str, Form(max_length=4000)] = "",
    sure: Line = "",
) -> Response:
    """What came of it. More than is owed is asked about, unless they are `sure`."""
    told = {"code": code, "once": once, "amount": amount, "due": due, "at": at, "note": note}
    try:
        owed, loans = await _named(visit, key, amount)
        details = Details(
            amount=None if owed is None else owed.minor,
            loans=loans,
            due=date.fromisoformat(due) if due else None,
            at=_moment(visit, at),
            note=note.strip() or None,
        )
    except ValueError as error:
        return await _page(visit, key, wrong=str(error), form="outcome", typed=told)
    asked = None if sure else await _hardly_meant(visit, key, details, owed, told)
    if asked is not None:
        return await _page(visit, key, sure=asked)
    try:
        await at_case.record(
            visit.desk.office,
            visit.member,
            key,
            code,
            f"page:{visit.member.id}:{key}:{once}",
            visit.now,
            details,
        )
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error), form="outcome", typed=told)
    await wake(visit.desk, "look")
    return go(f"/cases/{key}?done=recorded")


async def plan(
    visit: Visiting,
    key: Key,
    once: Line,
    parts: Annotated[str, Form(max_length=4000)] = "",
    read: Annotated[str, Form(max_length=4000)] = "",
    currency: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """A plan that was agreed: its payments as typed are read back, then sent as they were `read`."""
    office, member = visit.desk.office, visit.member
    try:
        if not read:
            named, found = await at_case.read_plan(office, member, key, parts, visit.now)
            asked = plan_as_read(visit, named, found, f"/cases/{key}/plan", once)
            return await _page(visit, key, sure=asked)
        told = f"plan:{member.id}:{key}:{once}"
        await at_case.agree(office, member, key, currency, _parts(read), told, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error), form="plan", typed={"parts": parts})
    await wake(visit.desk, "look")
    return go(f"/cases/{key}?done=planned")


def _parts(sent: str) -> tuple[Part, ...]:
    """Payments as `plan_as_read` sends them."""
    try:
        pairs = [one.split("=") for one in sent.split()]
        return tuple(Part(date.fromisoformat(due), int(minor)) for due, minor in pairs)
    except ValueError:
        raise HTTPException(400) from None


async def _hardly_meant(
    visit: Visit, key: int, details: Details, named: Money | None, told: Mapping[str, str]
) -> Sure | None:
    """What is asked first: more than is owed, or a call at a moment when none may be made."""
    office, member, where = visit.desk.office, visit.member, f"/cases/{key}/outcome"
    if told["code"] == "callback" and details.at is not None:
        return no_call_then(
            visit, await case_called_then(office, member, key, details.at, visit.now), where, told
        )
    if named is None:
        return None
    opened = await open_page(office, member, key, visit.now)
    owed = sum(one.outstanding for one in opened.card.owed if one.currency == named.currency)
    return more_than_owed(visit, named.minor, owed, named.currency, where, told)


async def _named(visit: Visit, key: int, text: str) -> tuple[Money | None, tuple[int, ...]]:
    """An amount as it is typed, and the loans (ids) it is about; none: all of the case.

    CaseworkInputError: it is none.
    """
    if not text.strip():
        return None, ()
    opened = await open_page(visit.desk.office, visit.member, key, visit.now)
    currencies = [one.currency for one in opened.card.owed]
    if not currencies:
        raise CaseworkInputError(visit.speech["work"]["nothing_owed"])
    named = typed(visit.speech, text, currencies)
    if len(currencies) == 1:
        return named, ()
    return named, tuple(
        one.id for one in opened.loans if one.currency == named.currency and one.unpaid and one.status in OWED
    )


def _moment(visit: Visit, text: str) -> datetime | None:
    """A moment as the browser gives it, on the reader's clock."""
    if not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(visit.settings.zone))


async def hold(
    visit: Visiting,
    key: Key,
    kind: Line,
    reason: Line = "",
    days: Annotated[int | None, Form(ge=1, le=3650)] = None,
) -> Response:
    """Hold it, for some days or until somebody lifts it."""
    ends = None if days is None else visit.now + timedelta(days=days)
    try:
        await at_case.hold(visit.desk.office, visit.member, key, kind, ends, reason, visit.now)
    except CaseworkInputError as error:
        told = {"kind": kind, "reason": reason, "days": "" if days is None else str(days)}
        return await _page(visit, key, wrong=str(error), form="hold", typed=told)
    return go(f"/cases/{key}?done=held")


async def lift(visit: Visiting, key: Key, hold_key: Annotated[int, Form(ge=1, lt=1 << 63)]) -> Response:
    """End a hold."""
    reason = visit.speech["case"]["lifted"]
    await at_case.lift(visit.desk.office, visit.member, key, hold_key, reason, visit.now)
    return go(f"/cases/{key}?done=lifted")


async def give(visit: Visiting, key: Key, to: Line = "") -> Response:
    """Somebody else's from now on; to nobody: back to the queue."""
    await assign(visit.desk.office, visit.member, [key], to or None, visit.now)
    return go(f"/cases/{key}?done=given")


async def message(
    visit: Visiting,
    key: Key,
    channel: Annotated[Literal["sms", "email", "chat"], Form()],
    words: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """One's own words to the person, through the gate of the machine; refused with every reason."""
    told = {"channel": channel, "words": words}
    if not words.strip():
        return await _page(visit, key, wrong=visit.speech["case"]["no_words"], form="message", typed=told)
    try:
        said = await at_case.write_words(visit.desk.office, visit.member, key, channel, words, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error), form="message", typed=told)
    if said.contact is None:
        return await _page(visit, key, refused=said.reasons, form="message", typed=told)
    await wake(visit.desk, "deliver")
    return go(f"/cases/{key}?done=written")


async def invite(visit: Visiting, key: Key) -> Response:
    """Send the person what links a chat to them."""
    try:
        await at_case.link_chat(visit.desk.office, visit.member, key, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error))
    await wake(visit.desk, "deliver")
    return go(f"/cases/{key}?done=invited")


async def address(
    visit: Visiting,
    key: Key,
    id_: Annotated[int, Form(alias="address", ge=1, lt=1 << 63)],
    finding: Annotated[Literal["confirmed", "unverified", "detached"], Form()],
) -> Response:
    """Whose an address is, as it was found out."""
    await at_case.correct_address(visit.desk.office, visit.member, key, id_, finding, visit.now)
    return go(f"/cases/{key}?done=corrected")


_SEE: Final = (Action.SEE_LOAN,)

PAGES = (
    Page("/cases/{key}", case, _SEE),
    Page("/cases/{key}/why/{contact}", explained, (Action.EXPLAIN,)),
    Page("/cases/{key}/notes/{note}", noted, (Action.READ_PERSONAL_DATA,)),
    Page("/cases/{key}/outcome", outcome, (Action.RECORD_OUTCOME,), method="POST"),
    Page("/cases/{key}/plan", plan, (Action.RECORD_OUTCOME,), method="POST"),
    Page("/cases/{key}/hold", hold, (Action.PLACE_HOLD,), method="POST"),
    Page("/cases/{key}/lift", lift, (Action.LIFT_HOLD,), method="POST"),
    Page("/cases/{key}/give", give, (Action.ASSIGN_CASE,), method="POST"),
    Page("/cases/{key}/message", message, (Action.SAY,), method="POST"),
    Page("/cases/{key}/invite", invite, (Action.LINK_CHAT,), method="POST"),
    Page("/cases/{key}/address", address, (Action.SETTLE_ADDRESS,), method="POST"),
)
