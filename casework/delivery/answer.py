"""What no strategy plans, at the claim: no decision speaks of it, so the rules are asked here.

Answers to what a person asked, the confirmation of their stop, a collector's own words. Each is linted as its
address may carry it, like every other text.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import msgspec
import structlog
from msgspec.structs import replace

from casework.delivery.compose import (
    RefusedError,
    check_rules,
    compose,
    disclosing,
    language_of,
    own_words,
    receives,
    saying_of,
)
from casework.delivery.stale import of_debt, stale_noes, unsure_noes
from casework.office import Book, Office
from messages.locales import locale_for, long_date, money
from messages.render import Rendered
from messages.templates import KINDS, NOTICES, OWN_WORDS
from notifiers.base import Outgoing
from policy.calendar import local_day
from policy.earliest import earliest_of
from policy.validation import disputable_until
from policy.values import ASKED_FOR, Ask, Past
from storage.answers import Answer, answers_of, close, put_off
from storage.contacts import Leased, Marked, cancel, mark_sending, refuse
from storage.raw import Raw
from storage.sayings import LoanFigures, Recipient, to_be_said
from strategies.asking import asks_about
from strategies.rulebook import Rulebook
from strategies.values import Facts

log: structlog.stdlib.BoundLogger = structlog.get_logger("casework")

_JSON = msgspec.json.Encoder()


class Said(msgspec.Struct, frozen=True):
    """An answer that may be handed over now."""

    outgoing: Outgoing
    channel: str
    may_go: Callable[[datetime], datetime | None]


class Answered(msgspec.Struct):
    """What became of a claim's answers. `asked_for`: the cases whose person asked, and is answered now."""

    ready: list[Said] = msgspec.field(default_factory=list[Said])
    put_off: set[int] = msgspec.field(default_factory=set[int])
    cancelled: set[int] = msgspec.field(default_factory=set[int])
    refused: set[int] = msgspec.field(default_factory=set[int])
    asked_for: set[int] = msgspec.field(default_factory=set[int])


class _Weighed(msgspec.Struct, frozen=True):
    """An answer and what the rules say of it: over for a reason, not before `at`, or now."""

    answer: Answer
    facts: Facts
    gate: Callable[[datetime], datetime | None]
    at: datetime | None
    over: str | None

    def goes(self, now: datetime) -> bool:
        return self.over is None and self.at is not None and self.at <= now < self.answer.expires_at


