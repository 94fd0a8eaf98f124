"""What a provider's record of one number says about contacts that are in doubt there. Pure.

Only what cannot be otherwise settles a contact: one message with its text, made when it was sent, that is
nobody else's. Anything else that could be it leaves the contact unknown, for a person.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from notifiers.base import Found

# The provider's clock and ours; and how long a deliverer may have held a contact before it went.
EARLY, LATE = timedelta(minutes=1), timedelta(minutes=10)


class Said(msgspec.Struct, frozen=True):
    """A contact in doubt, opened: what was to be said, and when. `text` None: it cannot be read."""

    contact: int
    text: str | None
    sent_at: datetime


class Finding(msgspec.Struct, frozen=True):
    """taken (with what was found) | nothing | several | another_text | another_time | unreadable."""

    word: str
    found: Found | None = None


def findings(doubts: Sequence[Said], found: Sequence[Found]) -> Mapping[int, Finding]:
    """By contact. `found`: what the provider has of the number, without what is on record already."""
    alike = {doubt.contact: [message for message in found if _same(doubt, message)] for doubt in doubts}
    claims = Counter(
        message.provider_id for doubt in doubts for message in alike[doubt.contact] if _near(doubt, message)
    )
    return {doubt.contact: _finding(doubt, alike[doubt.contact], found, claims) for doubt in doubts}


def _finding(
    doubt: Said, alike: Sequence[Found], found: Sequence[Found], claims: Mapping[str, int]
) -> Finding:
    if doubt.text is None or any(message.at is None for message in alike):
        return Finding("unreadable")
    near = [message for message in alike if _near(doubt, message)]
    if len(near) > 1 or any(claims[message.provider_id] > 1 for message in near):
        return Finding("several")
    if near:
        return Finding("unreadable") if near[0].state is None else Finding("taken", near[0])
    if alike:
        return Finding("another_time")
    if any(_near(doubt, message) for message in found):
        # Providers rewrite texts (a trial's preface, smart quotes): it may well be ours.
        return Finding("another_text")
    return Finding("nothing")


def _same(doubt: Said, message: Found) -> bool:
    return doubt.text is not None and doubt.text.split() == message.text.split()


def _near(doubt: Said, message: Found) -> bool:
    return message.at is not None and doubt.sent_at - EARLY <= message.at <= doubt.sent_at + LATE
