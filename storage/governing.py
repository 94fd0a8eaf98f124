"""Writes what decisions found beside messages and tasks: what governs a loan, what became of a promise."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from storage.hooks import announce
from storage.raw import Raw
from strategies.values import Governs


class _Settled(Protocol):
    @property
    def promise(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def work(self) -> tuple[str, str, int, datetime] | None: ...


class Change(Protocol):
    """A case's change, as far as it is written here."""

    @property
    def case(self) -> int: ...
    @property
    def governs(self) -> tuple[Governs, ...]: ...
    @property
    def settled(self) -> Sequence[_Settled]: ...


# The loan's other parties are under the same strategy: their cases are looked at anew.
_GOVERNS: Final = """
WITH changed AS (
  UPDATE loans l SET strategy_version_id = n.version, strategy_since = n.since
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) n(id, version, since)
  WHERE l.id = n.id
  RETURNING l.id
), others AS (
  SELECT id FROM cases WHERE id IN (
    SELECT p.case_id FROM parties p JOIN changed c ON c.id = p.loan_id WHERE p.case_id <> ALL($4)
  ) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE cases c SET next_look_at = least(c.next_look_at, $5) FROM others WHERE others.id = c.id
"""
# Decided in the same batch, by what governed the loan before: at once again.
_TOGETHER: Final = """
UPDATE cases c SET next_look_at = least(c.next_look_at, $4)
FROM (
  SELECT DISTINCT p.case_id FROM unnest($1::bigint[]) n(loan_id) JOIN parties p USING (loan_id)
  WHERE p.case_id = ANY($3)
    AND (p.loan_id, p.case_id) NOT IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
) other WHERE c.id = other.case_id
"""
_SETTLED: Final = """
UPDATE promises p SET state = n.state, settled_at = $3
FROM unnest($1::bigint[], $2::text[]) n(id, state) WHERE p.id = n.id
"""
_WORK: Final = """
INSERT INTO tasks (case_id, loan_id, promise_id, kind, queue, priority, state, opened_at, finish_by)
SELECT n.case_id, (SELECT min(loan_id) FROM promise_loans m WHERE m.promise_id = n.promise), n.promise,
       n.kind, n.queue, n.priority, 'open', $7, n.finish_by
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[])
     n(case_id, promise, kind, queue, priority, finish_by)
ON CONFLICT (promise_id) DO NOTHING
"""


_TOLD: Final = ("kept", "partly_kept", "broken")  # those that others may be told of


async def write_governing(raw: Raw, changes: Sequence[Change], now: datetime) -> None:
    """Write which version governs each loan from now on."""
    governs = [one for change in changes for one in change.governs]
    if governs:
        await raw.run(
            _GOVERNS,
            [one.loan for one in governs],
            [one.strategy for one in governs],
            [one.since for one in governs],
            [change.case for change in changes],
            now,
        )


async def look_together(raw: Raw, changes: Sequence[Change], now: datetime) -> None:
    """Have those cases of a batch looked at again that decided by what another of them changed."""
    governs = [(one.loan, change.case) for change in changes for one in change.governs]
    if governs:
        loans, by = zip(*governs, strict=True)
        await raw.run(_TOGETHER, list(loans), list(by), [change.case for change in changes], now)


async def write_settled(raw: Raw, changes: Sequence[Change], now: datetime) -> None:
    """Write what became of promises; the work that follows is opened once for each."""
    settled = [one for change in changes for one in change.settled]
    if not settled:
        return
    await raw.run(_SETTLED, [one.promise for one in settled], [one.state for one in settled], now)
    told = [(f"promise.{one.state}", one.promise, None) for one in settled if one.state in _TOLD]
    await announce(raw, told, now)
    work = [
        (change.case, one.promise, *one.work)
        for change in changes
        for one in change.settled
        if one.work is not None
    ]
    if work:
        await raw.run(_WORK, *(list(column) for column in zip(*work, strict=True)), now)