class Answering:
    """The answers among what a claim leased: weighed by the facts of their cases; what may go is marked.

    Weighed before the claim decides: what somebody wrote goes before what a strategy only planned, and each
    that goes counts for all that the person is told next, over all their cases.
    """

    def __init__(self, office: Office, raw: Raw, book: Book, leased: Sequence[Leased]) -> None:
        self._office, self._raw, self._book = office, raw, book
        self._leased = {contact.id: contact for contact in leased if contact.template is not None}
        self._weighed: list[_Weighed] = []
        self._facts: dict[int, Facts] = {}
        self._owed: dict[int, LoanFigures] = {}
        self.contacts = set(self._leased)
        self.cases = frozenset(contact.case for contact in self._leased.values())

    async def weigh(self, fresh: Sequence[Facts], now: datetime) -> dict[int, list[Past]]:
        """Ask the rules about each, given the facts of the claim's cases.

        What goes of that which nobody asked for, as it counts from here on, by person (`Facts.whose`).
        """
        counted: dict[int, list[Past]] = {}
        if not self._leased:
            return counted
        self._facts = {facts.case: facts for facts in fresh if facts.case in self.cases}
        for answer in await answers_of(self._raw, self._office.keyring, list(self._leased)):
            contact = self._leased[answer.contact]
            facts = self._facts[contact.case]
            before = counted.setdefault(facts.whose, [])
            facts = with_more(facts, before)
            gate = gate_of(self._book, contact, answer, facts, now)
            over = over_of(answer, facts, self._book.rulebook, now)
            weighed = _Weighed(answer, facts, gate, gate(now), over)
            self._weighed.append(weighed)
            if answer.purpose not in ASKED_FOR and weighed.goes(now):
                at = contact.channel, "planned", (), answer.message, False, contact.address
                before.append(Past(now, *at, purpose=answer.purpose))
        return counted

    async def mark(self, decision_of: Mapping[int, int], now: datetime, until: datetime) -> Answered:
        """Render and store what may go, and mark it `sending`; the rest waits, or goes no more."""
        made = Answered()
        if not self._leased:
            return made
        loans = sorted({loan.id for facts in self._facts.values() for loan in facts.loans})
        who, self._owed = await to_be_said(self._raw, self._office.keyring, list(self._leased), loans, now)
        marked: list[Marked] = []
        refused: list[tuple[int, str, int]] = []
        lost = sorted(set(self._leased) - {one.answer.contact for one in self._weighed})
        refused += [(contact, "unreadable", decision_of[self._leased[contact].case]) for contact in lost]
        for one in self._weighed:
            answer, facts = one.answer, one.facts
            contact = self._leased[answer.contact]
            if one.over is not None or one.at is None or one.at >= answer.expires_at:
                code = one.over or ("expired" if answer.expires_at <= now else "rules")
                await cancel(self._raw, [contact.id], code, now)
                await close(self._raw, [contact.id], "cancelled")
                made.cancelled.add(contact.id)
            elif one.at > now:
                await put_off(self._raw, contact.id, one.at)
                made.put_off.add(contact.id)
            elif contact.id not in who:
                refused.append((contact.id, "unreadable", decision_of[contact.case]))
            else:
                try:
                    said, outgoing = self._said(contact, answer, facts, who[contact.id], now)
                except RefusedError as refusal:
                    log.error("unsayable", contact=contact.id, template=answer.template, code=refusal.code)  # noqa: TRY400
                    refused.append((contact.id, refusal.code, decision_of[contact.case]))
                    continue
                made.ready.append(Said(outgoing, contact.channel, one.gate))
                if answer.purpose == "answer":
                    made.asked_for.add(contact.case)
                marked.append(_marked(self._office, contact.id, said, decision_of[contact.case]))
        await mark_sending(self._raw, marked, now, until)
        await refuse(self._raw, refused, now)
        made.refused = {contact for contact, _, _ in refused}
        await close(self._raw, sorted(made.refused), "failed")
        return made

    def _said(
        self, contact: Leased, answer: Answer, facts: Facts, person: Recipient, now: datetime
    ) -> tuple[Rendered, Outgoing]:
        """What goes out, and how it is handed over. Raises RefusedError."""
        spec, office = self._book.portfolios[facts.portfolio], self._office
        today = local_day(now, facts.situation.zones[0])
        owed = [self._owed[loan.id] for loan in facts.loans if loan.id in self._owed]
        told = saying_of(office, spec, person, contact.channel, contact.id, today, owed, now)
        told = replace(
            told,
            code=answer.given.get("code"),
            link=answer.given.get("link"),
            dispute_by=_dispute_by(answer, facts, today),
            **promised(answer.given, language_of(person, spec)),
        )
        rules = self._book.rulebook.rules[facts.portfolio]
        asks = asks_for(self._book, contact, answer, facts, now)
        # What is neutral speaks of no debt; a confirmation is held to what the law says of those.
        of_debt = answer.template != OWN_WORDS and KINDS[answer.template] != "neutral"
        if of_debt:
            told = disclosing(told, rules, asks, facts.situation, now)
        if answer.template == OWN_WORDS:
            said = own_words(answer.given["words"], contact.channel, told, person, spec)
        else:
            can_reply = receives(office, spec, contact.channel)
            said = compose(
                self._book.texts, answer.template, contact.channel, told, person, spec, receives=can_reply
            )
            if of_debt or answer.purpose == "opt_out_confirmation":
                check_rules(said.body, rules, asks, facts.situation, now)
        outgoing = Outgoing(
            contact=contact.id,
            key=office.key_of(contact.id),
            to=person.to,
            body=said.body,
            language=said.language,
            at=now,
            sender=spec.senders.get(contact.channel),  # pyright: ignore[reportArgumentType]  # call, visit: none
        )
        return said, outgoing


