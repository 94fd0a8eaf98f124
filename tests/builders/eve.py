"""The eve of a Monday with plenty due in the superlender tape, and what must be said that day."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from email import message_from_string, policy
from pathlib import Path
from typing import Any

from casework.intake.cells import example_phone
from tests.builders.readings import Lent, Reminder, reminders
from tests.sinks.smtp import SmtpSink
from tests.sinks.twilio import TwilioSink

SUNDAY, MONDAY = date(2017, 7, 9), date(2017, 7, 10)
NINE = "2017-07-10T09:00+01:00"  # of that Monday, in Lagos
BRAND = "Super Lender"

PORTFOLIO = f"""\
portfolio: superlender
name: Superlender Ltd
brand: {BRAND}
country: NG
zone: Africa/Lagos
currency: NGN
pay:
  en: "https://pay.example.com/{{reference}}"
"""


@dataclass(frozen=True)
class Imported:
    """What `kept import` of the tape left: a database to copy, a folder with the keys, its report."""

    database: str
    folder: Path
    report: dict[str, Any]


@dataclass(frozen=True)
class Due:
    """What one borrower must hear on the Monday."""

    borrower: str
    reminder: Reminder
    phone: str | None  # None: not theirs alone
    mailbox: str

    @property
    def channel(self) -> str:
        """Mail goes first before the due date, SMS from then on."""
        return "email" if self.reminder.step == "upcoming" or self.phone is None else "sms"

    @property
    def amount(self) -> str:
        """As it is written in English in Nigeria, without the sign of the currency."""
        return f"{self.reminder.amount // 100:,}.{self.reminder.amount % 100:02}"

    def wording(self, channel: str) -> tuple[str, ...]:
        """What the text must hold."""
        due, loan = self.reminder.due, self.reminder.loan
        day = f"{due.day} {due:%B %Y}" if channel == "email" else f"{due.day} {due:%b}"
        return BRAND, self.amount, day, f"https://pay.example.com/{loan}"


def due_on_monday(lent: Iterable[Lent], known_to: date = SUNDAY) -> dict[str, Due]:
    """By borrower, as the tape tells it up to the end of a day."""
    lent = list(lent)
    # The tape has no numbers: its mapping gives each borrower one of those set aside for examples.
    phones = {one.borrower: example_phone(one.borrower) for one in lent if one.made_on <= SUNDAY}
    holders = Counter(phones.values())
    found: dict[str, Due] = {}
    for borrower, told in reminders(lent, known_to, MONDAY).items():
        (reminder,) = told  # on this Monday nobody has two
        phone = phones[borrower]
        own = phone if holders[phone] == 1 else None
        found[borrower] = Due(borrower, reminder, own, f"b-{borrower}@example.org")
    return found


def by_address(due: Iterable[Due]) -> dict[str, Due]:
    """By the address that must be written to."""
    return {one.mailbox if one.channel == "email" else one.phone or "": one for one in due}


def texts(sms: TwilioSink, mail: SmtpSink) -> dict[str, list[str]]:
    """What the sinks took, by the address it went to."""
    found: dict[str, list[str]] = {}
    for taken in sms.record.taken:
        found.setdefault(taken["to"], []).append(taken["body"])
    for taken in mail.record.taken:
        found.setdefault(taken["to"], []).append(mail_text(taken))
    return found


def counted(sent: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """What `kept send` counted, without the zeros."""
    found = {channel: {state: n for state, n in counts.items() if n} for channel, counts in sent.items()}
    return {channel: counts for channel, counts in found.items() if counts}


def mail_text(taken: dict[str, Any]) -> str:
    """Subject and text of a mail that a sink took."""
    message = message_from_string(taken["content"], policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['subject']}\n{body.get_content()}"
