"""The same person in two sources: found alike, shown side by side, said to be one or not, by a person.

The machine merges nobody. Whoever does has both records before them: `compare` shows them and names what it
showed, and `merge` takes that name back and refuses where either record says something else by now.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Book, Office
from casework.staff.rights import Action, Actor, may, require
from ledger.money import format_major
from storage import people as stored
from storage.alike import pairs_alike
from storage.audit import Event, write
from storage.people import Merge, Shown
from storage.raw import Raw, touch

IDENTITY: Final = (
    *("birth_date", "date_of_birth", "born_on", "dob", "birthday"),
    *("national_id", "id_number", "id_no", "identity_number", "tax_id", "ssn", "passport", "bvn", "curp"),
)
"""Attributes of loans that, with the name, tell who somebody is."""
_MOST: Final = 200


class Name(msgspec.Struct, frozen=True):
    """A record of a person, as a source names it. `source` None: whichever has it, where one does."""

    borrower: str
    source: str | None = None

    def __str__(self) -> str:
        return self.borrower if self.source is None else f"{self.source}:{self.borrower}"


class Compared(msgspec.Struct, frozen=True):
    """Two records side by side. `seen` names what was shown: `merge` wants it."""

    records: tuple[Mapping[str, Any], Mapping[str, Any]]
    alike: tuple[str, ...]
    one_person: bool
    seen: str


class Candidate(msgspec.Struct, frozen=True):
    """Two records that may be one person, and what they have in common."""

    one: Name
    other: Name
    by: tuple[str, ...]


async def compare(office: Office, actor: Actor, one: Name, other: Name, now: datetime) -> Compared:
    """Show both records. Raises CaseworkInputError: who is not there, or is the same record; Denied."""
    async with office.transaction() as raw:
        ids = await _both(raw, one, other)
        await _require(raw, office, actor, ids)
        made = await _compared(raw, office, ids, now)
        data = {"with": ids[1], "seen": made.seen}
        await write(raw.connection, [_event(actor, "person.compared", ids[0], data, now)])
    return made


async def merge(office: Office, actor: Actor, one: Name, other: Name, seen: str, now: datetime) -> int:
    """Say that both records are one person; the merge's id. `seen`: from `compare`.

    From then on caps, holds, stops and marks of either count for both; their chat knows the loans of both.
    Raises CaseworkInputError: not shown as they are now, or one already; Denied.
    """
    async with office.transaction() as raw:
        ids = await _both(raw, one, other)
        await _require(raw, office, actor, ids)
        await stored.lock_records(raw, await stored.records_of(raw, ids))
        found = await _compared(raw, office, ids, now)
        if found.one_person:
            raise CaseworkInputError(f"{one} and {other} are one person already")
        if found.seen != seen:
            raise CaseworkInputError(
                f"{seen!r} is not what {one} and {other} show now: look at both first "
                f"(kept people same), and merge with the code that it gives"
            )
        groups = [await stored.records_of(raw, [person]) for person in ids]
        pairs = [(a, b) for left, right in (groups, groups[::-1]) for a in left for b in right]
        await _touch(raw, [person for group in groups for person in group], now)
        made = await stored.add_merge(raw, *ids, pairs, seen, actor.name, now)
        changed = await stored.share_addresses(raw, [person for group in groups for person in group])
        await _touch(raw, changed, now)
        data = {"with": ids[1], "merge": made, "seen": seen}
        await write(raw.connection, [_event(actor, "person.merged", ids[0], data, now)])
    return made


async def unmerge(office: Office, actor: Actor, one: Name, other: Name, now: datetime) -> int:
    """Take back that both records are one person; the id of the merge that ends.

    Each keeps what was written on it. Raises CaseworkInputError where nobody said that just these two are
    one; Denied.
    """
    async with office.transaction() as raw:
        ids = await _both(raw, one, other)
        await _require(raw, office, actor, ids)
        everybody = await stored.records_of(raw, ids)
        await stored.lock_records(raw, everybody)
        ended = await stored.merge_between(raw, *ids)
        standing = await stored.standing_merges(raw, everybody)
        if ended is None:
            raise CaseworkInputError(_not_merged(one, other, ids, standing))
        left = [made for made in standing if made.id != ended]
        groups = [_hanging_together(person, left) for person in ids]
        pairs = [(a, b) for near, far in (groups, groups[::-1]) for a in near for b in far]
        await _touch(raw, everybody, now)
        await stored.end_merge(raw, ended, pairs, actor.name, now)
        await _touch(raw, await stored.share_addresses(raw, everybody), now)
        data = {"with": ids[1], "merge": ended}
        await write(raw.connection, [_event(actor, "person.unmerged", ids[0], data, now)])
    return ended


async def candidates(office: Office, actor: Actor, now: datetime) -> list[Candidate]:
    """Records that may be one person, those with most in common first; at most 200. Raises Denied.

    By keyed tokens: an equal phone, an equal email, or an equal name with an equal attribute of IDENTITY.
    """
    ring = office.keyring

    def token(person: int, sealed: bytes, attribute: str, value: str) -> bytes:
        name = " ".join(sorted(ring.open("persons", "name", person, sealed).casefold().split()))
        return ring.token("alike", f"{name}\n{attribute}\n{''.join(value.casefold().split())}")

    async with office.transaction() as raw:
        book = await office.book(raw)
        theirs = [
            key for key, spec in book.portfolios.items() if may(actor, Action.MERGE_PERSONS, spec.portfolio)
        ]
        if not theirs:
            require(actor, Action.MERGE_PERSONS)
        found = await pairs_alike(raw, theirs, IDENTITY, token, _MOST)
        names = await _names(raw, {one for pair in found for one in (pair.person, pair.other)})
        data = {"pairs": len(found)}
        await write(raw.connection, [Event(now, actor.name, actor.role, "person.searched_alike", data=data)])
    return [Candidate(names[pair.person], names[pair.other], pair.by) for pair in found]


def _hanging_together(person: int, merges: Sequence[Merge]) -> Collection[int]:
    """The records that are one person with `person` by `merges`, itself among them."""
    found, new = {person}, {person}
    while new:
        near = {
            one for made in merges for one in (made.person, made.other) if {made.person, made.other} & new
        }
        new = near - found
        found |= new
    return found


def _not_merged(one: Name, other: Name, ids: Sequence[int], standing: Sequence[Merge]) -> str:
    if ids[1] in _hanging_together(ids[0], standing):
        return (
            f"nobody said that {one} and {other} are one person: it follows from merges with other records; "
            "take one of those back (kept people merges lists them)"
        )
    return f"{one} and {other} are not merged"


async def merges(office: Office, actor: Actor) -> list[tuple[Name, Name, Merge]]:
    """The merges that stand, the oldest first. Raises Denied."""
    require(actor, Action.MERGE_PERSONS)
    async with office.transaction() as raw:
        rows = await raw.rows("SELECT person_id FROM merges WHERE ended_at IS NULL")
        found = await stored.standing_merges(raw, [row[0] for row in rows])
        names = await _names(raw, {one for made in found for one in (made.person, made.other)})
    return [(names[made.person], names[made.other], made) for made in found]


async def _names(raw: Raw, persons: Collection[int]) -> dict[int, Name]:
    sql = "SELECT id, external_id, source FROM persons WHERE id = ANY($1)"
    return {row[0]: Name(row[1], row[2]) for row in await raw.rows(sql, list(persons))}


async def _both(raw: Raw, one: Name, other: Name) -> tuple[int, int]:
    ids = (await _found(raw, one), await _found(raw, other))
    if ids[0] == ids[1]:
        raise CaseworkInputError(f"{one} and {other} are the same record: two are wanted")
    return ids


async def _found(raw: Raw, name: Name) -> int:
    rows = await stored.person_ids(raw, name.borrower, name.source)
    if not rows:
        raise CaseworkInputError(f"there is no borrower {name}")
    if len(rows) > 1:
        listed = ", ".join(f"{source}:{name.borrower}" for _, source in rows)
        raise CaseworkInputError(f"several sources have a borrower {name}: say which, as one of {listed}")
    return rows[0][0]


async def _require(raw: Raw, office: Office, actor: Actor, ids: Sequence[int]) -> Book:
    """Their right in every portfolio in which one of the records is."""
    book = await office.book(raw)
    for person in ids:
        found = await stored.portfolios_of(raw, await stored.records_of(raw, [person]))
        # Who is of no portfolio may be anybody's: it takes the right in all of them.
        for code in [book.portfolios[one].portfolio for one in found] or [None]:
            for action in (Action.MERGE_PERSONS, Action.READ_PERSONAL_DATA):
                require(actor, action, code)
    return book


async def _touch(raw: Raw, persons: Sequence[int], now: datetime) -> None:
    rows = await raw.rows("SELECT id FROM cases WHERE person_id = ANY($1)", list(persons))
    await touch(raw, [row[0] for row in rows], now)


async def _compared(raw: Raw, office: Office, ids: tuple[int, int], now: datetime) -> Compared:
    by_id = {one.person["id"]: _document(office, one) for one in await stored.shown(raw, ids, now)}
    one, other = by_id[ids[0]], by_id[ids[1]]
    content = msgspec.json.encode([by_id[person] for person in sorted(ids)], order="deterministic")
    seen = office.keyring.digest("seen", content).hex()[:12]
    together = ids[1] in await stored.records_of(raw, [ids[0]])
    return Compared((one, other), _alike(one, other), together, seen)


def _document(office: Office, rows: Shown) -> Mapping[str, Any]:
    ring, person = office.keyring, rows.person
    return {
        "source": person["source"],
        "borrower": person["external_id"],
        "name": None
        if person["name"] is None
        else ring.open("persons", "name", person["id"], person["name"]),
        "language": person["language"],
        "zones": list(person["zones"]),
        "country": person["country"],
        "region": person["region"],
        "marks": list(person["flags"]),
        "hours": list(person["own_hours"]),
        "addresses": [
            {
                "kind": one["kind"],
                "value": ring.open("addresses", "value", one["id"], one["value"]),
                "state": one["state"],
                "basis": one["basis"],
                "on_file_with_others": one["shared"],
                "replaced": one["replaced"],
            }
            for one in rows.addresses
        ],
        "chat": rows.chat,
        "loans": [
            {
                "loan": one["loan"],
                "portfolio": one["portfolio"],
                "role": one["role"],
                "status": one["status"],
                "outstanding": {one["currency"]: format_major(one["left_minor"], one["currency"])},
                "identity": {key: str(value) for key, value in one["attributes"].items() if key in IDENTITY},
            }
            for one in rows.loans
        ],
        "holds": [{"kind": one["kind"], "to": one["ends_at"]} for one in rows.holds],
        "stopped": rows.stops,
    }


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """What both say: name, phone, email, an attribute that tells who somebody is."""
    found: list[str] = []
    if one["name"] is not None and other["name"] is not None:
        spelled = [" ".join(sorted(each["name"].casefold().split())) for each in (one, other)]
        found += ["name"] if spelled[0] == spelled[1] else []
    for kind in ("phone", "email"):
        theirs = [
            {address["value"].casefold() for address in each["addresses"] if address["kind"] == kind}
            for each in (one, other)
        ]
        found += [kind] if theirs[0] & theirs[1] else []
    known = [{pair for loan in each["loans"] for pair in loan["identity"].items()} for each in (one, other)]
    return (*found, *sorted({name for name, _ in known[0] & known[1]}))


def _event(actor: Actor, action: str, person: int, data: Mapping[str, str | int], now: datetime) -> Event:
    return Event(now, actor.name, actor.role, action, "person", person, dict(data))
