"""Whether there is a database to work with, and whether somebody must look at what it works by."""

from datetime import date

from casework.office import Office
from storage.engine import AWAY, WAITED_IN_VAIN
from storage.migrate import is_current


async def database_is_current(office: Office) -> bool:
    """Whether it has the tables of this code. Raises what the driver raises where it cannot be reached."""
    return await is_current(office.engine)


async def packs_past_review(office: Office, today: date) -> dict[str, date]:
    """The packs in force that should have been read again by now, with their review dates.

    They stay in force: a law does not end because nobody read it.
    """
    async with office.transaction() as raw:
        packs = (await office.book(raw)).rulebook.packs
    return {name: pack.spec.review_by for name, pack in packs.items() if pack.review_past(today)}


def away() -> tuple[type[Exception], ...]:
    """What says that the database cannot be reached: the same may go well in a moment."""
    return AWAY


def busy() -> type[Exception]:
    """What says that something was waited for in vain that another transaction holds."""
    return WAITED_IN_VAIN


def is_away(error: Exception) -> bool:
    """Whether it says that the database cannot be reached: the same may go well in a moment."""
    return isinstance(error, AWAY)


def is_busy(error: Exception) -> bool:
    """Whether it says that something was waited for in vain that another transaction holds."""
    return isinstance(error, WAITED_IN_VAIN)
