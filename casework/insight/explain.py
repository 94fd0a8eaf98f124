"""Why a contact was or was not made, and what was decided for a borrower: the record, replayed and told.

Told with the borrower's external id and nothing else of the person.
"""

from datetime import datetime
from typing import Any

import msgspec

from casework.course import course
from casework.delivery.answer import asks_to_say, loans_of
from casework.delivery.compose import meaning_of
from casework.errors import CaseworkInputError
from casework.insight.replay import Rulebooks, Stored, differences, remade
from casework.insight.snapshot import snapshot
from casework.office import Book, Office
from casework.portfolios import PortfolioSpec, terms_of
from casework.staff.rights import Action, Actor, require
from ledger.money import format_major
from messages.templates import OWN_WORDS
from storage.answers import answers_of
from storage.facts import load_facts
from storage.insight.decisions import (
    cases_of_borrower,
    claimed_by,
    contact_record,
    decision,
    decisions_at,
    last_decision,
    loan_labels,
    reply_read,
    version_labels,
)
from storage.insight.invariants import looked_at
from storage.raw import Raw
from storage.whom import CaseRow
from strategies.ahead import coming
from strategies.explain import explain
from strategies.explain_said import Spoken, explain_said
from strategies.explanation import Contact, Explanation, Labels, LoanLabel, Next, Owed, Told
from strategies.owing import owed
from strategies.rulebook import ENGINE
from strategies.values import Facts


