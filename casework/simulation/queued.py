"""Simulations for a page: asked for, played by a worker while the page looks how far it is, kept.

One is played at a time, over the whole book, in the worker's own loop: it steps aside after every thousand
cases. Who plays it says every second that they are alive; one whose player is gone is begun anew.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec
from structlog import get_logger
from structlog.stdlib import BoundLogger

from casework.drafts import texts
from casework.errors import CaseworkInputError
from casework.office import Clock, Office
from casework.simulation.document import document
from casework.simulation.prices import read_prices
from casework.simulation.simulate import Asked, play
from casework.staff.rights import Action, Actor, may, require
from policy.errors import PolicyInputError
from storage import simulations as stored
from storage.audit import Event, write
from storage.simulations import Simulation, Taken
from strategies.errors import StrategyInputError
from strategies.language import slips

__all__ = ["Simulation", "ask", "prices_before", "simulation", "simulations", "stop", "work"]

log: BoundLogger = get_logger("simulation")

_LOST: Final = timedelta(minutes=3)  # without a word of its player
_TRIES: Final = 3
_BEAT: Final = 1.0  # seconds


async def ask(
    office: Office,
    actor: Actor,
    name: str,
    label: str,
    text: str,
    now: datetime,
    *,
    days: int = 60,
    share: int = 100,
    prices: str = "",
) -> int:
    """Have the strategy written in `text` played beside what is in force; the simulation's id.

    `label`: what it is, for people: v3, or whose draft. Raises Denied, CaseworkInputError.
    """
    require(actor, Action.SEE_PORTFOLIO)
    wrong = slips(text, name, texts())
    if wrong:
        raise CaseworkInputError(f"strategy {name}, line {wrong[0].line}: {wrong[0].says}")
    prices = prices.replace("\r\n", "\n").strip()
    if prices:
        read_prices(prices, "prices")
    async with office.transaction() as raw:
        key = await stored.ask(raw, name, label, text, days, share, prices or None, actor.name, now)
        data = {"strategy": name, "days": days, "share": share}
        event = Event(now, actor.name, actor.role, "strategy.simulated", "simulation", key, data)
        await write(raw.connection, [event])
    return key


async def simulations(office: Office, actor: Actor, name: str) -> list[Simulation]:
    """Those of a strategy, the newest first. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        return await stored.simulations(raw, name)


async def simulation(office: Office, actor: Actor, name: str, key: int) -> Simulation:
    """One, with what it found. Raises Denied, and CaseworkInputError where there is none."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        found = await stored.simulation(raw, key)
    if found is None or found.name != name:
        raise CaseworkInputError(f"strategy {name} has no simulation {key}")
    return found


async def prices_before(office: Office, actor: Actor) -> str:
    """The prices that somebody used last; empty: nobody did. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        return await stored.last_prices(raw) or ""


async def stop(office: Office, actor: Actor, name: str, key: int, now: datetime) -> None:
    """It is not wanted any more. For who asked for it, and who publishes. CaseworkInputError; Denied."""
    one = await simulation(office, actor, name, key)
    if one.asked_by != actor.name and not may(actor, Action.PUBLISH_STRATEGY):
        raise CaseworkInputError(f"simulation {key}: {one.asked_by} asked for it, who may stop it")
    async with office.transaction() as raw:
        await stored.end(raw, key, "stopped", now)


async def work(office: Office, clock: Clock) -> bool:
    """Play the next one that waits; whether there was one."""
    async with office.transaction() as raw:
        now = clock.wall()
        taken = await stored.take(raw, now, now - _LOST)
    if taken is None:
        return False
    if taken.tries > _TRIES:
        await _end(office, clock, taken, "failed", wrong="its player ended three times in the middle of it")
        return True
    try:
        found = await _played(office, clock, taken)
    except (StrategyInputError, PolicyInputError, CaseworkInputError) as error:
        await _end(office, clock, taken, "failed", wrong=str(error))
    except asyncio.CancelledError:
        async with office.transaction() as raw:
            await stored.hand_back(raw, taken.id)
        raise
    except Exception as error:  # whatever it was, who waits for it is told, and so is the log
        log.exception("simulation_failed", simulation=taken.id)
        await _end(office, clock, taken, "failed", wrong=type(error).__name__)
    else:
        if found is not None:
            await _end(office, clock, taken, "done", found=found)
    return True


async def _played(office: Office, clock: Clock, taken: Taken) -> bytes | None:
    """The document of it; None: nobody wants it any more."""
    asked = Asked(taken.source, taken.name, taken.days, against_live=True, share=taken.share)
    prices = None if taken.prices is None else read_prices(taken.prices, "prices")
    done, cases = 0, None

    def note(played: int, of: int) -> None:
        nonlocal done, cases
        done, cases = played, of

    playing = asyncio.create_task(play(office, asked, clock.now(), note))
    try:
        while not (await asyncio.wait({playing}, timeout=_BEAT))[0]:
            async with office.transaction() as raw:
                if not await stored.beat(raw, taken.id, done, cases, clock.wall()):
                    return None
        made = document(await playing, prices)
    finally:
        playing.cancel()
        await asyncio.wait({playing})
    made["people"].pop("examples")  # persons: a page of figures has none
    return msgspec.json.encode(made)


async def _end(
    office: Office,
    clock: Clock,
    taken: Taken,
    state: str,
    *,
    found: bytes | None = None,
    wrong: str | None = None,
) -> None:
    async with office.transaction() as raw:
        await stored.end(raw, taken.id, state, clock.wall(), found=found, wrong=wrong)
