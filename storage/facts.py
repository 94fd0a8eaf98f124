"""The facts of many cases at once, with a fixed number of set-based reads, whatever their number."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from ledger.standing import Unpaid
from storage import traits
from storage.addresses import REACH, STATE_NOW
from storage.experiments import drawn_of
from storage.people import barred_addresses, others_of
from storage.pledges import PROMISES, PROMISES_REMEMBERED, last_outcomes, promises_of
from storage.raw import Raw
from storage.situations import CaseOf, Needs, questions, situations_of
from strategies.conditions import FACTS
from strategies.values import NOT_MEANT, Address, Begun, Facts, Key, Loan, Tried

# Of so many cases what is asked takes less than the asking.
_FEW = 100

_CASES = """
SELECT c.id, c.person_id, c.portfolio_id, p.zones, p.country, p.region, p.flags, p.hours_agreed, p.own_hours,
       c.opened_at,
       coalesce(p.language, f.language) AS language,
       EXISTS (SELECT 1 FROM same_persons s WHERE s.person_id = p.id AND s.ended_at IS NULL) AS merged
FROM cases c JOIN persons p ON p.id = c.person_id JOIN portfolios f ON f.id = c.portfolio_id
WHERE c.id = ANY($1)
"""
# Loans with something unpaid, or with an occurrence that still has to end. Reminders are for those who owe:
# our texts say "your payment", which is not what a guarantor or an estate may be told.
_LOANS = """
SELECT pa.case_id, l.id, l.status, l.zone, l.currency, l.strategy_version_id,
       greatest(l.governed_since, l.strategy_since) AS since, f.fed_at, l.strategy_since,
       pa.role = 'borrower' AS leads,
       CASE WHEN f.held_since IS NOT NULL THEN ARRAY['held_tape'] ELSE '{}'::text[] END
       || CASE WHEN EXISTS (SELECT 1 FROM differences d WHERE d.loan_id = l.id AND d.state = 'open')
          THEN ARRAY['core_differs'] ELSE '{}'::text[] END AS unsure,
       pa.role
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
# One that was vouched for too long ago is unverified; and where the portfolio asks nobody to get in touch,
# what may carry no more than that is not there.
_STATE = STATE_NOW.format(now="$2")
_ADDRESSES = f"""
WITH {REACH}
SELECT c.id, a.id AS address_id, a.kind, {_STATE} AS state, a.shared
FROM cases c JOIN reach ON reach.portfolio_id = c.portfolio_id JOIN addresses a ON a.person_id = c.person_id
WHERE c.id = ANY($1) AND a.state IN ('attested', 'confirmed', 'linked', 'unverified')
  AND (reach.asks OR a.state IN ('confirmed', 'linked')
       OR {_STATE} = 'attested' AND a.kind <> 'chat' AND NOT a.shared)
ORDER BY c.id, a.state IN ('confirmed', 'linked') DESC, {_STATE} = 'attested' DESC, a.seen_at DESC, a.id
"""  # noqa: S608, constants
_BEGUN = """
SELECT m.id, m.case_id, m.step, m.strategy_version_id, m.expires_at,
       (SELECT count(*) FROM contacts c WHERE c.message_id = m.id) AS attempts
FROM messages m WHERE m.case_id = ANY($1) AND m.state = 'open' AND m.given IS NULL ORDER BY m.id
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
    needs: Needs | None = None,
    *,
    at_claim: bool = False,
    names: frozenset[str] = frozenset(FACTS),
    through: datetime | None = None,
) -> list[Facts]:
    """The facts of `cases` at `now`, in order of case id; parts that no rule `needs` (None: all) are absent.

    `names`: the facts that conditions may name. `through`: where time is played, until when what falls due is
    read; None: until tomorrow.

    At the claim what the person's other cases have only planned does not count: two cases would wait for
    each other for ever.
    """
    few = len(cases) <= _FEW
    case_rows, loan_rows, messages = await raw.many(
        (_CASES, cases), (_LOANS, cases), (_BEGUN, cases), together=few
    )
    case_rows = sorted(case_rows, key=itemgetter(0))
    persons = list({person for _, person, *_ in case_rows})
    merged = sorted({row[1] for row in case_rows if row[-1]})
    others = await others_of(raw, merged) if merged else {}
    barred = await barred_addresses(raw, merged) if merged else set[int]()
    portfolio_of = {case: portfolio for case, _, portfolio, *_ in case_rows}
    tolerated = {
        loan: tolerance(portfolio_of[case], currency) for case, loan, _, _, currency, *_ in loan_rows
    }
    loan_ids = list(tolerated)
    tomorrow = (max(now, through or now) + timedelta(days=1)).date()
    begun_ids = [message for message, *_ in messages]
    unpaid_rows, address_rows, tried, keys, pledges, *of_persons = await raw.many(
        (_UNPAID, loan_ids, tomorrow, list(tolerated.values())),
        (_ADDRESSES, cases, now),
        (_TRIED, begun_ids),
        (_KEYS_OF_MESSAGES, begun_ids),
        (PROMISES, cases, loan_ids, now - PROMISES_REMEMBERED),
        *questions(persons, others, loan_ids, now, at_claim=at_claim),
        together=few,
    )
    unpaid: dict[int, list[Unpaid]] = defaultdict(list)
    for loan, installment, due, left in unpaid_rows:
        unpaid[loan].append(Unpaid(installment, due, left))
    loans_of: dict[int, list[int]] = {case: [] for case, *_ in case_rows}
    for case, loan, *_ in loan_rows:
        loans_of[case].append(loan)
    promises = promises_of(pledges, loans_of)
    outcomes: Mapping[int, str] = {}
    if "last_outcome" in names:
        outcomes = await last_outcomes(raw, cases)
    anchors = [row.installment for rows in unpaid.values() for row in rows]
    anchors += [promise.id for of in promises.values() for promise in of]
    anchors += cases
    occurrences, *of_loans = await raw.many(
        (_OCCURRENCES, cases, anchors), *traits.questions(loan_ids, names), together=few
    )
    ended, waiting, passed = _occurrences(occurrences)
    known = traits.traits_of(*of_loans, names=names)
    drawn = await drawn_of(raw, persons if "arm" in names else ())
    loans: dict[int, list[Loan]] = defaultdict(list)
    for case, loan, status, zone, _, version, since, fed_at, chosen, leads, unsure, role in loan_rows:
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
                traits=known.get(loan),
                chosen=chosen,
                leads=leads,
                party=role,
            )
        )
    addresses: dict[int, list[Address]] = defaultdict(list)
    for case, address, kind, state, shared in address_rows:
        if address not in barred:
            addresses[case].append(Address(address, kind, state, shared))
    cases_of = [
        CaseOf(
            case,
            person,
            portfolio,
            tuple(loans[case]),
            tuple(addresses[case]),
            *where,
            others=others.get(person, ()),
        )
        for case, person, portfolio, *where, _, _, _ in case_rows
    ]
    situations = await situations_of(raw, cases_of, of_persons, now, needs)
    begun = _begun(messages, tried, keys)
    ended_elsewhere = _of_others(ended, loans_of)
    return [
        Facts(
            case.id,
            case.person,
            case.portfolio,
            situations[case.id],
            case.loans,
            case.addresses,
            tuple(begun[case.id]),
            promises.get(case.id, ()),
            opened_at,
            ended_elsewhere.get(case.id, ()),
            language,
            outcomes.get(case.id, ""),
            drawn.get(case.person, ()),
            min(case.person, case.others[0].person) if case.others else 0,
        )
        for case, (*_, opened_at, language, _) in zip(cases_of, case_rows, strict=True)
    ]


_Rows = Sequence[Any]
_Keys = dict[tuple[int, int], list[Key]]


def _occurrences(rows: _Rows) -> tuple[_Keys, _Keys, _Keys]:
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


def _of_others(ended: _Keys, loans_of: Mapping[int, Sequence[int]]) -> dict[int, tuple[Key, ...]]:
    """By case, what ended of promises and of the case itself under loans that are not read any more."""
    found: dict[int, tuple[Key, ...]] = {}
    for (case, loan), keys in ended.items():
        if loan not in loans_of[case]:
            of_none = tuple(key for key in keys if key.anchor != "installment")
            found[case] = found.get(case, ()) + of_none
    return found


def _begun(messages: _Rows, tried_rows: _Rows, key_rows: _Rows) -> dict[int, list[Begun]]:
    """Open messages by case, with the contacts that were not cancelled."""
    found: dict[int, list[Begun]] = defaultdict(list)
    tried: dict[int, list[Tried]] = defaultdict(list)
    for message, contact, channel, address, state, confirm_by, at in tried_rows:
        tried[message].append(Tried(contact, channel, address, state, at, confirm_by))
    keys: dict[int, list[Key]] = defaultdict(list)
    for message, anchor, anchor_id, strategy, step in key_rows:
        keys[message].append(Key(anchor, anchor_id, strategy, step))
    for message, case, step, version, expires, attempts in messages:
        found[case].append(
            Begun(message, step, version, expires, tuple(keys[message]), attempts, tuple(tried[message]))
        )
    return found
