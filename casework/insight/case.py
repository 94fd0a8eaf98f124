"""A case on one page: its card, its addresses, the ladder with "you are here", why, what comes next, and one
line of all that happened.

What a role may not read is not in it: without the right to personal data there is no name, no address in full
and no word that was said. Every look is on record.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from casework.errors import CaseworkInputError
from casework.insight.explain import Explained, explain_case, explain_contact
from casework.office import Book, Office
from casework.staff.access import allowed, own_name
from casework.staff.card import Card, card
from casework.staff.people import Member
from casework.staff.rights import Action, may
from ledger.grades import grade_of
from messages.body import Body
from storage.chat.holdings import LoanRow, loans_of
from storage.insight import case as stored
from storage.insight.case import AddressRow, HoldRow
from storage.insight.timeline import BODIES, FILES, Before, Entry, bodies, entries
from storage.raw import Raw
from storage.whom import CaseRow
from strategies.explanation import Next

__all__ = ["Entry", "Heard", "Opened", "Rung", "open_page", "timeline", "why"]

AT_ONCE: Final = 40  # entries

_BODY: Final = msgspec.json.Decoder(Body)

How = Literal["done", "waiting", "next", "ahead", "not_said"]


class Rung(msgspec.Struct, frozen=True):
    """A step of the ladder. `at`: when it ended, is due, or comes; `by`: its channels, or the kind of work.

    here    the last rung that was reached
    reason  the code of why it was not said
    """

    step: str
    moment: str
    by: tuple[str, ...]
    how: How
    at: datetime | None
    reason: str | None
    here: bool


class Heard(msgspec.Struct, frozen=True):
    """An entry, with its words where they may be read. `file`: it is a voice or photo that they may open."""

    entry: Entry
    words: str | None = None
    file: bool = False


class Opened(msgspec.Struct, frozen=True):
    """The page. `name` None and addresses masked: for who may not read them. `grade`: at the least.

    `strategy`: what the ladder is of ("gentle v1"), `loan` whose rungs are drawn. `why` is None where nothing
    may be explained, or what was decided cannot be made again (`untold` says why).
    """

    card: Card
    grade: str
    name: str | None
    borrower: str
    source: str
    person: int
    owner: str | None
    addresses: tuple[AddressRow, ...]
    loans: tuple[LoanRow, ...]
    holds: tuple[HoldRow, ...]
    strategy: str | None
    loan: str | None
    rungs: tuple[Rung, ...]
    next: tuple[Next, ...]
    why: Explained | None
    untold: str | None


class Timeline(msgspec.Struct, frozen=True):
    """Entries, the newest first, and the place of the last; None: nothing is older."""

    entries: tuple[Heard, ...]
    older: Before | None


async def open_page(office: Office, member: Member, case: int, now: datetime) -> Opened:
    """Everything about a case but its timeline. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        row, spec = await allowed(raw, office, member, case, Action.SEE_LOAN, now)
        shown = await card(raw, office, member, None, case, "found", now)
        book = await office.book(raw)
        owner = await own_name(raw, member, case, now)
        reads = may(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=owner)
        name = await raw.value("SELECT name FROM persons WHERE id = $1", row.person) if reads else None
        addresses = await stored.addresses_of(raw, office.keyring, row.person)
        loans = [one for one in await loans_of(raw, row.person) if one.case == case]
        holds = await stored.holds_now(raw, case, row.person, now)
        ladder = await stored.ladder_of(raw, case)
        told, untold = await _told(office, raw, book, member, row, now, owner)
        coming = told.next if told else ()
        rungs = _rungs(book, ladder, coming)
        strategy = await _strategy(raw, ladder)
    return Opened(
        shown,
        grade_of(shown.days_late, spec.grades),
        None if name is None else office.keyring.open("persons", "name", row.person, name),
        row.borrower,
        row.source,
        row.person,
        owner,
        tuple(one if reads else msgspec.structs.replace(one, value=_hidden(one)) for one in addresses),
        tuple(loans),
        tuple(holds),
        strategy,
        ladder.loan if ladder else None,
        rungs,
        coming,
        told,
        untold,
    )


