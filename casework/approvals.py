"""What a guard or four eyes hold: listed, approved, refused.

Whoever asks (an import that looks wrong, a version to publish) keeps the question with
`storage.approvals.ask` under a kind of its own, and says in KINDS what a yes and a no do.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from casework import plans
from casework.errors import CaseworkInputError
from casework.intake.held import IMPORT
from casework.office import Office
from casework.publish import KIND, PUBLISH, changes
from casework.questions import Kind
from casework.staff.rights import Actor, may, require
from storage import approvals as stored
from storage.approvals import Approval
from storage.audit import Datum, Event, write
from storage.raw import Raw
from storage.rulebooks import published

KINDS: Final[Mapping[str, Kind]] = {"import": IMPORT, KIND: PUBLISH, plans.KIND: plans.PLAN}


async def waiting(office: Office, actor: Actor) -> list[Approval]:
    """The questions that `actor` may answer, the oldest first."""
    async with office.transaction() as raw:
        found = await stored.waiting(raw)
    return [one for one in found if may(actor, KINDS[one.kind].action, one.portfolio)]


async def in_words(office: Office, actor: Actor, question: Approval) -> tuple[str, ...]:
    """What a yes would change, a sentence each; none where the question itself says it all. Raises Denied."""
    require(actor, KINDS[question.kind].action, question.portfolio)
    if question.kind not in (KIND, plans.KIND):
        return ()
    async with office.transaction() as raw:
        return await (changes if question.kind == KIND else plans.in_words)(raw, question)


async def version_of(office: Office, actor: Actor, question: Approval) -> str | None:
    """The YAML of the version that waits; None: the question is of something else. Raises Denied."""
    require(actor, KINDS[question.kind].action, question.portfolio)
    if question.kind != KIND:
        return None
    async with office.transaction() as raw:
        return (await published(raw))[question.content["version"]]


async def approve(office: Office, actor: Actor, key: int, now: datetime) -> Mapping[str, Any]:
    """Say yes to question `key`; what came of it. Raises Denied, and CaseworkInputError where none waits."""
    async with office.transaction() as raw:
        question = await _asked(raw, actor, key)
        kind = KINDS[question.kind]
        if kind.four_eyes and question.asked_by == actor.name:
            raise CaseworkInputError(f"approval {key}: {actor.name} asked for it; somebody else approves it")
        await stored.answer(raw, key, "approved", actor.name, now)
        came = await kind.yes(office, raw, actor, question, now)
        await _record(raw, actor, question, "approved", now)
    return came


async def refuse(office: Office, actor: Actor, key: int, now: datetime, reason: str | None = None) -> None:
    """Say no to question `key`, with a reason for the record.

    Raises Denied, and CaseworkInputError where none waits.
    """
    async with office.transaction() as raw:
        question = await _asked(raw, actor, key)
        await stored.answer(raw, key, "refused", actor.name, now)
        await KINDS[question.kind].no(office, raw, actor, question, now)
        await _record(raw, actor, question, "refused", now, reason)


async def _asked(raw: Raw, actor: Actor, key: int) -> Approval:
    question = await stored.one(raw, key, lock=True)
    if question is None:
        raise CaseworkInputError(f"approval {key}: there is none of that number; `kept approvals` lists them")
    require(actor, KINDS[question.kind].action, question.portfolio)
    if question.state != "waiting":
        when = question.decided_at.date() if question.decided_at else "an earlier day"
        raise CaseworkInputError(
            f"approval {key} waits no more: {question.state} by {question.decided_by} on {when}"
        )
    return question


async def _record(
    raw: Raw, actor: Actor, question: Approval, answer: str, now: datetime, reason: str | None = None
) -> None:
    data: dict[str, Datum] = {"kind": question.kind}
    if reason:
        data["reason"] = reason
    event = Event(now, actor.name, actor.role, f"approval.{answer}", "approval", question.id, data)
    await write(raw.connection, [event])
