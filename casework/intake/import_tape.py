"""The use case: a tape is loaded in one transaction, whole or not at all; or held, where it looks wrong."""

from datetime import datetime

import msgspec

from casework.errors import CaseworkInputError
from casework.intake.held import hold
from casework.intake.loading import Loading
from casework.intake.loan_rows import check_code
from casework.intake.order import Order, Progress
from casework.intake.report import ImportReport
from casework.intake.tape import open_tape
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.raw import Raw


class _NothingKept(Exception):  # noqa: N818 - rolls back what a dry run did, or a held tape
    pass


async def import_tape(
    office: Office, actor: Actor, order: Order, now: datetime, progress: Progress | None = None
) -> ImportReport:
    """Load a tape into the book, whole or not at all; the same tape again changes nothing.

    One that looks wrong beside the book is held: nothing of it is kept until somebody approves it.
    Raises TapeError and MappingError for what cannot be read as the mapping says, Denied.
    """
    async with office.transaction() as raw:
        report, job = await import_in(raw, office, actor, order, now, progress)
        papers = job.papers
    papers.keep()
    return report


async def import_in(
    raw: Raw,
    office: Office,
    actor: Actor,
    order: Order,
    now: datetime,
    progress: Progress | None = None,
) -> tuple[ImportReport, Loading]:
    """The same within the caller's transaction. Its papers are to be kept, or dropped, once that is over."""
    _may(actor, order)
    tape = open_tape(order.path, order.mapping, order.kind)
    job = Loading(office, actor, order, tape, now, progress)
    report: ImportReport | None = None
    try:
        try:
            async with raw.attempt():
                report = await job.run(raw)
                _keep_or_not(order, job)
        except _NothingKept:
            pass
        assert report is not None
        if job.findings and not order.dry_run:
            report = msgspec.structs.replace(
                report, held_for_approval=await hold(raw, actor, job, report, now)
            )
    except BaseException:
        job.papers.drop()
        raise
    return report, job


def _may(actor: Actor, order: Order) -> None:
    if order.portfolio is not None:
        try:
            check_code(order.portfolio)
        except ValueError as error:
            raise CaseworkInputError(
                f"--portfolio {order.portfolio}: {error}", field="portfolio", wrong=str(error)
            ) from None
    named = order.portfolio or order.mapping.constants.portfolio
    if named is not None or actor.portfolios is None:
        require(actor, Action.IMPORT_BOOK, named)


def _keep_or_not(order: Order, job: Loading) -> None:
    if order.dry_run or job.findings:
        raise _NothingKept
