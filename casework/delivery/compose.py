"""What a contact says: the text that its address may carry, filled, and linted as it will be read.

The lint at the claim is the second one: a text passed it when it was saved, with invented values. Here it
reads the real ones. What it finds refuses the contact, with its code; nothing is sent in its place.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, Literal

import msgspec

from casework.in_use import Texts
from casework.links import stop_link
from casework.office import Office
from casework.portfolios import PortfolioSpec, terms_of
from ledger.standing import standing
from messages.body import Body
from messages.carry import carries, said_to
from messages.context import context_of
from messages.errors import AddressClosedError, MayNotCarryError, MessageError, NotApprovedError
from messages.links import hosts_of
from messages.lint import SENTENCES, Finding, lint
from messages.proof import NO_OPT_OUT
from messages.render import Rendered, render_with
from messages.segments import segments
from messages.templates import OWN_WORDS, languages
from messages.values import Owed, Saying
from policy.calendar import local_day
from policy.earliest import Rules, earliest_of
from policy.parts import parts_wanted
from policy.values import Ask, Situation
from storage.sayings import LoanFigures, Recipient

LINTED: Final = "lint_"  # begins the code of a contact that the lint refused
RULE: Final = "rule_"  # begins the code of a contact whose text a rule of a pack refused

_MEANINGS: Final = {
    "unsayable": "The text could not be made: it asks for what there is not, or comes out too long.",
    "unreadable": "The person's name or address is not what was stored, so nothing was said.",
    "nothing_owed": "Nothing was owed any more when it was to be said.",
    "address_closed": "The address had been suspended or taken off by then.",
    "expired": "Its time had passed before it could be said.",
    "rules": "The rules did not allow it.",
    "paid": "Nothing was owed any more on the loans that it speaks of.",
    "not_registered": "This channel takes registered texts alone, and the register has approved none of it.",
    "may_not_carry": "The address may carry nothing about a loan, and the text speaks of one.",
}

# A name of letters. Twilio's messaging service (MG...) has numbers of its own.
_NAME: Final = re.compile(r"(?!MG[0-9a-f]{32}\Z)(?=.*[A-Za-z]).*", re.DOTALL)


class RefusedError(Exception):
    """It may not be said. `code` is kept with the contact."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def meaning_of(code: str | None) -> str | None:
    """What the code of a refused contact means, in a sentence; None for a code that is not of here."""
    if code is None:
        return None
    if code.startswith(RULE):
        return f"The text was refused by the rule {code.removeprefix(RULE)} of a policy pack in force."
    found = SENTENCES.get(code.removeprefix(LINTED)) if code.startswith(LINTED) else None
    return f"The text was refused: {found}." if found else _MEANINGS.get(code)


def compose(
    texts: Texts,
    name: str,
    channel: str,
    told: Saying,
    person: Recipient,
    spec: PortfolioSpec,
    *,
    receives: bool = True,
) -> Rendered:
    """The text `name` as the person's address on `channel` may carry it. Raises RefusedError.

    `receives`: whether a reply reaches us; else it must carry a link or a number to stop.
    """
    may = carries(person.state, channel, shared=person.shared)
    language = language_of(person, spec, texts.languages)
    try:
        told = said_to(told, may)
        chosen = texts.of(name, channel, language, registered=channel in spec.registered)
        said = render_with(chosen, language, told)
    except NotApprovedError:
        raise RefusedError("not_registered") from None
    except AddressClosedError:
        raise RefusedError("address_closed") from None
    except MayNotCarryError:
        raise RefusedError("may_not_carry") from None
    except MessageError:
        raise RefusedError("unsayable") from None
    way: Literal["reply", "link"] = "link" if told.opt_out_url or not receives else "reply"
    context = context_of(
        told, channel, said.language, opt_out="none" if name in NO_OPT_OUT else way, hosts=own_hosts(spec)
    )
    found = lint(said.body, context)
    if found:
        raise RefusedError(LINTED + found[0].code)
    return said


def disclosing(
    told: Saying, rules: Rules, asks: Sequence[Ask], situation: Situation, now: datetime
) -> Saying:
    """`told` with what the rules have such a text say of who writes it."""
    wanted = parts_wanted(rules, asks, situation, now)
    if "collector" not in wanted:
        return told
    return msgspec.structs.replace(told, collector="first" if wanted["collector"] else "later")


def check_rules(body: Body, rules: Rules, asks: Sequence[Ask], situation: Situation, now: datetime) -> None:
    """Hold this very text to the rules. Raises RefusedError with the one that says no.

    All that reads no text has been asked at `now` already, by the decision.
    """
    asks = [ask for ask in asks if rules.read_text(ask, situation)]
    text = f"{body.subject or ''}\n{body.text}"
    asked = [msgspec.structs.replace(ask, text=text) for ask in asks]
    answer = earliest_of(rules, asked, situation, now)
    if answer.at != now:
        raise RefusedError(RULE + answer.noes[-1].rule)


