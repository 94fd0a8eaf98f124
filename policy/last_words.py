"""What a person said last of each channel, where several records of theirs were found to be one person's.

Until then each record was somebody of its own. A stop said to any of them counts for all; leave given to one
is not lent to another. From then on it is known who speaks: leave given on any record takes back the stops of
all of them.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec


class Stated(msgspec.Struct, frozen=True):
    """What a person said of a channel (granted, revoked), and to whom (None: to every portfolio)."""

    portfolio: int | None
    channel: str
    state: str
    at: datetime


def last_words(
    own: Sequence[Stated], others: Sequence[tuple[datetime, Sequence[Stated]]]
) -> dict[str, Stated]:
    """The word that counts for one record, by channel.

    own     what was said on the record itself, in order of time
    others  of each other record of the person: since when it is known to be theirs, and what was said on it
    """
    said = [(one, 0) for one in own]
    said += [(one, number) for number, (_, words) in enumerate(others, 1) for one in words]
    since = {number: moment for number, (moment, _) in enumerate(others, 1)}
    standing: dict[str, dict[int, Stated]] = {}
    for word, record in sorted(said, key=lambda pair: pair[0].at):
        of_channel = standing.setdefault(word.channel, {})
        if word.state == "granted":
            _lift(of_channel, word, record, since)
        of_channel[record] = word
    found: dict[str, Stated] = {}
    for channel, words in standing.items():
        stops = [word for word in words.values() if word.state == "revoked"]
        if stops:
            found[channel] = max(stops, key=lambda word: word.at)
        elif 0 in words:
            found[channel] = words[0]
    return found


def _lift(standing: dict[int, Stated], word: Stated, record: int, since: dict[int, datetime]) -> None:
    """Take back the stops of the person's other records that are known to be theirs by then."""
    for other in [other for other, before in standing.items() if before.state == "revoked"]:
        if other == record or word.at < max(since[one] for one in (record, other) if one):
            continue
        if other == 0:
            standing[other] = word
        else:
            del standing[other]
