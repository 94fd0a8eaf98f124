"""What the rules read of the person of each case: set-based, a fixed number of reads whatever their number.

Of the person, whatever the portfolio: contacts of all their cases and those made elsewhere, marks, hours,
holds. What only some rules read (policy/needs.py) is read where one of them is in force.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

import msgspec

from policy.last_words import Stated, last_words
from policy.needs import EVERY_PART, Part
from policy.values import FIRST_COMMUNICATION, FLAGS, OF_PERSON, Basis, Hold, Past, Situation
from storage.people import Other
from storage.raw import Raw
from strategies.addresses import KIND_OF, best_address
from strategies.outcomes import EFFECTS, SPOKEN, TOLD
from strategies.values import Address, Loan

# What the longest calendar cap of a pack can reach back, and a day for zones.
_REMEMBERED: Final = timedelta(days=33)

_Rows = Sequence[Any]
Needs = Mapping[int, frozenset[Part]]  # portfolio (id) -> parts that a rule in force there reads

_CONSENTS: Final = """
SELECT person_id, portfolio_id, channel, state, at FROM consents
WHERE person_id = ANY($1) AND (purpose IS NULL OR purpose = 'dunning') ORDER BY at, id
"""
_HOLDS: Final = """
SELECT person_id, loan_id, kind, starts_at, ends_at FROM holds
WHERE (person_id = ANY($1) AND (loan_id IS NULL OR kind = ANY($4)) OR loan_id = ANY($2))
  AND (ends_at IS NULL OR ends_at > $3)
ORDER BY id
"""
# What failed counts where a provider had taken it: it was an attempt.
_PAST: Final = """
SELECT c.person_id, c.sent_at AS at, c.channel, c.state, c.message_id, c.address_id,
       ARRAY(SELECT o.loan_id FROM occurrences o WHERE o.message_id = c.message_id ORDER BY 1) AS loans,
       (SELECT m.purpose FROM messages m WHERE m.id = c.message_id) AS purpose
FROM contacts c
WHERE c.person_id = ANY($1) AND c.sent_at > $2
  AND (c.state IN ('sending', 'accepted', 'delivered', 'unknown')
       OR c.state = 'failed' AND c.provider_id IS NOT NULL)
ORDER BY c.person_id, c.sent_at, c.id
"""
# Those told of, and the calls and visits that a collector entered an outcome of ($4, $5: codes, and how each
# counts). What was written is a contact or a reply of its own.
# A number that was shown is a call too ($6), once the case is left or a while ($9) has passed, unless what is
# entered counts for it: in its turn for the last showing, else for the one next to it in time ($10). What one
# is told of on the line ($7) is told in a conversation ($8), also where it does not count by itself.
_ELSEWHERE: Final = """
SELECT person_id, at, channel, result, loan_ids, inbound, coalesce(address_id, 0) AS address_id
FROM contacts_elsewhere WHERE person_id = ANY($1) AND at > $2 AND at <= $3
UNION ALL
SELECT b.person_id, o.at, CASE WHEN o.code LIKE 'visit%' THEN 'visit' ELSE coalesce(o.channel, 'call') END,
       e.result, o.loan_ids, false, coalesce(o.address_id, 0)
FROM cases b
JOIN outcomes o ON o.case_id = b.id AND o.undone_at IS NULL AND o.at > $2 AND o.at <= $3
 AND o.role <> 'borrower' AND coalesce(o.channel, 'call') IN ('call', 'visit')
JOIN unnest($4::text[], $5::text[]) e(code, result) ON e.code = o.code
WHERE b.person_id = ANY($1)
UNION ALL
SELECT b.person_id, s.at, 'call',
       CASE WHEN EXISTS (SELECT 1 FROM outcomes o WHERE o.case_id = s.case_id AND o.undone_at IS NULL
                         AND o.key = 'turn:' || s.turn_id AND o.code = ANY($7)) THEN $8 ELSE $6 END,
       '{}', false, 0
