"""The strategies as those who tune them see them: versions, who wrote and approved each, what it governs."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.releases import in_force
from casework.staff.rights import Action, Actor, require
from storage import approvals
from storage.approvals import Approval
from storage.insight.strategies import governed, said_yes
from storage.rulebooks import Released, published, releases, versions
from strategies.diff import differences, sentence
from strategies.language import read_strategy


class Version(msgspec.Struct, frozen=True):
    """A version of a strategy. `share`: percent of the people that it governs now; 0: it is not in force.

    `approved_by` None: it was put in force within its guard, or not yet.
    """

    id: int
    name: str
    number: int
    written_at: datetime
    written_by: str
    approved_by: str | None
    share: int
    loans: int
    cases: int


class Shelf(msgspec.Struct, frozen=True):
    """One strategy: the version that came into force last, with all of its versions.

    `before`: the version that the rest stay under while `current` is rolled out to a share.
    `counted_at`: when loans and cases were counted; None: just now.
    """

    name: str
    versions: Sequence[Version]  # the newest first
    current: Version | None
    before: Version | None
    since: datetime | None
    released_by: str | None
    record: Sequence[Released] = ()  # the newest first
    waiting: Sequence[Approval] = ()  # versions that wait for somebody's yes
    counted_at: datetime | None = None

    @property
    def loans(self) -> int:
        return sum(one.loans for one in self.versions)

    @property
    def cases(self) -> int:
        return sum(one.cases for one in self.versions)


async def shelves(office: Office, actor: Actor) -> list[Shelf]:
    """Every strategy, by name. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        found = await versions(raw)
        record = await releases(raw)
        counts = await governed(raw)
        yes = await said_yes(raw)
        asked = [one for one in await approvals.waiting(raw) if one.kind == "publish"]
    current = in_force(record)
    shares: dict[int, int] = {}
    for one in current.values():
        shares[one.version] = one.share
        if one.before is not None:
            shares[one.before] = 100 - one.share
    made: list[Shelf] = []
    for name in sorted({row[1] for row in found}):
        of = {
            row[0]: Version(
                row[0],
                name,
                row[2],
                row[3],
                row[4],
                yes.get(row[0]),
                shares.get(row[0], 0),
                *counts.of.get(row[0], (0, 0)),
            )
            for row in reversed(found)
            if row[1] == name
        }
        now = current.get(name)
        mine = [one for one in reversed(record) if one.name == name]
        made.append(
            Shelf(
                name,
                list(of.values()),
                None if now is None else of[now.version],
                None if now is None or now.before is None else of[now.before],
                mine[0].at if mine else None,
                mine[0].by if mine else None,
                mine,
                [one for one in asked if one.content["name"] == name],
                counts.at,
            )
        )
    return made


async def shelf(office: Office, actor: Actor, name: str) -> Shelf:
    """One strategy. Raises CaseworkInputError where there is none of that name; Denied."""
    for one in await shelves(office, actor):
        if one.name == name:
            return one
    raise CaseworkInputError(f"{name!r}: there is no such strategy; /strategies lists them")


async def source_of(office: Office, actor: Actor, version: Version) -> str:
    """The YAML of a version. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        return (await published(raw))[version.id]


def compared(old: str, new: str) -> tuple[str, ...]:
    """What changes from one text to another, in words; none: they mean the same. StrategyInputError."""
    return differences(read_strategy(old, "before"), read_strategy(new, "after"))


def in_words(text: str) -> tuple[str, ...]:
    """Each step as one sentence. Raises StrategyInputError."""
    return tuple(sentence(step) for step in read_strategy(text, "strategy").steps)
