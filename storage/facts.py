"""The facts of many cases at once, with a fixed number of set-based reads, whatever their number."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from ledger.standing import Unpaid
from policy.values import Hold, Past, Situation
from storage.raw import Raw
from storage.traits import traits_of
from strategies.conditions import FACTS
from strategies.values import NOT_MEANT, Address, Begun, Facts, Key, Loan, Tried

# What the longest calendar cap of a pack can reach back, and a day for zones.
_REMEMBERED = timedelta(days=33)

_CASES = """
SELECT c.id, c.person_id, c.portfolio_id, p.zones, p.country, p.region
FROM cases c JOIN persons p ON p.id = c.person_id WHERE c.id = ANY($1)
"""
# Loans with something unpaid, or with an occurrence that still has to end. Reminders are for those who owe:
# our texts say "your payment", which is not what a guarantor or an estate may be told.
_LOANS = """
SELECT pa.case_id, l.id, l.status, l.zone, l.currency, l.strategy_version_id, l.governed_since, f.fed_at,
       CASE WHEN f.held_since IS NOT NULL THEN ARRAY['held_tape'] ELSE '{}'::text[] END
       || CASE WHEN EXISTS (SELECT 1 FROM differences d WHERE d.loan_id = l.id AND d.state = 'open')
          THEN ARRAY['core_differs'] ELSE '{}'::text[] END AS unsure
FROM parties pa
JOIN loans l ON l.id = pa.loan_id
JOIN feeds f ON f.portfolio_id = l.portfolio_id AND f.source = l.source
WHERE pa.case_id = ANY($1) AND pa.role IN ('borrower', 'co-borrower') AND l.strategy_version_id IS NOT NULL
  AND (EXISTS (SELECT 1 FROM installments i WHERE i.loan_id = l.id AND i.left_minor > 0)
       OR EXISTS (SELECT 1 FROM occurrences o
                  WHERE o.case_id = pa.case_id AND o.state = 'waiting' AND o.loan_id = l.id))
ORDER BY l.id
"""
# All that is due by tomorrow, and the next date's: later ones say nothing yet, and are not read either. The
# tolerance is asked here: a next date of which only a cent is left would hide all that come after it.
_UNPAID = """
SELECT i.loan_id, i.id, i.due_on, i.left_minor
FROM unnest($1::bigint[], $3::bigint[]) l(id, tolerance)
CROSS JOIN LATERAL (SELECT coalesce(min(n.due_on), $2) AS due_on FROM installments n
                    WHERE n.loan_id = l.id AND n.left_minor > 0 AND n.left_minor > l.tolerance
                      AND n.due_on > $2) next
JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0 AND i.left_minor > l.tolerance
                   AND i.due_on <= next.due_on
ORDER BY i.loan_id, i.due_on, i.number, i.id
"""
_OCCURRENCES = """
SELECT case_id, loan_id, anchor, anchor_id, strategy, step, state, reason
FROM occurrences WHERE case_id = ANY($1) AND (state = 'waiting' OR anchor_id = ANY($2))
ORDER BY case_id, id
"""
_ADDRESSES = """
SELECT person_id, id, kind, state, shared FROM addresses
WHERE person_id = ANY($1) AND state IN ('attested', 'confirmed', 'unverified')
ORDER BY person_id, state = 'confirmed' DESC, state = 'attested' DESC, seen_at DESC, id
"""
_CONSENTS = """
SELECT person_id, portfolio_id, channel, state FROM consents WHERE person_id = ANY($1) ORDER BY at, id
"""
_HOLDS = """
SELECT person_id, loan_id, kind, starts_at, ends_at FROM holds
WHERE (person_id = ANY($1) AND loan_id IS NULL OR loan_id = ANY($2)) AND (ends_at IS NULL OR ends_at > $3)
ORDER BY id
"""
_PAST = """
SELECT c.person_id, c.sent_at AS at, c.channel, c.state, c.message_id,
       ARRAY(SELECT o.loan_id FROM occurrences o WHERE o.message_id = c.message_id ORDER BY 1) AS loans
