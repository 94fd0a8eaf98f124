"""Beside an incumbent: what it sent, what we would have, and which of its contacts our rules refuse.

In a shadow run the book is fed and works as ever, with the sandbox in place of providers: it decides, records
what it said, and reaches nobody. This compares that record with a file of what the incumbent sent, person by
person and day by day (of the person's zone). Nothing of the file is kept: as contacts made elsewhere it would
use up the caps of the run that it is compared with.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from casework.errors import CaseworkInputError
from casework.intake.inherited import Elsewhere, read_contacts
from casework.office import Book, Office
from casework.staff.rights import Action, Actor, require
from policy.earliest import earliest_of
from policy.values import MESSAGES, Ask, Past, Situation
from storage.facts import load_facts
from storage.insight import shadow as stored
from storage.raw import Raw
from strategies.asking import asks_about
from strategies.values import Facts

MOST_DAYS: Final = 366
EXAMPLES: Final = 20
NOT_EXPECTED: Final = "not_expected"  # no step of a strategy had come
_BATCH: Final = 1_000

_Day = tuple[int, date]  # of a person


class DayCount(msgspec.Struct, frozen=True):
    """Contacts of one day: theirs, ours, and people to whom both wrote."""

    day: date
    theirs: int
    ours: int
    both: int


class Example(msgspec.Struct, frozen=True):
    """Somebody to whom one wrote and the other did not, by external id; `why`: our reason, or our step."""

    borrower: str
    day: date
    who: str  # theirs | ours
    channel: str
    why: str


class Shadow(msgspec.Struct, frozen=True):
    """Theirs beside ours, messages alone. Persons and days: `same_channel`, `other_channel` (both wrote),
    `only_theirs` by our reason, `only_ours` by our step. `refused` counts their contacts, calls and visits
    among them, by the first rule that says no; `by_people` are those calls and visits."""

    first: date
    last: date
    theirs: int
    ours: int
    same_channel: int
    other_channel: int
    only_theirs: Mapping[str, int]
    only_ours: Mapping[str, int]
    refused: Mapping[str, int]
    by_people: int
    days: tuple[DayCount, ...]
    examples: tuple[Example, ...]
    rejected: int
    rejects_file: str | None

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return msgspec.to_builtins(self)


async def compare(
    office: Office,
    actor: Actor,
    path: Path,
    rejects_folder: Path,
    now: datetime,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Shadow:
    """Compare the file's outgoing contacts of `first` to `last` (None: those of the file) with our record.

    Raises TapeError, CaseworkInputError (no contact in these days), Denied.
    """
    require(actor, Action.SEE_PORTFOLIO)
    require(actor, Action.EXPLAIN)
    async with office.transaction() as raw:
        book = await office.book(raw)
        read, rejected, rejects_file = await read_contacts(office, raw, path, rejects_folder, now)
        outgoing = [one for one in read if not one.inbound]
        zones = {row["id"]: row["zone"] for row in await _persons(raw, {one.person for one in outgoing})}
        days = [_day(one.at, zones[one.person]) for one in outgoing]
        first, last = first or min(days, default=None), last or max(days, default=None)
        if first is None or last is None or not any(first <= day <= last for day in days):
            raise CaseworkInputError(
                f"{path.name}: there is no outgoing contact of these days to compare with"
            )
        if (last - first).days >= MOST_DAYS:
            raise CaseworkInputError(f"{path.name}: from {first} to {last} is more than {MOST_DAYS} days")
        begins = datetime.combine(first, time(), UTC) - timedelta(days=1)  # in whatever zone
        ends = datetime.combine(last, time(), UTC) + timedelta(days=2)
        sent = await stored.sent_between(raw, begins, ends)
        written_to = {row["person_id"] for row in sent}
        people = {row["id"]: row for row in await _persons(raw, {*zones, *written_to})}
        then = [(one, day) for one, day in zip(outgoing, days, strict=True) if first <= day <= last]
        theirs: dict[_Day, list[Elsewhere]] = defaultdict(list)
        for one, day in then:
            if one.channel in MESSAGES:
                theirs[one.person, day].append(one)
        ours: dict[_Day, list[Any]] = defaultdict(list)
        for row in sent:
            day = _day(row["at"], people[row["person_id"]]["zone"])
            if first <= day <= last:
                ours[row["person_id"], day].append(row)
        alone = sorted({person for person, day in theirs if (person, day) not in ours})
        why = await _reasons(raw, alone, begins, ends, people)
        refused: Counter[str] = Counter()
        of_person: dict[int, list[Elsewhere]] = defaultdict(list)
        for one, _ in then:
            of_person[one.person].append(one)
        persons = sorted(of_person)
        for start in range(0, len(persons), _BATCH):
            refused += await _refused(raw, book, persons[start : start + _BATCH], of_person, now)
    return _report(
        first,
        last,
        theirs,
        ours,
        why,
        refused,
        sum(one.channel not in MESSAGES for one, _ in then),
        people,
        rejected,
        rejects_file,
    )


async def _persons(raw: Raw, persons: set[int]) -> list[Any]:
    return await stored.persons_of(raw, sorted(persons))


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


async def _reasons(
    raw: Raw, persons: Sequence[int], begins: datetime, ends: datetime, people: Mapping[int, Any]
) -> dict[_Day, str]:
    """Of each person and day, the reason of what came last and was not said."""
    found: dict[_Day, str] = {}
    for row in await stored.unsaid_between(raw, persons, begins, ends):
        zone = people[row["person_id"]]["zone"]
        day = _day(row["due_at"], zone)
        until = _day(row["ended_at"] or ends, zone)
        while day <= until:
            found[row["person_id"], day] = row["reason"]
            day += timedelta(days=1)
    return found


async def _refused(
    raw: Raw,
    book: Book,
    persons: Sequence[int],
    of_person: Mapping[int, Sequence[Elsewhere]],
    now: datetime,
) -> Counter[str]:
    """Their contacts that our rules would not have let pass, with what they had sent before as the past.

    Loans, addresses and marks are those of now; holds and stops count from their moment on.
    """
    refused: Counter[str] = Counter()
    seen: set[int] = set()
    cases = await stored.cases_of(raw, persons)
    for facts in await load_facts(raw, cases, now, book.tolerance, at_claim=True):
        if facts.person in seen:  # a person with several cases is asked about once
            continue
        seen.add(facts.person)
        rules, actor = book.rulebook.rules[facts.portfolio], book.rulebook.actor(facts.portfolio)
        past: list[Past] = []
        for one in sorted(of_person[facts.person], key=lambda one: one.at):
            situation = _then(facts.situation, past, one)
            asks = list(_asks(facts, one, actor))
            answer = earliest_of(rules, asks, situation, one.at)
            if answer.at != one.at:
                refused[answer.noes[0].rule] += 1
            past.append(Past(one.at, one.channel, one.result, one.loans))
    return refused


def _then(situation: Situation, past: Sequence[Past], one: Elsewhere) -> Situation:
    """As it was at their moment, as far as we know: a stop that came later had not been said."""
    later = {channel for channel, at in situation.stopped.items() if at > one.at}
    consents = {channel: state for channel, state in situation.consents.items() if channel not in later}
    return msgspec.structs.replace(situation, past=tuple(past), consents=consents)


def _asks(facts: Facts, one: Elsewhere, actor: str) -> Iterator[Ask]:
    about = [loan for loan in facts.loans if not one.loans or loan.id in one.loans]
    asks = asks_about(about, actor, one.channel, one.at)
    yield from asks or [Ask(one.channel, one.loans, actor=actor)]


def _report(
    first: date,
    last: date,
    theirs: Mapping[_Day, Sequence[Elsewhere]],
    ours: Mapping[_Day, Sequence[Any]],
    why: Mapping[_Day, str],
    refused: Counter[str],
    by_people: int,
    people: Mapping[int, Any],
    rejected: int,
    rejects_file: str | None,
) -> Shadow:
    both = theirs.keys() & ours.keys()
    channels = {key: {row["channel"] for row in ours[key]} for key in both}
    same = sum(any(one.channel in channels[key] for one in theirs[key]) for key in both)
    only_theirs = {key: why.get(key, NOT_EXPECTED) for key in theirs.keys() - both}
    only_ours = {key: ours[key][0]["step"] for key in ours.keys() - both}
    examples = [
        Example(people[person]["external_id"], day, "theirs", theirs[person, day][0].channel, reason)
        for (person, day), reason in sorted(only_theirs.items())
    ][: EXAMPLES // 2]
    examples += [
        Example(people[person]["external_id"], day, "ours", ours[person, day][0]["channel"], step)
        for (person, day), step in sorted(only_ours.items())
    ][: EXAMPLES // 2]
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Shadow(
        first,
        last,
        sum(map(len, theirs.values())),
        sum(map(len, ours.values())),
        same,
        len(both) - same,
        dict(Counter(only_theirs.values()).most_common()),
        dict(Counter(only_ours.values()).most_common()),
        dict(refused.most_common()),
        by_people,
        tuple(
            DayCount(
                day,
                sum(len(contacts) for (_, at), contacts in theirs.items() if at == day),
                sum(len(rows) for (_, at), rows in ours.items() if at == day),
                sum(1 for _, at in both if at == day),
            )
            for day in every
        ),
        tuple(examples),
        rejected,
        rejects_file,
    )
