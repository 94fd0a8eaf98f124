"""What a borrower tells us: an outcome like any other, recorded once an update, with what its code does.

What each code pauses and whom it has look is declared in strategies/outcomes.py.
"""

import base64
from datetime import date, datetime, timedelta
from typing import Final

from casework.borrower.answers import Holding
from casework.borrower.chats import Chat, borrower
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.outcomes import Details, Recorded, record_outcome
from casework.staff.rights import Action, require
from storage.audit import Event, write
from storage.chat import chats, files, proofs
from storage.chat.feedback import keep_feedback
from storage.recorded import open_task

LARGEST_PHOTO: Final = 10 * 1024 * 1024  # bytes
REVIEWED_WITHIN: Final = timedelta(days=5)


def promise_limits(one: Holding) -> tuple[int, int]:
    """The least and the most that a promise on a loan may name, in minor units."""
    return 1, one.outstanding


def last_day(one: Holding) -> date:
    """The last day that a promise on a loan may name; a later one is for a person to take."""
    return one.today + timedelta(days=one.lender.promise_days)


async def tell(
    office: Office,
    chat: Chat,
    code: str,
    update: int | None,
    now: datetime,
    *,
    loan: int | None = None,
    amount: int | None = None,
    due: date | None = None,
    note: str | None = None,
    address: int | None = None,
) -> Recorded:
    """Record what the person of a linked chat says. The same update told again is one record.

    Raises Denied; CaseworkInputError where the loan is none of theirs, or a promise is beyond its limits.
    """
    assert chat.person is not None
    who = borrower(chat.person)
    async with office.transaction() as raw:
        case = await files.case_of(raw, chat.person, loan)
    if case is None:
        raise CaseworkInputError("this person is party to no such loan")
    details = Details(
        loans=() if loan is None else (loan,),
        amount=amount,
        due=due,
        note=note,
        channel="chat",
        address=address,
    )
    key = f"chat:{chat.id}:{now.isoformat()}" if update is None else f"chat:update:{update}"
    return await record_outcome(
        office, who, case, code, at=now, received=now, key=key, details=details, owner=who.name
    )


async def keep_photo(
    office: Office, chat: Chat, kind: str, content: bytes, update: int | None, now: datetime
) -> int:
    """Keep a photo of a receipt, sealed; its id. Raises Denied; CaseworkInputError where it is too large."""
    assert chat.person is not None
    who = borrower(chat.person)
    require(who, Action.TELL, owner=who.name)
    if len(content) > LARGEST_PHOTO:
        raise CaseworkInputError("the photo is too large")
    text = base64.b64encode(content).decode()
    async with office.transaction() as raw:
        return await files.keep_file(raw, office.keyring, chat.id, chat.person, kind, text, update, now)


async def give_feedback(
    office: Office, chat: Chat, loan: int, rating: str, words: str | None, update: int | None, now: datetime
) -> bool:
    """Keep how it was with a loan (good, fair, poor); whether it is new. What was poor is read by a person.

    Raises Denied; CaseworkInputError where the loan is none of theirs.
    """
    assert chat.person is not None
    who = borrower(chat.person)
    require(who, Action.TELL, owner=who.name)
    async with office.transaction() as raw:
        case = await files.case_of(raw, chat.person, loan)
        if case is None:
            raise CaseworkInputError("this person is party to no such loan")
        kept = await keep_feedback(raw, office.keyring, case, loan, rating, words, update, now)
        if kept is None:
            return False
        data = {"rating": rating}
        done = [Event(now, who.name, who.role, "feedback.given", "feedback", kept, data)]
        if rating == "poor":
            task = await open_task(raw, case, loan, "review", "complaints", 5, now, now + REVIEWED_WITHIN)
            done.append(Event(now, who.name, who.role, "task.opened", "task", task, {"feedback": kept}))
        await write(raw.connection, done)
    return True


async def wrong_person(office: Office, chat: Chat, update: int | None, now: datetime) -> None:
    """The chat, and the number that led to it, reach somebody else: off at once, for every loan; a trace.

    Raises Denied, CaseworkInputError.
    """
    assert chat.person is not None
    who = borrower(chat.person)
    async with office.transaction() as raw:
        through = await proofs.addresses_proved_by(raw, chat.id)
    for number, address in enumerate(through):
        await tell(office, chat, "wrong_person", update if number == 0 else None, now, address=address)
    async with office.transaction() as raw:
        await chats.unlink(raw, chat.id, "detached")
        await chats.be_quiet(raw, chat.id, True)
        said = Event(now, who.name, who.role, "chat.wrong_person", "chat", chat.id)
        await write(raw.connection, [said])
