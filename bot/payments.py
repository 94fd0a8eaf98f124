"""Paying in the chat, where a payment provider's token is set: an invoice, a last check, what was paid.

What the messenger says was paid is a claim with its reference, until the money is on the tape: reminders
rest, and somebody reconciles it. Where the server knows no invoices, the lender's own line is given instead.
"""

from typing import Final

import structlog
from aiogram.types import LabeledPrice, Message, PreCheckoutQuery, SuccessfulPayment

from bot.answers import BACK, MAIN, mine, named, pay, told_of
from bot.api import quietly
from bot.desk import Here
from casework.borrower.answers import Holding
from casework.borrower.conversation import ask_for_person, hear
from casework.borrower.tell import tell

_MOST: Final = 5  # invoices at once
_TITLE, _DESCRIPTION = 32, 255  # characters that the messenger takes

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


async def pay_here(here: Here) -> None:
    """An invoice for what is due on each loan."""
    owing = [one for one in await mine(here) if one.outstanding][:_MOST]
    if here.desk.payments is None or not owing:
        await pay(here)
        return
    for one in owing:
        amount = _due(one)
        said = {"loan": named(here.say, one), "amount": here.say.money(amount, one.currency)}
        sent = await quietly(
            here.bot.send_invoice(
                here.chat.telegram,
                title=here.say("payment.title", **said)[:_TITLE],
                description=told_of(here.say, [one], here.say("payment.description", **said))[:_DESCRIPTION],
                payload=f"{one.id}:{amount}",
                provider_token=here.desk.payments,
                currency=one.currency,
                prices=[LabeledPrice(label=here.say("payment.label", **said), amount=amount)],
            )
        )
        if sent is None:
            await pay(here)
            return
    await here.send(here.say("menu.again"), BACK)


async def last_check(query: PreCheckoutQuery, here: Here) -> None:
    """Asked within ten seconds of the tap: still theirs, and still owed?"""
    loan, amount = _payload(query.invoice_payload)
    found = [] if here.chat.person is None else await mine(here)
    good = any(
        one.id == loan and one.currency == query.currency and amount == query.total_amount <= one.outstanding
        for one in found
    )
    await here.bot.answer_pre_checkout_query(
        query.id, ok=good, error_message=None if good else here.say("payment.over")
    )


async def paid_here(message: Message, here: Here) -> None:
    """It was paid: a claim with its reference; where nobody knows on what, a person looks."""
    paid = message.successful_payment
    assert paid is not None
    one = await _claimed(here, paid)
    if one is None:
        log.error("paid in the chat, and nobody knows on which loan", chat_row=here.chat.id)
        desk = here.desk
        await ask_for_person(desk.office, desk.actor, here.chat, "payment", here.now)
        await hear(desk.office, desk.actor, here.chat, _reference(paid), here.update, here.now)
        await here.send_plain(here.say("human.open"))
        return
    done = here.say(
        "payment.done",
        amount=here.say.money(paid.total_amount, paid.currency),
        loan=named(here.say, one),
        reference=paid.telegram_payment_charge_id,
    )
    await here.send(told_of(here.say, [one], done), MAIN)


async def _claimed(here: Here, paid: SuccessfulPayment) -> Holding | None:
    """Record it as claimed on the loan of its invoice; None where that is none of theirs."""
    loan, _ = _payload(paid.invoice_payload)
    found = [] if here.chat.person is None else await mine(here)
    one = next((one for one in found if one.id == loan), None)
    if one is not None:
        await tell(
            here.desk.office,
            here.chat,
            "claims_paid",
            here.update,
            here.now,
            loan=one.id,
            amount=paid.total_amount,
            note=_reference(paid),
        )
    return one


def _reference(paid: SuccessfulPayment) -> str:
    """What the messenger and the provider call it."""
    return f"telegram {paid.telegram_payment_charge_id} provider {paid.provider_payment_charge_id}"


def _due(one: Holding) -> int:
    return one.arrears or one.next_minor or one.outstanding


def _payload(text: str) -> tuple[int, int]:
    """(loan, amount) of an invoice of ours; (0, 0) of what is none."""
    loan, _, amount = text.partition(":")
    return (int(loan), int(amount)) if loan.isdecimal() and amount.isdecimal() else (0, 0)
