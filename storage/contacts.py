"""Contacts on their way: leased, locked with their case, marked before they are sent, recorded after.

planned -> claimed (leased to one deliverer) -> sending (body stored, committed) -> what the provider said.
A lease that ends gives a claimed contact back; a sending one is unknown then, and never sent again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from storage.pauses import CLAIMS
from storage.raw import Raw


class Leased(msgspec.Struct, frozen=True):
    """A contact that one deliverer may claim until its lease ends."""

    id: int
    case: int
    person: int
    channel: str
    address: int
    tries: int = 0  # hand-overs so far that took nothing
    template: str | None = None  # of what no decision plans: an answer
    awaited: bool = False  # somebody asked, and waits for it


class Marked(msgspec.Struct, frozen=True):
    """What is stored of a contact before it is sent. `body` is sealed."""

    id: int
    claim: int
    body: bytes
    template: str
    template_digest: str
    language: str
    segments: int


class Result(msgspec.Struct, frozen=True):
    """What the provider said of a contact that was `sending`.

    state: accepted | delivered | failed | unknown, or planned again (`retry_at`) when nothing was taken.
    """

    contact: int
    state: str
    provider: str | None = None
    provider_id: str | None = None
    code: str | None = None
    confirm_by: datetime | None = None
    retry_at: datetime | None = None


async def lease(
    raw: Raw,
    now: datetime,
    wall: datetime,
    by: str,
    limit: int,
    length: timedelta,
    *,
    but_channels: Sequence[str] = (),
    but_addresses: Sequence[int] = (),
    but_portfolios: Sequence[int] = (),
    but_answers_by: Sequence[str] = (),
) -> list[Leased]:
    """Take up to `limit` contacts whose time has come; other deliverers' are passed over.

    So are those of channels and addresses that have no room now, and of portfolios that are paused: they keep
    their place in the order. What somebody waits for comes before everything else, and has channels of its
    own without room (`but_answers_by`).
    """
    rows = await raw.rows(
        _LEASE,
        now,
        limit,
        by,
        wall + length,
        but_channels,
        but_addresses,
        but_portfolios,
        but_answers_by,
    )
    return sorted((Leased(*row) for row in rows), key=lambda leased: (not leased.awaited, leased.id))


# A text before any claim is an answer's, or that of a contact that is tried again: few, with an index of
# their own. Of what no decision planned, answers are awaited; notices, and what somebody wrote, are not.
_AWAITED: Final = """(SELECT m.given IS NOT NULL AND m.purpose IN ('answer', 'opt_out_confirmation')
    FROM messages m WHERE m.id = c.message_id)"""
_MAY_GO: Final = """c.state = 'planned' AND c.not_before <= $1 AND c.address_id <> ALL($6)
    AND (cardinality($7::bigint[]) = 0
         OR NOT EXISTS (SELECT 1 FROM cases b WHERE b.id = c.case_id AND b.portfolio_id = ANY($7)))"""
_LEASE: Final = f"""
WITH awaited AS MATERIALIZED (
    SELECT c.id FROM contacts c
    WHERE {_MAY_GO} AND c.template IS NOT NULL AND c.channel <> ALL($8) AND {_AWAITED}
    ORDER BY c.not_before, c.id LIMIT $2 FOR UPDATE SKIP LOCKED
), others AS MATERIALIZED (
    SELECT c.id FROM contacts c
    WHERE {_MAY_GO} AND NOT (c.template IS NOT NULL AND {_AWAITED}) AND c.channel <> ALL($5)
    ORDER BY c.not_before, c.id LIMIT $2 - (SELECT count(*) FROM awaited) FOR UPDATE SKIP LOCKED
)
UPDATE contacts c SET state = 'claimed', leased_by = $3, leased_until = $4
WHERE c.id = ANY(ARRAY(SELECT id FROM awaited UNION ALL SELECT id FROM others))
RETURNING c.id, c.case_id, c.person_id, c.channel, c.address_id, c.tries,
    CASE WHEN c.template IS NOT NULL
         AND (SELECT m.given IS NOT NULL FROM messages m WHERE m.id = c.message_id) THEN c.template END,
    c.template IS NOT NULL AND {_AWAITED}
