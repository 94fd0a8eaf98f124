"""Who may do what: one table of role x action x scope, which every use case asks before it begins.

Pure. What is not in the table is denied. A new action is a line in each role that may; tests/unit/casework
states the whole table a second time, so that a right is never given by a slip.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Role(StrEnum):
    """As what somebody acts."""

    BORROWER = "borrower"
    COLLECTOR = "collector"
    SUPERVISOR = "supervisor"
    CREDIT_MANAGER = "credit_manager"
    OPERATIONS = "operations"
    RISK = "risk"
    FINANCE = "finance"
    COMPLIANCE = "compliance"
    AUDITOR = "auditor"
    MANAGEMENT = "management"
    CUSTOMER_SERVICE = "customer_service"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"  # the machine itself
    PROGRAM = "program"  # another system, by a token


class Action(StrEnum):
    """What one may want to do. The value is also the word of the audit event."""

    IMPORT_BOOK = "import_book"  # tapes, payments, what comes with a book; a portfolio's own file
    LOOK = "look"
    SEND = "send"
    TAKE_RECEIPT = "take_receipt"
    TAKE_REPLY = "take_reply"
    SAY = "say"  # a message of one's own words to a borrower
    RECORD_CONSENT = "record_consent"  # what a person said of being contacted
    SETTLE_ADDRESS = "settle_address"  # whose an address is: confirmed, another's, reported reassigned
    WRITE_TEXT = "write_text"
    APPROVE_TEXT = "approve_text"
    SET_PIN = "set_pin"  # what lets figures be said by SMS
    TAKE_UPDATE = "take_update"  # what comes from a chat: store it, and work it
    LINK_CHAT = "link_chat"  # send somebody what links a chat to them; find out whose a chat is
    TELL = "tell"  # say of one's own loans: paid, a promise, a hardship, a dispute; and of oneself
    TALK = "talk"  # with a borrower, through the bot
    SEAL_RECORD = "seal_record"
    SETTLE_UNKNOWN = "settle_unknown"  # say what became of a contact that nobody knows it of
    PUBLISH_STRATEGY = "publish_strategy"
    RUN_EXPERIMENT = "run_experiment"  # start and stop one; end what is harmful or answered
    RECORD_OUTCOME = "record_outcome"  # promises among them
    PLACE_HOLD = "place_hold"
    LIFT_HOLD = "lift_hold"  # and change one
    APPROVE = "approve"  # what somebody else wrote or agreed
    PAUSE = "pause"  # and resume
    SEE_PORTFOLIO = "see_portfolio"
    SEE_LOAN = "see_loan"
    EXPLAIN = "explain"
    READ_PERSONAL_DATA = "read_personal_data"  # names, addresses, message bodies in clear
    CONTACT = "contact"  # ask whether a person may be contacted, and do so
    RECORD_CONTACT = "record_contact"  # a contact made elsewhere, a notice that was sent
    MARK_PERSON = "mark_person"  # marks that the law reads, hours the person asked for
    MERGE_PERSONS = "merge_persons"  # say that records of two sources are one person, and take it back
    MANAGE_STAFF = "manage_staff"  # invite, list, remove
    MANAGE_WEBHOOKS = "manage_webhooks"  # say which systems are told what happened
    MANAGE_TOKENS = "manage_tokens"  # make, list, revoke those of other systems
    TAKE_CASE = "take_case"  # from the queue; and find one
    ANSWER_CALLER = "answer_caller"  # who is on the line, whoever's case it is
    ASSIGN_CASE = "assign_case"
    HEAR_ALERT = "hear_alert"  # of what goes wrong, in the chat
    READ_DIGEST = "read_digest"  # the morning's figures
    CHECK = "check"
    VERIFY_AUDIT = "verify_audit"


class Scope(StrEnum):
    """How far a right reaches: every portfolio, the portfolios one is given, or what is one's own."""

    ALL = "all"
    PORTFOLIO = "portfolio"
    OWN = "own"


class Actor(msgspec.Struct, frozen=True):
    """Who acts, as what, and for which portfolios: codes, or None for every one.

    `only`: no more of the role's rights than these, where somebody acts by a token of some scopes.
    """

    name: str
    role: Role
    portfolios: frozenset[str] | None = None
    only: frozenset[Action] | None = None


