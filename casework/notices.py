"""Notices that the law wants sent, and a stop does not hold up: of a debt (validation), of who an agent is.

Each goes the way of every contact: planned, asked about and linted at the claim, sent once. That it was sent
is read from its contact: one that fails is not on record, and may be planned again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Book, Office
from casework.staff.rights import Action, Actor, require
from casework.whom import find_case
from messages.templates import NOTICES, library
from policy.rules import Precondition
from storage.answers import on_its_way, plan_answer
from storage.audit import Event, write
from storage.facts import load_facts
from storage.raw import Raw
from storage.whom import cases_in
from strategies.addresses import best_address
from strategies.asking import stage_of
from strategies.values import Facts

HELD_FOR: Final = timedelta(days=3)  # a pause or a provider that is away; then it is planned anew
_CHANNELS: Final = ("email", "sms", "chat")  # what can be kept comes first
_OF_DEBT: Final = NOTICES["validation"]  # which is for what is past due
_FOR_A_PERSON: Final = frozenset({"deceased", "bankrupt", "represented"})
_BATCH: Final = 500


class Noticed(msgspec.Struct):
    """How many notices were planned, by channel; who has one already, and who has no address for it."""

    planned: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    had: int = 0
    nowhere: list[str] = msgspec.field(default_factory=list[str])  # external ids; these get a letter


async def notify_borrower(
    office: Office,
    actor: Actor,
    notice: str,
    borrower: str,
    now: datetime,
    *,
    portfolio: str | None = None,
    source: str | None = None,
) -> Noticed:
    """Plan a notice to one borrower, where none is on record. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        book = await office.book(raw)
        row = await find_case(
            raw, book, actor, Action.RECORD_CONTACT, borrower, portfolio=portfolio, source=source
        )
        _check(book, row.portfolio, notice)
        made = Noticed()
        await _plan(raw, office, actor, book, notice, [row.case], now, made)
    return made


async def notify_portfolio(
    office: Office, actor: Actor, notice: str, portfolio: str, now: datetime
) -> Noticed:
    """The same to everybody of a portfolio who owes something. Raises Denied, CaseworkInputError."""
    require(actor, Action.RECORD_CONTACT, portfolio)
    made, after = Noticed(), 0
    while True:
        async with office.transaction() as raw:
            book = await office.book(raw)
            ids = {spec.portfolio: id_ for id_, spec in book.portfolios.items()}
            if portfolio not in ids:
                raise CaseworkInputError(f"there is no portfolio {portfolio!r}")
            _check(book, ids[portfolio], notice)
            cases = await cases_in(raw, ids[portfolio], after, _BATCH)
            if not cases:
                return made
            await _plan(raw, office, actor, book, notice, cases, now, made)
            after = cases[-1]


async def notify_all(office: Office, actor: Actor, now: datetime) -> dict[tuple[str, str], Noticed]:
    """The notices that portfolios have sent by themselves: by portfolio and notice. Raises Denied."""
    async with office.transaction() as raw:
        book = await office.book(raw)
    wanted = [
        (spec.portfolio, notice)
        for key, spec in book.portfolios.items()
        for notice in spec.notices
        if notice in _wanted(book, key)
    ]
    return {one: await notify_portfolio(office, actor, one[1], one[0], now) for one in wanted}


def _wanted(book: Book, portfolio: int) -> set[str]:
    """The notices that a pack of the portfolio asks for."""
    rules = book.rulebook.rules[portfolio]
    return {rule.notice for _, rule in rules.each if isinstance(rule, Precondition)}


def _check(book: Book, portfolio: int, notice: str) -> None:
    if notice not in NOTICES:
        raise CaseworkInputError(
            f"{notice!r} is no notice with a text; there are: {', '.join(sorted(NOTICES))}"
        )
    wanted = _wanted(book, portfolio)
    if notice not in wanted:
        code = book.portfolios[portfolio].portfolio
        listed = ", ".join(sorted(wanted)) or "none"
        raise CaseworkInputError(
            f"no pack of portfolio {code} asks for a notice {notice!r}; they ask for: {listed}"
        )


async def _plan(
    raw: Raw,
    office: Office,
    actor: Actor,
    book: Book,
    notice: str,
    cases: Sequence[int],
    now: datetime,
    made: Noticed,
) -> None:
    text = NOTICES[notice]
    coming = await on_its_way(raw, cases, text)
    events: list[Event] = []
    for facts in await load_facts(raw, cases, now, book.tolerance, book.needs, at_claim=True):
        owing = [loan for loan in facts.loans if loan.status == "active" and loan.unpaid]
        loans = [one.id for one in owing if text != _OF_DEBT or stage_of(one, now) == "collection"]
        if not loans:
            continue
        if facts.case in coming or notice in (facts.situation.notices or {}):
            made.had += 1
            continue
        # What stops everything stops this as well: a specialist, or who represents them, is written to.
        found = None if _FOR_A_PERSON & set(facts.situation.flags) else _way(facts, text)
        if found is None:
            made.nowhere.append(await _name(raw, facts.person))
            continue
        channel, address = found
        given = {"loans": ",".join(map(str, loans)), "by": actor.name}
        contact = await plan_answer(
            raw,
            office.keyring,
            facts.case,
            facts.person,
            address,
            channel,
            text,
            given,
            now,
            now + HELD_FOR,
            purpose="statutory",
        )
        made.planned[channel] = made.planned.get(channel, 0) + 1
        data = {"notice": notice, "case": facts.case}
        events.append(Event(now, actor.name, actor.role, "notice.planned", "contact", contact, data))
    await write(raw.connection, events)


def _way(facts: Facts, text: str) -> tuple[str, int] | None:
    """The first channel that has the text, with an address that may carry it."""
    for channel in _CHANNELS:
        address = best_address(facts.addresses, channel)
        if address is not None and (text, channel) in library("en"):
            return channel, address.id
    return None


async def _name(raw: Raw, person: int) -> str:
    return await raw.value("SELECT external_id FROM persons WHERE id = $1", person)
