"""May this person be contacted now? The gate of the machine, asked for a collector, the API and the bot.

The same rules, the same facts, the same answer as the look and the claim have: a collector's own message or
call, a dialler that asks before it dials, an answer of the bot (purpose `answer`). What a strategy has only
planned gives way to a person; what went out counts, and what somebody wrote that has not gone yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from casework.delivery.answer import with_more
from casework.delivery.compose import own_hosts
from casework.delivery.stale import stale_noes, unsure_noes
from casework.errors import CaseworkInputError
from casework.office import Book, Office
from casework.portfolios import PortfolioSpec
from casework.staff.rights import Action, Actor
from casework.whom import find_case
from messages.carry import carries
from messages.context import Context
from messages.lint import lint
from policy.calendar import local_day
from policy.values import CHANNELS, MESSAGES, Answer, Ask, Channel, No, Purpose
from policy.verdict import Reason, Verdict, noes_now, verdict
from storage.answers import planned_to
from storage.facts import load_facts
from storage.raw import Raw
from storage.whom import CaseRow, loans_of
from strategies.addresses import best_address, may_carry_amounts
from strategies.deciding import situation_of
from strategies.values import Address, Facts

_KINDS: Final[Mapping[str, str]] = {"sms": "phone", "call": "phone", "email": "email", "chat": "chat"}
_ABOUT_MONEY: Final = "dunning"


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants to do. `loans`: external ids; none: all of the case that are owed."""

    channel: Channel
    purpose: Purpose = "dunning"
    text: str | None = None  # their own words, where they are known: the law and the lint read them
    loans: tuple[str, ...] = ()
    neutral: bool = False  # a request to get in touch: no word of a loan
    instead_of: frozenset[str] = frozenset()  # kinds of holds that end with it


class Permission(msgspec.Struct, frozen=True):
    """The answer. `address` is the id of the one to use, 0 where the channel needs none or there is none;
    `proved`: what is owed may be named there.

    `zone` is the person's. `stale`: up to when payments are known, in words, where that is too long ago to
    speak of arrears.
    """

    borrower: str
    source: str
    portfolio: str
    case: int
    channel: str
    purpose: str
    at: datetime  # asked for this moment
    said: Verdict
    address: int = 0
    proved: bool = True
    zone: str = "UTC"
    noes: tuple[No, ...] = ()  # what stands against it now, whatever else would on the way to a later moment
    stale: str = ""

    @property
    def allowed(self) -> bool:
        return self.said["verdict"] == "allow"

    def document(self) -> dict[str, Any]:
        """As JSON: the shape of `kept policy check`, with whom and what was asked about."""
        return {
            "borrower": self.borrower,
            "source": self.source,
            "portfolio": self.portfolio,
            "channel": self.channel,
            "purpose": self.purpose,
            "at": self.at,
            **self.said,
        }


async def may_contact(
    office: Office,
    actor: Actor,
    whom: int | str,
    wish: Wish,
    now: datetime,
    *,
    portfolio: str | None = None,
    source: str | None = None,
    owner: str | None = None,
) -> Permission:
    """Whether the person of a case (its id, or a borrower's external id) may be contacted so at `now`.

    `owner`: whose case it is, for those whose right reaches no further than their own. Raises
    CaseworkInputError where there is no such person, case or loan; Denied.
    """
    async with office.transaction() as raw:
        book = await office.book(raw)
        row = await find_case(
            raw, book, actor, Action.CONTACT, whom, portfolio=portfolio, source=source, owner=owner
        )
        return await permission(raw, book, row, wish, now)


async def facts_for(raw: Raw, book: Book, cases: Sequence[int], now: datetime) -> dict[int, Facts]:
    """What `permission` reads of each of several cases (ids), at once."""
    return {one.case: one for one in await load_facts(raw, cases, now, book.tolerance, at_claim=True)}


async def permission(
    raw: Raw, book: Book, row: CaseRow, wish: Wish, now: datetime, facts: Facts | None = None
) -> Permission:
    """The answer within a transaction: for whoever reserves the contact in the same. Asks no rights.

    `facts`: of the case, where they were read at this moment.
    """
    if wish.channel not in CHANNELS:
        known = ", ".join(sorted(CHANNELS))
        raise CaseworkInputError(
            f"{wish.channel!r} is no channel; there are: {known}",
            field="channel",
            wrong="is no channel",
            right=f"one of {known}",
        )
    if facts is None:
        facts = (await facts_for(raw, book, [row.case], now))[row.case]
    if wish.purpose == _ABOUT_MONEY:
        facts = await with_planned(raw, facts, now)
    spec = book.portfolios[row.portfolio]
    address = _address(facts.addresses, wish.channel)
    loans = await _loans(raw, row, facts, wish)
    noes = list(_noes(facts, wish, loans, address, spec, now))
    stale = stale_noes(facts, {loan["id"] for loan in loans}, book.rulebook, now)
    if wish.purpose == _ABOUT_MONEY and wish.channel in MESSAGES and not wish.neutral:
        noes += stale
    asks = _asks(loans, wish, spec, address, now)
    rulebook = book.rulebook
    situation = situation_of(facts, now)
    if wish.instead_of:
        holds = tuple(hold for hold in situation.holds if hold.kind not in wish.instead_of)
        situation = msgspec.structs.replace(situation, holds=holds)
    rules = rulebook.rules[row.portfolio]
    answer, said = verdict(rules, rulebook.packs, asks, situation, now)
    against = against_now(answer, noes_now(rules, asks, situation, now)) if answer.at != now else ()
    if noes:
        reasons = [*said["reasons"], *(_reason(no) for no in noes)]
        said = Verdict(verdict="deny", until=None, reasons=reasons)
    return Permission(
        row.borrower,
        row.source,
        spec.portfolio,
        row.case,
        wish.channel,
        wish.purpose,
        now,
        said,
        address.id if address else 0,
        address is None or may_carry_amounts(address),
        facts.situation.zones[0],
        (*against, *noes),
        stale[0].detail if stale else "",
    )