FROM contacts c
WHERE c.person_id = ANY($1) AND c.sent_at > $2 AND c.state IN ('sending', 'accepted', 'delivered', 'unknown')
ORDER BY c.person_id, c.sent_at, c.id
"""
# What the person's other cases have planned: it will be said, so it counts for what is planned now. Of two
# that stand already (two looks at once) the older counts for the younger alone: both would give way for ever.
_PLANNED_ELSEWHERE = """
SELECT b.person_id, c.case_id, c.id, greatest(c.not_before, $2) AS at, c.channel, c.state, c.message_id,
       ARRAY(SELECT o.loan_id FROM occurrences o WHERE o.message_id = c.message_id ORDER BY 1) AS loans
FROM cases b JOIN contacts c ON c.case_id = b.id AND c.state IN ('planned', 'claimed')
WHERE b.person_id = ANY($1)
  AND EXISTS (SELECT 1 FROM cases other WHERE other.person_id = b.person_id AND other.id <> b.id)
ORDER BY b.person_id, c.id
"""
_BEGUN = """
SELECT m.id, m.case_id, m.step, m.strategy_version_id, m.expires_at,
       (SELECT count(*) FROM contacts c WHERE c.message_id = m.id) AS attempts
FROM messages m WHERE m.case_id = ANY($1) AND m.state = 'open' ORDER BY m.id
"""
# A planned one may be put off; what a provider asked to wait for (it left its code) is no putting off.
_TRIED = """
SELECT message_id, id, channel, address_id, state, confirm_by,
       coalesce(sent_at, CASE WHEN code IS NULL THEN not_before END, planned_at) AS at
