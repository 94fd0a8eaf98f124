"""The end of an import: what it tells, kept with the book and in the audit record."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from casework.intake.guard import Finding
from casework.intake.order import Order
from casework.intake.papers import Papers
from casework.intake.reconcile import Reconciled
from casework.intake.report import ImportReport, files_of
from casework.intake.tape import Tape
from casework.staff.rights import Action, Actor
from ledger.money import format_major
from storage.audit import Event, write
from storage.intake import faults, refuse, resolve, tally
from storage.intake.guard import Measured
from storage.raw import Raw


class Came(msgspec.Struct, frozen=True):
    """What came of a tape. `asked`: the portfolio (id) that it was said to be of; `content`: its digest."""

    read: int
    counts: Mapping[str, int]
    recalled: int
    reconciled: Reconciled
    faults: int
    measured: Measured
    findings: Sequence[Finding]
    notes: Sequence[str]
    portfolios: Sequence[str]
    asked: int | None
    as_of: date
    fed_at: datetime
    now: datetime
    content: bytes


async def report_of(
    raw: Raw, actor: Actor, order: Order, tape: Tape, papers: Papers, came: Came
) -> ImportReport:
    """Write the papers beside the book, the import's row and its event; what it tells."""
    sums: dict[str, dict[str, str]] = {"due": {}, "paid": {}, "principal": {}}
    for what, currency, minor in await tally.sums(raw):
        sums[what][currency] = format_major(minor, currency)
    if came.faults:
        await papers.write_faults(tape.files, faults.faults(raw))
    reasons: dict[tuple[str, str], int] = {}
    if came.counts["rejected"]:
        reasons = await papers.write_rejects(tape.files, refuse.rejects(raw))
    measured = came.measured
    report = ImportReport(
        kind=order.kind,
        mapping=order.mapping.name,
        read=came.read,
        **came.counts,
        recalled=came.recalled,
        sums=sums,
        reconciled=came.reconciled,
        rejects_file=papers.rejects_file,
        held_for_approval=bool(came.findings),
        reasons=[(*said, rows) for said, rows in sorted(reasons.items(), key=lambda one: -one[1])],
        files=files_of(tape),
        portfolios=came.portfolios,
        notes=came.notes,
        faults=came.faults,
        faults_file=papers.faults_file,
        addresses_aside=papers.addresses,
        aside_file=papers.addresses_file,
        coverage=measured.there / measured.active
        if measured.active and not (order.delta or order.pushed)
        else None,
        as_of=came.as_of,
        fed_at=came.fed_at,
        dry_run=order.dry_run,
    )
    key = await tally.keep_import(
        raw,
        order.kind,
        order.path.name,
        order.mapping.name,
        came.asked,
        came.now,
        came.fed_at,
        msgspec.json.encode(report),
        None if order.as_of or order.pushed else came.content,
    )
    told = {"kind": order.kind, "mapping": order.mapping.name, "read": came.read, **came.counts}
    event = Event(
        came.now,
        actor.name,
        actor.role,
        Action.IMPORT_BOOK,
        "import",
        key,
        {**told, "recalled": came.recalled},
    )
    await write(raw.connection, [event])
    return report if order.dry_run else msgspec.structs.replace(report, import_id=key)


async def tell_denied(raw: Raw, actor: Actor, theirs: Sequence[int], now: datetime) -> None:
    """A loan of a portfolio that is not theirs is as unknown as none; that they spoke of it is on record."""
    events = [
        Event(
            now,
            actor.name,
            actor.role,
            "access.denied",
            data={"wanted": Action.IMPORT_BOOK.value, "portfolio": code, "rows": rows},
        )
        for code, rows in await resolve.denied(raw, theirs)
    ]
    await write(raw.connection, events)