"""  # noqa: S608, constants of this file


async def due_by_channel(raw: Raw, now: datetime) -> dict[str, int]:
    """How many planned contacts' time has come."""
    rows = await raw.rows(
        "SELECT channel, count(*) FROM contacts WHERE state = 'planned' AND not_before <= $1 GROUP BY 1", now
    )
    return dict(map(tuple, rows))


async def give_back(raw: Raw, by: str, contacts: Sequence[int] | None = None) -> None:
    """What `by` leased and did not claim is for others at once: `contacts`, or all of it.

    It waits for nobody: what a look is changing, it takes out of the lease itself.
    """
    await raw.run(
        "UPDATE contacts SET state = 'planned', leased_by = NULL, leased_until = NULL WHERE id = ANY(ARRAY("
        "SELECT id FROM contacts WHERE leased_until IS NOT NULL AND leased_by = $1 AND state = 'claimed' "
        "AND ($2::bigint[] IS NULL OR id = ANY($2)) ORDER BY id FOR UPDATE SKIP LOCKED))",
        by,
        contacts,
    )


async def put_off(raw: Raw, contact: int, by: str, until: datetime) -> None:
    """A contact that `by` holds is planned again, for later."""
    await raw.run(
        "UPDATE contacts SET state = 'planned', not_before = $3, leased_by = NULL, leased_until = NULL "
        "WHERE id = $1 AND leased_by = $2 AND state = 'claimed'",
        contact,
        by,
        until,
    )


async def end_leases(raw: Raw, now: datetime, wall: datetime) -> tuple[int, int]:
    """What dead deliverers held: claimed contacts are planned again, sending ones become unknown.

    Returns (given back, unknown). The unknown ones first, for their cases are waited for: a claim that holds
    one of those may be waiting for a contact of its own whose lease ended.
    """
    ended = "SELECT id FROM contacts WHERE leased_until < $1 AND state = 'sending' ORDER BY id"
    lost = await raw.rows(ended, wall)
    await lock_cases_of(raw, [row[0] for row in lost])
    # Asked again now that nobody can change it: an answer that was waited for may have come.
    lost = await raw.rows(ended, wall) if lost else []
    await record(raw, [Result(row[0], "unknown", code="no_answer_recorded") for row in lost], now)
    given_back = await raw.run(
        "UPDATE contacts SET state = 'planned', leased_by = NULL, leased_until = NULL WHERE id = ANY(ARRAY("
        "SELECT id FROM contacts WHERE leased_until < $1 AND state = 'claimed' "
        "ORDER BY id FOR UPDATE SKIP LOCKED))",
        wall,
    )
    return given_back, len(lost)


_PERSONS_CLAIMED = 0x6B657074  # the first key of the advisory locks: "kept"


async def of_portfolios(raw: Raw, contacts: Sequence[int], portfolios: Sequence[int]) -> set[int]:
    """Those of `contacts` whose case is of one of `portfolios`."""
    rows = await raw.rows(
        "SELECT c.id FROM contacts c JOIN cases b ON b.id = c.case_id "
        "WHERE c.id = ANY($1) AND b.portfolio_id = ANY($2)",
        contacts,
        portfolios,
    )
    return {row[0] for row in rows}


async def lock_person(raw: Raw, person: int) -> None:
    """Hold a person and their other records against claims, and against whoever writes to them."""
    await raw.rows(_LOCK_PERSONS, _PERSONS_CLAIMED, [person])


_LOCK_PERSONS: Final = """
SELECT pg_advisory_xact_lock($1, (person % 2147483647)::int) FROM (
SELECT unnest($2::bigint[]) AS person UNION SELECT other_id FROM same_persons
WHERE person_id = ANY($2) AND ended_at IS NULL ORDER BY 1) person
"""


