"""Writing a strategy on a page: drafts, what is wrong with one, and asking somebody else for their yes.

A draft is its author's alone, one a strategy. Handed in, it becomes a version that is in force nowhere until
somebody else says yes to it: casework/publish.py says what that does.
"""

from datetime import datetime
from functools import cache
from typing import Any, Final

import msgspec

from casework.errors import CaseworkInputError
from casework.experiments import keep_arms
from casework.office import Office
from casework.publish import KIND, last
from casework.releases import in_force
from casework.roll_out import Measure
from casework.staff.rights import Action, Actor, require
from messages.templates import library
from storage import approvals
from storage import drafts as stored
from storage.audit import Event, write
from storage.drafts import Draft
from storage.raw import Raw
from storage.rulebooks import published, releases, versions, write_version
from strategies.diff import differences, sentence
from strategies.language import Slip, Strategy, read_strategy, slips

SHARES: Final = (5, 25, 100)
"""Percent of the people: the steps of a roll-out."""

_MOST: Final = 100_000  # characters; the longest that ships has four thousand

_BEGINNING: Final = """\
strategy: {name}
stale_after: 4d
guard: 5000
steps:
  upcoming:
    at: due - 3d 08:00
    send: upcoming
    by: [chat, sms, email]
    expires: due
"""


class Desk(msgspec.Struct, frozen=True):
    """What an author has before them. `draft` None: nothing is saved, the text is that of `base`.

    live    the number of the version that came into force last; None: there is none
    others  who else writes at the same strategy
    """

    name: str
    text: str
    base: int | None
    draft: Draft | None
    live: int | None
    others: tuple[Draft, ...]


class Checked(msgspec.Struct, frozen=True):
    """A text that was looked at. `strategy` None: its slips say why.

    changes   what it changes beside the version in force, in words; of a first one, its steps
    """

    slips: tuple[Slip, ...]
    strategy: Strategy | None = None
    changes: tuple[str, ...] = ()


@cache
def texts() -> frozenset[tuple[str, str]]:
    """(name, channel) of each text that a step may speak in."""
    return frozenset(library("en"))


async def open_draft(office: Office, actor: Actor, name: str, version: int | None = None) -> Desk:
    """The author's draft of a strategy; else the text to begin from: of `version` (a number), or in force.

    Raises Denied, and CaseworkInputError where there is no such version.
    """
    require(actor, Action.PUBLISH_STRATEGY)
    async with office.transaction() as raw:
        known = {row[2]: row[0] for row in await versions(raw) if row[1] == name}
        numbers = {key: number for number, key in known.items()}
        found = await stored.drafts(raw, name)
        release = in_force(await releases(raw, name)).get(name)
        live = None if release is None else numbers[release.version]
        own = next((one for one in found if one.author == actor.name), None)
        others = tuple(one for one in found if one.author != actor.name)
        if own is not None and version is None:
            return Desk(name, own.source, own.base, own, live, others)
        base = version if version is not None else live if live is not None else max(known, default=None)
        if base is None:
            return Desk(name, _BEGINNING.format(name=name), None, own, live, others)
        if base not in known:
            raise CaseworkInputError(f"strategy {name} has no version {base}; /strategies/{name} lists them")
        return Desk(name, (await published(raw))[known[base]], base, own, live, others)


