"""Publishing strategies: a version is made once, never changed, and named by the digest of its meaning.

It comes into force with its release; a rollback is a release of the version before. Either takes effect at
the next claim, because a claim decides again by what is in force. What would send more than the guard of the
strategy waits for somebody else's yes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from casework.errors import CaseworkInputError
from casework.experiments import end_with, keep_arms
from casework.office import Office
from casework.questions import Kind
from casework.releases import in_force
from casework.roll_out import Measure, note, put_in_force, roll_out, wider
from casework.staff.rights import Action, Actor, require
from casework.volume import sends_in_a_day
from messages.templates import library
from storage import approvals
from storage.approvals import Approval
from storage.insight.strategies import loans_under
from storage.raw import Raw
from storage.rulebooks import (
    Released,
    lock_strategy,
    published,
    releases,
    versions,
    write_version,
)
from strategies.diff import differences, sentence
from strategies.errors import StrategyInputError
from strategies.language import Strategy, read_strategy, shipped_strategies
from strategies.mistakes import no_text

KIND: Final = "publish"


class Published(msgspec.Struct, frozen=True):
    """What came of publishing. `approval`: the question that waits, where the guard holds it."""

    name: str
    version: int  # its id
    number: int
    new: bool
    cases: int  # that are looked at again because of it
    approval: int | None = None
    volume: int | None = None  # messages of its first day; None: not counted, as it has no guard


async def publish(
    office: Office, actor: Actor, text: str, file_name: str, now: datetime, *, share: int = 100
) -> Published:
    """Publish the strategy written in `text`, for `share` percent of the people it governs.

    A version that is being rolled out goes on to a wider share.

    Raises Denied, and StrategyInputError where it is no strategy, or speaks in texts that are not there.
    """
    require(actor, Action.PUBLISH_STRATEGY)
    strategy = read_strategy(text, file_name)
    check_texts(strategy, file_name)
    async with office.transaction() as raw:
        await lock_strategy(raw, strategy.name)
        record = await releases(raw, strategy.name)
        before = in_force(record).get(strategy.name)
        version, new = await write_version(raw, strategy.name, strategy.digest, text, now, actor.name)
        number = await raw.value("SELECT version FROM strategy_versions WHERE id = $1", version)
        rolled = before is not None and before.before is not None and before.version == version
        if before is not None and rolled and before.share < share:
            # Its guard was held against everybody when its roll-out began.
            cases = await wider(office, raw, actor, record[-1], before, share, now)
            return Published(strategy.name, version, number, False, cases)
        await keep_arms(raw, strategy)
        if not new and before is not None and (before.version, before.share) == (version, share):
            return Published(strategy.name, version, number, False, 0)
        volume: int | None = None
        if strategy.guard is not None:
            volume = await sends_in_a_day(office, raw, strategy, version, now)
        if volume is not None and strategy.guard is not None and volume > strategy.guard:
            about = (
                f"strategy {strategy.name} v{number}: {volume} messages within a day, "
                f"and its guard is {strategy.guard}"
            )
            content = {"name": strategy.name, "version": version, "share": share, "beside": last(record)}
            key = await approvals.ask(raw, KIND, None, about, content, actor.name, now)
            await note(raw, actor, "strategy.held", version, now, {"approval": key, "volume": volume})
            return Published(strategy.name, version, number, new, 0, key, volume)
        cases = await put_in_force(raw, actor, strategy.name, version, now, share=share)
    return Published(strategy.name, version, number, new, cases, None, volume)


async def publish_shipped(office: Office, actor: Actor, now: datetime) -> None:
    """Publish what ships with Kept and is not published yet; what a lender published under a name stays."""
    async with office.transaction() as raw:
        known = {one.name for one in await releases(raw)}
    for name, text in shipped_strategies().items():
        if name not in known:
            await publish(office, actor, text, f"{name}.yaml", now)


async def rollback(office: Office, actor: Actor, name: str, now: datetime) -> Published:
    """Put the version in force again that was before the one that is. Raises CaseworkInputError, Denied."""
    require(actor, Action.PUBLISH_STRATEGY)
    async with office.transaction() as raw:
        await lock_strategy(raw, name)
        record = await releases(raw, name)
        if not record:
            known = sorted({one.name for one in await releases(raw)})
            raise CaseworkInputError(f"strategy {name!r} is not published; there are: {', '.join(known)}")
        before = _before(record)
        if before is None:
            raise CaseworkInputError(
                f"strategy {name} has no version before v{record[-1].number} that one could go back to"
            )
        await end_with(raw, actor, name, "rolled_back", now)
        cases = await put_in_force(raw, actor, name, before.version, now, action="rollback")
    return Published(name, before.version, before.number, False, cases)


def _before(record: list[Released]) -> Released | None:
    """The last release of another version than the one in force, passing over what was rolled back."""
    now_in_force = record[-1].version
    stack: list[Released] = []
    for one in record:
        if one.action == "rollback":
            while stack and stack[-1].version != one.version:
                stack.pop()
        elif not stack or stack[-1].version != one.version:
            stack.append(one)
    earlier = [one for one in stack if one.version != now_in_force]
    return earlier[-1] if earlier else None


class Known(msgspec.Struct, frozen=True):
    """A version of a strategy. `share`: percent of the people that it governs; 0: it is not in force."""

    name: str
    number: int
    share: int
    at: datetime
    by: str
    loans: int


async def known(office: Office, actor: Actor) -> list[Known]:
    """Every version of every strategy, by name and number. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        current = in_force(await releases(raw))
        shares = {one.version: one.share for one in current.values()}
        for one in current.values():
            if one.before is not None:
                shares[one.before] = 100 - one.share
        loans = await loans_under(raw)
        return [
            Known(name, number, shares.get(id_, 0), at, by, loans.get(id_, 0))
            for id_, name, number, at, by in await versions(raw)
        ]


