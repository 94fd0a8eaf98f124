"""What people said of being contacted, and what providers learnt of their addresses. Always news: touches."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from storage.raw import Raw, touch


async def cases_of_token(raw: Raw, kind: str, token: bytes) -> list[tuple[int, int]]:
    """(person, case) of everybody who has the address on file."""
    rows = await raw.rows(
        "SELECT a.person_id, c.id FROM addresses a JOIN cases c ON c.person_id = a.person_id "
        "WHERE a.token = $1 AND a.kind = $2 ORDER BY c.id",
        token,
        kind,
    )
    return [(row[0], row[1]) for row in rows]


class Evidence(msgspec.Struct, frozen=True):
    """Why we believe it: what they wrote, or the message whose link they followed."""

    reply: int | None = None
    contact: int | None = None


async def set_consent(
    raw: Raw,
    persons: Sequence[int],
    channel: str,
    state: str,
    at: datetime,
    source: str,
    evidence: Evidence = Evidence(),  # noqa: B008, frozen
    *,
    note: Callable[[int], bytes] | None = None,
    portfolio: int | None = None,
    purpose: str | None = None,
) -> None:
    """Record that `persons` granted or revoked a channel; for one portfolio or purpose, or (None) all.

    `note` seals what was noted of it under the id of its row.
    Touch their cases first: the row's place among decisions is drawn here (storage/tables/doors.py).
    """
    wanted = sorted(set(persons))
    ids = await raw.ids("consents", len(wanted))
    for id_, person in zip(ids, wanted, strict=True):
        await raw.run(
            "INSERT INTO consents (id, person_id, portfolio_id, channel, purpose, state, at, source, "
            "reply_id, contact_id, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            id_,
            person,
            portfolio,
            channel,
            purpose,
            state,
            at,
            source,
            evidence.reply,
            evidence.contact,
            None if note is None else note(id_),
        )


async def stopped(raw: Raw, persons: Sequence[int], channel: str) -> set[int]:
    """Those of `persons` whose last word on the channel, for all that is sent on it, was to stop."""
    rows = await raw.rows(
        "SELECT DISTINCT ON (person_id) person_id, state FROM consents WHERE person_id = ANY($1) "
        "AND channel = $2 AND portfolio_id IS NULL AND purpose IS NULL ORDER BY person_id, at DESC, id DESC",
        persons,
        channel,
    )
    return {row[0] for row in rows if row[1] == "revoked"}


async def _address_of(raw: Raw, contact: int) -> tuple[str, bytes, str]:
    row = (
        await raw.rows(
            "SELECT a.kind, a.token, c.channel FROM contacts c JOIN addresses a ON a.id = c.address_id "
            "WHERE c.id = $1",
            contact,
        )
    )[0]
    return row[0], row[1], row[2]


async def suspend_address(raw: Raw, contact: int, now: datetime) -> None:
    """A provider says the address of `contact` is no good: suspended for everybody who has it on file."""
    kind, token, _ = await _address_of(raw, contact)
    await raw.run(
        "UPDATE addresses SET state = 'suspended' WHERE token = $1 AND kind = $2 AND state <> 'detached'",
        token,
        kind,
    )
    await touch(raw, [case for _, case in await cases_of_token(raw, kind, token)], now)


async def block_recipient(raw: Raw, contact: int, now: datetime) -> None:
    """The recipient opted out at the provider: the channel is closed for everybody with that address."""
    kind, token, channel = await _address_of(raw, contact)
    found = await cases_of_token(raw, kind, token)
    await touch(raw, [case for _, case in found], now)
    await raw.run(
        "INSERT INTO consents (person_id, channel, state, at, source, contact_id) "
        "SELECT person, $2, 'revoked', $3, 'provider', $4 FROM unnest($1::bigint[]) person",
        sorted({person for person, _ in found}),
        channel,
        now,
        contact,
    )


class Subject(msgspec.Struct, frozen=True):
    """Whom a contact went to: in which portfolio, on which channel, in which language they read."""

    person: int
    portfolio: int
    channel: str
    language: str | None


async def subject_of(raw: Raw, contact: int) -> Subject | None:
    """None where there is no such contact, or it never went out."""
    rows = await raw.rows(
        "SELECT c.person_id, b.portfolio_id, c.channel, coalesce(c.language, p.language) FROM contacts c "
        "JOIN cases b ON b.id = c.case_id JOIN persons p ON p.id = c.person_id "
        "WHERE c.id = $1 AND c.claim_id IS NOT NULL",
        contact,
    )
    return Subject(*rows[0]) if rows else None


async def lock_cases_of_person(raw: Raw, person: int, now: datetime) -> list[int]:
    """The cases of this record of a person, all of theirs touched: what is recorded next is news."""
    rows = await raw.rows("SELECT id FROM cases WHERE person_id = $1 ORDER BY id", person)
    cases = [row[0] for row in rows]
    await touch(raw, cases, now)
    return cases


async def persons_named(raw: Raw, external_id: str) -> list[tuple[int, str]]:
    """(id, source) of everybody with that external id."""
    rows = await raw.rows("SELECT id, source FROM persons WHERE external_id = $1 ORDER BY id", external_id)
    return [(row[0], row[1]) for row in rows]


async def persons_within(raw: Raw, persons: Sequence[int], portfolio: int) -> set[int]:
    """Those of `persons` who have a case, or a part in a loan, in the portfolio."""
    rows = await raw.rows(
        "SELECT person_id FROM cases WHERE person_id = ANY($1) AND portfolio_id = $2 "
        "UNION SELECT t.person_id FROM parties t JOIN loans l ON l.id = t.loan_id "
        "WHERE t.person_id = ANY($1) AND l.portfolio_id = $2",
        list(persons),
        portfolio,
    )
    return {row[0] for row in rows}
