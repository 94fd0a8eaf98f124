"""Calls that were agreed ring in the chat of whose case it is, once, when their moment has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from casework.office import Office
from casework.staff.rights import Action, Actor, Role, require
from storage.staff import rings
from storage.staff.rings import Ring

__all__ = ["Ring", "begin_rings", "not_rung", "rung"]

_ELSE: Final = (Role.SUPERVISOR.value,)


async def begin_rings(office: Office, actor: Actor, now: datetime) -> Sequence[Ring]:
    """What rings now, marked: a crash leaves it unsaid and seen as such, never said twice. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await rings.begin_rings(raw, office.keyring, _ELSE, now, 50)


async def rung(office: Office, actor: Actor, task: int, now: datetime) -> None:
    """It was said in the chat. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await rings.handed(raw, task, now)


async def not_rung(office: Office, actor: Actor, task: int) -> None:
    """It could not be said; it rings again. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await rings.forget(raw, task)
