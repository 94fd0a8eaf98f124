"""Writing the audit record: every change leaves its event in the change's own transaction.

Writers wait for nobody: an event is a plain insert, chained afterwards by storage/seal.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.hooks import AUDITED, announce
from storage.raw import Raw

Datum = str | int | bool | None | Sequence[str | int]

_COLUMNS: Final = ("at", "actor", "role", "action", "subject_kind", "subject_id", "data")
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class Event(msgspec.Struct, frozen=True):
    """What somebody did. `data` holds codes, ids and counts, never a name, address or text of a person.

    at            when, aware
    actor, role   who, and as what: ("ann", "operations"), ("look", "system")
    action        what: a word of casework's actions, or what came of one ("look.decided")
    subject_*     on what: ("case", 7); a subject without an id stands for all of its kind
    """

    at: datetime
    actor: str
    role: str
    action: str
    subject_kind: str | None = None
    subject_id: int | None = None
    data: Mapping[str, Datum] | None = None


async def write(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """Insert `events` into the connection's transaction, by COPY, in their order; tell whoever wants to hear.

    Raises RuntimeError on a connection that commits by itself: an event must share the fate of its change.
    """
    if not events:
        return
    raw = await Raw.of(connection)
    await raw.copy("events", _COLUMNS, [_row(event) for event in events])
    told = [
        (AUDITED[event.action], event.subject_id, _detail(event))
        for event in events
        if event.action in AUDITED and event.subject_id is not None
    ]
    if told:
        await announce(raw, told, events[0].at)


def _detail(event: Event) -> str | None:
    """Of a consent: its channel."""
    found = (event.data or {}).get("channel")
    return found if isinstance(found, str) else None


def _row(event: Event) -> tuple[object, ...]:
    data = None if event.data is None else _encode(event.data).decode()
    return (event.at, event.actor, event.role, event.action, event.subject_kind, event.subject_id, data)