FROM contacts WHERE message_id = ANY($1) AND state <> 'cancelled' ORDER BY message_id, attempt
"""
_KEYS_OF_MESSAGES = """
SELECT message_id, anchor, anchor_id, strategy, step FROM occurrences
WHERE message_id = ANY($1) ORDER BY message_id, id
"""

Tolerance = Callable[[int, str], int]  # of a portfolio (id) in a currency, in minor units


async def load_facts(
    raw: Raw,
    cases: Sequence[int],
    now: datetime,
    tolerance: Tolerance,
    *,
    at_claim: bool = False,
    names: frozenset[str] = frozenset(FACTS),
) -> list[Facts]:
    """The facts of `cases` at `now`, in order of case id. `names`: the facts that conditions may name.

    At the claim what the person's other cases have only planned does not count: two cases would wait for
    each other for ever.
    """
    case_rows = await raw.rows(_CASES, cases)
    persons = list({row["person_id"] for row in case_rows})
    loan_rows = await raw.rows(_LOANS, cases)
    portfolio_of = {row["id"]: row["portfolio_id"] for row in case_rows}
    tolerated = {row["id"]: tolerance(portfolio_of[row["case_id"]], row["currency"]) for row in loan_rows}
    loan_ids = list(tolerated)
    tomorrow = (now + timedelta(days=1)).date()
    unpaid: dict[int, list[Unpaid]] = defaultdict(list)
    for loan, installment, due, left in await raw.rows(_UNPAID, loan_ids, tomorrow, list(tolerated.values())):
        unpaid[loan].append(Unpaid(installment, due, left))
    anchors = [row.installment for rows in unpaid.values() for row in rows]
    ended, waiting, passed = _occurrences(await raw.rows(_OCCURRENCES, cases, anchors))
    traits = await traits_of(raw, loan_ids, names)
    loans: dict[int, list[Loan]] = defaultdict(list)
    for case, loan, status, zone, _, version, since, fed_at, unsure in loan_rows:
        loans[case].append(
            Loan(
                loan,
                status,
                zone,
                version,
                since,
                fed_at,
                tuple(unpaid[loan]),
                tuple(ended[case, loan]),
                tuple(waiting[case, loan]),
                tuple(unsure),
                passed=tuple(passed[case, loan]),
                traits=traits.get(loan),
            )
        )
    addresses: dict[int, list[Address]] = defaultdict(list)
    for person, address, kind, state, shared in await raw.rows(_ADDRESSES, persons):
        addresses[person].append(Address(address, kind, state, shared))
    situations = await _Situations.load(raw, persons, loan_ids, now, at_claim=at_claim)
    begun = await _begun(raw, cases)
    return [
        Facts(
            row["id"],
            row["person_id"],
            row["portfolio_id"],
            situations.of(row, [loan.id for loan in loans[row["id"]]]),
            tuple(loans[row["id"]]),
            tuple(addresses[row["person_id"]]),
            tuple(begun[row["id"]]),
        )
        for row in sorted(case_rows, key=lambda row: row["id"])
    ]


_Keys = dict[tuple[int, int], list[Key]]


def _occurrences(rows: list[Any]) -> tuple[_Keys, _Keys, _Keys]:
    """Keys by (case, loan): those that ended, those that wait, and of the ended those not meant for it."""
    ended: _Keys = defaultdict(list)
    waiting: _Keys = defaultdict(list)
    passed: _Keys = defaultdict(list)
    for case, loan, anchor, anchor_id, strategy, step, state, reason in rows:
        key = Key(anchor, anchor_id, strategy, step)
        (waiting if state == "waiting" else ended)[case, loan].append(key)
        if state == "suppressed" and reason in NOT_MEANT:
            passed[case, loan].append(key)
    return ended, waiting, passed


class _Situations:
    """What the rules read of each person: consents, holds, past contacts."""

    def __init__(self) -> None:
        self.consents: dict[int, list[tuple[int | None, str, str]]] = defaultdict(list)
        self.holds: dict[int, list[Hold]] = defaultdict(list)  # of persons, with all their loans
        self.holds_of_loans: dict[int, list[Hold]] = defaultdict(list)
        self.past: dict[int, list[Past]] = defaultdict(list)
        self.planned: dict[int, list[tuple[int, int, Past]]] = defaultdict(list)  # case, contact

    @classmethod
    async def load(
        cls, raw: Raw, persons: list[int], loans: list[int], now: datetime, *, at_claim: bool
    ) -> "_Situations":
        found = cls()
        for person, portfolio, channel, state in await raw.rows(_CONSENTS, persons):
            found.consents[person].append((portfolio, channel, state))
        for person, loan, kind, starts, ends in await raw.rows(_HOLDS, persons, loans, now):
            if loan is None:
                found.holds[person].append(Hold(kind, 0, starts, ends))
            else:
                found.holds_of_loans[loan].append(Hold(kind, loan, starts, ends))
        past = await raw.rows(_PAST, persons, now - _REMEMBERED)
        for person, at, channel, state, message, of in past:
            found.past[person].append(Past(at, channel, state, tuple(of), message))
        planned = [] if at_claim else await raw.rows(_PLANNED_ELSEWHERE, persons, now)
        for person, case, contact, at, channel, state, message, of in planned:
            plan = Past(at, channel, state, tuple(of), message)
            found.planned[person].append((case, contact, plan))
        return found

    def of(self, case: Any, loans: list[int]) -> Situation:
        person, portfolio = case["person_id"], case["portfolio_id"]
        consents = {channel: state for of, channel, state in self.consents[person] if of in (None, portfolio)}
        holds = (*self.holds[person], *(hold for loan in loans for hold in self.holds_of_loans[loan]))
        # Its own plans are for the decision to make; those of other cases stand, but for what came later.
        planned = self.planned[person]
        first = min((contact for by, contact, _ in planned if by == case["id"]), default=None)
        others = (
            plan for by, contact, plan in planned if by != case["id"] and (first is None or contact < first)
        )
        past = (*self.past[person], *others)
        return Situation(tuple(case["zones"]), case["country"], case["region"], consents, holds, past)


async def _begun(raw: Raw, cases: Sequence[int]) -> dict[int, list[Begun]]:
    """Open messages by case, with the contacts that were not cancelled."""
    found: dict[int, list[Begun]] = defaultdict(list)
    messages = await raw.rows(_BEGUN, cases)
    if not messages:
        return found
    ids = [row["id"] for row in messages]
    tried: dict[int, list[Tried]] = defaultdict(list)
    for message, contact, channel, address, state, confirm_by, at in await raw.rows(_TRIED, ids):
        tried[message].append(Tried(contact, channel, address, state, at, confirm_by))
    keys: dict[int, list[Key]] = defaultdict(list)
    for message, anchor, anchor_id, strategy, step in await raw.rows(_KEYS_OF_MESSAGES, ids):
        keys[message].append(Key(anchor, anchor_id, strategy, step))
    for message, case, step, version, expires, attempts in messages:
        found[case].append(
            Begun(message, step, version, expires, tuple(keys[message]), attempts, tuple(tried[message]))
        )
    return found