async def drafts(office: Office, actor: Actor, name: str) -> list[Draft]:
    """Who writes at a strategy. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        return await stored.drafts(raw, name)


async def check(office: Office, actor: Actor, name: str, text: str) -> Checked:
    """Everything that is wrong with a text; of one that is right, what it changes. Raises Denied."""
    require(actor, Action.PUBLISH_STRATEGY)
    text = _plain(text)
    wrong = slips(text, name, texts())
    if wrong:
        return Checked(wrong)
    new = read_strategy(text, name)
    async with office.transaction() as raw:
        release = in_force(await releases(raw, name)).get(name)
        if release is None:
            return Checked((), new, tuple(sentence(step) for step in new.steps))
        live = read_strategy((await published(raw))[release.version], name)
    return Checked((), new, differences(live, new))


async def save_draft(
    office: Office, actor: Actor, name: str, text: str, base: int | None, now: datetime
) -> None:
    """Keep what is written so far, right or wrong. Raises Denied, and CaseworkInputError for a book."""
    require(actor, Action.PUBLISH_STRATEGY)
    async with office.transaction() as raw:
        key = await stored.save(raw, name, actor.name, _plain(text), base, now)
        await _note(raw, actor, "strategy.draft_saved", "strategy_draft", key, name, now)


async def drop_draft(office: Office, actor: Actor, name: str, now: datetime) -> None:
    """Throw one's draft away. Raises Denied, and CaseworkInputError where there is none."""
    require(actor, Action.PUBLISH_STRATEGY)
    async with office.transaction() as raw:
        key = await stored.drop(raw, name, actor.name)
        if key is None:
            raise CaseworkInputError(f"{actor.name} has no draft of strategy {name}")
        await _note(raw, actor, "strategy.draft_dropped", "strategy_draft", key, name, now)


async def submit(
    office: Office,
    actor: Actor,
    name: str,
    text: str,
    now: datetime,
    share: int = 100,
    measure: Measure | None = None,
) -> int:
    """Write a version and ask somebody else for their yes to it; the id of the question.

    share     percent of the people that it is put in force for first
    measure   of a share: the experiment that it is, whose size is told with the question

    What the same author asked for of this strategy before, and nobody answered, is superseded. Raises Denied,
    CaseworkInputError.
    """
    require(actor, Action.PUBLISH_STRATEGY)
    if measure is not None:
        require(
            actor, Action.RUN_EXPERIMENT
        )  # it begins with somebody else's yes, who need not have the right
    if share not in SHARES:
        raise CaseworkInputError(f"share {share}: a roll-out goes by {', '.join(map(str, SHARES))} percent")
    text = _plain(text)
    wrong = slips(text, name, texts())
    if wrong:
        raise CaseworkInputError(f"strategy {name}, line {wrong[0].line}: {wrong[0].says}")
    strategy = read_strategy(text, name)
    async with office.transaction() as raw:
        await keep_arms(raw, strategy)
        version, _ = await write_version(raw, name, strategy.digest, text, now, actor.name)
        number = await raw.value("SELECT version FROM strategy_versions WHERE id = $1", version)
        record = await releases(raw, name)
        before = in_force(record).get(name)
        if before is not None and before.version == version:
            raise CaseworkInputError(f"strategy {name}: this is v{number}, which is in force already")
        if before is None and share < 100:
            raise CaseworkInputError(
                f"strategy {name}: nothing of it is in force that the rest could stay under; take 100%"
            )
        for one in await approvals.waiting(raw):
            if one.kind == KIND and one.content["name"] == name:
                if one.content["version"] == version:
                    raise CaseworkInputError(
                        f"strategy {name}: v{number} waits for a yes already, as approval {one.id}"
                    )
                if one.asked_by == actor.name:
                    await approvals.answer(raw, one.id, "superseded", actor.name, now)
        about = f"strategy {name} v{number}, for {share}% of the people"
        content: dict[str, Any] = {"name": name, "version": version, "share": share, "beside": last(record)}
        if measure is not None and share < 100:
            about += f", as an experiment that needs {measure.needed:,} people under either version"
            content["measure"] = msgspec.to_builtins(measure)
        key = await approvals.ask(raw, KIND, None, about, content, actor.name, now)
        await stored.drop(raw, name, actor.name)
        await _note(raw, actor, "strategy.submitted", "strategy_version", version, name, now)
    return key


def _plain(text: str) -> str:
    """A text as files have it: browsers end lines with two characters. CaseworkInputError for a book."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > _MOST:
        raise CaseworkInputError(f"a strategy has at most {_MOST:,} characters; this has {len(text):,}")
    return text


async def _note(raw: Raw, actor: Actor, what: str, of: str, key: int, name: str, now: datetime) -> None:
    event = Event(now, actor.name, actor.role, what, of, key, {"strategy": name})
    await write(raw.connection, [event])
