"""Pausing: nothing is claimed of what is paused. What a provider has already is not called back.

What was planned stays so, keeps its place, and goes on when it is resumed; what has lost its sense by then
ends as it always does.
"""

from collections.abc import Sequence
from datetime import datetime

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage import pauses
from storage.audit import Event, write
from storage.contacts import give_back, of_portfolios
from storage.raw import Raw


async def pause(office: Office, actor: Actor, portfolio: str | None, now: datetime) -> bool:
    """Pause a portfolio (code), or (None) all; False where it was paused already.

    When it returns no further contact of it is claimed. Raises Denied; CaseworkInputError: no such portfolio.
    """
    require(actor, Action.PAUSE, portfolio)
    async with office.transaction() as raw:
        id_ = await _id_of(office, raw, portfolio)
        new = await pauses.pause(raw, id_, now, actor.name)
        if new:
            await write(raw.connection, [Event(now, actor.name, actor.role, "pause", "portfolio", id_)])
    return new


async def resume(office: Office, actor: Actor, portfolio: str | None, now: datetime) -> bool:
    """End the pause of a portfolio, or (None) every pause; False where there was none.

    Raises Denied; CaseworkInputError where there is no such portfolio, or where it stays paused with all.
    """
    require(actor, Action.PAUSE, portfolio)
    async with office.transaction() as raw:
        id_ = await _id_of(office, raw, portfolio)
        if id_ is not None and None in await pauses.paused(raw):
            raise CaseworkInputError(
                f"every portfolio is paused, {portfolio} with them: kept resume ends that for all"
            )
        ended = await pauses.resume(raw, id_, now, actor.name)
        if ended:
            await write(raw.connection, [Event(now, actor.name, actor.role, "resume", "portfolio", id_)])
    return bool(ended)


async def give_back_paused(
    raw: Raw, by: str, contacts: set[int], portfolios: Sequence[int | None]
) -> set[int]:
    """Those of the `contacts` which `by` leased that are of paused `portfolios`: they are planned again."""
    if not portfolios or not contacts:
        return set()
    known = [one for one in portfolios if one is not None]
    held = contacts if None in portfolios else await of_portfolios(raw, sorted(contacts), known)
    await give_back(raw, by, sorted(held))
    return held


async def _id_of(office: Office, raw: Raw, code: str | None) -> int | None:
    if code is None:
        return None
    known = {spec.portfolio: id_ for id_, spec in (await office.book(raw)).portfolios.items()}
    if code not in known:
        there = ", ".join(sorted(known)) or "none yet"
        raise CaseworkInputError(f"there is no portfolio {code!r}; there are: {there}")
    return known[code]
