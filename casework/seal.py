"""Sealing the audit record: by the machine itself, in the background of everything else."""

from datetime import datetime

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage import seal as sealer
from storage.chain import Head
from storage.seal import Anchor

__all__ = ["Anchor", "Head", "open_record", "seal"]


async def open_record(office: Office, now: datetime, anchor: Anchor) -> None:
    """Make the record ready at start, before anything writes; see storage/seal.py."""
    await sealer.open_record(office.engine, now, anchor)


async def seal(office: Office, actor: Actor, now: datetime, anchor: Anchor) -> int:
    """Seal and anchor what is final; how many events. Raises Denied."""
    require(actor, Action.SEAL_RECORD)
    sealed = await sealer.seal(office.engine, now, anchor)
    return sealed.events if sealed else 0