class Explained(msgspec.Struct, frozen=True):
    """One decision told. `decision` None: nothing was decided yet, and `explanation` only looks ahead.

    `differences`: what the rows say otherwise than the replay; none means that it is identical.
    """

    borrower: str
    source: str
    portfolio: str
    case: int
    contact: int | None
    decision: int | None
    explanation: Explanation | None
    next: tuple[Next, ...]
    owed: tuple[Owed, ...]
    zone: str
    differences: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON: amounts as text in major units."""
        told = self.explanation.told if self.explanation else ()
        undecided = Told(f"Nothing has been decided for {self.borrower}.", "No step had come.", "", "nothing")
        return {
            "borrower": self.borrower,
            "source": self.source,
            "portfolio": self.portfolio,
            "case": self.case,
            "contact": self.contact,
            "decision": self.decision,
            "at": self.explanation.at if self.explanation else None,
            "zone": self.zone,
            **msgspec.to_builtins(told[0] if told else undecided),
            "also": [msgspec.to_builtins(one) for one in told[1:]],
            "owed": [
                {
                    "loan": one.loan,
                    "arrears": {one.currency: format_major(one.arrears, one.currency)},
                    "days_late": one.days_late,
                    "due": one.due,
                    "words": one.words,
                }
                for one in self.owed
            ],
            "rules": [
                msgspec.structs.asdict(rule) for rule in (self.explanation.rules if self.explanation else ())
            ],
            "next": [msgspec.structs.asdict(one) for one in self.next],
            "replay": {
                "identical": not self.differences,
                "engine": ENGINE,
                "differences": list(self.differences),
            },
        }


async def explain_contact(office: Office, actor: Actor, contact: int, now: datetime) -> Explained:
    """Why the contact was made, waits, or was cancelled. `now`: for what comes next.

    Raises CaseworkInputError where there is no such contact, or its decision cannot be replayed; Denied.
    """
    async with office.transaction() as raw:
        book = await office.book(raw)
    async with snapshot(office) as raw:
        row = await contact_record(raw, contact)
        if row is None:
            raise CaseworkInputError(f"there is no contact {contact}; `kept loan show` lists those of a loan")
        asking = _Asking(raw, book, actor, row)
        if row["purpose"] is not None:
            return await asking.said(office, row, now)
        stored = await asking.stored(await _decision_of(raw, row))
        return await asking.explained(stored, row, await asking.today(now))


async def explain_borrower(
    office: Office,
    actor: Actor,
    external_id: str,
    now: datetime,
    *,
    at: datetime | None = None,
    source: str | None = None,
) -> list[Explained]:
    """The last decision of each case of the borrower, or the last at or before `at`, and what comes next.

    What comes next is told by the facts of today, or with `at` by those of that decision. Raises
    CaseworkInputError where there is no such borrower or several sources have one; Denied.
    """
    async with office.transaction() as raw:
        book = await office.book(raw)
    async with snapshot(office) as raw:
        rows = await cases_of_borrower(raw, external_id, source)
        if not rows:
            where = f" in source {source!r}" if source else ""
            raise CaseworkInputError(f"there is no borrower {external_id!r}{where}")
        sources = sorted({row["source"] for row in rows})
        if len(sources) > 1:
            raise CaseworkInputError(
                f"several sources have a borrower {external_id!r}: {', '.join(sources)}; "
                "say which with --source"
            )
        return [await _last(office, _Asking(raw, book, actor, row), now, at) for row in rows]


async def explain_case(
    office: Office, raw: Raw, book: Book, actor: Actor, case: CaseRow, now: datetime, owner: str | None
) -> Explained:
    """The last decision of one case, and what comes next by the facts of today.

    `owner`: whose case it is, for who may explain their own alone. Raises CaseworkInputError, Denied.
    """
    row = {
        "case_id": case.case,
        "portfolio_id": case.portfolio,
        "borrower": case.borrower,
        "source": case.source,
    }
    return await _last(office, _Asking(raw, book, actor, row, owner), now, None)


async def _last(office: Office, asking: "_Asking", now: datetime, at: datetime | None) -> Explained:
    """The last decision of a case, or the last at or before `at`."""
    last = await last_decision(asking.raw, asking.row["case_id"], at)
    today = None if at else await asking.today(now)
    if last is None:
        return asking.undecided(today or _Today((), ()))
    sent = await claimed_by(asking.raw, last["id"])
    if sent is not None and sent["purpose"] is not None:
        return await asking.said(office, sent, now, ahead=at is None)
    return await asking.explained(await asking.stored(last), sent, today)


def _subject(row: Any | None) -> Contact | None:
    if row is None:
        return None
    return Contact(
        row["message_id"],
        row["channel"],
        row["address_id"],
        row["state"],
        row["code"],
        row["not_before"],
        row["sent_at"],
        row["settled_at"],
        meaning_of(row["code"]),
    )


async def _decision_of(raw: Raw, row: Any) -> Any:
    """The decision that says why: of the claim, of the cancelling, or the last that planned or put off."""
    if row["sent_at"] is not None or row["state"] == "failed":
        return await decision(raw, row["claim_id"])
    if row["state"] == "cancelled":
        for candidate in await decisions_at(raw, row["case_id"], row["settled_at"]):
            made, _ = await remade([tuple(candidate)], Rulebooks(raw))
            for one in made:
                change = course(one.facts, one.decision, b"", one.at).change
                if row["id"] in (contact for contact, _ in change.cancelled):
                    return candidate
    planned = await decisions_at(raw, row["case_id"], row["planned_at"])
    ids = [one["id"] for one in planned] + ([row["last_decision"]] if row["last_decision"] else [])
    return await decision(raw, max(ids))


async def _claim_of(raw: Raw, row: Any) -> Any | None:
    """The decision by whose facts the rules were asked for what no strategy planned; None: not asked yet."""
    if row["sent_at"] is not None or row["state"] == "failed":
        return await decision(raw, row["claim_id"])
    if row["state"] == "cancelled":
        made = await decisions_at(raw, row["case_id"], row["settled_at"])
        return made[-1] if made else None
    last = await last_decision(raw, row["case_id"], None)
    return last if last is not None and last["at"] >= row["planned_at"] else None


class _Today(msgspec.Struct, frozen=True):
    """How a case stands by the facts of today."""

    next: tuple[Next, ...]
    owed: tuple[Owed, ...]


class _Asking:
    """One case that is asked about."""

    def __init__(self, raw: Raw, book: Book, actor: Actor, row: Any, owner: str | None = None) -> None:
        self.raw, self.book, self.row = raw, book, row
        self.spec: PortfolioSpec = book.portfolios[row["portfolio_id"]]
        require(actor, Action.EXPLAIN, self.spec.portfolio, owner=owner)

    async def stored(self, row: Any) -> Stored:
        """The decision made again."""
        made, failed = await remade([tuple(row)], Rulebooks(self.raw))
        if made:
            return made[0]
        why = failed[0][1] if failed else f"engine {row['engine']} made it, and this is engine {ENGINE}"
        raise CaseworkInputError(f"decision {row['id']} cannot be made again: {why}")

    async def labels(self, facts: Facts) -> Labels:
        rows = await loan_labels(self.raw, [loan.id for loan in facts.loans])
        loans = {id_: LoanLabel(name, terms_of(self.spec, currency)) for id_, name, currency in rows}
        return Labels(self.row["borrower"], loans, await version_labels(self.raw))

    async def today(self, now: datetime) -> _Today:
        """How the case stands by the facts of today."""
        facts, played = await self._facts(now)
        labels = await self.labels(facts)
        return _Today(coming(facts, self.book.rulebook, played, labels), owed(facts, played, labels))

    async def _facts(self, now: datetime) -> tuple[Facts, datetime]:
        """The facts of today: of the last look, which may have been played elsewhen."""
        played = await looked_at(self.raw) or now
        case, book = self.row["case_id"], self.book
        (facts,) = await load_facts(self.raw, [case], played, book.tolerance, book.needs)
        return facts, played

    async def explained(self, stored: Stored, contact: Any | None, today: _Today | None) -> Explained:
        """`today` None: what comes next is told by the facts of the decision."""
        labels = await self.labels(stored.facts)
        told = explain(stored.facts, stored.rulebook, stored.at, labels, _subject(contact))
        return await self._told(told, contact, stored, today)

    async def said(self, office: Office, contact: Any, now: datetime, *, ahead: bool = True) -> Explained:
        """A contact that no strategy planned: by the facts of its claim, or where it had none by today's.

        `ahead`: what comes next is told by the facts of today.
        """
        row = await _claim_of(self.raw, contact)
        stored = None if row is None else await self.stored(row)
        if stored is None:
            facts, at = await self._facts(now)
            rulebook = self.book.rulebook
        else:
            facts, at, rulebook = stored.facts, stored.at, stored.rulebook
        (answer,) = await answers_of(self.raw, office.keyring, [contact["id"]])
        reply = None if contact["reply"] is None else await reply_read(self.raw, contact["reply"])
        spoken = Spoken(
            answer.purpose,
            answer.template,
            answer.template == OWN_WORDS,
            answer.given.get("by"),
            reply["received_at"] if reply else None,
            reply["meaning"] if reply else None,
        )
        asks = asks_to_say(
            rulebook,
            facts,
            loans_of(answer.given),
            contact["channel"],
            at,
            purpose=answer.purpose,
            message=answer.message,
            address=contact["address_id"],
            text=answer.given.get("words"),
        )
        subject = _subject(contact)
        assert subject is not None
        told = explain_said(facts, rulebook, at, await self.labels(facts), subject, spoken, asks)
        return await self._told(told, contact, stored, await self.today(now) if ahead else None)

    async def _told(
        self, told: Explanation, contact: Any | None, stored: Stored | None, today: _Today | None
    ) -> Explained:
        said = await differences(self.raw, [stored]) if stored else {}
        return Explained(
            self.row["borrower"],
            self.row["source"],
            self.spec.portfolio,
            self.row["case_id"],
            contact["id"] if contact else None,
            stored.id if stored else None,
            told,
            told.next if today is None else today.next,
            told.owed,
            told.zone,
            tuple(said.get(stored.id, ())) if stored else (),
        )

    def undecided(self, today: _Today) -> Explained:
        return Explained(
            self.row["borrower"],
            self.row["source"],
            self.spec.portfolio,
            self.row["case_id"],
            None,
            None,
            None,
            today.next,
            today.owed,
            self.spec.zone,
        )