FROM cases b JOIN showings s ON s.case_id = b.id AND s.called AND s.at > $2 AND s.at <= $3
JOIN turns t ON t.id = s.turn_id AND (t.ended_at IS NOT NULL OR t.until <= $3 OR s.at <= $3 - $9::interval)
 AND NOT EXISTS (
   SELECT 1 FROM outcomes o WHERE o.case_id = s.case_id AND o.undone_at IS NULL AND o.role <> 'borrower'
   AND o.code = ANY($4) AND o.code NOT LIKE 'visit%' AND coalesce(o.channel, 'call') = 'call'
   AND (o.key = 'turn:' || s.turn_id
        AND NOT EXISTS (SELECT 1 FROM showings l WHERE l.turn_id = s.turn_id AND l.called AND l.id > s.id)
        OR o.at BETWEEN s.at - $10::interval AND s.at + $10::interval
        AND NOT EXISTS (SELECT 1 FROM showings l WHERE l.case_id = s.case_id AND l.called
                        AND l.at BETWEEN s.at - $10::interval * 2 AND s.at + $10::interval * 2
                        AND (abs(extract(epoch FROM l.at - o.at)), -l.id)
                          < (abs(extract(epoch FROM s.at - o.at)), -s.id))))
WHERE b.person_id = ANY($1) ORDER BY person_id, at
"""
_COUNTED: Final = {code: effect.result for code, effect in EFFECTS.items() if effect.result is not None}
_SHOWN: Final = (_COUNTED["no_answer"], sorted(TOLD), SPOKEN, timedelta(minutes=3), timedelta(minutes=15))
# What the person's other cases have planned: it will be said, so it counts for what is planned now. Of two
# that stand already (two looks at once) the older counts for the younger alone: both would give way for ever.
_PLANNED_ELSEWHERE: Final = """
SELECT b.person_id, c.case_id, c.id, greatest(c.not_before, $2) AS at, c.channel, c.state, c.message_id,
       c.address_id,
       ARRAY(SELECT o.loan_id FROM occurrences o WHERE o.message_id = c.message_id ORDER BY 1) AS loans,
       (SELECT m.purpose FROM messages m WHERE m.id = c.message_id) AS purpose
FROM cases b JOIN contacts c ON c.case_id = b.id AND c.state IN ('planned', 'claimed')
WHERE b.person_id = ANY($1)
  AND (b.person_id = ANY($3)
       OR EXISTS (SELECT 1 FROM cases other WHERE other.person_id = b.person_id AND other.id <> b.id))
ORDER BY b.person_id, c.id
"""
_WRITTEN: Final = """
SELECT a.person_id, r.received_at, r.channel, coalesce(r.meaning, '') AS meaning, a.id
FROM addresses a JOIN replies r ON r.token = a.token AND r.received_at > $2 AND r.received_at <= $3
WHERE a.person_id = ANY($1) ORDER BY a.person_id, r.received_at, r.id
"""
_ADDRESSES: Final = """
SELECT a.id, a.basis, a.basis_since, a.state, a.seen_at,
       (SELECT max(r.received_at) FROM replies r WHERE r.token = a.token AND r.received_at <= $2) AS wrote_at
