"""What is said by no strategy: answers to what a person asked, and what somebody of the staff writes to them.

Both go by the way of every contact: planned, asked and linted again at the claim, sent once. What somebody of
the staff wrote is asked about and linted before that too, so that they learn at once why it may not go.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from casework.delivery.answer import asks_to_say
from casework.delivery.compose import read_words, saying_of
from casework.delivery.stale import stale_noes, unsure_noes
from casework.errors import CaseworkInputError
from casework.may import against_now, with_planned
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from messages.templates import OWN_WORDS
from policy.calendar import local_day
from policy.earliest import earliest_of
from policy.verdict import noes_now
from storage.addresses import held_by
from storage.answers import plan_answer, planned_before
from storage.audit import Event, write
from storage.contacts import lock_person
from storage.facts import load_facts
from storage.raw import Raw
from storage.sayings import figures, recipient_at
from storage.staff.unsent import keep_written
from strategies.addresses import KIND_OF

HELD_FOR = timedelta(hours=4)  # what waits longer is not what they meant to say
AGAIN = timedelta(minutes=10)  # the same to the same within this is one tap too many


class Reason(msgspec.Struct, frozen=True):
    """Why words may not go: a code, and a sentence. `until`: the first moment at which they might."""

    code: str
    detail: str
    until: datetime | None = None


class Spoken(msgspec.Struct, frozen=True):
    """What became of somebody's words: the contact that carries them, or why there is none.

    `zone` is the person's, by whose clock the reasons go.
    """

    contact: int | None
    reasons: tuple[Reason, ...] = ()
    zone: str = "UTC"


async def say(
    raw: Raw,
    office: Office,
    case: int,
    person: int,
    address: int,
    channel: str,
    template: str,
    given: Mapping[str, str],
    now: datetime,
    expires_at: datetime,
    *,
    purpose: Literal["answer", "dunning"] = "answer",
) -> int:
    """Plan `template`, filled with `given`, within the caller's transaction; the contact.

    The claim renders it, and asks the rules for that purpose: `dunning` for what nobody asked for.
    """
    return await plan_answer(
        raw,
        office.keyring,
        case,
        person,
        address,
        channel,
        template,
        given,
        now,
        expires_at,
        purpose=purpose,
    )


async def say_own_words(
    office: Office,
    actor: Actor,
    case: int,
    address: int,
    channel: str,
    words: str,
    loans: Sequence[int],
    now: datetime,
    *,
    staff: int | None = None,
) -> Spoken:
    """Send somebody's own words about `loans` to an address of the case's person, if they may go there now.

    `staff`: who is told if they do not go after all. Refused with every reason: what the lint finds, and what
    a rule says. Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        book = await office.book(raw)
        found = await load_facts(raw, [case], now, book.tolerance, book.needs, names=book.rulebook.names)
        if not found:
            raise CaseworkInputError(f"there is no case {case}")
        facts = found[0]
        spec = book.portfolios[facts.portfolio]
        require(actor, Action.SAY, spec.portfolio)
        held = next((one for one in await held_by(raw, address) if one.person == facts.person), None)
        if held is None or held.kind != KIND_OF.get(channel):
            raise CaseworkInputError(f"case {case} has no address {address} for {channel}")
        if not set(loans) <= {loan.id for loan in facts.loans}:
            raise CaseworkInputError(f"case {case} has no such loan, or nothing is owed on it")
        given = {"words": words, "loans": ",".join(map(str, loans)), "by": actor.name}
        await lock_person(raw, facts.person)
        same = (case, facts.person, channel, OWN_WORDS, given, now - AGAIN)
        before = await planned_before(raw, office.keyring, *same, gone=False)
        if before is not None:
            return Spoken(before)
        # Read anew under the lock: what somebody wrote, or a claim sent, meanwhile.
        (facts,) = await load_facts(
            raw, [case], now, book.tolerance, book.needs, at_claim=True, names=book.rulebook.names
        )
        facts = await with_planned(raw, facts, now)
        person = await recipient_at(raw, office.keyring, case, address, now)
        owed = list((await figures(raw, [loan.id for loan in facts.loans])).values())
        today = local_day(now, facts.situation.zones[0])
        told = saying_of(office, spec, person, channel, 0, today, owed, now)
        reasons = [Reason(one.code, one.detail) for one in read_words(words, channel, told, person, spec)]
        against = (*unsure_noes(facts, loans, now), *stale_noes(facts, loans, book.rulebook, now))
        reasons += [Reason(no.rule, no.detail) for no in against]
        rules = book.rulebook.rules[facts.portfolio]
        asks = asks_to_say(book.rulebook, facts, loans, channel, now, address=address, text=words)
        answer = earliest_of(rules, asks, facts.situation, now)
        if answer.at != now:
            noes = against_now(answer, noes_now(rules, asks, facts.situation, now))
            reasons += [Reason(no.rule, no.detail, no.until) for no in noes]
        if reasons:
            data = {"codes": [one.code for one in reasons], "channel": channel}
            event = Event(now, actor.name, actor.role, "message.refused", "case", case, data)
            await write(raw.connection, [event])
            return Spoken(None, tuple(reasons), facts.situation.zones[0])
        before = await planned_before(raw, office.keyring, *same)
        if before is not None:
            return Spoken(before)
        contact = await plan_answer(
            raw,
            office.keyring,
            case,
            facts.person,
            address,
            channel,
            OWN_WORDS,
            given,
            now,
            now + HELD_FOR,
            purpose="dunning",
        )
        event = Event(now, actor.name, actor.role, "message.written", "contact", contact, {"case": case})
        await write(raw.connection, [event])
        if staff is not None:
            await keep_written(raw, contact, staff, now)
        return Spoken(contact)
