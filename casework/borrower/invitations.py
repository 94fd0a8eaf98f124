"""Links to the chat, sent to addresses on file: to one borrower, or to those of a portfolio who have no chat.

A link goes the way of every contact: planned here, asked of the rules and linted at the claim, sent once.
"""

from datetime import datetime

import msgspec

from casework.borrower.identity import invite
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.chat.door import door
from storage.chat.invitations import Invitee, invitees, to_invite
from storage.pins import persons_named

CHANNELS = {"phone": "sms", "email": "email"}


class Invited(msgspec.Struct, frozen=True):
    """What came of it. `channels`: links planned by channel; `nowhere`: no address may carry one; `left`:
    those beyond how many were asked for."""

    channels: dict[str, int]
    nowhere: int = 0
    left: int = 0


async def invite_borrower(
    office: Office, actor: Actor, external_id: str, source: str | None, now: datetime
) -> Invited:
    """Send the borrower of that id a link. Raises Denied; CaseworkInputError: who, or no address for it."""
    async with office.transaction() as raw:
        found = await persons_named(raw, external_id, source)
        if not found:
            raise CaseworkInputError(f"there is no borrower {external_id!r}")
        if len(found) > 1:
            sources = ", ".join(name for _, name in found)
            raise CaseworkInputError(
                f"several sources have a borrower {external_id!r}: {sources}; say which with --source"
            )
        (one,) = await invitees(raw, [found[0][0]])
    if one.address is None:
        require(actor, Action.LINK_CHAT)
        raise CaseworkInputError(
            f"borrower {external_id!r} has no number or mailbox of their own that may carry a link"
        )
    return await _send(office, actor, [one], now)


async def invite_portfolio(office: Office, actor: Actor, portfolio: str, most: int, now: datetime) -> Invited:
    """Send a link to `most` of those who owe the portfolio (its code) something and have no chat yet.

    Who has one on its way gets no other until it has expired. Raises Denied, CaseworkInputError.
    """
    require(actor, Action.LINK_CHAT, portfolio)
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios
        key = next((id_ for id_, spec in specs.items() if spec.portfolio == portfolio), None)
        if key is None:
            known = ", ".join(sorted(spec.portfolio for spec in specs.values())) or "none"
            raise CaseworkInputError(f"there is no portfolio {portfolio!r}; there are: {known}")
        if await door(raw) is None:
            raise CaseworkInputError("no bot has run on this book yet: `kept bot` says where its chat is")
        found = await to_invite(raw, key, now)
    reached = [one for one in found if one.address is not None]
    sent = await _send(office, actor, reached[:most], now)
    return msgspec.structs.replace(sent, nowhere=len(found) - len(reached), left=len(reached[most:]))


async def _send(office: Office, actor: Actor, to: list[Invitee], now: datetime) -> Invited:
    """Each in a transaction of its own: one that may not be invited stops no other before it."""
    channels: dict[str, int] = {}
    for one in to:
        assert one.address is not None
        assert one.kind is not None
        await invite(office, actor, one.person, one.address, now)
        channel = CHANNELS[one.kind]
        channels[channel] = channels.get(channel, 0) + 1
    return Invited(channels)
