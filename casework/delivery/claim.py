"""The claim: decide again with fresh facts, under the locks, and write down what is about to be sent.

What a look planned hours ago goes out only if the same decision, made now, still plans it. The text is
rendered here, with the figures of this moment, and stored before anything is handed over.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from casework.delivery.answer import Answering
from casework.delivery.compose import (
    RefusedError,
    check_rules,
    compose,
    disclosing,
    receives,
    saying_of,
)
from casework.delivery.pause import give_back_paused
from casework.look import decided
from casework.office import Book, Office
from casework.staff.rights import Actor
from messages.values import Saying
from notifiers.base import Outgoing
from policy.calendar import local_day
from policy.earliest import Rules, earliest_of
from policy.values import Ask
from storage.answers import put_off
from storage.audit import Event, write
from storage.contacts import Leased, Marked, cancel, lock_for_claim, mark_sending, refuse
from storage.course import CaseChange, write_changes
from storage.facts import load_facts
from storage.raw import Raw
from storage.sayings import Recipient, to_be_said
from strategies.addresses import NEUTRAL
from strategies.asking import asks_of
from strategies.rulebook import ENGINE
from strategies.values import Facts, Plan

log: structlog.stdlib.BoundLogger = structlog.get_logger("casework")

RESTS: Final = timedelta(hours=1)  # a reminder, after somebody asked and was answered

_JSON = msgspec.json.Encoder()


class Ready(msgspec.Struct, frozen=True):
    """A contact that is `sending`, committed, and may now be handed over.

    `may_go(moment)` asks the rules once more at the provider's door: the first moment at or after it that
    they accept, None where there is none. The hours hold there, not in the queue.
    """

    outgoing: Outgoing
    channel: str
    fallback_after: timedelta | None
    may_go: Callable[[datetime], datetime | None]


class Claimed(msgspec.Struct, frozen=True):
    """What a claim came to: what is ready, and what was put off, cancelled, or cannot be said."""

    ready: tuple[Ready, ...] = ()
    put_off: tuple[Leased, ...] = ()
    cancelled: tuple[Leased, ...] = ()
    refused: tuple[Leased, ...] = ()

    @classmethod
    def of(cls, parts: Sequence["Claimed"]) -> "Claimed":
        """Several as one."""
        return cls(
            tuple(ready for part in parts for ready in part.ready),
            tuple(contact for part in parts for contact in part.put_off),
            tuple(contact for part in parts for contact in part.cancelled),
            tuple(contact for part in parts for contact in part.refused),
        )


async def claim(
    office: Office, actor: Actor, leased: Sequence[Leased], by: str, now: datetime, until: datetime
) -> Claimed:
    """Claim `leased` in one transaction; their lease then ends at `until`.

    What another deliverer or a look took meanwhile is left alone.
    """
    async with office.transaction() as raw:
        mine = await lock_for_claim(raw, leased, by)
        book, paused = await office.at_claim(raw)
        mine -= await give_back_paused(raw, by, mine, paused)
        leased = [contact for contact in leased if contact.id in mine]
        if not leased:
            return Claimed()
        cases = sorted({contact.case for contact in leased})
        answering = Answering(office, raw, book, leased)
        going: dict[int, tuple[Plan, Facts]] = {}
        changes: list[CaseChange] = []
        fresh = await load_facts(
            raw, cases, now, book.tolerance, book.needs, at_claim=True, names=book.rulebook.names
        )
        said = await answering.weigh(fresh, now)
        for facts, decision, made in decided(fresh, book, now, said):
            changes.append(made.change)
            plans = {plan.message: plan for plan in decision.plans}
            for begun in facts.begun:
                last = begun.tried[-1].contact if begun.tried else 0
                if last in made.going and last in mine:
                    going[last] = (plans[begun.id], facts)
        decision_of = await write_changes(
            raw,
            changes,
            now,
            made_by="claim",
            rulebook=book.rulebook.digest,
            engine=ENGINE,
            also_deciding=frozenset(facts.case for _, facts in going.values()) | answering.cases,
        )
        answered = await answering.mark(decision_of, now, until)
        ready, refused, resting = await _mark(
            office, raw, book, going, decision_of, now, until, answered=answered.asked_for
        )
        later = {contact for change in changes for contact, _ in change.put_off}
        cancelled = {contact for change in changes for contact, _ in change.cancelled}
        # A receipt may have ended the message of a fallback meanwhile: nothing speaks of it any more.
        over = sorted(mine - set(going) - later - cancelled - answering.contacts)
        await cancel(raw, over, "message_over", now)
        cancelled.update(over)
        ready += [Ready(one.outgoing, one.channel, None, one.may_go) for one in answered.ready]
        refused |= answered.refused
        later |= answered.put_off | resting
        cancelled |= answered.cancelled
        events = [("contact.sending", made.outgoing.contact) for made in ready]
        events += [("contact.failed", contact) for contact in refused]
        events += [("contact.cancelled", contact) for contact in sorted(cancelled)]
        events += [("contact.put_off", contact) for contact in sorted(later & mine)]
        await write(
            raw.connection,
            [Event(now, actor.name, actor.role, action, "contact", contact) for action, contact in events],
        )
    return Claimed(
        tuple(ready),
        tuple(contact for contact in leased if contact.id in later),
        tuple(contact for contact in leased if contact.id in cancelled),
        tuple(contact for contact in leased if contact.id in refused),
    )


async def _mark(
    office: Office,
    raw: Raw,
    book: Book,
    going: Mapping[int, tuple[Plan, Facts]],
    decision_of: Mapping[int, int],
    now: datetime,
    until: datetime,
    *,
    answered: Collection[int],
) -> tuple[list[Ready], set[int], set[int]]:
    """Render and store the body of each, and mark it `sending`; what cannot be said fails alone.

    What is ready, what failed, and what rests because somebody was just answered (`answered`: the cases of
    this claim's own answers).
    """
    if not going:
        return [], set(), set()
    loans = sorted({loan for plan, _ in going.values() for loan in plan.loans})
    who, owed = await to_be_said(raw, office.keyring, list(going), loans, now)
    ready: list[Ready] = []
    marked: list[Marked] = []
    refused = [(contact, "unreadable") for contact in going if contact not in who]
    # Read after the facts: what was paid in between and is not decided yet is said to nobody.
    gone = {contact for contact, (plan, _) in going.items() if any(loan not in owed for loan in plan.loans)}
    refused += [(contact, "nothing_owed") for contact in sorted(gone & set(who))]
    resting: dict[int, datetime] = {}
    for contact, (plan, facts) in going.items():
        spec = book.portfolios[facts.portfolio]
        step = book.rulebook.strategies[plan.strategy].step(plan.step)
        person = who.get(contact)
        if person is None or contact in gone:
            continue
        rests = now + RESTS if facts.case in answered else _rests(facts, person)
        if rests is not None and rests > now:
            resting[contact] = rests
            continue
        figures = [owed[loan] for loan in plan.loans]
        today = local_day(now, facts.situation.zones[0])
        name = NEUTRAL if plan.neutral else step.template or ""
        rules, asks = book.rulebook.rules[facts.portfolio], asks_of(plan, facts, book.rulebook, now)
        told = saying_of(office, spec, person, plan.channel, contact, today, figures, now)
        told = _of_promise(told, plan, facts)
        told = disclosing(told, rules, asks, facts.situation, now)
        try:
            said = compose(
                book.texts,
                name,
                plan.channel,
                told,
                person,
                spec,
                receives=receives(office, spec, plan.channel),
            )
            if not plan.neutral:  # which speaks of no debt
                check_rules(said.body, rules, asks, facts.situation, now)
        except RefusedError as refusal:
            log.error("unsayable", contact=contact, template=name, code=refusal.code)  # noqa: TRY400
            refused.append((contact, refusal.code))
            continue
        # A mail's page says what its text says; it would take four fifths of the room.
        kept = msgspec.structs.replace(said.body, html=None)
        body = office.keyring.seal("contacts", "body", contact, _JSON.encode(kept).decode())
        claim_id = decision_of[facts.case]
        marked.append(
            Marked(contact, claim_id, body, said.template, said.digest, said.language, said.body.segments)
        )
        outgoing = Outgoing(
            contact=contact,
            key=office.key_of(contact),
            to=person.to,
            body=said.body,
            language=said.language,
            at=now,
            sender=spec.senders.get(plan.channel),  # pyright: ignore[reportArgumentType]  # call, visit: none
            opt_out_url=told.opt_out_url if plan.channel == "email" else None,
        )
        ready.append(Ready(outgoing, plan.channel, step.fallback_after, _gate(rules, asks, facts)))
    for contact, rests in resting.items():
        await put_off(raw, contact, rests)
    await mark_sending(raw, marked, now, until)
    deciding = [(contact, code, decision_of[going[contact][1].case]) for contact, code in refused]
    await refuse(raw, deciding, now)
    return ready, {contact for contact, _ in refused}, set(resting)


def _rests(facts: Facts, person: Recipient) -> datetime | None:
    """Until when who was answered, or wrote in a chat, is not reminded: they have just heard of it."""
    heard = [one.at for one in facts.situation.past if one.purpose == "answer"]
    if person.wrote_at is not None:
        heard.append(person.wrote_at)
    return max(heard) + RESTS if heard else None


def _of_promise(told: Saying, plan: Plan, facts: Facts) -> Saying:
    """With what is left of the promise that the contact reminds of, if it does of one."""
    key = plan.keys[0]
    if key.anchor != "promise":
        return told
    left = next(one.amount - one.paid for one in facts.promises if one.id == key.anchor_id)
    return msgspec.structs.replace(told, promise_minor=left)


def _gate(rules: Rules, asks: Sequence[Ask], facts: Facts) -> Callable[[datetime], datetime | None]:
    return lambda moment: earliest_of(rules, asks, facts.situation, moment).at