def _hidden(address: AddressRow) -> str:
    """The last digits of a number, the domain of a mailbox."""
    if address.kind == "phone":
        return f"*{address.value[-2:]}"
    return f"*@{address.value.partition('@')[2]}"


async def _told(
    office: Office, raw: Raw, book: Book, member: Member, row: CaseRow, now: datetime, owner: str | None
) -> tuple[Explained | None, str | None]:
    """Why it stands as it does, or why that cannot be told."""
    if not may(member.actor, Action.EXPLAIN, book.portfolios[row.portfolio].portfolio, owner=owner):
        return None, None
    try:
        return await explain_case(office, raw, book, member.actor, row, now, owner), None
    except CaseworkInputError as error:
        return None, str(error)


async def _strategy(raw: Raw, ladder: stored.Ladder | None) -> str | None:
    if ladder is None or ladder.version is None:
        return None
    return await raw.value(
        "SELECT name || ' v' || version FROM strategy_versions WHERE id = $1", ladder.version
    )


def _rungs(book: Book, ladder: stored.Ladder | None, coming: Sequence[Next]) -> tuple[Rung, ...]:
    """The steps of the strategy in the order of their moments, with what became of each."""
    strategy = book.rulebook.strategies.get(ladder.version or 0) if ladder else None
    if ladder is None or strategy is None:
        return ()
    reached = {one.step: one for one in ladder.reached}
    ahead: dict[str, Next] = {}
    for one in coming:
        if ladder.loan in one.loan.split(", "):
            ahead.setdefault(one.step, one)
    found: list[Rung] = []
    for step in strategy.steps:
        was, comes = reached.get(step.id), ahead.get(step.id)
        how: How = "ahead"
        if was is not None and was.state == "waiting":
            how = "waiting"
        elif was is not None:
            how = "done" if was.state in ("messaged", "tasked") else "not_said"
        elif comes is not None:
            how = "next"
        at = was.at if was is not None else comes.at if comes is not None else None
        by = (step.task,) if step.task is not None else step.by
        found.append(Rung(step.id, step.at.text, by, how, at, was.reason if was else None, False))
    past = [one for one in found if one.how in ("done", "not_said", "waiting") and one.at is not None]
    last = max(past, key=lambda one: (one.at, found.index(one)), default=None)
    return tuple(msgspec.structs.replace(one, here=one is last) for one in found)


async def timeline(
    office: Office, member: Member, case: int, now: datetime, before: Before | None = None
) -> Timeline:
    """What happened, the newest first. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        row, spec = await allowed(raw, office, member, case, Action.SEE_LOAN, now)
        found = await entries(raw, case, row.person, row.portfolio, before, AT_ONCE + 1)
        shown = found[:AT_ONCE]
        owner = await own_name(raw, member, case, now)
        reads = may(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=owner)
        words = await _words(office, raw, shown) if reads else {}
    last = shown[-1] if len(found) > AT_ONCE else None
    return Timeline(
        tuple(
            Heard(one, words.get((one.kind, one.id)), reads and one.kind == "note" and one.what in FILES)
            for one in shown
        ),
        None if last is None else (last.at, last.kind, last.id),
    )


async def _words(office: Office, raw: Raw, shown: Sequence[Entry]) -> dict[tuple[str, int], str]:
    """What was said and written, opened."""
    found: dict[tuple[str, int], str] = {}
    for kind, (table, column) in BODIES.items():
        ids = [one.id for one in shown if one.kind == kind]
        for id_, sealed in (await bodies(raw, kind, ids)).items() if ids else ():
            text = office.keyring.open(table, column, id_, sealed)
            found[kind, id_] = _text_of(text) if kind == "sent" else text
    return found


def _text_of(kept: str) -> str:
    """The plain text of a stored body."""
    return _BODY.decode(kept).text


async def why(office: Office, member: Member, case: int, contact: int, now: datetime) -> Explained:
    """Why a contact of the case was made, waits or was cancelled. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        await allowed(raw, office, member, case, Action.EXPLAIN, now)
        mine = await raw.value("SELECT case_id FROM contacts WHERE id = $1", contact)
    if mine != case:
        raise CaseworkInputError(f"case {case} has no contact {contact}")
    return await explain_contact(office, member.actor, contact, now)
