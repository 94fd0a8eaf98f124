"""What conditions and segments read of loans beside what is due: read only where one of them names it."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from storage.raw import Raw
from strategies.values import Traits

_OF_LOAN: Final = frozenset({"currency", "product", "months_on_book", "tags", "attributes", "risk"})
_AMOUNTS: Final = frozenset({"arrears", "outstanding"})

_TRAITS: Final = """
SELECT id, currency, product, made_on, tags, attributes::text FROM loans WHERE id = ANY($1)
"""
_OUTSTANDING: Final = """
SELECT loan_id, sum(left_minor)::bigint FROM installments
WHERE loan_id = ANY($1) AND left_minor > 0 GROUP BY 1
"""


async def traits_of(raw: Raw, loans: Sequence[int], names: frozenset[str]) -> Mapping[int, Traits]:
    """The traits of `loans`, as far as `names` (facts of conditions) need them; empty: none do."""
    if not names & (_OF_LOAN | _AMOUNTS):
        return {}
    outstanding: dict[int, int] = {}
    if "outstanding" in names:
        outstanding = dict(await raw.rows(_OUTSTANDING, loans))
    found: dict[int, Traits] = {}
    for loan, currency, product, made_on, tags, attributes in await raw.rows(_TRAITS, loans):
        further = {key: str(value) for key, value in orjson.loads(attributes).items()}
        found[loan] = Traits(
            currency,
            product,
            made_on,
            outstanding.get(loan),
            tuple(tags),
            further if names & {"attributes", "risk"} else {},
            further.get("risk"),
        )
    return found
