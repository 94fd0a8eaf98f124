"""Whether a contact was right to go out, by the facts at the moment of its claim."""

from typing import Any

import msgspec

from casework.insight.replay import Stored, facts_of
from policy.earliest import earliest
from strategies.addresses import KIND_OF, NEUTRAL
from strategies.asking import asks_of
from strategies.values import Address, Key, Loan, Plan


class Faults(msgspec.Struct, frozen=True):
    """What was wrong, as clauses without a person; nothing where the contact was right."""

    not_allowed: tuple[str, ...]
    wrong_address: tuple[str, ...]


def faults(claim: Stored, message: int, channel: str, address: int, template: str | None) -> Faults:
    """What speaks against the contact of `message` on `channel` to `address` (id), claimed by `claim`.

    `template`: the text that went there.
    """
    plan = next((plan for plan in claim.decision.plans if plan.message == message), None)
    if plan is None or (plan.channel, plan.address) != (channel, address):
        not_allowed = (f"the decision of its claim does not plan it by {channel} to address {address}",)
    else:
        not_allowed = tuple(_not_allowed(claim, plan))
    wrong = _wrong_address(claim.facts.addresses, channel, address, neutral=template == NEUTRAL)
    return Faults(not_allowed, tuple(wrong))


def _not_allowed(claim: Stored, plan: Plan) -> list[str]:
    """The laws themselves, asked anew: not whether the decision agrees with itself."""
    said: list[str] = []
    loans = {loan.id: loan for loan in claim.facts.loans}
    for key, loan_id in zip(plan.keys, plan.loans, strict=True):
        loan = loans.get(loan_id)
        if loan is None or not _owes(loan, key):
            said.append(f"{key.anchor} {key.anchor_id}: nothing of it was unpaid")
        elif loan.status != "active":
            said.append(f"loan {loan_id} was {loan.status}")
    situation = claim.facts.situation
    if situation.consents.get(plan.channel) == "revoked":
        said.append(f"{plan.channel} was stopped")
    for hold in situation.holds:
        binds = hold.loan in (0, *plan.loans) and hold.start <= claim.at
        if binds and (hold.end is None or claim.at < hold.end):
            said.append(f"there was a hold ({hold.kind})")
    for ask in asks_of(plan, claim.facts, claim.rulebook, claim.at):
        answer = earliest(claim.rulebook.rules[claim.facts.portfolio], ask, situation, claim.at)
        if answer.at != claim.at:
            noes = ", ".join(f"{no.pack} {no.rule}: {no.detail}" for no in answer.noes)
            said.append(f"the rules said no ({noes})")
    return said


def was_fallback(pair: Any) -> bool:
    """Whether the second of two contacts of a message that both left was right to go: on another channel, and
    claimed by facts in which the first was accepted, and not confirmed by its time.

    It may be delivered since; from one that was unknown, or may have been on its way, nothing follows.
    """
    if pair["facts"] is None or pair["first_channel"] == pair["second_channel"]:
        return False
    try:
        facts = facts_of(pair["facts"])
    except msgspec.DecodeError:
        return False
    return any(
        tried.state == "accepted" and tried.confirm_by is not None and tried.confirm_by <= pair["at"]
        for begun in facts.begun
        for tried in begun.tried
        if tried.contact == pair["first"]
    )


def _owes(loan: Loan, key: Key) -> bool:
    """Whether its installment is unpaid; of a promise or of the case, anything of the loan."""
    mine = (one for one in loan.unpaid if key.anchor != "installment" or one.installment == key.anchor_id)
    return any(one.left > 0 for one in mine)


def _wrong_address(addresses: tuple[Address, ...], channel: str, address: int, *, neutral: bool) -> list[str]:
    known = next((one for one in addresses if one.id == address), None)
    if known is None:
        return [f"address {address} was suspended, detached or not the person's"]
    said: list[str] = []
    if known.kind != KIND_OF.get(channel):
        said.append(f"address {address} is a {known.kind} and carries no {channel}")
    if neutral:
        return said
    answered = known.state in ("confirmed", "linked")
    if known.shared and not answered:
        said.append(f"address {address} is on file with another person too")
    if not answered and (known.state != "attested" or known.kind == "chat"):
        said.append(f"address {address} was {known.state}")
    return said
