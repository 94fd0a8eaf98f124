"""What the sinks took against what the book says: the assertions of the chaos."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from casework.delivery.deliver import GROUP
from casework.office import Office
from tests.builders.eve import mail_text
from tests.scenarios.chaos.book import Borrower
from tests.scenarios.chaos.sinks import blocked_chat, dead_number
from tests.scenarios.chaos.stage import Stage

CHANNEL = {"twilio": "sms", "smtp": "email", "telegram": "chat"}
IN_THE_AIR = GROUP  # of one deliverer

OPEN = {
    "contacts on their way": "SELECT count(*) FROM contacts WHERE state IN ('planned', 'claimed', 'sending')",
    "messages open": "SELECT count(*) FROM messages WHERE state = 'open'",
    "occurrences waiting": "SELECT count(*) FROM occurrences WHERE state = 'waiting'",
    "receipts": "SELECT count(*) FROM receipts WHERE worked_at IS NULL",
    "replies": "SELECT count(*) FROM replies WHERE worked_at IS NULL",
    "cases due": "SELECT count(*) FROM cases WHERE next_look_at <= now() + interval '1 hour'",
}
# A transaction that the claim's last statement saw committed was committed before the claim had its locks:
# whoever brings news of a case holds it until their commit, and so does the claim.
_KNEW_OF_PAYMENT = """
SELECT m.contact FROM marks_of_claims m JOIN contacts c ON c.id = m.contact
JOIN messages said ON said.id = c.message_id AND said.purpose = 'dunning'
WHERE NOT EXISTS (SELECT 1 FROM parties p WHERE p.case_id = c.case_id AND NOT EXISTS (
                    SELECT 1 FROM payments y JOIN news_by n ON n.what = 'payments' AND n.id = y.id
                    WHERE y.loan_id = p.loan_id AND pg_visible_in_snapshot(n.by, m.snapshot)))
"""
_KNEW_OF_STOP = """
SELECT m.contact FROM marks_of_claims m JOIN contacts c ON c.id = m.contact
JOIN messages said ON said.id = c.message_id AND said.purpose = 'dunning'
JOIN consents s ON s.person_id = c.person_id AND s.channel = c.channel AND s.state = 'revoked'
JOIN news_by n ON n.what = 'consents' AND n.id = s.id
WHERE pg_visible_in_snapshot(n.by, m.snapshot)
"""
# Pairs of contacts to one address, but for those where the second's claim knew that the first did not arrive.
_AGAIN = """
SELECT a.id, b.id FROM unnest($1::bigint[], $2::bigint[]) n(a, b)
JOIN contacts a ON a.id = n.a JOIN contacts b ON b.id = n.b JOIN marks_of_claims m ON m.contact = b.id
WHERE a.message_id = b.message_id OR NOT EXISTS (
    SELECT 1 FROM receipts r WHERE r.provider_id = a.provider_id AND r.state = 'failed'
    AND pg_visible_in_snapshot(r.xmin::text::xid8, m.snapshot))
