"""What somebody of the staff wrote and did not go after all, told to them once: they were told it was on its
way."""

from collections.abc import Sequence
from datetime import datetime

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.staff import unsent
from storage.staff.unsent import Unsent

__all__ = ["Unsent", "begin_unsent"]


async def begin_unsent(office: Office, actor: Actor, now: datetime) -> Sequence[Unsent]:
    """Messages of the staff that did not go or did not arrive, marked as told. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await unsent.begin_unsent(raw, office.keyring, now, 50)
