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


class _NothingKept(Exception):  # noqa: N818 - rolls back what a dry run did, or a held tape
    pass


async def import_tape(
    office: Office, actor: Actor, order: Order, now: datetime, progress: Progress | None = None
) -> ImportReport:
    """Load a tape into the book, whole or not at all; the same tape again changes nothing.

    One that looks wrong beside the book is held: nothing of it is kept until somebody approves it.
    Raises TapeError and MappingError for what cannot be read as the mapping says, Denied.
    """
    if order.portfolio is not None:
        try:
            check_code(order.portfolio)
        except ValueError as error:
            raise CaseworkInputError(f"--portfolio {order.portfolio}: {error}") from None
    named = order.portfolio or order.mapping.constants.portfolio
    if named is not None or actor.portfolios is None:
        require(actor, Action.IMPORT_BOOK, named)
    tape = open_tape(order.path, order.mapping, order.kind)
    job = Loading(office, actor, order, tape, now, progress)
    report: ImportReport | None = None
    try:
        async with office.transaction() as raw:
            report = await job.run(raw)
            _keep_or_not(order, job)
    except _NothingKept:
        pass
    except BaseException:
        job.papers.drop()
        raise
    assert report is not None
    if job.findings and not order.dry_run:
        async with office.transaction() as raw:
            report = msgspec.structs.replace(
                report, held_for_approval=await hold(raw, actor, job, report, now)
            )
    job.papers.keep()
    return report


def _keep_or_not(order: Order, job: Loading) -> None:
    if order.dry_run or job.findings:
        raise _NothingKept