async def lock_for_claim(raw: Raw, leased: Sequence[Leased], by: str) -> set[int]:
    """Lock the persons and cases of `leased`, in order of id; which contacts are still this deliverer's.

    The person too: caps count over all cases of a person, and two of them may be claimed side by side.
    That lock is between claims alone, so that an import which changes persons is not in the way. Before
    all others the one that whoever pauses waits for: from here on nobody can pause until it is committed.
    """
    persons = sorted({contact.person for contact in leased})
    cases = sorted({contact.case for contact in leased})
    await raw.rows(
        "WITH unpaused AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($3)) "
        "SELECT pg_advisory_xact_lock($1, (person % 2147483647)::int) FROM unpaused, ("
        "SELECT unnest($2::bigint[]) AS person UNION SELECT other_id FROM same_persons "
        "WHERE person_id = ANY($2) AND ended_at IS NULL ORDER BY 1) person",
        _PERSONS_CLAIMED,
        persons,
        CLAIMS,
    )
    await raw.rows("SELECT id FROM cases WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", cases)
    rows = await raw.rows(
        "SELECT id FROM contacts WHERE id = ANY($1) AND state = 'claimed' AND leased_by = $2 "
        "ORDER BY id FOR UPDATE",
        [contact.id for contact in leased],
        by,
    )
    return {row[0] for row in rows}


async def lock_cases_of(raw: Raw, contacts: Sequence[int], of_address: Sequence[int] = ()) -> None:
    """Lock the cases of `contacts`, and of everybody who shares an address with `of_address`; by id.

    Before anything of theirs is written: whoever writes to a case holds it, so writers wait in one order.
    """
    if not of_address:  # the common one, at half the cost
        await raw.rows(
            "SELECT id FROM cases WHERE id = ANY(ARRAY(SELECT case_id FROM contacts WHERE id = ANY($1))) "
            "ORDER BY id FOR NO KEY UPDATE",
            contacts,
        )
        return
    await raw.rows(
        # By an array of ids, for an OR of two subqueries would read every case of the book.
        "SELECT id FROM cases WHERE id = ANY(ARRAY(SELECT case_id FROM contacts WHERE id = ANY($1) UNION "
        "SELECT o.id FROM contacts c JOIN addresses a ON a.id = c.address_id "
        "JOIN addresses b ON b.token = a.token AND b.kind = a.kind "
        "JOIN cases o ON o.person_id = b.person_id WHERE c.id = ANY($2))) ORDER BY id FOR NO KEY UPDATE",
        contacts,
        of_address,
    )


async def mark_sending(raw: Raw, marked: Sequence[Marked], now: datetime, until: datetime) -> None:
    """Body first: what is handed over is on record before it is. `until`: when the lease ends, anew."""
    if not marked:
        return
    await raw.run(
        "UPDATE contacts c SET state = 'sending', sent_at = $8, claim_id = n.claim, body = n.body, "
        "template = n.template, template_digest = n.template_digest, language = n.language, "
        "segments = n.segments, leased_until = $9 FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], "
        "$4::text[], $5::text[], $6::text[], $7::int[]) "
        "n(id, claim, body, template, template_digest, language, segments) "
        "WHERE c.id = n.id",
        *(list(column) for column in zip(*(msgspec.structs.astuple(row) for row in marked), strict=True)),
        now,
        until,
    )


async def cancel(raw: Raw, contacts: Sequence[int], code: str, now: datetime) -> None:
    """Claimed contacts that are not to be sent after all."""
    if contacts:
        await raw.run(
            "UPDATE contacts SET state = 'cancelled', code = $2, settled_at = $3, leased_by = NULL, "
            "leased_until = NULL WHERE id = ANY($1) AND state = 'claimed'",
            contacts,
            code,
            now,
        )


