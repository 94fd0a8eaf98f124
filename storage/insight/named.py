"""Whose cases and which loans are in a list: names opened for who masks them, loans by their own numbers."""

from collections.abc import Mapping, Sequence

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class NamedCase(msgspec.Struct, frozen=True):
    """A case of a list. `name` is opened."""

    portfolio: int
    name: str | None


class Named(msgspec.Struct, frozen=True):
    """Cases, and the external ids of loans, by id."""

    cases: Mapping[int, NamedCase]
    loans: Mapping[int, str]


async def named(raw: Raw, keyring: Keyring, cases: Sequence[int], loans: Sequence[int | None]) -> Named:
    """What a list shows of its cases and loans, in one round trip."""
    people, numbers = await raw.many(
        (
            "SELECT c.id, c.portfolio_id, p.id, p.name FROM cases c JOIN persons p ON p.id = c.person_id "
            "WHERE c.id = ANY($1)",
            list(set(cases)),
        ),
        (
            "SELECT id, external_id FROM loans WHERE id = ANY($1)",
            list({one for one in loans if one is not None}),
        ),
    )
    return Named(
        {
            case: NamedCase(
                portfolio, None if name is None else keyring.open("persons", "name", person, name)
            )
            for case, portfolio, person, name in people
        },
        dict(numbers),
    )
