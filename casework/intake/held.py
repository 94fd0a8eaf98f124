"""A tape that looks wrong: kept as a question, loaded by a yes."""

import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from casework.errors import CaseworkInputError
from casework.intake.loading import Loading
from casework.intake.mapping import Mapping as TapeMapping
from casework.intake.order import Order, content_digest
from casework.intake.picture import draw
from casework.intake.report import ImportReport
from casework.intake.tape import open_tape
from casework.office import Office
from casework.questions import Kind
from casework.staff.rights import Action, Actor
from storage import approvals
from storage.approvals import Approval
from storage.audit import Datum, Event, write
from storage.intake import guard
from storage.raw import Raw


async def hold(raw: Raw, actor: Actor, job: Loading, report: ImportReport, now: datetime) -> int:
    """Ask for approval of a tape; the question's id. Until then nothing is said of its feeds' loans.

    The tape stays where it is: it is personal data, and not copied. A yes reads it again, if it is the same.
    """
    assert job.measured is not None
    order = job.order
    why = "; ".join(one.words for one in job.findings)
    about = f"{order.path.name} ({order.kind}, mapping {order.mapping.name}): {why}"
    picture = order.rejects_folder.parent / "held" / f"{order.path.stem or 'tape'}-{now:%Y%m%dT%H%M%S}.svg"
    counts = {
        name: getattr(report, name) for name in ("loaded", "updated", "unchanged", "skipped", "rejected")
    }
    draw(picture, f"{order.path.name}, {now:%Y-%m-%d %H:%M} UTC", job.measured, counts, job.findings)
    await guard.supersede(raw, job.replaces, actor.name, now)
    portfolios = {portfolio for portfolio, _ in job.feeds}
    content = {
        "tape": order.kind,
        "path": str(order.path.resolve()),
        "mapping": order.mapping.model_dump_json(),
        "portfolio": order.portfolio,
        "as_of": order.as_of.isoformat() if order.as_of else None,
        "full": order.full,
        "delta": order.delta,
        "pushed": order.pushed,
        "complete_to": order.complete_to.isoformat() if order.complete_to else None,
        "rejects_folder": str(order.rejects_folder.resolve()),
        "now": now.isoformat(),
        "fed_at": report.fed_at.isoformat(),
        "content": job.content.hex(),
        "feeds": job.feeds,
    }
    only = portfolios.pop() if len(portfolios) == 1 else None
    key = await approvals.ask(raw, "import", only, about, content, actor.name, now, str(picture))
    await guard.keep_said(raw, key, job.speaks_of, job.payments)
    await guard.hold_feeds(raw, job.feeds, now)
    codes = [one.code for one in job.findings]
    data: dict[str, Datum] = {"kind": order.kind, "findings": codes, "read": report.read}
    await write(raw.connection, [Event(now, actor.name, actor.role, "import.held", "approval", key, data)])
    return key


async def _load(
    office: Office, raw: Raw, actor: Actor, question: Approval, now: datetime
) -> Mapping[str, Any]:
    """Load the tape as it would have been, at the moment at which it came."""
    held = question.content
    path, mapping = Path(held["path"]), TapeMapping.model_validate_json(held["mapping"])
    order = Order(
        kind=held["tape"],
        path=path,
        mapping=mapping,
        rejects_folder=Path(held["rejects_folder"]),
        portfolio=held["portfolio"],
        as_of=date.fromisoformat(held["as_of"]) if held["as_of"] else None,
        full=held["full"],
        delta=held.get("delta", False),
        pushed=held.get("pushed", False),
        complete_to=datetime.fromisoformat(to) if (to := held.get("complete_to")) else None,
    )
    tape = open_tape(path, mapping, order.kind)
    if content_digest(order, tape).hex() != held["content"]:
        raise CaseworkInputError(
            f"approval {question.id}: {path.name} is not the tape any more that was held; import it again"
        )
    job = Loading(office, actor, order, tape, datetime.fromisoformat(held["now"]), None, approved=True)
    try:
        report = await job.run(raw)
    except BaseException:
        job.papers.drop()
        raise
    job.papers.keep()
    _forget(held)
    return report.document()


async def _let_go(office: Office, raw: Raw, actor: Actor, question: Approval, now: datetime) -> None:
    """Without that tape: its loans are spoken of as before, by what the book knows."""
    await guard.release_feeds(raw, now)
    _forget(question.content)


def _forget(held: Mapping[str, Any]) -> None:
    """What was pushed and waited here is personal data that nobody needs any more."""
    if held.get("pushed"):
        shutil.rmtree(held["path"], ignore_errors=True)


IMPORT: Final = Kind(Action.IMPORT_BOOK, four_eyes=False, yes=_load, no=_let_go)
