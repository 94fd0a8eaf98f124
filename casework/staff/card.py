"""A case as whoever works at it sees it: masked, with what was last said, what may be done, and why now.

What a role may not see is not in the card at all. Where a lender's chat of the staff carries nothing personal
it has a short code in place of name and loans; the console has both.
"""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.may import Permission, permission
from casework.office import Office
from casework.portfolios import PortfolioSpec, terms_of
from casework.staff.access import allowed, call_of
from casework.staff.people import Member
from casework.staff.rights import Action, may
from ledger.money import minor_digits
from ledger.standing import standing
from policy.calendar import local_day
from storage.audit import Event, write
from storage.chat.holdings import LoanRow, loans_of
from storage.raw import Raw
from storage.staff import cards
from storage.staff.desk import Turn
from storage.whom import CaseRow

_SHOWN: Final = 4  # loans by their number
_OUR_OWN: Final = frozenset({"book", "addresses", "texts"})  # what stands against it in no pack of rules


OWED: Final = frozenset({"active", "written_off"})
"""Statuses of loans that are owed to us."""


class Owed(msgspec.Struct, frozen=True):
    """What the case owes in one currency, in minor units."""

    currency: str
    arrears: int
    outstanding: int


def most_first(by: Mapping[str, tuple[int, int]]) -> list[str]:
    """Currencies by what is late and what is owed in each (minor units), the most first.

    In major units, which alone are near enough to compare: a yen has no cents.
    """

    def major(currency: str) -> tuple[Fraction, Fraction]:
        late, owed = by[currency]
        unit = 10 ** minor_digits(currency)
        return Fraction(late, unit), Fraction(owed, unit)

    return sorted(sorted(by), key=major, reverse=True)


class Gate(msgspec.Struct, frozen=True):
    """Whether a call would be allowed now; else why not, and (None: not by itself) when."""

    allowed: bool
    why: str = ""
    until: datetime | None = None


class Card(msgspec.Struct, frozen=True):
    """What is shown of a case. `name` and `loans` are None and empty where nothing personal may be shown.

    code      stands for the case everywhere: K17
    why       why it is given now: a kind of task ("call"), "arrears", "found" or "caller"
    dont      codes of what forbids or binds: holds, marks, channels that were stopped, a number to be proved
    stale     up to when payments are known, in words, where that is long ago
    shown     their number was shown: it counts as a call, unless there was none
    whose     who has it, at hand (`held`) or as their case; empty: nobody
    """

    case: int
    turn: int | None
    code: str
    portfolio: str
    personal: bool
    name: str | None
    loans: tuple[str, ...]
    owed: tuple[Owed, ...]
    days_late: int
    last: cards.LastOutcome | None
    promise: cards.OpenPromise | None
    why: str
    task: cards.TaskRow | None
    call: Gate
    do: tuple[str, ...]
    dont: tuple[str, ...]
    language: str | None
    today: date
    zone: str
    payday: date | None
    notes: int
    talk: int | None
    stale: str
    shown: bool = False
    whose: str = ""
    held: bool = False


def code_of(case: int) -> str:
    """What stands for a case where its number must not look like anything else: K17."""
    return f"K{case}"


def case_of(code: str) -> int:
    """The case that a code stands for. CaseworkInputError for what is none."""
    number = code.strip().upper().removeprefix("K")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise CaseworkInputError("a case has a code like K17")
    return int(number)


def masked(name: str) -> str:
    """A name that only who knows it recognises: "Ann Example" is "A** E**", 王小明 is 王**."""
    parts = name.split()
    return " ".join(f"{part[0]}**" for part in parts) if parts else "**"


async def card(
    raw: Raw,
    office: Office,
    member: Member,
    turn: Turn | None,
    case: int,
    why: str,
    now: datetime,
    asked: Permission | None = None,
) -> Card:
    """The card of a case; the look is on record. `asked`: what the rules say of a call, where that was asked
    at this very moment. Raises Denied, CaseworkInputError."""
    row, spec = await allowed(raw, office, member, case, Action.SEE_LOAN, now)
    book = await office.book(raw)
    facts = await cards.facts_of(raw, case, turn.task if turn else None, now)
    loans = [one for one in await loans_of(raw, row.person) if one.case == case]
    asked = asked or await permission(raw, book, row, await call_of(raw, case), now)
    reads = may(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=member.name)
    personal = reads and (member.on_page or spec.staff_chat == "personal")
    name = facts.name
    shown = None
    if personal and name is not None:
        shown = masked(office.keyring.open("persons", "name", row.person, name))
    said = asked.said
    until = said["until"]
    gate = Gate(asked.allowed, _why(asked), datetime.fromisoformat(until) if until else None)
    await write(
        raw.connection,
        [Event(now, member.name, member.actor.role, "case.seen", "case", case, {"why": why})],
    )
    if not asked.proved:
        facts = msgspec.structs.replace(facts, dont=(*facts.dont, "unverified"))
    made = _card(row, spec, turn, facts, loans, personal, shown, why, gate, asked.stale, now)
    whose, held = await cards.whose(raw, case)
    return msgspec.structs.replace(made, whose=whose, held=held)


def _why(asked: Permission) -> str:
    """What is told of several reasons: one that no later moment changes, rather than the hour."""
    if asked.allowed or not asked.noes:
        return ""
    lasting = [no for no in asked.noes if no.pack in _OUR_OWN]
    return (lasting or asked.noes)[0].detail


def _card(
    row: CaseRow,
    spec: PortfolioSpec,
    turn: Turn | None,
    facts: cards.CardFacts,
    loans: list[LoanRow],
    personal: bool,
    name: str | None,
    why: str,
    gate: Gate,
    stale: str,
    now: datetime,
) -> Card:
    today = local_day(now, facts.zone)
    owed, late = _owed(loans, spec, now)
    return Card(
        case=row.case,
        turn=turn.id if turn else None,
        code=code_of(row.case),
        portfolio=spec.portfolio,
        personal=personal,
        name=name,
        loans=tuple(one.external_id for one in loans if one.status == "active")[:_SHOWN] if personal else (),
        owed=owed,
        days_late=late,
        last=facts.last,
        promise=facts.promise,
        why=facts.task.kind if facts.task is not None else why,
        task=facts.task,
        call=gate,
        do=facts.do,
        dont=facts.dont,
        language=row.language,
        today=today,
        zone=facts.zone,
        payday=payday_after(facts.payday, today),
        notes=facts.notes,
        talk=facts.talk,
        stale=stale,
        shown=turn is not None and turn.shown,
    )


def _owed(loans: list[LoanRow], spec: PortfolioSpec, now: datetime) -> tuple[tuple[Owed, ...], int]:
    """By currency, the most first, and the days that the oldest is late."""
    by: dict[str, tuple[int, int]] = {}
    late = 0
    for one in loans:
        if one.status not in OWED:
            continue
        stands = standing(one.unpaid, terms_of(spec, one.currency), local_day(now, one.zone))
        arrears, outstanding = by.get(one.currency, (0, 0))
        by[one.currency] = (
            arrears + stands.arrears,
            outstanding + sum(part.left for part in one.unpaid),
        )
        late = max(late, stands.dpd)
    found = [Owed(currency, *by[currency]) for currency in most_first(by) if any(by[currency])]
    return tuple(found), late


def payday_after(day: int | None, today: date) -> date | None:
    """The next day of the month on which they are paid, where the book has it."""
    if day is None:
        return None
    for month in (today.replace(day=1), _next_month(today)):
        last = (_next_month(month) - date.resolution).day
        found = month.replace(day=min(day, last))
        if found >= today:
            return found
    return None


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