FROM addresses a WHERE a.id = ANY($1)
"""
_NOTICES: Final = """
SELECT person_id, portfolio_id, name, min(at) AS at FROM (
  SELECT person_id, portfolio_id, name, at FROM notices WHERE person_id = ANY($1)
  UNION ALL  -- our own, as long as nothing says that they did not arrive
  SELECT c.person_id, b.portfolio_id, replace(m.step, '-', '_'), c.sent_at
  FROM contacts c JOIN messages m ON m.id = c.message_id AND m.purpose = 'statutory'
  JOIN cases b ON b.id = c.case_id
  WHERE c.person_id = ANY($1) AND c.sent_at IS NOT NULL AND c.state IN ('accepted', 'delivered')
) told GROUP BY 1, 2, 3
"""
_REACHED: Final = """
SELECT case_id, min(sent_at) FROM contacts
WHERE person_id = ANY($1) AND sent_at IS NOT NULL AND state IN ('accepted', 'delivered', 'unknown') GROUP BY 1
"""


class CaseOf(msgspec.Struct, frozen=True):
    """A case as far as its facts are read already."""

    id: int
    person: int
    portfolio: int
    loans: tuple[Loan, ...]
    addresses: tuple[Address, ...]
    # of the person, as the rows have it
    zones: Sequence[str]
    country: str | None
    region: str | None
    flags: Sequence[str]
    hours_agreed: bool
    own_hours: Sequence[str]
    # other records of the same person, as somebody said
    others: tuple[Other, ...] = ()

    @property
    def records(self) -> tuple[int, ...]:
        """This record of the person, and the other ones."""
        return (self.person, *(one.person for one in self.others))

    def best(self, channel: str) -> Address | None:
        """The address that a decision would use; only a neutral text may use one that is not verified."""
        of_kind = (one for one in self.addresses if one.kind == KIND_OF[channel])
        return best_address(self.addresses, channel) or next(of_kind, None)


def questions(
    persons: Sequence[int],
    others: Mapping[int, Sequence[Other]],
    loans: Sequence[int],
    now: datetime,
    *,
    at_claim: bool,
) -> tuple[tuple[str, *tuple[object, ...]], ...]:
    """What is always read: SELECTs with their parameters, in the order in which `situations_of` takes rows.

    `others`: by person, their other records.

    At the claim what the person's other cases have only planned does not count: two cases would wait for
    each other for ever.
    """
    since = now - _REMEMBERED
    several = sorted({*others, *(one.person for of in others.values() for one in of)})
    persons = sorted({*persons, *several}) if several else persons
    return (
        (_CONSENTS, persons),
        (_HOLDS, persons, loans, now, sorted(OF_PERSON)),
        (_PAST, persons, since),
        (_ELSEWHERE, persons, since, now, list(_COUNTED), list(_COUNTED.values()), *_SHOWN),
        (_PLANNED_ELSEWHERE, [] if at_claim else persons, now, several),
    )


async def situations_of(
    raw: Raw, cases: Sequence[CaseOf], rows: Sequence[_Rows], now: datetime, needs: Needs | None
) -> dict[int, Situation]:
    """The situation of each case at `now`, by case id. `rows`: what `questions` asked for, of all of them.

    `needs` None: every part is read.
    """
    parts = {case.portfolio: needs.get(case.portfolio, EVERY_PART) if needs else EVERY_PART for case in cases}
    loader = _Loader(cases, rows, now, parts)
    await loader.where_needed(raw)
    return {case.id: loader.of(case) for case in cases}


class _Loader:
    def __init__(
        self,
        cases: Sequence[CaseOf],
        rows: Sequence[_Rows],
        now: datetime,
        parts: Mapping[int, frozenset[Part]],
    ) -> None:
        self.cases, self.now, self.parts = cases, now, parts
        self.consents: dict[int, list[Stated]] = defaultdict(list)
        self.holds: dict[int, list[Hold]] = defaultdict(list)  # of persons, with all their loans
        self.holds_of_loans: dict[int, list[Hold]] = defaultdict(list)
        self.past: dict[int, list[Past]] = defaultdict(list)
        self.planned: dict[int, list[tuple[int, int, Past]]] = defaultdict(list)  # case, contact
        self.written: dict[int, list[Past]] = defaultdict(list)
        self.addresses: dict[int, Any] = {}
        self.notices: dict[tuple[int, int], dict[str, datetime]] = defaultdict(dict)
        consents, holds, past, elsewhere, planned = rows
        for person, *stated in consents:
            self.consents[person].append(Stated(*stated))
        for person, loan, kind, starts, ends in holds:
            if loan is None or kind in OF_PERSON:
                self.holds[person].append(Hold(kind, 0, starts, ends))
            else:
                self.holds_of_loans[loan].append(Hold(kind, loan, starts, ends))
        for person, at, channel, state, message, address, loans, purpose in past:
            said = Past(at, channel, state, tuple(loans), message, address=address, purpose=purpose)
            self.past[person].append(said)
        for person, at, channel, result, loans, inbound, address in elsewhere:
            self.past[person].append(Past(at, channel, result, tuple(loans), 0, inbound, address))
        for person, case, contact, at, channel, state, message, address, loans, purpose in planned:
            plan = Past(at, channel, state, tuple(loans), message, address=address, purpose=purpose)
            self.planned[person].append((case, contact, plan))

    async def where_needed(self, raw: Raw) -> None:
        """Parts that some rule reads, of the persons for whom one does."""
        of = self._persons_needing("written")
        for person, at, channel, meaning, address in (
            await raw.rows(_WRITTEN, of, self.now - _REMEMBERED, self.now) if of else ()
        ):
            self.written[person].append(Past(at, channel, meaning, (), 0, inbound=True, address=address))
        best = {
            address.id
            for case in self.cases
            if self.parts[case.portfolio] & {"basis", "checked"}
            for channel in KIND_OF
            if (address := case.best(channel)) is not None
        }
        rows = await raw.rows(_ADDRESSES, sorted(best), self.now) if best else ()
        self.addresses = {row["id"]: row for row in rows}
        of = self._persons_needing("notices")
        for person, portfolio, name, at in await raw.rows(_NOTICES, of) if of else ():
            self.notices[person, portfolio][name] = at
        portfolio_of = {case.id: (case.person, case.portfolio) for case in self.cases}
        for case, at in await raw.rows(_REACHED, of) if of else ():
            if case in portfolio_of:
                self.notices[portfolio_of[case]][FIRST_COMMUNICATION] = at

    def _persons_needing(self, part: Part) -> list[int]:
        needing = (case for case in self.cases if part in self.parts[case.portfolio])
        return sorted({record for case in needing for record in case.records})

    def of(self, case: CaseOf) -> Situation:
        person = case.person
        parts = self.parts[case.portfolio]
        stated = self._stated(case)
        of_person = [hold for record in case.records for hold in self.holds[record]]
        holds = (
            *of_person,
            *(hold for loan in case.loans for hold in self.holds_of_loans[loan.id]),
        )
        return Situation(
            tuple(dict.fromkeys((*case.zones, *(zone for one in case.others for zone in one.zones)))),
            case.country,
            case.region,
            {channel: one.state for channel, one in stated.items()},
            holds,
            (
                *(past for record in case.records for past in self.past[record]),
                *(past for record in case.records for past in self.written[record]),
                *self._planned_before(case),
            ),
            case.hours_agreed,
            own_hours(
                tuple(case.own_hours) or next((one.own_hours for one in case.others if one.own_hours), ())
            ),
            self._flags([*case.flags, *(flag for one in case.others for flag in one.flags)], of_person),
            {loan.id: loan.unpaid[0].due for loan in case.loans if loan.unpaid} if "due" in parts else {},
            self._basis(case, stated) if "basis" in parts else {},
            self._checked(case) if "checked" in parts else {},
            self.notices[person, case.portfolio] if "notices" in parts else None,
            {channel: one.at for channel, one in stated.items() if one.state == "revoked"},
        )

    def _stated(self, case: CaseOf) -> dict[str, Stated]:
        """The last word on each channel, of this record and of the others."""

        def said(person: int) -> list[Stated]:
            return [one for one in self.consents[person] if one.portfolio in (None, case.portfolio)]

        if not case.others:
            return {one.channel: one for one in said(case.person)}
        return last_words(said(case.person), [(one.since, said(one.person)) for one in case.others])

    def _planned_before(self, case: CaseOf) -> Iterable[Past]:
        """Its own plans are for the decision to make; those of other cases stand, but for what came later."""
        planned = sorted(
            (plan for record in case.records for plan in self.planned[record]), key=itemgetter(1)
        )
        first = min((contact for by, contact, _ in planned if by == case.id), default=None)
        return (plan for by, contact, plan in planned if by != case.id and (first is None or contact < first))

    def _flags(self, marks: Sequence[str], holds: Sequence[Hold]) -> tuple[str, ...]:
        """Those on record, and what a hold of the person without an end says: it marks them as much."""
        held = {hold.kind for hold in holds if hold.end is None and hold.start <= self.now}
        return tuple(sorted(FLAGS & held.union(marks))) if held or marks else ()

    def _basis(self, case: CaseOf, stated: Mapping[str, Stated]) -> dict[str, Basis]:
        """Of the address to be used, by channel: consent, that they used it, or as it came to us."""
        found: dict[str, Basis] = {}
        for channel, row in self._used(case):
            said = stated.get(channel)
            if said is not None and said.state == "granted":
                found[channel] = Basis("consent", said.at)
            elif row["state"] == "confirmed" or row["wrote_at"] is not None:
                found[channel] = Basis("used_by_consumer", row["wrote_at"])
            else:
                found[channel] = Basis(row["basis"], row["basis_since"])
        return found

    def _checked(self, case: CaseOf) -> dict[str, datetime]:
        """When it was last known to be theirs: the file or a check said so, or they wrote from it."""
        return {
            channel: max(row["seen_at"], row["wrote_at"] or row["seen_at"])
            for channel, row in self._used(case)
        }

    def _used(self, case: CaseOf) -> Iterable[tuple[str, Any]]:
        for channel in KIND_OF:
            address = case.best(channel)
            if address is not None:
                yield channel, self.addresses[address.id]


@lru_cache(maxsize=4096)
def own_hours(texts: tuple[str, ...]) -> tuple[tuple[time, time], ...]:
    """Hours as stored ("09:00-12:30", "20:00-24:00") as the rules read them: 00:00 ends a day."""
    return tuple((_clock(opens), _clock(closes)) for opens, _, closes in (t.partition("-") for t in texts))


def _clock(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)
