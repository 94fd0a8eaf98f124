"""SMS to the staff's own numbers: codes and answers to late entries, each handed over once."""

from datetime import timedelta
from typing import Final

import structlog

from casework.office import Clock, Office
from casework.staff.rights import Action, Actor, require
from messages.body import Body
from notifiers.base import Notifier, Outgoing, SendError
from storage.staff import numbers as stored

_OLDEST: Final = timedelta(hours=1)  # what is older says nothing any more
_BATCH: Final = 50

log: structlog.stdlib.BoundLogger = structlog.get_logger("staff")


async def send_staff_texts(office: Office, actor: Actor, sms: Notifier, clock: Clock) -> int:
    """Hand over what waits; how many the provider took. Begun before: after a crash unsaid, never twice.

    Raises Denied.
    """
    require(actor, Action.SEND)
    taken = 0
    while True:
        now = clock.now()
        async with office.transaction() as raw:
            due = await stored.begin(raw, office.keyring, now, now - _OLDEST, _BATCH)
        for one in due:
            outgoing = Outgoing(
                contact=-one.id,
                key=f"{office.key_of(0)}-staff-{one.id}",
                to=one.to,
                body=Body(one.body),
                language=one.language,
                at=now,
            )
            try:
                await sms.send(outgoing)
            except SendError as error:
                log.warning("an SMS to the staff is not known to be taken", text=one.id, code=error.code)
                continue
            taken += 1
            async with office.transaction() as raw:
                await stored.handed(raw, one.id, clock.now())
        if len(due) < _BATCH:
            return taken
