"""The invariants that SQL alone can check: each query finds what breaks one, as a sentence with ids.

No sentence names a person: loans by their external id, everything else by the id of its row.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from policy.values import OF_PERSON
from storage.raw import Raw

EXAMPLES: Final = 10


class Broken(msgspec.Struct, frozen=True):
    """How often something is broken, with a few examples."""

    violations: int
    examples: tuple[str, ...]


_LEFT: Final = "('sending', 'accepted', 'delivered', 'unknown')"

EXPECTED_ONCE: Final = (
    """
    SELECT format('case %s: step %s (%s) of %s %s has %s rows', case_id, step, strategy, anchor, anchor_id,
                  count(*))
    FROM occurrences GROUP BY case_id, anchor, anchor_id, strategy, step HAVING count(*) > 1
    """,
    """
    SELECT format('occurrence %s is %s and has %s', id, state,
                  CASE WHEN ended_at IS NULL THEN 'no end' ELSE 'ended' END)
    FROM occurrences WHERE (state = 'waiting') <> (ended_at IS NULL)
    """,
    # Without foreign keys of their own: docs/decisions/0008-loose-references.md.
    """
    SELECT format('occurrence %s is of loan %s, which does not exist', o.id, o.loan_id)
    FROM occurrences o WHERE NOT EXISTS (SELECT 1 FROM loans l WHERE l.id = o.loan_id)
    """,
    """
    SELECT format('contact %s is to person %s at address %s, and there is no such', c.id, c.person_id,
                  c.address_id)
    FROM contacts c WHERE NOT EXISTS (SELECT 1 FROM addresses a
                                      WHERE a.id = c.address_id AND a.person_id = c.person_id)
    """,
    """
    SELECT format('message %s has no occurrence', m.id) FROM messages m
    WHERE m.state IN ('open', 'done') AND m.given IS NULL
      AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.message_id = m.id)
    """,
    """
    SELECT format('message %s has no contact', m.id) FROM messages m
    WHERE NOT EXISTS (SELECT 1 FROM contacts c WHERE c.message_id = m.id)
    """,
    """
    SELECT format('occurrence %s is messaged, and no contact of message %s was handed over', o.id,
                  o.message_id)
    FROM occurrences o WHERE o.state = 'messaged'
      AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.message_id = o.message_id AND c.claim_id IS NOT NULL)
    """,
    """
    SELECT format('occurrence %s is tasked and has no task', o.id) FROM occurrences o
    WHERE o.state = 'tasked' AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.occurrence_id = o.id)
    """,
    """
    SELECT format('task %s is of occurrence %s, which is %s', t.id, o.id, o.state)
    FROM tasks t JOIN occurrences o ON o.id = t.occurrence_id WHERE o.state <> 'tasked'
    """,
)
HANDED_OVER_ONCE: Final = """
SELECT format('%s names %s contacts by the id %s', provider, count(*), provider_id)
FROM contacts WHERE provider_id IS NOT NULL GROUP BY provider, provider_id HAVING count(*) > 1
"""
# Messages of which more than one contact left, with the facts that the later one was claimed by.
_LEFT_AGAIN: Final = f"""
SELECT a.id AS first, a.channel AS first_channel, a.state AS first_state, b.id AS second,
       b.channel AS second_channel, b.state AS second_state, b.message_id, d.at, d.facts
FROM contacts b
JOIN contacts a ON a.message_id = b.message_id AND a.attempt < b.attempt AND a.state IN {_LEFT}
LEFT JOIN decisions d ON d.id = b.claim_id
WHERE b.attempt > 1 AND b.state IN {_LEFT}
"""  # noqa: S608, constants
SENDING_PAST_LEASE: Final = """
SELECT format('contact %s is sending, and its lease ended at %s', id, leased_until)
FROM contacts WHERE state = 'sending' AND leased_until < $1
"""
# ($1, $2): the steps that any version of a strategy knows.
UNEXPECTED: Final = """
SELECT format('occurrence %s: no version of strategy %s has a step %s', o.id, o.strategy, o.step)
FROM occurrences o
WHERE NOT EXISTS (SELECT 1 FROM unnest($1::text[], $2::text[]) s(strategy, step)
                  WHERE s.strategy = o.strategy AND s.step = o.step)
UNION ALL
SELECT format('occurrence %s: loan %s has no installment %s', o.id, l.external_id, o.anchor_id)
FROM occurrences o JOIN loans l ON l.id = o.loan_id
WHERE o.anchor = 'installment'
  AND NOT EXISTS (SELECT 1 FROM installments i WHERE i.id = o.anchor_id AND i.loan_id = o.loan_id)