class Denied(Exception):  # noqa: N818, the word that people use
    """Somebody wanted what they may not. Says who, what, where, and who may; fit to be shown and logged.

    plain  the same without who may: for a program, which asks nobody else
    case   what it was about, once whoever asked of a case has said so
    """

    def __init__(self, actor: Actor, action: Action, portfolio: str | None, why: str) -> None:
        self.actor = actor
        self.action = action
        self.portfolio = portfolio
        self.case: int | None = None
        place = "" if portfolio is None else f" in portfolio {portfolio}"
        may = ", ".join(role.value for role in who_may(action))
        self.plain: str = f"{actor.name} ({actor.role}) may not {_spoken(action)}{place}: {why}"
        super().__init__(f"{self.plain}; it is for {may}")


def require(actor: Actor, action: Action, portfolio: str | None = None, *, owner: str | None = None) -> None:
    """Return if `actor` may do `action`, else raise Denied.

    portfolio   the code of the portfolio that is touched; None means all of them at once
    owner       the name of whom the case or loan belongs to: its collector, or the borrower
    """
    scope = RIGHTS[actor.role].get(action)
    if scope is None:
        raise Denied(actor, action, portfolio, f"the role {actor.role} has no such right")
    if actor.only is not None and action not in actor.only:
        raise Denied(actor, action, portfolio, "their token has no scope for it")
    if scope is Scope.ALL:
        return
    if scope is Scope.OWN and (owner is None or owner != actor.name):
        raise Denied(actor, action, portfolio, "it is not their own")
    if actor.portfolios is None:
        return
    if portfolio is None and scope is Scope.PORTFOLIO:
        raise Denied(actor, action, portfolio, "it touches every portfolio, and theirs are " + _listed(actor))
    if portfolio is not None and portfolio not in actor.portfolios:
        raise Denied(actor, action, portfolio, "their portfolios are " + _listed(actor))


def may(actor: Actor, action: Action, portfolio: str | None = None, *, owner: str | None = None) -> bool:
    """Whether `require` would return: for what is shown or hidden."""
    try:
        require(actor, action, portfolio, owner=owner)
    except Denied:
        return False
    return True


def who_may(action: Action) -> tuple[Role, ...]:
    """The roles that have a right to `action`, of whatever scope."""
    return tuple(role for role in Role if action in RIGHTS[role])


def _listed(actor: Actor) -> str:
    return ", ".join(sorted(actor.portfolios or ())) or "none"


def _spoken(action: Action) -> str:
    return action.value.replace("_", " ")


_DESK: Final = {
    Action.RECORD_OUTCOME: Scope.PORTFOLIO,
    Action.PLACE_HOLD: Scope.PORTFOLIO,
    Action.LIFT_HOLD: Scope.PORTFOLIO,
    Action.APPROVE: Scope.PORTFOLIO,
    Action.CONTACT: Scope.PORTFOLIO,
    Action.RECORD_CONTACT: Scope.PORTFOLIO,
    Action.MARK_PERSON: Scope.PORTFOLIO,
    Action.SEE_PORTFOLIO: Scope.PORTFOLIO,
    Action.SEE_LOAN: Scope.PORTFOLIO,
    Action.EXPLAIN: Scope.PORTFOLIO,
    Action.READ_PERSONAL_DATA: Scope.PORTFOLIO,
    Action.PAUSE: Scope.PORTFOLIO,
    Action.SAY: Scope.PORTFOLIO,
    Action.RECORD_CONSENT: Scope.PORTFOLIO,
    Action.SETTLE_ADDRESS: Scope.PORTFOLIO,
    Action.SET_PIN: Scope.PORTFOLIO,
    Action.LINK_CHAT: Scope.PORTFOLIO,
    Action.TALK: Scope.PORTFOLIO,
    Action.TAKE_CASE: Scope.PORTFOLIO,
    Action.ANSWER_CALLER: Scope.PORTFOLIO,
    Action.ASSIGN_CASE: Scope.PORTFOLIO,
    Action.HEAR_ALERT: Scope.PORTFOLIO,
    Action.READ_DIGEST: Scope.PORTFOLIO,
    Action.MERGE_PERSONS: Scope.PORTFOLIO,
}

