"""What waits for a yes is told to whoever may say it, once, when its author cannot take it back any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.approvals import KINDS
from casework.office import Office
from casework.outcomes import UNDO_WITHIN
from casework.staff.rights import Action, Actor, Role, may, require, who_may
from storage.staff import asked as stored
from storage.staff.asked import Reader, Untold

__all__ = ["Asked", "Untold", "begin_asked"]

_FRESH: Final = timedelta(days=1)  # whoever has a chat only later finds it by /approvals


class Asked(msgspec.Struct, frozen=True):
    """Questions that somebody may answer, and the chat to say so in (the messenger's own id)."""

    questions: Sequence[Untold]
    telegram: int
    language: str


async def begin_asked(office: Office, actor: Actor, now: datetime) -> Sequence[Asked]:
    """What is to be told now, marked. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        found = await stored.begin_untold(raw, now, now - _FRESH, now - UNDO_WITHIN)
        if not found:
            return ()
        roles = {role.value for one in found for role in who_may(KINDS[one.kind].action)}
        readers = await stored.readers(raw, office.keyring, sorted(roles))
    told: list[Asked] = []
    for reader in readers:
        mine = [one for one in found if _is_for(reader, one)]
        if mine:
            told.append(Asked(mine, reader.telegram, reader.language))
    return told


def _is_for(reader: Reader, question: Untold) -> bool:
    kind = KINDS[question.kind]
    if kind.four_eyes and question.by == reader.name:
        return False
    codes = None if reader.portfolios is None else frozenset(reader.portfolios)
    return may(Actor(reader.name, Role(reader.role), codes), kind.action, question.portfolio)
