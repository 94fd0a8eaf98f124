"""What a person's statement is made from, beside each loan's schedule and payments."""

from typing import Any

import msgspec

from storage.people import RECORDS
from storage.raw import Raw


class Reader(msgspec.Struct, frozen=True):
    """For whom it is. `name` is sealed."""

    name: bytes | None
    language: str | None
    country: str | None


async def loans_of_person(raw: Raw, person: int) -> list[Any]:
    """The loans that the person is party to and that are the lender's, in the order they were made.

    (id, external_id, portfolio_id, product, currency, made_on).
    """
    return await raw.rows(
        "SELECT l.id, l.external_id, l.portfolio_id, l.product, l.currency, l.made_on "  # noqa: S608
        "FROM loans l "
        f"WHERE l.id IN (SELECT loan_id FROM parties WHERE person_id = ANY(ARRAY({RECORDS}))) "
        "AND l.status NOT IN ('recalled', 'sold') ORDER BY l.made_on, l.id",
        [person],
    )


async def reader_of(raw: Raw, person: int) -> Reader:
    """The person as a statement names them."""
    rows = await raw.rows("SELECT name, language, country FROM persons WHERE id = $1", person)
    return Reader(*rows[0]) if rows else Reader(None, None, None)
