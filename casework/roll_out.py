"""A version comes into force, for everybody or step by step: 5, 25, 100 percent of the people.

The steps are one roll-out, and one experiment where it is measured: the same hash says who is under the new
version, so who was in the five percent is in the twenty-five. Whoever is moved by a wider share had begun
under the old version: what is known of them by then counts for it, and nothing after. See
docs/decisions/0020-roll-out.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from casework.errors import CaseworkInputError
from casework.experiments import begin, end, needed, running
from casework.insight.experiments import Result, result_of
from casework.office import Office
from casework.releases import in_force
from casework.staff.rights import Action, Actor, require
from storage import experiments as stored
from storage.audit import Datum, Event, write
from storage.experiments import Experiment
from storage.raw import Raw
from storage.rulebooks import Released, lock_strategy, release, releases, touch_governed
from strategies.arms import BEFORE, NEW
from strategies.rulebook import Release


class Measure(msgspec.Struct, frozen=True):
    """What a roll-out is measured by. Shares in hundredths of a percent: of now, and hoped for."""

    now: int
    hoped: int
    asks: str = "paid"
    within_days: int = 14
    horizon_days: int = 60

    @property
    def needed(self) -> int:
        """People in each arm. Raises CaseworkInputError."""
        return needed(self.now / 10_000, self.hoped / 10_000)


class Rolling(msgspec.Struct, frozen=True):
    """A roll-out as it stands: its share, and the experiment that it is with what that says, if it is one."""

    share: int
    experiment: Experiment | None = None
    result: Result | None = None


async def put_in_force(
    raw: Raw,
    actor: Actor,
    name: str,
    version: int,
    now: datetime,
    *,
    action: str = "publish",
    share: int = 100,
) -> int:
    """A version (id) is in force from the next claim on; how many cases are looked at again."""
    await release(raw, name, version, now, actor.name, action=action, share=share)
    cases = await touch_governed(raw, name, now)
    await note(raw, actor, f"strategy.{action}", version, now, {"share": share, "cases": cases})
    return cases


async def roll_out(
    raw: Raw, actor: Actor, name: str, version: int, share: int, measure: Measure | None, now: datetime
) -> int:
    """A version (id) that somebody said yes to is in force for a share, measured where that was asked for."""
    cases = await put_in_force(raw, actor, name, version, now, share=share)
    if measure is None or share >= 100:
        return cases
    number = (await releases(raw, name))[-1].number
    await begin(
        raw,
        actor,
        f"{name}@{number}",
        measure.now / 10_000,
        measure.hoped / 10_000,
        now,
        asks=measure.asks,
        within_days=measure.within_days,
        horizon=timedelta(days=measure.horizon_days),
    )
    return cases


async def widen(office: Office, actor: Actor, name: str, share: int, now: datetime) -> tuple[int, int]:
    """The version that is rolled out is in force for more people; its number, the cases looked at again.

    At 100 percent it is over. Raises Denied; CaseworkInputError where nothing is rolled out, or not wider.
    """
    require(actor, Action.PUBLISH_STRATEGY)
    async with office.transaction() as raw:
        await lock_strategy(raw, name)
        record = await releases(raw, name)
        rolled = in_force(record).get(name)
        if rolled is None or rolled.before is None:
            raise CaseworkInputError(f"strategy {name}: no version of it is being rolled out")
        if not rolled.share < share <= 100:
            raise CaseworkInputError(
                f"strategy {name}: v{record[-1].number} is in force for {rolled.share}% already; "
                "a wider share is more, up to 100, and the way back is a rollback"
            )
        return record[-1].number, await wider(office, raw, actor, record[-1], rolled, share, now)


async def wider(
    office: Office, raw: Raw, actor: Actor, last: Released, rolled: Release, share: int, now: datetime
) -> int:
    """The same within a transaction, for who had the right asked."""
    for one in await running(raw, last.name):
        if one.version != rolled.version:
            continue
        if share == 100:
            found = await result_of(office, raw, one, now)
            await end(raw, actor, one, "stopped", now, found, "rolled_out")
        else:
            await _move(raw, actor, one, rolled, share, now)
    return await put_in_force(raw, actor, last.name, rolled.version, now, share=share)


async def rolling(office: Office, actor: Actor, name: str, now: datetime) -> Rolling | None:
    """How far a strategy's roll-out is, and what it says; None: nothing is rolled out. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        rolled = in_force(await releases(raw, name)).get(name)
        if rolled is None or rolled.before is None:
            return None
        for one in await running(raw, name):
            if one.version == rolled.version:
                return Rolling(rolled.share, one, await result_of(office, raw, one, now))
        return Rolling(rolled.share)


async def _move(raw: Raw, actor: Actor, one: Experiment, rolled: Release, share: int, now: datetime) -> None:
    """The arms of an experiment that runs have other shares, and some people are moved to the new one."""
    after = msgspec.structs.replace(rolled, share=share)
    begun = await stored.enrolled(raw, one.id, BEFORE)
    moved = [person for person in begun if after.version_for(person) == rolled.version]
    await stored.widen(raw, one.id, ((BEFORE, 100 - share), (NEW, share)), moved, now)
    data = {"experiment": one.name, "share": share, "moved": len(moved)}
    event = Event(now, actor.name, actor.role, "experiment.widened", "experiment", one.id, data)
    await write(raw.connection, [event])


async def note(
    raw: Raw, actor: Actor, what: str, version: int, now: datetime, data: Mapping[str, Datum]
) -> None:
    """An event of a version (id)."""
    event = Event(now, actor.name, actor.role, what, "strategy_version", version, data)
    await write(raw.connection, [event])
