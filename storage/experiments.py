"""Experiments and who was drawn into them: written, and read for decisions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
import orjson

from storage.raw import Raw
from strategies.values import Drawn, Enrolled


class Started(msgspec.Struct, frozen=True):
    """An experiment as it is written when it starts. Shares in hundredths of a percent."""

    name: str
    strategy: str
    arms: tuple[tuple[str, int], ...]  # with percent; the champion is the first
    holdout: int  # percent
    asks: str  # paid | current
    within_days: int
    now_share: int
    hoped_share: int
    needed: int
    started_at: datetime
    ends_at: datetime
    started_by: str
    version: int | None = None  # of a roll-out: the id of the version that it brings
    before: int | None = None


class Experiment(Started, frozen=True, kw_only=True):
    """An experiment as it stands. `finding`: what it said when it ended."""

    id: int
    state: str  # running | answered | harmed | stopped
    ended_at: datetime | None
    ended_by: str | None
    why: str | None
    finding: Mapping[str, Any] | None


_FIELDS: Final = (
    "name, strategy, arms::text, holdout, asks, within_days, now_share, hoped_share, needed, started_at, "
    "ends_at, started_by, version_id, before_id"
)
_ALL: Final = f"SELECT {_FIELDS}, id, state, ended_at, ended_by, why, finding::text FROM experiments "  # noqa: S608


async def experiments(raw: Raw, name: str | None = None, *, lock: bool = False) -> list[Experiment]:
    """Every experiment that was ever started, the oldest first; or the one of that name."""
    sql = _ALL + "WHERE $1::text IS NULL OR name = $1 ORDER BY id" + (" FOR UPDATE" if lock else "")
    found: list[Experiment] = []
    for row in await raw.rows(sql, name):
        arms = tuple((arm, percent) for arm, percent in orjson.loads(row["arms"]))
        started = Started(row[0], row[1], arms, *list(row)[3:14])
        finding = row["finding"]
        found.append(
            Experiment(
                *msgspec.structs.astuple(started),
                id=row["id"],
                state=row["state"],
                ended_at=row["ended_at"],
                ended_by=row["ended_by"],
                why=row["why"],
                finding=orjson.loads(finding) if finding else None,
            )
        )
    return found


async def start(raw: Raw, one: Started) -> int:
    """Write an experiment that runs from now on; its id."""
    return await raw.value(
        "INSERT INTO experiments (name, strategy, arms, holdout, asks, within_days, now_share, hoped_share, "
        "needed, started_at, ends_at, started_by, version_id, before_id, state) VALUES "
        "($1, $2, $3::text::jsonb, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'running') RETURNING id",
        one.name,
        one.strategy,
        orjson.dumps(one.arms).decode(),
        *msgspec.structs.astuple(one)[3:],
    )


async def end(
    raw: Raw,
    experiment: int,
    state: str,
    now: datetime,
    by: str,
    *,
    why: str | None = None,
    finding: Mapping[str, Any] | None = None,
) -> bool:
    """End an experiment that runs; whether it did. Who was in it may be drawn into another one."""
    ended = await raw.run(
        "UPDATE experiments SET state = $2, ended_at = $3, ended_by = $4, why = $5, "
        "finding = $6::text::jsonb WHERE id = $1 AND state = 'running'",
        experiment,
        state,
        now,
        by,
        why,
        None if finding is None else orjson.dumps(finding).decode(),
    )
    await raw.run(
        "UPDATE enrolments SET ended_at = $2 WHERE experiment_id = $1 AND ended_at IS NULL", experiment, now
    )
    return bool(ended)


async def enrolled(raw: Raw, experiment: int, arm: str) -> list[int]:
    """Who was drawn into an arm, and is still in it."""
    rows = await raw.rows(
        "SELECT person_id FROM enrolments WHERE experiment_id = $1 AND arm = $2 AND moved_at IS NULL",
        experiment,
        arm,
    )
    return [row[0] for row in rows]


async def widen(
    raw: Raw, experiment: int, arms: tuple[tuple[str, int], ...], moved: Sequence[int], now: datetime
) -> None:
    """Its arms have these shares from now on, and the persons in `moved` have left the one they were in."""
    await raw.run(
        "UPDATE experiments SET arms = $2::text::jsonb WHERE id = $1", experiment, orjson.dumps(arms).decode()
    )
    await raw.run(
        "UPDATE enrolments SET moved_at = $3 WHERE experiment_id = $1 AND person_id = ANY($2)",
        experiment,
        list(moved),
        now,
    )


async def drawn_of(raw: Raw, persons: Sequence[int]) -> Mapping[int, tuple[Drawn, ...]]:
    """What each of `persons` was drawn into, the first first."""
    if not persons:
        return {}
    found: dict[int, list[Drawn]] = defaultdict(list)
    rows = await raw.rows(
        "SELECT e.person_id, x.name, e.arm FROM enrolments e JOIN experiments x ON x.id = e.experiment_id "
        "WHERE e.person_id = ANY($1) ORDER BY e.id",
        list(persons),
    )
    for person, name, arm in rows:
        found[person].append(Drawn(name, arm))
    return {person: tuple(of) for person, of in found.items()}


class Change(Protocol):
    """A case's change, as far as it is written here."""

    @property
    def person(self) -> int: ...
    @property
    def enrolled(self) -> tuple[Enrolled, ...]: ...


async def write_enrolled(raw: Raw, changes: Sequence[Change], now: datetime) -> None:
    """Record who was drawn into which arm. Who was drawn elsewhere this moment stays there alone."""
    rows = [
        (change.person, one.experiment, one.arm, one.loan, one.installment)
        for change in changes
        for one in change.enrolled
    ]
    if rows:
        await raw.run(
            "INSERT INTO enrolments (experiment_id, person_id, arm, at, loan_id, installment_id) "
            "SELECT x.id, n.person, n.arm, $6, n.loan, n.installment "
            "FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) "
            "n(person, experiment, arm, loan, installment) "
            "JOIN experiments x ON x.name = n.experiment ORDER BY n.person ON CONFLICT DO NOTHING",
            *(list(column) for column in zip(*rows, strict=True)),
            now,
        )