"""
# By deliverer: what it left in the air. It dies once at most, or it waits for the database in vain.
_LEFT_IN_THE_AIR = """
SELECT m.deliverer, count(DISTINCT c.id) FROM contacts c JOIN marks_of_claims m ON m.contact = c.id
WHERE c.state = 'unknown' AND m.at = (SELECT max(at) FROM marks_of_claims o WHERE o.contact = c.id)
GROUP BY 1 HAVING count(DISTINCT c.id) > $1
"""
_TWO_MESSAGES = """
SELECT c.person_id FROM contacts c JOIN messages m ON m.id = c.message_id AND m.purpose = 'dunning'
WHERE c.state IN ('sending', 'accepted', 'delivered', 'unknown')
GROUP BY c.person_id HAVING count(DISTINCT c.message_id) > 1
"""

# What may fail while engines are killed. arq forgets a job that runs twice in one worker, after a FLUSHALL;
# and at its end it may leave a pipeline to Redis to the garbage collector, which says so.
_AWAY = re.compile(
    r"DBAPIError|InterfaceError|InternalClientError|OperationalError|CannotConnectNow|AdminShutdown|CrashShutdown|Connection\w*Error"
    r"|FileNotFoundError|TimeoutError|CancelledError|KeyError: '(look|deliver|hear|ask|sweep)\b"
    r"|Unclosed Pipeline"
)
_ERROR = re.compile(r"^[\w.]*(?:Error|Exception)\b.*$", re.MULTILINE)


class Heard(msgspec.Struct, frozen=True):
    """A message that a sink took."""

    sink: str
    to: str
    contact: int
    text: str
    at: float


def heard(stage: Stage, office: Office, contacts_of_chats: dict[str, int]) -> list[Heard]:
    """Everything that left. A chat names no contact: it has one alone."""
    found: list[Heard] = []
    for message in stage.taken("twilio"):
        (key,) = parse_qs(urlsplit(message["callback"]).query)["key"]
        found.append(
            Heard("twilio", message["to"], office.contact_of(key) or 0, message["body"], message["at"])
        )
    for message in stage.taken("smtp"):
        key = message["id"].partition("@")[0]
        text = mail_text(message)
        found.append(Heard("smtp", message["to"], office.contact_of(key) or 0, text, message["at"]))
    for message in stage.taken("telegram"):
        to = message["to"]
        found.append(Heard("telegram", to, contacts_of_chats.get(to, 0), message["text"], message["at"]))
    return found


async def left_open(office: Office) -> dict[str, int]:
    """What is not done yet."""
    async with office.transaction() as raw:
        counts = {what: await raw.value(query) for what, query in OPEN.items()}
    return {what: count for what, count in counts.items() if count}


async def reminders(office: Office, taken: Iterable[Heard]) -> list[Heard]:
    """What was taken, without what answers somebody; what is of no contact stays."""
    async with office.transaction() as raw:
        rows = await raw.rows(
            "SELECT c.id FROM contacts c JOIN messages m ON m.id = c.message_id WHERE m.purpose <> 'dunning'"
        )
    answers = {row[0] for row in rows}
    return [one for one in taken if one.contact not in answers]


async def nobody_heard_twice(office: Office, taken: Iterable[Heard]) -> None:
    """Each contact left once, each reminder's text once, and no person may have heard two reminders.

    Answers (a stop is confirmed) are no reminders: of them each contact left once.
    An address is written to again for one reason alone: another message of the same person, claimed by a
    transaction that knew the first as not delivered.
    """
    taken = sorted(taken, key=lambda one: one.at)
    by_contact = Counter(one.contact for one in taken if one.contact)
    twice = [contact for contact, count in by_contact.items() if count > 1]
    assert not twice, f"{len(twice)} contacts were handed over more than once: {twice[:10]}"
    taken = await reminders(office, taken)
    by_text = Counter((one.sink, one.text) for one in taken)
    said = [text for (_, text), count in by_text.items() if count > 1]
    assert not said, f"{len(said)} texts were said more than once, and every text names a loan: {said[0]}"
    strange = [one for one in taken if not one.contact]
    assert not strange, f"{len(strange)} messages are of no contact that stands"
    last: dict[tuple[str, str], int] = {}
    pairs: list[tuple[int, int]] = []
    for one in taken:
        if (before := last.get((one.sink, one.to))) is not None:
            pairs.append((before, one.contact))
        last[one.sink, one.to] = one.contact
    async with office.transaction() as raw:
        again = await raw.rows(_AGAIN, [before for before, _ in pairs], [after for _, after in pairs])
        twice = [row[0] for row in await raw.rows(_TWO_MESSAGES)]
    assert not again, f"addresses were written to again by contacts {[tuple(row) for row in again[:10]]}"
    assert not twice, f"persons {twice[:10]} may have heard two messages on one day"


async def nobody_heard_after(office: Office) -> None:
    """No contact was marked by a claim whose transaction knew that all was paid, or the channel stopped."""
    async with office.transaction() as raw:
        paid = [row[0] for row in await raw.rows(_KNEW_OF_PAYMENT)]
        stopped = [row[0] for row in await raw.rows(_KNEW_OF_STOP)]
    assert not paid, f"{len(paid)} contacts were claimed after their payment was committed"
    assert not stopped, f"{len(stopped)} contacts were claimed after their stop was committed"


def nobody_heard_late(taken: Iterable[Heard], known: dict[tuple[str, str], float], wait: float) -> None:
    """By the sinks' own clock: nothing came later than a lease, and its way, after its payment was known."""
    late = [one for one in taken if one.at > known.get((one.sink, one.to), float("inf")) + wait]
    assert not late, f"{len(late)} messages arrived after a payment that their claim had to know"


