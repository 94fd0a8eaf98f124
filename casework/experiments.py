"""Experiments: started with their size told before, watched for harm, answered once, and then over.

The arms are written in a strategy (`arms:`). Until its experiment is started, and once it is over, everybody
hears the champion; who was drawn stays in their arm meanwhile. Each person counts in the arm they were drawn
into, whatever they heard. An answer is read once, at the size told before or when the horizon is over; harm
stops at any time.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.insight.experiments import Result, horizon_over, one_of, result_of
from casework.office import Office
from casework.releases import in_force
from casework.staff.rights import Action, Actor, require
from storage import experiments as stored
from storage.audit import Event, write
from storage.experiments import Experiment, Started
from storage.insight.experiments import eligible
from storage.raw import Raw
from storage.rulebooks import published, releases, touch_governed
from storage.rulebooks import release as release_version
from strategies.arms import BEFORE, NEW, Arms
from strategies.experiments import level_of, size
from strategies.language import Strategy, read_strategy

ASKS: Final = {
    "paid": "the installment they were drawn with is paid in full",
    "current": "nothing of the loan they were drawn with is past due",
}


class Plan(msgspec.Struct, frozen=True):
    """What is told as it starts. `eligible`: the borrowers whom the strategy governs now."""

    name: str
    strategy: str
    arms: Arms
    needed: int  # people in each arm
    ends: datetime
    eligible: int


def needed(now_share: float, hoped_share: float, challengers: int = 1) -> int:
    """People in each arm to tell two shares (fractions) apart. Raises CaseworkInputError."""
    try:
        return size(now_share, hoped_share, level=level_of(challengers))
    except ValueError as error:
        raise CaseworkInputError(f"{error}; in percent, like 40 43") from None


async def start(
    office: Office,
    actor: Actor,
    name: str,
    now_share: float,
    hoped_share: float,
    now: datetime,
    *,
    asks: str = "paid",
    within_days: int = 14,
    horizon: timedelta = timedelta(days=60),
) -> Plan:
    """Start the experiment `name` of a strategy in force; or the roll-out of a version, "gentle@3", as one.

    Shares are fractions. `horizon`: of a roll-out; arms have their own.

    Raises Denied, and CaseworkInputError where no strategy has it, it was started before, or a part of the
    people only is under its strategy.
    """
    require(actor, Action.RUN_EXPERIMENT)
    async with office.transaction() as raw:
        return await begin(
            raw,
            actor,
            name,
            now_share,
            hoped_share,
            now,
            asks=asks,
            within_days=within_days,
            horizon=horizon,
        )


async def begin(
    raw: Raw,
    actor: Actor,
    name: str,
    now_share: float,
    hoped_share: float,
    now: datetime,
    *,
    asks: str,
    within_days: int,
    horizon: timedelta,
) -> Plan:
    """The same within a transaction, for who had the right asked.

    A roll-out that is begun anew is an experiment of its own: gentle@3.2.
    """
    if asks not in ASKS:
        raise CaseworkInputError(f"{asks!r} cannot be asked; there are: {', '.join(ASKS)}")
    version: int | None = None
    old: int | None = None
    if "@" in name:
        strategy, arms, version, old = await _of_roll_out(raw, name, horizon)
        name = arms.experiment
    else:
        strategy, arms = await _of_strategy(raw, name)
    before = await stored.experiments(raw, name)
    if before:
        raise CaseworkInputError(
            f"experiment {name} was started on {before[0].started_at.date()}; another one needs a name "
            "of its own in `arms.experiment`, so that people are drawn anew"
        )
    people = needed(now_share, hoped_share, len(arms.split) - 1)
    ends = now + arms.horizon
    shares = round(now_share * 10_000), round(hoped_share * 10_000)
    key = await stored.start(
        raw,
        Started(
            name,
            strategy.name,
            arms.split,
            arms.holdout,
            asks,
            within_days,
            *shares,
            people,
            now,
            ends,
            actor.name,
            version,
            old,
        ),
    )
    data = {"experiment": name, "strategy": strategy.name, "needed": people}
    await write(
        raw.connection,
        [Event(now, actor.name, actor.role, "experiment.started", "experiment", key, data)],
    )
    return Plan(name, strategy.name, arms, people, ends, await eligible(raw, strategy.name))


async def stop(office: Office, actor: Actor, name: str, why: str, now: datetime) -> int:
    """Stop an experiment that runs: from the next claim on everybody hears the champion.

    How many cases are looked at again. Raises CaseworkInputError, Denied.
    """
    require(actor, Action.RUN_EXPERIMENT)
    async with office.transaction() as raw:
        one = await one_of(raw, name)
        if one.state != "running":
            when = one.ended_at.date() if one.ended_at else "an earlier day"
            raise CaseworkInputError(f"experiment {name} runs no more: {one.state} on {when}")
        found = await result_of(office, raw, one, now)
        return await end(raw, actor, one, "stopped", now, found, why)


async def watch(office: Office, actor: Actor, now: datetime) -> list[tuple[Experiment, str, Result]]:
    """End what is harmful, and what has its answer; each with how it ended: harmed | answered.

    Raises Denied.
    """
    require(actor, Action.RUN_EXPERIMENT)
    ended: list[tuple[Experiment, str, Result]] = []
    async with office.transaction() as raw:
        for one in await stored.experiments(raw, lock=True):
            if one.state != "running":
                continue
            found = await result_of(office, raw, one, now)
            if found.harmed or found.answered or horizon_over(one, found.arms, now):
                state = "harmed" if found.harmed else "answered"
                await end(raw, actor, one, state, now, found, found.harmed)
                ended.append((one, state, found))
    return ended


async def keep_arms(raw: Raw, strategy: Strategy) -> None:
    """CaseworkInputError where a version would change the arms of an experiment of its strategy that runs."""
    for one in await running(raw, strategy.name):
        arms = strategy.arms
        if one.version is not None:
            raise CaseworkInputError(
                f"strategy {strategy.name}: its roll-out is the experiment {one.name}, which runs; "
                f"`kept strategy widen {strategy.name}` goes on with it, and a rollback ends it"
            )
        if arms is None or (arms.experiment, arms.split, arms.holdout) != (one.name, one.arms, one.holdout):
            raise CaseworkInputError(
                f"strategy {strategy.name}: its experiment {one.name} runs, and its arms stay as they are "
                f"until it is over; `kept experiment stop {one.name}` ends it now"
            )


async def end_with(raw: Raw, actor: Actor, strategy: str, why: str, now: datetime) -> None:
    """Stop what runs in a strategy: the version with its arms is taken out of force."""
    for one in await running(raw, strategy):
        await end(raw, actor, one, "stopped", now, None, why)


async def running(raw: Raw, strategy: str) -> list[Experiment]:
    """The experiments of a strategy that run: in its arms, or its roll-out."""
    found = await stored.experiments(raw)
    return [one for one in found if one.strategy == strategy and one.state == "running"]


async def _of_strategy(raw: Raw, name: str) -> tuple[Strategy, Arms]:
    """The strategy in force whose arms are those of the experiment. Raises CaseworkInputError."""
    sources = await published(raw)
    found: list[tuple[Strategy, Arms]] = []
    there: list[str] = []
    for release in in_force(await releases(raw)).values():
        strategy = read_strategy(sources[release.version], "published")
        arms = strategy.arms
        if arms is None:
            continue
        there.append(arms.experiment)
        if arms.experiment == name:
            if release.before is not None:
                raise CaseworkInputError(
                    f"experiment {name}: strategy {strategy.name} is in force for {release.share}% of the "
                    "people only; publish it for all of them first"
                )
            if len(arms.split) < 2:
                raise CaseworkInputError(
                    f"experiment {name}: one arm is no experiment; `split` has two or more"
                )
            found.append((strategy, arms))
    if not found:
        listed = f"there are: {', '.join(sorted(there))}" if there else "none has `arms`"
        raise CaseworkInputError(f"experiment {name!r}: no strategy in force has it; {listed}")
    if len(found) > 1:
        both = ", ".join(strategy.name for strategy, _ in found)
        raise CaseworkInputError(f"experiment {name} is in several strategies ({both}); name each one's own")
    return found[0]


async def _of_roll_out(raw: Raw, name: str, horizon: timedelta) -> tuple[Strategy, Arms, int, int]:
    """The strategy, its versions as arms, and the ids of the new one and the one before."""
    of, _, number = name.partition("@")
    record = await releases(raw, of)
    for one in await running(raw, of):
        if one.version is not None:
            raise CaseworkInputError(f"experiment {name!r}: the roll-out is measured already, as {one.name}")
    release = in_force(record).get(of)
    if release is None or release.before is None or number.removeprefix("v") != str(record[-1].number):
        raise CaseworkInputError(
            f"experiment {name!r}: that version is not being rolled out; "
            f"`kept strategy publish FILE --share 25` begins to"
        )
    arms = Arms(
        await _free(raw, f"{of}@{record[-1].number}"),
        ((BEFORE, 100 - release.share), (NEW, release.share)),
        0,
        horizon,
    )
    strategy = read_strategy((await published(raw))[release.version], "published")
    return strategy, arms, release.version, release.before


async def _free(raw: Raw, name: str) -> str:
    """The name, or the next one where there was such a roll-out before: gentle@3, gentle@3.2, gentle@3.3."""
    known = {one.name for one in await stored.experiments(raw)}
    return next(
        one for one in (name, *(f"{name}.{count}" for count in range(2, len(known) + 3))) if one not in known
    )


async def end(
    raw: Raw, actor: Actor, one: Experiment, state: str, now: datetime, found: Result | None, why: str | None
) -> int:
    """It is over, with what was found; how many cases are looked at again."""
    document = None if found is None else msgspec.to_builtins(found)
    await stored.end(raw, one.id, state, now, actor.name, why=why, finding=document)
    if state == "harmed" and one.before is not None:
        await release_version(raw, one.strategy, one.before, now, actor.name, action="rollback")
    cases = await touch_governed(raw, one.strategy, now)
    data = {"experiment": one.name, "strategy": one.strategy, "why": why or state, "cases": cases}
    event = Event(now, actor.name, actor.role, f"experiment.{state}", "experiment", one.id, data)
    await write(raw.connection, [event])
    return cases
