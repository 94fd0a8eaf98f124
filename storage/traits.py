"""What conditions and segments read of loans beside what is due: read only where one of them names it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

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


def questions(loans: Sequence[int], names: frozenset[str]) -> list[tuple[str, Sequence[int]]]:
    """What to ask of `loans`, as far as `names` (facts of conditions) need it; nothing: none do."""
    if not names & (_OF_LOAN | _AMOUNTS):
        return []
    return [(_TRAITS, loans), (_OUTSTANDING, loans)][: 2 if "outstanding" in names else 1]


def traits_of(
    rows: Iterable[Sequence[Any]] = (), owed: Iterable[Sequence[Any]] = (), *, names: frozenset[str]
) -> Mapping[int, Traits]:
    """The traits by loan, of what `questions` found."""
    outstanding: dict[int, int] = {row[0]: row[1] for row in owed}
    found: dict[int, Traits] = {}
    for loan, currency, product, made_on, tags, attributes in rows:
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