UNION ALL
SELECT format('occurrence %s of loan %s is of %s, and nothing is expected before %s',
              o.id, l.external_id, o.due_at, l.governed_since)
FROM occurrences o JOIN loans l ON l.id = o.loan_id WHERE o.due_at <= l.governed_since
UNION ALL
SELECT format('occurrence %s is of %s, and case %s is looked through %s only', o.id, o.due_at, c.id,
              coalesce(c.looked_through::text, 'nothing'))
FROM occurrences o JOIN cases c ON c.id = o.case_id
WHERE c.looked_through IS NULL OR o.due_at > c.looked_through
"""
UNCLAIMED: Final = f"""
SELECT format('contact %s is %s, and no decision of a claim is stored', id, state)
FROM contacts WHERE state IN {_LEFT} AND claim_id IS NULL
"""  # noqa: S608, constants
# What the decision's facts should have shown it: read from the rows of consents and holds themselves. `place`
# says which of them the claim knew: both are numbered while they hold the case (storage/tables/doors.py).
_OF_PERSON: Final = ", ".join(f"'{kind}'" for kind in sorted(OF_PERSON))
_ONE_AT_THE_CLAIM: Final = "y.place < c.claim_id AND (y.ended_place IS NULL OR y.ended_place > c.claim_id)"
DESPITE_A_NO: Final = (
    f"""
    SELECT format('contact %s went out by %s after the person stopped that channel', c.id, c.channel)
    FROM contacts c JOIN cases b ON b.id = c.case_id
    JOIN LATERAL (SELECT s.state, s.at, s.source FROM consents s
                  WHERE s.person_id = c.person_id AND s.channel = c.channel AND s.place < c.claim_id
                    AND (s.purpose IS NULL OR s.purpose = 'dunning')
                    AND (s.portfolio_id IS NULL OR s.portfolio_id = b.portfolio_id)
                  ORDER BY s.at DESC, s.id DESC LIMIT 1) last ON true
    JOIN messages m ON m.id = c.message_id
     AND m.purpose NOT IN ('answer', 'opt_out_confirmation', 'statutory')
    WHERE c.state IN {_LEFT} AND last.state = 'revoked'
    """,  # noqa: S608, constants
    # Of another record of the same person, as known at the claim: what is said later of any of them counts.
    f"""
    SELECT format('contact %s went out by %s after the person stopped that channel on record %s', c.id,
                  c.channel, y.other_id)
    FROM contacts c JOIN cases b ON b.id = c.case_id
    JOIN same_persons y ON y.person_id = c.person_id AND {_ONE_AT_THE_CLAIM}
    JOIN LATERAL (SELECT s.state, s.at FROM consents s
                  WHERE s.person_id = y.other_id AND s.channel = c.channel AND s.place < c.claim_id
                    AND (s.purpose IS NULL OR s.purpose = 'dunning')
                    AND (s.portfolio_id IS NULL OR s.portfolio_id = b.portfolio_id)
                  ORDER BY s.at DESC, s.id DESC LIMIT 1) last ON true
    JOIN messages m ON m.id = c.message_id
     AND m.purpose NOT IN ('answer', 'opt_out_confirmation', 'statutory')
    WHERE c.state IN {_LEFT} AND last.state = 'revoked'
      AND NOT EXISTS (
        SELECT 1 FROM consents g
        WHERE g.channel = c.channel AND g.state = 'granted' AND g.place < c.claim_id AND g.at >= last.at
          AND g.at >= y.since AND (g.purpose IS NULL OR g.purpose = 'dunning')
          AND (g.portfolio_id IS NULL OR g.portfolio_id = b.portfolio_id)
          AND (g.person_id = c.person_id OR g.person_id IN (
                 SELECT z.other_id FROM same_persons z WHERE z.person_id = c.person_id
                   AND z.place < c.claim_id AND (z.ended_place IS NULL OR z.ended_place > c.claim_id))))
    """,  # noqa: S608, constants
    f"""
    SELECT DISTINCT format('contact %s went out under a hold (%s)', c.id, h.kind)
    FROM contacts c JOIN occurrences o ON o.message_id = c.message_id AND o.state = 'messaged'
    JOIN holds h ON ((h.person_id = c.person_id OR h.person_id IN (
                        SELECT y.other_id FROM same_persons y
                        WHERE y.person_id = c.person_id AND {_ONE_AT_THE_CLAIM}))
                     AND (h.loan_id IS NULL OR h.kind IN ({_OF_PERSON}))
                     OR h.loan_id = o.loan_id AND h.kind NOT IN ({_OF_PERSON}))
     AND h.place < c.claim_id AND h.starts_at <= c.sent_at
     AND (h.ends_at IS NULL OR h.ends_at > c.sent_at)
    WHERE c.state IN {_LEFT} AND c.attempt = 1
    """,  # noqa: S608, constants
)
_TOTAL: Final = "penalties_minor + fees_minor + interest_minor + principal_minor"
ALLOCATIONS: Final = (
    f"""
    SELECT format('loan %s (%s): allocated %s, credit %s, received %s minor units', l.external_id, l.source,
                  coalesce(a.total, 0), l.credit_minor, coalesce(r.total, 0))
    FROM loans l
    LEFT JOIN (SELECT loan_id, sum({_TOTAL}) AS total FROM allocations GROUP BY 1) a ON a.loan_id = l.id
    LEFT JOIN (SELECT p.loan_id, sum(p.amount_minor) AS total FROM payments p
               WHERE NOT EXISTS (SELECT 1 FROM payments b WHERE b.reverses_id = p.id) GROUP BY 1) r
      ON r.loan_id = l.id
    WHERE coalesce(a.total, 0) + l.credit_minor <> coalesce(r.total, 0)
    """,  # noqa: S608, constants
    f"""
    SELECT format('loan %s, installment %s: %s paid, %s allocated (minor units)', l.external_id, i.number,
                  i.paid_minor, coalesce(a.total, 0))
    FROM installments i
    LEFT JOIN (SELECT installment_id, sum({_TOTAL}) AS total FROM allocations GROUP BY 1) a
      ON a.installment_id = i.id
    JOIN loans l ON l.id = i.loan_id
    WHERE i.paid_minor <> coalesce(a.total, 0)
    """,  # noqa: S608, constants
    f"""
    SELECT format('loan %s, payment %s: %s of %s minor units allocated%s', l.external_id, p.external_id,
                  a.total, p.amount_minor, CASE WHEN b.id IS NULL THEN '' ELSE ', and it was taken back' END)
    FROM (SELECT payment_id, sum({_TOTAL}) AS total FROM allocations GROUP BY 1) a
    JOIN payments p ON p.id = a.payment_id JOIN loans l ON l.id = p.loan_id
    LEFT JOIN payments b ON b.reverses_id = p.id
    WHERE a.total > p.amount_minor OR b.id IS NOT NULL
    """,  # noqa: S608, constants
)


async def broken(raw: Raw, query: str, *parameters: object) -> Broken:
    """What `query` finds, counted, with the first examples."""
    row = (
        await raw.rows(
            f"WITH found(what) AS MATERIALIZED ({query}) "  # noqa: S608, constants of this file
            f"SELECT (SELECT count(*) FROM found), ARRAY(SELECT what FROM found LIMIT {EXAMPLES})",
            *parameters,
        )
    )[0]
    return Broken(row[0], tuple(row[1]))


async def looked_at(raw: Raw) -> datetime | None:
    """As `book_time`, but where it was noted without the cases, of which a large book has many."""
    noted = await raw.value("SELECT at FROM marks WHERE name = 'last_look'")
    return noted or await book_time(raw)


async def book_time(raw: Raw) -> datetime | None:
    """The moment up to which the book was played: that of its last look. None: it was never looked at."""
    return await raw.value(
        "SELECT greatest((SELECT at FROM marks WHERE name = 'last_look'), "
        "(SELECT max(looked_through) FROM cases))"
    )


# Touched means: due for a look by now (the book's now: that of its last look; of a book that is worked by the
# clock, the clock's), or from the moment of a feed.
_NOT_TOUCHED: Final = """
(c.next_look_at IS NULL OR c.next_look_at > greatest(c.looked_through, $1::timestamptz)
 AND c.next_look_at NOT IN (SELECT fed_at FROM imports UNION ALL SELECT fed_at FROM feeds))
