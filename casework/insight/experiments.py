"""What an experiment says: of each arm who was drawn and what they did, and what may be said of it yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.releases import in_force
from casework.staff.rights import Action, Actor, require
from storage import experiments as stored
from storage.experiments import Experiment
from storage.insight import experiments as counted
from storage.insight.invariants import currencies
from storage.raw import Raw
from storage.rulebooks import published, releases
from strategies.arms import HOLDOUT
from strategies.experiments import FEWEST, Finding, Interval, Tally, finding, level_of, watched
from strategies.language import read_strategy

_FINAL: Final = frozenset({"better", "worse", "no_difference"})


class Arm(msgspec.Struct, frozen=True):
    """An arm: people drawn, of whom the answer is known, who did what is asked; harms by kind."""

    arm: str
    people: int = 0
    known: int = 0
    did: int = 0
    harms: Mapping[str, int] = {}

    @property
    def tally(self) -> Tally:
        return Tally(self.known, self.did)


class Result(msgspec.Struct, frozen=True):
    """What is found of each challenger, against the champion; and what the messages do at all."""

    arms: tuple[Arm, ...]  # the champion first, the holdout last
    findings: Mapping[str, Finding]
    against_holdout: Interval | None  # the champion less the holdout

    @property
    def harmed(self) -> str | None:
        return next((one.harm for one in self.findings.values() if one.says == "harmed"), None)

    @property
    def answered(self) -> bool:
        return all(one.says in _FINAL for one in self.findings.values())


async def known(office: Office, actor: Actor) -> list[Experiment]:
    """Every experiment that was started, the oldest first. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        return await stored.experiments(raw)


class Ready(msgspec.Struct, frozen=True):
    """An experiment of a strategy in force that nobody started. `eligible`: whom the strategy governs."""

    name: str
    strategy: str
    arms: Sequence[tuple[str, int]]  # with percent; the champion is the first
    holdout: int
    horizon: timedelta
    eligible: int


async def ready(office: Office, actor: Actor) -> list[Ready]:
    """What can be started now, by name. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        sources = await published(raw)
        started = {one.name for one in await stored.experiments(raw)}
        found: list[Ready] = []
        for release in in_force(await releases(raw)).values():
            strategy = read_strategy(sources[release.version], "published")
            arms = strategy.arms
            if (
                arms is None
                or release.before is not None
                or len(arms.split) < 2
                or arms.experiment in started
            ):
                continue
            governed = await counted.eligible(raw, strategy.name)
            found.append(
                Ready(arms.experiment, strategy.name, arms.split, arms.holdout, arms.horizon, governed)
            )
    return sorted(found, key=lambda one: one.name)


async def result(office: Office, actor: Actor, name: str, now: datetime) -> tuple[Experiment, Result]:
    """The experiment and what it says: at its end where it is over, else as of `now`.

    Raises CaseworkInputError where there is none; Denied.
    """
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        one = await one_of(raw, name)
        return one, await result_of(office, raw, one, now)


async def one_of(raw: Raw, name: str) -> Experiment:
    found = await stored.experiments(raw, name)
    if not found:
        raise CaseworkInputError(
            f"experiment {name!r}: none of that name was started; `kept experiment list`"
        )
    return found[0]


async def result_of(office: Office, raw: Raw, one: Experiment, now: datetime) -> Result:
    if one.finding is not None:
        return msgspec.convert(one.finding, Result)
    until = one.ended_at or now
    tolerance = (await office.book(raw)).tolerance
    tolerances = [(key, currency, tolerance(key, currency)) for key, currency in await currencies(raw)]
    answers = {
        arm: counts
        for arm, *counts in await counted.answers(raw, one.id, one.within_days, until, one.asks, tolerances)
    }
    harms = {
        arm: {str(kind): count for kind, count in zip(counted.HARMS, counts, strict=True)}
        for arm, _, *counts in await counted.harms(raw, one.id, one.within_days, until)
    }
    names = [name for name, _ in one.arms] + ([HOLDOUT] if one.holdout else [])
    arms = {name: Arm(name, *answers.get(name, ()), harms=harms.get(name, {})) for name in names}
    return _found(one, arms, now)


def _found(one: Experiment, arms: Mapping[str, Arm], now: datetime) -> Result:
    champion, *challengers = (arms[name] for name, _ in one.arms)
    over = horizon_over(one, tuple(arms.values()), now)
    findings = {
        challenger.arm: finding(
            champion.tally,
            challenger.tally,
            one.needed,
            {
                kind: (Tally(champion.people, champion.harms[kind]), Tally(challenger.people, count))
                for kind, count in challenger.harms.items()
                if champion.harms
            },
            over=over,
            level=level_of(len(challengers)),
        )
        for challenger in challengers
    }
    holdout = arms.get(HOLDOUT)
    enough = holdout is not None and min(holdout.known, champion.known) >= FEWEST
    against = watched(holdout.tally, champion.tally, one.needed) if holdout is not None and enough else None
    return Result(tuple(arms.values()), findings, against)


def horizon_over(one: Experiment, arms: tuple[Arm, ...], now: datetime) -> bool:
    """Nobody is drawn any more, and of everybody who was it is known what they did."""
    days = timedelta(days=one.within_days + 1)
    return now >= one.ends_at + days and all(arm.known == arm.people for arm in arms)


def document(one: Experiment, found: Result) -> dict[str, Any]:
    """As `--json` prints it: shares and differences in percent points, as numbers."""
    return {
        "experiment": one.name,
        "strategy": one.strategy,
        "state": one.state,
        "asks": one.asks,
        "within_days": one.within_days,
        "now": one.now_share / 100,
        "hoped": one.hoped_share / 100,
        "needed": one.needed,
        "champion": one.arms[0][0],
        "started_at": one.started_at,
        "started_by": one.started_by,
        "ends_at": one.ends_at,
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
        "why": one.why,
        "arms": [
            {
                "arm": arm.arm,
                "percent": dict(one.arms).get(arm.arm, one.holdout),
                "people": arm.people,
                "known": arm.known,
                "did": arm.did,
                "share": round(100 * arm.did / arm.known, 2) if arm.known else None,
                **{kind: arm.harms.get(kind, 0) for kind in counted.HARMS},
            }
            for arm in found.arms
        ],
        "findings": [
            {"challenger": name, "says": said.says, "harm": said.harm, **_interval(said.interval)}
            for name, said in found.findings.items()
        ],
        "against_holdout": None if found.against_holdout is None else _interval(found.against_holdout),
    }


def _interval(one: Interval | None) -> dict[str, float | None]:
    """A difference with its bounds, in percent points."""
    values = (None, None, None) if one is None else (one.difference, one.low, one.high)
    return {
        name: None if value is None else round(100 * value, 2)
        for name, value in zip(("difference", "low", "high"), values, strict=True)
    }
