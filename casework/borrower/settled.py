"""How was it? Offered once, in their chat, to whoever has just settled all of a case; by itself, unasked.

It goes the way of every contact: the gate holds it to hours, caps, stops and holds, and it speaks of no debt.
What cannot go within some days is never made up for.
"""

from datetime import datetime, timedelta
from typing import Final

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.answers import plan_answer
from storage.audit import Event, write
from storage.chat.feedback import settled

TEXT: Final = "how-was-it"
FRESH: Final = timedelta(days=7)  # what was settled before is left alone
WITHIN: Final = timedelta(days=3)
_BATCH: Final = 500


async def ask_how_it_was(office: Office, actor: Actor, now: datetime) -> int:
    """Plan the question for every case that was settled lately; how many. Raises Denied."""
    require(actor, Action.SEND)
    asked = 0
    while True:
        async with office.transaction() as raw:
            found = await settled(raw, TEXT, (now - FRESH).date(), _BATCH)
            events: list[Event] = []
            for one in found:
                contact = await plan_answer(
                    raw,
                    office.keyring,
                    one.case,
                    one.person,
                    one.address,
                    "chat",
                    TEXT,
                    {},
                    now,
                    now + WITHIN,
                    purpose="dunning",
                )
                data = {"case": one.case}
                events.append(Event(now, actor.name, actor.role, "feedback.asked", "contact", contact, data))
            await write(raw.connection, events)
        asked += len(found)
        if len(found) < _BATCH:
            return asked
