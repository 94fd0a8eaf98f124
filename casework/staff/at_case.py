"""What is done at a case that is open on a page: recorded, held, written, invited, corrected.

Nothing is taken at hand for it. Each asks for its own right, and what goes to a person passes the one gate.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from casework.addresses import Finding, settle_address
from casework.borrower.invitations import Invited, invite_borrower
from casework.errors import CaseworkInputError
from casework.holds import lift_hold, place_hold
from casework.may import Wish, permission
from casework.office import Office
from casework.outcomes import Details, Recorded, record_in
from casework.plans import Agreed, Part, agree_in
from casework.say import Spoken, say_own_words
from casework.staff.access import allowed, own_name
from casework.staff.entering import settle
from casework.staff.offering import offer_in
from casework.staff.people import Member
from casework.staff.planning import payments
from casework.staff.reaching import WRITTEN, reasons_of
from casework.staff.rights import Action
from messages.typed.parts import Unclear
from policy.values import Channel
from storage.facts import load_facts
from storage.insight.case import addresses_of, holds_now
from strategies.outcomes import EFFECTS

HOLDS: Final = ("dispute", "hardship", "vulnerable", "moratorium", "cease")
"""Kinds that somebody places without an outcome."""


async def record(
    office: Office, member: Member, case: int, code: str, key: str, now: datetime, details: Details
) -> Recorded:
    """Record an outcome; `key` of the form makes it once. Raises Denied, CaseworkInputError.

    The channel is a call's unless the code speaks of a visit; the address the best number if one is needed.
    """
    if code not in EFFECTS:
        raise CaseworkInputError(f"{code!r} is no outcome")
    async with office.transaction() as raw:
        row, _ = await allowed(raw, office, member, case, Action.RECORD_OUTCOME, now)
        channel = details.channel or ("visit" if code.startswith("visit") else "call")
        address = details.address
        if address is None and "address" in EFFECTS[code].needs:
            address = (await permission(raw, await office.book(raw), row, Wish("call"), now)).address or None
            if address is None:
                raise CaseworkInputError("there is no number on file that it could be about")
        details = msgspec.structs.replace(details, channel=channel, address=address)
        owner = await own_name(raw, member, case, now)
        recorded = await record_in(
            raw, office, member.actor, case, code, at=now, received=now, key=key, details=details, owner=owner
        )
        await settle(raw, member, case, None, code, recorded.outcome, now)
    return recorded


async def read_plan(
    office: Office, member: Member, case: int, text: str, now: datetime
) -> tuple[str, tuple[Part, ...]]:
    """The currency of a plan, and the payments that `text` names. Raises Denied, CaseworkInputError.

    Where it names a number of payments and no amount, what is late is parted, else all that is owed.
    """
    async with office.transaction() as raw:
        row, spec = await allowed(raw, office, member, case, Action.RECORD_OUTCOME, now)
        offers = partial(offer_in, raw, member, row, spec, now)
        found = await offers()
        if found is None:
            raise CaseworkInputError("nothing is unpaid, so there is nothing to agree on")
        found, read = await payments(text, found, offers)
    if isinstance(read, Unclear):
        raise CaseworkInputError(
            f"{read.line!r}: no one day and one amount; write it like 3 x 100 from 28/11, or 28/11 100"
        )
    return found.currency, read


async def agree(
    office: Office,
    member: Member,
    case: int,
    currency: str,
    parts: Sequence[Part],
    key: str,
    now: datetime,
) -> Agreed:
    """Record that a plan was agreed on the loans of a currency; it waits for somebody else's yes.

    Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        row, spec = await allowed(raw, office, member, case, Action.RECORD_OUTCOME, now)
        found = await offer_in(raw, member, row, spec, now, currency)
        if found is None:
            raise CaseworkInputError(f"nothing is unpaid in {currency}, so there is nothing to agree on")
        owner = await own_name(raw, member, case, now)
        agreed = await agree_in(
            raw,
            office,
            member.actor,
            case,
            parts,
            at=now,
            received=now,
            key=key,
            loans=found.loans,
            channel="call",
            owner=owner,
        )
        await settle(raw, member, case, None, "plan_agreed", agreed.outcome, now)
    return agreed


async def hold(
    office: Office, member: Member, case: int, kind: str, ends: datetime | None, reason: str, now: datetime
) -> None:
    """Hold the case from now on, all its loans. Raises Denied, CaseworkInputError."""
    if kind not in HOLDS:
        raise CaseworkInputError(f"{kind!r} is no hold that is placed by hand; there are: {', '.join(HOLDS)}")
    if not reason.strip():
        raise CaseworkInputError("a hold needs a reason, in words of the desk and nothing personal")
    async with office.transaction() as raw:
        owner = await own_name(raw, member, case, now)
        loans = await raw.rows("SELECT loan_id FROM parties WHERE case_id = $1 ORDER BY 1", case)
    await place_hold(
        office,
        member.actor,
        case,
        kind,
        loans=[row[0] for row in loans],
        starts=now,
        ends=ends,
        now=now,
        reason=reason,
        owner=owner,
    )


async def lift(office: Office, member: Member, case: int, key: int, reason: str, now: datetime) -> None:
    """End a hold that binds the case. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        row, _ = await allowed(raw, office, member, case, Action.LIFT_HOLD, now)
        if key not in {one.id for one in await holds_now(raw, case, row.person, now)}:
            raise CaseworkInputError(f"the case has no hold {key} that binds now")
    await lift_hold(office, member.actor, key, at=now, now=now, reason=reason or "lifted")


async def write_words(
    office: Office, member: Member, case: int, channel: Channel, words: str, now: datetime
) -> Spoken:
    """Send their own words now, or say why they may not go. Raises Denied, CaseworkInputError."""
    if channel not in WRITTEN:
        raise CaseworkInputError(f"{channel!r}: one writes by {', '.join(WRITTEN)}")
    async with office.transaction() as raw:
        row, _ = await allowed(raw, office, member, case, Action.CONTACT, now)
        book = await office.book(raw)
        asked = await permission(raw, book, row, Wish(channel), now)
        (facts,) = await load_facts(raw, [case], now, book.tolerance)
    if not asked.address:
        return Spoken(None, reasons_of(asked))
    loans = [loan.id for loan in facts.loans if loan.unpaid and loan.status == "active"]
    return await say_own_words(
        office, member.actor, case, asked.address, channel, words, loans, now, staff=member.id
    )


async def link_chat(office: Office, member: Member, case: int, now: datetime) -> Invited:
    """Send the person what links a chat to them. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        row, _ = await allowed(raw, office, member, case, Action.LINK_CHAT, now)
    return await invite_borrower(office, member.actor, row.borrower, row.source, now)


async def correct_address(
    office: Office, member: Member, case: int, address: int, finding: Finding, now: datetime
) -> None:
    """Say what was found of an address of the case's person. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        row, spec = await allowed(raw, office, member, case, Action.SETTLE_ADDRESS, now)
        if address not in {one.id for one in await addresses_of(raw, office.keyring, row.person)}:
            raise CaseworkInputError(f"the person of this case has no address {address}")
    await settle_address(office, member.actor, address, finding, now, portfolio=spec.portfolio)