async def source(office: Office, actor: Actor, name: str) -> str:
    """The YAML of a strategy: of the version in force, or of `name@number`.

    Raises CaseworkInputError where there is none; Denied.
    """
    require(actor, Action.SEE_PORTFOLIO)
    wanted, _, number = name.partition("@")
    async with office.transaction() as raw:
        for id_, of, version, *_ in await versions(raw):
            if of == wanted and number in (str(version), f"v{version}"):
                return (await published(raw))[id_]
        current = in_force(await releases(raw)).get(wanted)
        if current is not None and not number:
            return (await published(raw))[current.version]
    raise CaseworkInputError(f"{name!r}: there is no such strategy; `kept strategy list` has them")


def check_texts(strategy: Strategy, file_name: str) -> None:
    """StrategyInputError when a step speaks in a text that the library does not have."""
    known = library("en")
    for step in strategy.steps:
        for channel in step.by:
            if (step.template, channel) not in known:
                raise StrategyInputError(
                    f"{file_name}: steps.{step.id}.send: {no_text(step.template, channel, known)}"
                )


def last(record: Sequence[Released]) -> int | None:
    """The id of the last release: what a version that waits was compared with, as the question keeps it."""
    return record[-1].id if record else None


def _past(question: Approval, record: Sequence[Released]) -> str | None:
    """Why a yes would not be to what was asked; questions kept before that was kept are taken as they are."""
    if question.content.get("beside", last(record)) == last(record):
        return None
    return (
        f"strategy {question.content['name']}: something else came into force since this was asked, so what "
        "it would change and send is not what was measured; refuse it, and have it published again"
    )


async def changes(raw: Raw, question: Approval) -> tuple[str, ...]:
    """What the version that waits would change beside the one in force, in words; a first one: its steps."""
    name, version = question.content["name"], question.content["version"]
    texts = await published(raw)
    new = read_strategy(texts[version], name)
    record = await releases(raw, name)
    past = _past(question, record)
    if past is not None:
        return (past,)
    before = in_force(record).get(name)
    if before is None:
        return tuple(sentence(step) for step in new.steps)
    return differences(read_strategy(texts[before.version], name), new)


async def _yes(
    office: Office, raw: Raw, actor: Actor, question: Approval, now: datetime
) -> Mapping[str, Any]:
    asked = question.content
    await lock_strategy(raw, asked["name"])
    past = _past(question, await releases(raw, asked["name"]))
    if past is not None:
        raise CaseworkInputError(past)
    await keep_arms(raw, read_strategy((await published(raw))[asked["version"]], asked["name"]))
    measure = asked.get("measure")
    measured = None if measure is None else msgspec.convert(measure, Measure)
    cases = await roll_out(raw, actor, asked["name"], asked["version"], asked["share"], measured, now)
    return {"strategy": asked["name"], "cases": cases}


async def _no(office: Office, raw: Raw, actor: Actor, question: Approval, now: datetime) -> None:
    """The version stays written, and in force nowhere."""


PUBLISH: Final = Kind(Action.APPROVE, four_eyes=True, yes=_yes, no=_no)