def _dispute_by(answer: Answer, facts: Facts, today: date) -> date | None:
    """Of a validation notice that goes out today: the last day on which the debt may be disputed."""
    if answer.template != NOTICES["validation"]:
        return None
    return disputable_until(today, facts.situation.country)


def with_more(facts: Facts, past: Sequence[Past]) -> Facts:
    """The facts, with more that counts as said."""
    if not past:
        return facts
    return replace(facts, situation=replace(facts.situation, past=(*facts.situation.past, *past)))


def gate_of(
    book: Book, contact: Leased, answer: Answer, facts: Facts, now: datetime
) -> Callable[[datetime], datetime | None]:
    """The first moment at or after the one given at which the rules allow it."""
    rules = book.rulebook.rules[facts.portfolio]
    asks = asks_for(book, contact, answer, facts, now)
    return lambda moment: earliest_of(rules, asks, facts.situation, moment).at


def asks_for(book: Book, contact: Leased, answer: Answer, facts: Facts, now: datetime) -> list[Ask]:
    """What a claimed one asks of the rules."""
    return asks_to_say(
        book.rulebook,
        facts,
        loans_of(answer.given),
        contact.channel,
        now,
        purpose=answer.purpose,
        message=answer.message,
        address=contact.address,
        text=answer.given.get("words"),
    )


def asks_to_say(
    rulebook: Rulebook,
    facts: Facts,
    loans: Sequence[int],
    channel: str,
    at: datetime,
    *,
    purpose: str = "dunning",
    message: int = 0,
    address: int = 0,
    text: str | None = None,
) -> list[Ask]:
    """What is asked of the rules: about `loans`, or where there is none about nothing in particular."""
    actor = rulebook.actor(facts.portfolio)
    about = [loan for loan in facts.loans if loan.id in loans]
    asks = asks_about(about, actor, channel, at, purpose=purpose, message=message, address=address, text=text)
    return asks or [Ask(channel, (), purpose, message, actor, address=address, text=text)]


def loans_of(given: Mapping[str, str]) -> tuple[int, ...]:
    """The loans that a message names; none: it speaks of none."""
    return tuple(map(int, filter(None, given.get("loans", "").split(","))))


def promised(given: Mapping[str, str], language: str) -> dict[str, str]:
    """The day that somebody promised, and the amount where they named it, as they are said back to them."""
    locale = locale_for(language, language.partition("-")[0])
    said: dict[str, str] = {}
    if "promised_on" in given:
        said["promised_on"] = long_date(date.fromisoformat(given["promised_on"]), locale)
    if "promised" in given:
        said["promised"] = money(int(given["promised"]), given["currency"], locale, gsm7=True)
    return said


def over_of(answer: Answer, facts: Facts, rulebook: Rulebook, now: datetime) -> str | None:
    """Why it has lost its sense: it asks for loans that owe nothing any more, or nobody knows if they do."""
    asked = set(loans_of(answer.given))
    if answer.purpose != "dunning" or (not asked and answer.template != OWN_WORDS):
        return None
    unsure = unsure_noes(facts, asked, now)
    if unsure:
        return "paid" if unsure[0].rule == "nothing_owed" else unsure[0].rule
    stale = stale_noes(facts, asked, rulebook, now)
    return "stale_feed" if stale and of_debt(answer.template) else None


def _marked(office: Office, contact: int, said: Rendered, claim: int) -> Marked:
    kept = msgspec.structs.replace(said.body, html=None)
    body = office.keyring.seal("contacts", "body", contact, _JSON.encode(kept).decode())
    return Marked(contact, claim, body, said.template, said.digest, said.language, said.body.segments)
