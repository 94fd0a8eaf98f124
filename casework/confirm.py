"""The one confirmation of a stop that was told to somebody of the staff, on the channel that is stopped.

It goes the way of every contact, within minutes or not at all: 47 CFR 64.1200(a)(12), and good manners
elsewhere. What a person stops by a reply is confirmed where the reply is worked, to the address that wrote.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from casework.office import Book, Office
from policy.values import MESSAGES
from storage.answers import plan_answer
from storage.facts import load_facts
from storage.raw import Raw
from strategies.addresses import KIND_OF, best_address

CONFIRM_WITHIN: Final = timedelta(minutes=5)  # of the stop


async def confirm_stop(
    raw: Raw,
    office: Office,
    book: Book,
    cases: Sequence[int],
    channel: str,
    stopped_at: datetime,
    now: datetime,
    *,
    portfolio: int | None = None,
) -> int | None:
    """Plan it for one of the person's `cases` (of `portfolio`, where the stop is of one); the contact.

    None where nothing is sent on the channel, it was stopped before, there is no address, or it is too late.
    Asked before the stop is recorded, within the caller's transaction.
    """
    if channel not in MESSAGES or now >= stopped_at + CONFIRM_WITHIN:
        return None
    for facts in await load_facts(raw, cases, now, book.tolerance, book.needs, at_claim=True):
        if portfolio not in (None, facts.portfolio) or facts.situation.consents.get(channel) == "revoked":
            continue
        of_kind = (one for one in facts.addresses if one.kind == KIND_OF[channel])
        address = best_address(facts.addresses, channel) or next(of_kind, None)
        if address is None:
            continue
        return await plan_answer(
            raw,
            office.keyring,
            facts.case,
            facts.person,
            address.id,
            channel,
            "stop-confirmed",
            {},
            now,
            stopped_at + CONFIRM_WITHIN,
            purpose="opt_out_confirmation",
        )
    return None