RIGHTS: Final[dict[Role, dict[Action, Scope]]] = {
    Role.BORROWER: {
        Action.RECORD_OUTCOME: Scope.OWN,
        Action.SEE_LOAN: Scope.OWN,
        Action.READ_PERSONAL_DATA: Scope.OWN,
        Action.SET_PIN: Scope.OWN,
        Action.TELL: Scope.OWN,
    },
    Role.COLLECTOR: {
        Action.TAKE_CASE: Scope.PORTFOLIO,
        Action.ANSWER_CALLER: Scope.PORTFOLIO,
        Action.RECORD_OUTCOME: Scope.OWN,
        Action.PLACE_HOLD: Scope.OWN,
        Action.SAY: Scope.PORTFOLIO,
        Action.RECORD_CONSENT: Scope.PORTFOLIO,
        Action.CONTACT: Scope.OWN,
        Action.RECORD_CONTACT: Scope.OWN,
        Action.MARK_PERSON: Scope.OWN,
        Action.LINK_CHAT: Scope.OWN,
        Action.TALK: Scope.PORTFOLIO,
        Action.SEE_LOAN: Scope.OWN,
        Action.EXPLAIN: Scope.OWN,
        Action.READ_PERSONAL_DATA: Scope.OWN,
    },
    Role.SUPERVISOR: _DESK | {Action.SETTLE_UNKNOWN: Scope.PORTFOLIO},
    Role.CREDIT_MANAGER: _DESK,
    Role.OPERATIONS: {
        Action.MANAGE_STAFF: Scope.PORTFOLIO,
        Action.ASSIGN_CASE: Scope.PORTFOLIO,
        Action.HEAR_ALERT: Scope.PORTFOLIO,
        Action.READ_DIGEST: Scope.PORTFOLIO,
        Action.CONTACT: Scope.PORTFOLIO,
        Action.RECORD_CONTACT: Scope.PORTFOLIO,
        Action.MARK_PERSON: Scope.PORTFOLIO,
        Action.SET_PIN: Scope.PORTFOLIO,
        Action.IMPORT_BOOK: Scope.PORTFOLIO,
        Action.LOOK: Scope.PORTFOLIO,
        Action.SEND: Scope.PORTFOLIO,
        Action.SETTLE_UNKNOWN: Scope.PORTFOLIO,
        Action.PUBLISH_STRATEGY: Scope.PORTFOLIO,
        Action.RUN_EXPERIMENT: Scope.PORTFOLIO,
        Action.RECORD_OUTCOME: Scope.PORTFOLIO,
        Action.PLACE_HOLD: Scope.PORTFOLIO,
        Action.LIFT_HOLD: Scope.PORTFOLIO,
        Action.APPROVE: Scope.PORTFOLIO,
        Action.WRITE_TEXT: Scope.PORTFOLIO,
        Action.PAUSE: Scope.PORTFOLIO,
        Action.LINK_CHAT: Scope.PORTFOLIO,
        Action.SEE_PORTFOLIO: Scope.PORTFOLIO,
        Action.SEE_LOAN: Scope.PORTFOLIO,
        Action.EXPLAIN: Scope.PORTFOLIO,
        Action.CHECK: Scope.PORTFOLIO,
    },
    Role.RISK: {
        Action.SEE_PORTFOLIO: Scope.PORTFOLIO,
        Action.SEE_LOAN: Scope.PORTFOLIO,
        Action.EXPLAIN: Scope.PORTFOLIO,
    },
    Role.FINANCE: {
        Action.SEE_PORTFOLIO: Scope.PORTFOLIO,
        Action.SEE_LOAN: Scope.PORTFOLIO,
    },
    Role.COMPLIANCE: {
        Action.PLACE_HOLD: Scope.ALL,
        Action.LIFT_HOLD: Scope.ALL,
        Action.APPROVE: Scope.ALL,
        Action.RECORD_CONSENT: Scope.ALL,
        Action.WRITE_TEXT: Scope.ALL,
        Action.APPROVE_TEXT: Scope.ALL,
        Action.CONTACT: Scope.ALL,
        Action.RECORD_CONTACT: Scope.ALL,
        Action.MARK_PERSON: Scope.ALL,
        Action.MERGE_PERSONS: Scope.ALL,
        Action.PAUSE: Scope.ALL,
        Action.SEE_PORTFOLIO: Scope.ALL,
        Action.SEE_LOAN: Scope.ALL,
        Action.EXPLAIN: Scope.ALL,
        Action.READ_PERSONAL_DATA: Scope.ALL,
        Action.CHECK: Scope.ALL,
        Action.VERIFY_AUDIT: Scope.ALL,
    },
    Role.AUDITOR: {
        Action.SEE_PORTFOLIO: Scope.ALL,
        Action.SEE_LOAN: Scope.ALL,
        Action.EXPLAIN: Scope.ALL,
        Action.CHECK: Scope.ALL,
        Action.VERIFY_AUDIT: Scope.ALL,
    },
    Role.MANAGEMENT: {
        Action.SEE_PORTFOLIO: Scope.ALL,
        Action.READ_DIGEST: Scope.ALL,
    },
    Role.CUSTOMER_SERVICE: {
        Action.TAKE_CASE: Scope.PORTFOLIO,
        Action.ANSWER_CALLER: Scope.PORTFOLIO,
        Action.RECORD_OUTCOME: Scope.PORTFOLIO,
        Action.PLACE_HOLD: Scope.PORTFOLIO,
        Action.SAY: Scope.PORTFOLIO,
        Action.RECORD_CONSENT: Scope.PORTFOLIO,
        Action.SETTLE_ADDRESS: Scope.PORTFOLIO,
        Action.CONTACT: Scope.PORTFOLIO,
        Action.RECORD_CONTACT: Scope.PORTFOLIO,
        Action.MARK_PERSON: Scope.PORTFOLIO,
        Action.SEE_LOAN: Scope.PORTFOLIO,
        Action.EXPLAIN: Scope.PORTFOLIO,
        Action.READ_PERSONAL_DATA: Scope.PORTFOLIO,
        Action.SET_PIN: Scope.PORTFOLIO,
        Action.LINK_CHAT: Scope.PORTFOLIO,
        Action.TALK: Scope.PORTFOLIO,
    },
    Role.ADMINISTRATOR: {
        Action.MANAGE_STAFF: Scope.ALL,
        Action.MANAGE_TOKENS: Scope.ALL,
        Action.MANAGE_WEBHOOKS: Scope.ALL,
        Action.PAUSE: Scope.ALL,
        Action.CHECK: Scope.ALL,
        Action.VERIFY_AUDIT: Scope.ALL,
    },
    Role.SYSTEM: {
        Action.CONTACT: Scope.ALL,
        Action.RECORD_CONTACT: Scope.ALL,
        Action.MARK_PERSON: Scope.ALL,
        Action.LOOK: Scope.ALL,
        Action.SEND: Scope.ALL,
        Action.TAKE_RECEIPT: Scope.ALL,
        Action.TAKE_REPLY: Scope.ALL,
        Action.RECORD_CONSENT: Scope.ALL,
        Action.SETTLE_ADDRESS: Scope.ALL,
        Action.TAKE_UPDATE: Scope.ALL,
        Action.LINK_CHAT: Scope.ALL,
        Action.SETTLE_UNKNOWN: Scope.ALL,
        Action.SEAL_RECORD: Scope.ALL,
        Action.RUN_EXPERIMENT: Scope.ALL,
        Action.CHECK: Scope.ALL,
        Action.VERIFY_AUDIT: Scope.ALL,
    },
    Role.PROGRAM: {
        Action.IMPORT_BOOK: Scope.PORTFOLIO,
        Action.CONTACT: Scope.PORTFOLIO,
        Action.RECORD_CONTACT: Scope.PORTFOLIO,
        Action.RECORD_CONSENT: Scope.PORTFOLIO,
        Action.RECORD_OUTCOME: Scope.PORTFOLIO,
        Action.SEE_PORTFOLIO: Scope.PORTFOLIO,
        Action.SEE_LOAN: Scope.PORTFOLIO,
    },
}
"""The table. Finance sees payments and never edits them; whoever runs the machine reads nobody's data."""
