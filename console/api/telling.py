"""What other systems tell: contacts a dialler made, outcomes, promises, opt-outs and consents."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from casework.consent import record_consent_in
from casework.outcomes import Recorded
from casework.reported import Told, record_told
from casework.told import Reported, report_contact_in
from console.api.door import caller_of, done_once
from console.api.shapes import Body, Channel, Day, Evidence, Key, Moment, Name, Paid, Result, Whom, Words
from console.api.told import opens
from console.desk import Desk
from strategies.outcomes import EFFECTS

_CODES: Final = tuple(sorted(name for name, one in EFFECTS.items() if not one.machine))


def _is_code(code: str) -> str:
    if code not in _CODES:
        raise ValueError(f"is no outcome that one records; the codes are {', '.join(_CODES)}")
    return code


Code = Annotated[str, AfterValidator(_is_code), Field(json_schema_extra={"enum": list(_CODES)})]


class Borrower(Body):
    """A borrower by what the lender calls them; what is told is of the person, whatever the portfolio."""

    borrower: Name = Field(examples=["B17"])
    source: Name | None = None


class ContactMade(Borrower):
    """A contact that was made elsewhere: it counts for the caps. Told twice, it is one."""

    at: Moment
    channel: Channel
    result: Result = Field("", description="no_answer, busy, voicemail, conversation...")
    inbound: bool = Field(False, description="From the person to the lender.")
    loans: list[Name] = Field([], max_length=100)


class ContactKnown(BaseModel):
    """Whether it was new."""

    recorded: bool


class OutcomeTold(Whom):
    """What came of speaking with somebody, as a collector records it."""

    event_id: Name = Field(description="Your id of it: told twice, it is one record.")
    code: Code
    at: Moment = Field(description="When it happened.")
    loans: list[Name] = Field([], max_length=100, description="None: all of the case.")
    amount: Paid | None = Field(None, description="Promised, paid or taken.")
    due: Day | None = Field(None, description="The promised day.")
    starts: Moment | None = Field(None, description="When to call back.")
    until: Moment | None = Field(None, description="When a pause ends, where that is known.")
    channel: Channel | None = None
    note: Words | None = Field(None, description="Stored encrypted.")


class PromiseTold(Whom):
    """A promise to pay: the outcome `promise` by its shortest way."""

    event_id: Name
    amount: Paid
    due: Day
    at: Moment
    loans: list[Name] = Field([], max_length=100)
    channel: Channel | None = None


class PromiseTaken(BaseModel):
    """A promise that was taken. `until`: it pauses its loans until then, if it pauses at all."""

    id: int
    due: Day
    until: Moment
    pauses: bool
    why: str


class OutcomeKnown(BaseModel):
    """What came of it. `recorded` false: it was told before, and nothing was done again."""

    outcome: int
    case: int
    recorded: bool
    effect: str
    promise: PromiseTaken | None
    holds: list[int]
    task: int | None


class ConsentTold(Whom):
    """What a borrower said of being contacted. `revoked` is a stop, obeyed before the next message."""

    channel: Literal["all", "sms", "email", "chat", "call", "visit"]
    state: Literal["granted", "revoked"]
    evidence: Evidence = Field(
        description="Required: when and how they said it, in words. Kept encrypted.",
        examples=["told the call centre on 20 November"],
    )
    portfolio: Name | None = Field(
        None,
        description="None: every one; by a token of one portfolio, that one. A token of several says which.",
    )
    purpose: Literal["dunning", "marketing"] | None = Field(None, description="None: every purpose.")
    at: Moment | None = Field(None, description="When they said it; now.")
    confirm: bool = Field(False, description="A stop of messages is confirmed once, on that channel.")


class ConsentKnown(BaseModel):
    """`confirmation`: the contact that confirms it, if any."""

    recorded: bool
    confirmation: int | None


_CONTACT: Final = {
    "borrower": "B17",
    "channel": "call",
    "at": "2026-11-20T09:30:00Z",
    "result": "no_answer",
}
_OUTCOME: Final = {
    "borrower": "B17",
    "event_id": "call-88123",
    "code": "callback",
    "at": "2026-11-20T09:30:00Z",
    "starts": "2026-11-23T09:00:00Z",
}
_PROMISE: Final = {
    "borrower": "B17",
    "event_id": "call-88124",
    "amount": "250.00",
    "due": "2026-11-27",
    "at": "2026-11-20T09:30:00Z",
}
_CONSENT: Final = {
    "borrower": "B17",
    "channel": "sms",
    "state": "revoked",
    "evidence": "told the call centre on 20 November",
}


def telling(desk: Desk, router: APIRouter) -> None:
    """Add the routes."""

    def post(path: str, scope: str, summary: str, example: Any, model: Any) -> Any:
        given = opens(scope, 404, 409, body=example)
        given["responses"][200] = {"model": model}
        return router.post(path, summary=summary, response_class=Response, **given)

    @post("/contacts", "contacts:write", "Report a contact made elsewhere", _CONTACT, ContactKnown)
    async def contacts(request: Request, given: ContactMade, key: Key = None) -> Response:
        actor, now = caller_of(request).actor, desk.clock.now()
        made = Reported(given.at, given.channel, given.result, given.inbound, tuple(given.loans))
        return await done_once(
            desk,
            request,
            key,
            lambda raw: report_contact_in(
                raw, desk.office, actor, given.borrower, made, now, source=given.source
            ),
            lambda new: (200, {"recorded": new}),
        )

    @post("/outcomes", "outcomes:write", "Record an outcome", _OUTCOME, OutcomeKnown)
    async def outcomes(request: Request, given: OutcomeTold, key: Key = None) -> Response:
        told = Told(
            borrower=given.borrower,
            source=given.source,
            portfolio=given.portfolio,
            code=given.code,
            event=given.event_id,
            at=given.at,
            loans=tuple(given.loans),
            amount=given.amount,
            due=given.due,
            starts=given.starts,
            until=given.until,
            channel=given.channel,
            note=given.note,
        )
        return await _recorded(desk, request, key, told)

    @post("/promises", "outcomes:write", "Record a promise to pay", _PROMISE, OutcomeKnown)
    async def promises(request: Request, given: PromiseTold, key: Key = None) -> Response:
        told = Told(
            borrower=given.borrower,
            source=given.source,
            portfolio=given.portfolio,
            code="promise",
            event=given.event_id,
            at=given.at,
            loans=tuple(given.loans),
            amount=given.amount,
            due=given.due,
            channel=given.channel,
        )
        return await _recorded(desk, request, key, told)

    @post("/consents", "consents:write", "Record an opt-out or a consent", _CONSENT, ConsentKnown)
    async def consents(request: Request, given: ConsentTold, key: Key = None) -> Response:
        actor, now = caller_of(request).actor, desk.clock.now()
        return await done_once(
            desk,
            request,
            key,
            lambda raw: record_consent_in(
                raw,
                desk.office,
                actor,
                given.borrower,
                given.channel,
                given.state,
                given.evidence,
                now,
                at=given.at,
                portfolio=given.portfolio,
                purpose=given.purpose,
                source=given.source,
                confirm=given.confirm,
            ),
            lambda contact: (200, {"recorded": True, "confirmation": contact}),
        )


async def _recorded(desk: Desk, request: Request, key: str | None, told: Told) -> Response:
    actor, now = caller_of(request).actor, desk.clock.now()
    return await done_once(
        desk, request, key, lambda raw: record_told(raw, desk.office, actor, told, now), _outcome
    )


def _outcome(found: tuple[int, Recorded]) -> tuple[int, Any]:
    case, made = found
    promise = made.promise
    return 200, {
        "outcome": made.outcome,
        "case": case,
        "recorded": made.new,
        "effect": made.effect,
        "promise": promise
        and {
            "id": promise.promise,
            "due": promise.due,
            "until": promise.until,
            "pauses": promise.pauses,
            "why": promise.why,
        },
        "holds": made.holds,
        "task": made.task,
    }