def own_words(words: str, channel: str, told: Saying, person: Recipient, spec: PortfolioSpec) -> Rendered:
    """What somebody of the staff wrote themselves, held to the same. Raises RefusedError."""
    found = read_words(words, channel, told, person, spec)
    if found:
        raise RefusedError(found[0].code if found[0].code in _MEANINGS else LINTED + found[0].code)
    body = words_as(words, channel, spec)
    digest = sha256(words.encode()).hexdigest()[:16]
    return Rendered(body, OWN_WORDS, digest, language_of(person, spec).partition("-")[0])


def read_words(
    words: str, channel: str, told: Saying, person: Recipient, spec: PortfolioSpec
) -> tuple[Finding, ...]:
    """What is wrong with words to a person at an address; nothing, where they may be said there.

    The loans that `told` knows may not be named at an address that may carry nothing about them.
    """
    references = tuple(owed.loan for owed in told.owed)
    if channel in spec.registered:
        return (Finding("not_registered", _MEANINGS["not_registered"], "text"),)
    try:
        told = said_to(told, carries(person.state, channel, shared=person.shared))
    except AddressClosedError as error:
        return (Finding("address_closed", str(error), "address"),)
    context = context_of(told, channel, language_of(person, spec), hosts=own_hosts(spec))
    context = msgspec.structs.replace(context, references=references)
    return lint(words_as(words, channel, spec), context)


def words_as(words: str, channel: str, spec: PortfolioSpec) -> Body:
    """Words as a channel takes them: a mail has the brand for its subject."""
    if channel == "sms":
        return Body(text=words, segments=segments(words))
    return Body(text=words, subject=spec.brand if channel == "email" else None)


def saying_of(
    office: Office,
    spec: PortfolioSpec,
    person: Recipient,
    channel: str,
    contact: int,
    today: date,
    loans: Sequence[LoanFigures],
    now: datetime,
) -> Saying:
    """Everything that a text to the person can speak of. `today` is the day at theirs."""
    language = language_of(person, spec)
    pay = spec.pay.get(language) or spec.pay.get(language.partition("-")[0]) or spec.pay.get(spec.language)
    return Saying(
        brand=spec.brand,
        creditor=spec.creditor,
        today=today,
        owed=tuple(_owed(loan, spec, now) for loan in loans),
        name=person.name,
        payment_line=pay.replace("{reference}", loans[0].external_id) if pay and loans else None,
        reply_to=(spec.reply_to.phone or spec.reply_to.email) if spec.reply_to else None,
        opt_out_url=_way_to_stop(office, spec, channel, contact),
    )


def language_of(person: Recipient, spec: PortfolioSpec, known: Collection[str] | None = None) -> str:
    """The person's language where there are texts in it (`known`: else those of the library), else the
    portfolio's, with their country: figures are written as there."""
    language = person.language or spec.language
    if language.partition("-")[0] not in (languages() if known is None else known):
        language = spec.language
    country = person.country or spec.country
    return f"{language}-{country}" if country and "-" not in language else language


def own_hosts(spec: PortfolioSpec) -> frozenset[str]:
    """The hosts that a text of the portfolio may link to."""
    return _hosts(tuple(spec.pay.values()))


@lru_cache(maxsize=1024)
def _hosts(lines: tuple[str, ...]) -> frozenset[str]:
    return hosts_of(*lines)


def receives(office: Office, spec: PortfolioSpec, channel: str) -> bool:
    """Whether a reply to what is sent on `channel` arrives somewhere: a name of letters takes none."""
    sender = spec.senders.get(channel) or office.doors.senders.get(channel)  # pyright: ignore[reportArgumentType]  # call, visit: none
    return channel != "sms" or sender is None or not _NAME.fullmatch(sender)


def _way_to_stop(office: Office, spec: PortfolioSpec, channel: str, contact: int) -> str | None:
    """A link, or a number to call, where a reply would reach nobody; in a mail always, where there is one."""
    if channel == "email":
        return stop_link(office, contact)
    if not receives(office, spec, channel):
        return stop_link(office, contact) or (spec.reply_to.phone if spec.reply_to else None)
    return None


def _owed(loan: LoanFigures, spec: PortfolioSpec, now: datetime) -> Owed:
    """The loan's figures by its own terms and zone; the installment spoken of is its oldest unpaid one."""
    terms = terms_of(spec, loan.currency)
    spoken = next((unpaid for unpaid in loan.unpaid if unpaid.left > terms.tolerance), loan.unpaid[0])
    stands = standing(loan.unpaid, terms, local_day(now, loan.zone))
    return Owed(
        loan=loan.external_id,
        due=spoken.due,
        currency=loan.currency,
        amount_minor=spoken.left,
        arrears_minor=stands.arrears,
        outstanding_minor=sum(unpaid.left for unpaid in loan.unpaid),
        days_late=stands.dpd,
        product=loan.product,
    )
