"""Tags of a case, and searches that somebody keeps; each change of a tag is on record."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.access import allowed
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action, require
from storage.audit import Event, write
from storage.staff import keeping as stored
from storage.staff.keeping import Filter

__all__ = ["Filter", "drop_filter", "filter_of", "filters_of", "is_view", "keep_filter", "tag"]

_TAG: Final = re.compile(r"[\w-]{1,30}")
_MOST: Final = 20  # filters of one person
_NAME: Final = 40  # characters


async def tag(office: Office, member: Member, case: int, written: Sequence[str], now: datetime) -> list[str]:
    """Set tags of a case, or take them off ("-late"); those it has then. Raises Denied, CaseworkInputError.

    No tags: nothing changes.
    """
    for one in written:
        if not _TAG.fullmatch(one.removeprefix("-").removeprefix("#")):
            raise CaseworkInputError("a tag has up to 30 letters, digits and dashes, like vip or call-late")
    async with office.transaction() as raw:
        await allowed(raw, office, member, case, Action.RECORD_OUTCOME if written else Action.SEE_LOAN, now)
        for one in written:
            name = one.removeprefix("-").removeprefix("#").lower()
            off = one.startswith("-")
            changed = (
                await stored.drop_tag(raw, case, name)
                if off
                else await stored.set_tag(raw, case, name, member.name, now)
            )
            if changed:
                word = "case.untagged" if off else "case.tagged"
                event = Event(now, member.name, member.actor.role, word, "case", case, {"tag": name})
                await write(raw.connection, [event])
        return await stored.tags_of(raw, case)


async def keep_filter(office: Office, member: Member, name: str, wanted: str, now: datetime) -> None:
    """Keep a search of theirs under a name, instead of one that has it. Raises Denied, CaseworkInputError."""
    _finds(member)
    name = " ".join(name.split())
    if not 0 < len(name) <= _NAME or not wanted.strip():
        raise CaseworkInputError(f"a name has up to {_NAME} characters")
    async with office.transaction() as raw:
        names = {one.name for one in await stored.filters_of(raw, office.keyring, member.id)}
        if name not in names and len(names) >= _MOST:
            raise CaseworkInputError(f"you keep {_MOST} searches already; drop one first")
        await stored.add_filter(raw, office.keyring, member.id, name, wanted.strip(), now)


def is_view(wanted: str) -> bool:
    """Whether what is kept is a list of the console ("?late=yes&dpd=30-60"), not words that one finds by."""
    return wanted.startswith("?")


async def filters_of(office: Office, member: Member) -> Sequence[Filter]:
    """Their searches, by name. Raises Denied."""
    _finds(member)
    async with office.transaction() as raw:
        return await stored.filters_of(raw, office.keyring, member.id)


async def filter_of(office: Office, member: Member, filter_: int) -> Filter:
    """One of theirs. Raises Denied, CaseworkInputError."""
    found = [one for one in await filters_of(office, member) if one.id == filter_]
    if not found:
        raise CaseworkInputError("that search is kept no more")
    return found[0]


async def drop_filter(office: Office, member: Member, filter_: int) -> None:
    """It is kept no more. Raises CaseworkInputError."""
    async with office.transaction() as raw:
        if not await stored.drop_filter(raw, member.id, filter_):
            raise CaseworkInputError("that search is kept no more")


def _finds(member: Member) -> None:
    """Raises Denied for whoever sees no case at all, not even their own."""
    if Action.SEE_LOAN not in RIGHTS[member.actor.role]:
        require(member.actor, Action.SEE_LOAN)