"""
# Where something is under way, decided by the rulebook that holds still: a new one touches nothing by itself.
_UNDER_WAY: Final = f"""
SELECT c.id, c.next_look_at,
       NOT EXISTS (SELECT 1 FROM cases o WHERE o.person_id = c.person_id AND o.id <> c.id)
       AND NOT EXISTS (SELECT 1 FROM same_persons s WHERE s.person_id = c.person_id AND s.ended_at IS NULL)
         AS alone
FROM cases c
WHERE c.looked_through IS NOT NULL AND {_NOT_TOUCHED} AND c.id % $4 = $5 % $4
  AND (EXISTS (SELECT 1 FROM occurrences o WHERE o.case_id = c.id AND o.state = 'waiting')
       OR EXISTS (SELECT 1 FROM messages m WHERE m.case_id = c.id AND m.state = 'open'))
  AND (SELECT (d.rulebook, d.engine) FROM decisions d WHERE d.case_id = c.id ORDER BY d.id DESC LIMIT 1)
      = ($2::text, $3::smallint)
ORDER BY c.id
"""  # noqa: S608, constants
# A loan stands on its oldest unpaid installment of those that the look could see (storage/facts.py): all that
# were due by the next day, and the next date's.
_STANDING: Final = f"""
SELECT c.id AS case_id, c.looked_through, c.next_look_at, l.id AS loan_id, l.strategy_version_id,
       l.governed_since, p.zones[1] AS zone,
       i.id AS installment_id, i.due_on, i.left_minor,
       ARRAY(SELECT o.step FROM occurrences o
             WHERE o.case_id = c.id AND o.anchor_id = i.id AND o.anchor = 'installment'
               AND o.strategy = v.name) AS steps