def against_now(answer: Answer, now: Sequence[No]) -> tuple[No, ...]:
    """What is told to whoever may not: the noes of now, and where no moment would do what ends the search."""
    last = answer.noes[-1:] if answer.at is None else ()
    found = {(no.pack, no.rule): no for no in (*last, *now)}
    return tuple(msgspec.structs.replace(no, until=answer.at) for no in found.values())


async def with_planned(raw: Raw, facts: Facts, now: datetime) -> Facts:
    """The facts with what was written to the person and has not gone yet: it will, so it counts.

    Who plans more by it holds the person (storage/contacts.py, lock_person).
    """
    return with_more(facts, await planned_to(raw, facts.person, now))


def _address(addresses: Sequence[Address], channel: str) -> Address | None:
    """The best one for the channel; else one that carries only what is neutral. A call is to a phone."""
    kind = _KINDS.get(channel)
    if kind is None:
        return None
    alike = "sms" if channel == "call" else channel
    return best_address(addresses, alike) or next((one for one in addresses if one.kind == kind), None)


async def _loans(raw: Raw, row: CaseRow, facts: Facts, wish: Wish) -> list[Any]:
    """The loans that it is about: those named, else what is owed; of an answer, all of the case."""
    rows = await loans_of(raw, row.case)
    if wish.loans:
        known = {one["external_id"]: one for one in rows}
        missing = [name for name in wish.loans if name not in known]
        if missing:
            raise CaseworkInputError(
                f"{row.borrower!r} has no loan {missing[0]!r} here; there are: {', '.join(known) or 'none'}",
                field=f"loans[{wish.loans.index(missing[0])}]",
                wrong="the borrower has no such loan here",
                right="the id of a loan of this borrower, in this portfolio",
            )
        rows = [known[name] for name in dict.fromkeys(wish.loans)]
    if wish.purpose != _ABOUT_MONEY:
        return rows
    # What is within the tolerance counts as paid; a loan that the look does not read goes by its rows.
    paid = {loan.id for loan in facts.loans if not loan.unpaid}
    return [one for one in rows if one["status"] == "active" and one["due"] and one["id"] not in paid]


def _asks(
    loans: Iterable[Any], wish: Wish, spec: PortfolioSpec, address: Address | None, now: datetime
) -> list[Ask]:
    """One ask for the loans of each stage and party; one without loans where there are none."""
    together: dict[tuple[str, str], list[int]] = {}
    for loan in loans:
        reminder = loan["due"] is not None and loan["due"] >= local_day(now, loan["zone"])
        stage = "reminder" if reminder else "collection"
        together.setdefault((stage, loan["role"]), []).append(loan["id"])
    return [
        Ask(
            wish.channel,
            tuple(ids),
            wish.purpose,
            actor=spec.actor,
            stage=stage,
            party=party,
            address=address.id if address else 0,
            text=wish.text,
        )
        for (stage, party), ids in (together or {("collection", "borrower"): []}).items()
    ]


def _noes(
    facts: Facts,
    wish: Wish,
    loans: Sequence[Any],
    address: Address | None,
    spec: PortfolioSpec,
    now: datetime,
) -> Iterable[No]:
    """What no pack needs to say: nothing owed, figures in doubt, no address, words that may not be sent."""
    if wish.purpose == _ABOUT_MONEY:
        about = {loan["id"] for loan in loans}
        # A loan that the look does not read owes by its rows.
        yield from (no for no in unsure_noes(facts, about, now) if no.rule != "nothing_owed" or not loans)
    kind = _KINDS.get(wish.channel)
    if kind is not None and address is None:
        yield No("addresses", "no_address", f"there is no {kind} on file that may be used")
    if wish.text is not None and address is not None and wish.channel != "call":
        for finding in lint(wish.text, _context(address, wish.channel, spec)):
            yield No("texts", finding.code, finding.detail)


def _context(address: Address, channel: str, spec: PortfolioSpec) -> Context:
    """What a collector's own words are held to at this address. How to stop is said by the first message."""
    may = carries(address.state, channel, shared=address.shared)
    return Context(
        channel=channel,
        may_carry_amounts=may == "all",
        brand=spec.brand,
        given=tuple(spec.pay.values()),
        hosts=own_hosts(spec),
    )


def _reason(no: No) -> Reason:
    source = {"texts": "docs/texts.md", "addresses": "PRODUCT.md, addresses"}.get(no.pack, "always in force")
    return Reason(pack=no.pack, rule=no.rule, detail=no.detail, source=source)