async def refuse(raw: Raw, refused: Sequence[tuple[int, str, int]], now: datetime) -> None:
    """Claimed contacts that cannot be said (contact, code, decision): failed, and nothing was handed over."""
    if refused:
        contacts, codes, claims = map(list, zip(*refused, strict=True))
        await raw.run(
            "UPDATE contacts c SET state = 'failed', code = n.code, claim_id = n.claim, settled_at = $4, "
            "leased_by = NULL, leased_until = NULL "
            "FROM unnest($1::bigint[], $2::text[], $3::bigint[]) n(id, code, claim) WHERE c.id = n.id",
            contacts,
            codes,
            claims,
            now,
        )
        await look_again(raw, contacts, now)


async def record(raw: Raw, results: Sequence[Result], now: datetime) -> set[int]:
    """Record what became of contacts that were sending, with their occurrences, messages and next look.

    A late answer still settles what was given up as unknown, where it says that the message was taken.
    Returns those it was news for: what was settled meanwhile stays as it is.
    """
    if not results:
        return set()
    await lock_cases_of(raw, [result.contact for result in results])
    rows = [msgspec.structs.astuple(result) for result in results]
    moved = await raw.rows(_RECORD, *(list(column) for column in zip(*rows, strict=True)), now)
    return {row[0] for row in moved}


# All at once, for each statement of its own would be a round trip for every few answers. What was handed over
# ends its occurrences; a message that nothing follows is done; what must be confirmed is looked at when that
# time is over, and what failed now. The cases are locked, in order of id, by the statement before.
_RECORD: Final = """
WITH moved AS (
    UPDATE contacts c SET state = n.state, provider = n.provider, provider_id = n.provider_id, code = n.code,
        confirm_by = n.confirm_by, settled_at = $8, leased_by = NULL, leased_until = NULL,
        not_before = coalesce(n.retry_at, c.not_before), tries = c.tries + 1,
        sent_at = CASE WHEN n.state IN ('planned', 'failed') THEN NULL ELSE c.sent_at END
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                $7::timestamptz[]) n(id, state, provider, provider_id, code, confirm_by, retry_at)
    WHERE c.id = n.id
      AND (c.state = 'sending' OR c.state = 'unknown' AND n.state IN ('accepted', 'delivered'))
    RETURNING c.id, c.message_id, c.case_id, c.state, c.confirm_by
), said AS (
    SELECT message_id, state, confirm_by FROM moved WHERE state IN ('accepted', 'delivered', 'unknown')
), ended AS (
    UPDATE occurrences o SET state = 'messaged', ended_at = $8, reason = NULL
    -- Said by `ended_at`, as the table has it: asked for by its state, the few that wait look like a short
    -- way to all, and the whole index of them is read for each message.
    FROM said WHERE o.message_id = said.message_id AND o.ended_at IS NULL
), done AS (
    UPDATE messages m SET state = 'done'
    FROM said WHERE m.id = said.message_id AND (said.state <> 'accepted' OR said.confirm_by IS NULL)
), gone AS (  -- what no strategy plans has no other channel to go on by
    UPDATE messages m SET state = 'failed'
    FROM moved WHERE moved.state = 'failed' AND m.id = moved.message_id AND m.given IS NOT NULL
), looked AS (
    UPDATE cases SET next_look_at = least(next_look_at, again.at)
    FROM (SELECT case_id, min(CASE state WHEN 'failed' THEN $8 ELSE confirm_by END) AS at FROM moved
          WHERE state = 'failed' OR state = 'accepted' AND confirm_by IS NOT NULL GROUP BY case_id) again
    WHERE cases.id = again.case_id
)
SELECT id FROM moved
"""


async def look_again(raw: Raw, contacts: Sequence[int], now: datetime) -> None:
    """Touch the cases of `contacts`: something about them is news."""
    if contacts:
        await raw.run(
            "WITH chosen AS (SELECT id FROM cases WHERE id IN "
            "(SELECT case_id FROM contacts WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE) "
            "UPDATE cases SET next_look_at = least(next_look_at, $2) FROM chosen WHERE cases.id = chosen.id",
            contacts,
            now,
        )
