"""What somebody wanted and may not: on record, after the transaction of the attempt was rolled back."""

from datetime import datetime

from casework.office import Office
from casework.staff.rights import Denied
from storage.audit import Event, write


async def record_denied(office: Office, denied: Denied, now: datetime) -> None:
    """Write down that somebody was refused."""
    data = {"wanted": denied.action.value, "portfolio": denied.portfolio}
    kind = None if denied.case is None else "case"
    async with office.transaction() as raw:
        event = Event(now, denied.actor.name, denied.actor.role, "access.denied", kind, denied.case, data)
        await write(raw.connection, [event])