def everybody_heard(
    taken: Iterable[Heard], made: Iterable[Borrower], excused: set[int], unknown: set[int]
) -> None:
    """Who owes all the while heard somewhere, or is on record as unknown."""
    said = {(one.sink, one.to) for one in taken}
    silent = [
        one.person
        for one in made
        if one.person not in excused | unknown
        and not said & {("twilio", one.phone), ("smtp", one.email), ("telegram", one.chat)}
    ]
    assert not silent, f"{len(silent)} who could be reached heard nothing"


def the_first_way_was_taken(taken: Iterable[Heard], made: Iterable[Borrower], excused: set[int]) -> None:
    """A chat before SMS before mail: the next way only where the one before did not carry it."""
    said = {(one.sink, one.to) for one in taken}
    for one in made:
        if one.person in excused or one.chat is None or blocked_chat(one.chat):
            continue
        both = {("telegram", one.chat), ("twilio", one.phone)} & said
        assert len(both) < 2, f"borrower {one.person} heard by chat, and by SMS as well"
    assert not [one for one in taken if one.sink == "twilio" and dead_number(one.to)]


def nothing_broke(logs: Iterable[Path]) -> None:
    """What failed did so because its engine was away; a deadlock or a slip would show here."""
    broken: Counter[str] = Counter()
    for path in logs:
        for line in path.read_text(errors="replace").splitlines():
            if '"level": "error"' in line:
                said: str = json.loads(line).get("exception", line)
                what = (_ERROR.findall(said) or [line])[-1]
                if not _AWAY.search(what):
                    broken[f"{path.stem}: {what[:120]}"] += 1
    assert not broken, dict(broken)


async def few_are_unknown(office: Office) -> None:
    """Of one deliverer no more than it had in the air."""
    async with office.transaction() as raw:
        rows = await raw.rows(_LEFT_IN_THE_AIR, IN_THE_AIR)
    assert not rows, f"more was left unknown than was in the air: {[tuple(row) for row in rows]}"


async def the_book_agrees(office: Office, taken: Iterable[Heard]) -> Counter[str]:
    """A message that left is accepted or delivered, failed by its receipt, or unknown. States by number."""
    async with office.transaction() as raw:
        rows: list[Any] = await raw.rows(
            "SELECT c.id, c.state, c.channel, EXISTS (SELECT 1 FROM receipts r WHERE r.state = 'failed' "
            "AND r.provider_id = c.provider_id) AS reported FROM contacts c"
        )
    states = {row["id"]: row for row in rows}
    for one in taken:
        row = states[one.contact]
        assert row["channel"] == CHANNEL[one.sink]
        right = row["state"] in ("accepted", "delivered", "unknown") or (
            row["state"] == "failed" and row["reported"]
        )
        assert right, f"contact {one.contact} left, and the book says it is {row['state']}"
    took = {one.contact for one in taken}
    pretended = [id_ for id_, row in states.items() if row["state"] in ("accepted", "delivered")]
    assert not set(pretended) - took, "what the book calls accepted was taken"
    return Counter(row["state"] for row in rows)