FROM cases c
JOIN persons p ON p.id = c.person_id
JOIN parties pa ON pa.case_id = c.id AND pa.role IN ('borrower', 'co-borrower')
JOIN loans l ON l.id = pa.loan_id AND l.status = 'active'
JOIN strategy_versions v ON v.id = l.strategy_version_id
JOIN unnest($2::bigint[], $3::text[], $4::bigint[]) t(portfolio_id, currency, tolerance)
  ON t.portfolio_id = l.portfolio_id AND t.currency = l.currency
CROSS JOIN LATERAL (
  SELECT u.id, u.due_on, u.left_minor FROM installments u
  WHERE u.loan_id = l.id AND u.left_minor > 0 AND u.left_minor > t.tolerance
    AND u.due_on <= coalesce((SELECT min(n.due_on) FROM installments n
                              WHERE n.loan_id = l.id AND n.left_minor > 0
                                AND n.due_on > (c.looked_through + interval '1 day')::date),
                             (c.looked_through + interval '1 day')::date)
  ORDER BY u.due_on, u.number, u.id LIMIT 1) i
WHERE c.looked_through IS NOT NULL AND {_NOT_TOUCHED}
"""  # noqa: S608, constants
NEVER_LOOKED_AT: Final = """
SELECT format('case %s was never looked at, and is not to be', c.id) FROM cases c
WHERE c.looked_through IS NULL AND c.next_look_at IS NULL
"""


class Untouched(msgspec.Struct, frozen=True):
    """A case that no news has touched since its last look. `alone`: its person has no other."""

    id: int
    next_look_at: datetime | None
    alone: bool


async def currencies(raw: Raw) -> list[tuple[int, str]]:
    """(portfolio, currency) of all loans."""
    return [tuple(row) for row in await raw.rows("SELECT DISTINCT portfolio_id, currency FROM loans")]


def untouched_loans(
    raw: Raw, played: datetime | None, tolerances: Sequence[tuple[int, str, int]], batch: int
) -> AsyncIterator[Any]:
    """The loans of the cases that no news has touched since their last look, streamed.

    Each with the installment it stands on and the steps stored of that. `tolerances`: (portfolio, currency,
    minor units).
    """
    columns = [list(column) for column in zip(*tolerances, strict=True)] or [[], [], []]
    return raw.stream(_STANDING, played, *columns, batch=batch)


async def how_many_wait(raw: Raw) -> int:
    """Occurrences that wait: about as many as there are cases at which something is under way."""
    return await raw.value("SELECT count(*) FROM occurrences WHERE state = 'waiting'")


def under_way(
    raw: Raw, played: datetime | None, rulebook: str, engine: int, part: tuple[int, int], batch: int
) -> AsyncIterator[list[Any]]:
    """The cases at which something is under way and that no news has touched, as `Untouched`, in batches.

    `part`: every n-th of them, and which of the n parts.
    """
    return raw.batches(_UNDER_WAY, played, rulebook, engine, *part, size=batch)


def left_again(raw: Raw, batch: int) -> AsyncIterator[Any]:
    """Pairs of contacts of one message that both left, streamed, with the later claim's moment and facts."""
    return raw.stream(_LEFT_AGAIN, batch=batch)
