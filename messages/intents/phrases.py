"""The phrases that the classifier learns from: phrases/xx.yaml, a file a language.

In a phrase `(a|b)` is either and `(a|)` is perhaps. All combinations of a phrase would be tens of thousands;
it is learned from enough of them that every alternative is met, beside different ones of the other groups.
"""

import re
from functools import cache
from importlib.resources import files
from itertools import product
from math import prod
from typing import Final, Literal, get_args

import msgspec
from ruamel.yaml import YAML

Intent = Literal[
    "balance",
    "next_due",
    "schedule",
    "how_to_pay",
    "paid",
    "cannot_pay",
    "extension",
    "promise",
    "plan",
    "dispute",
    "payoff",
    "fees",
    "statement",
    "human",
    "stop",
    "start",
    "wrong_person",
    "language",
    "complaint",
    "is_it_real",
    "change_number",
    "quiet_hours",
    "help",
    "thanks",
    "unclear",
]
"""What a text can be read as. `unclear` is learned too: what people write that asks for nothing."""

INTENTS: Final[tuple[Intent, ...]] = get_args(Intent)

_GROUP: Final = re.compile(r"\(([^()]*)\)")


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one language has.

    `signs`: kinds of words that say much beside anything else. `never`: phrases that rule an intent out,
    whatever else is written.
    """

    phrases: dict[Intent, tuple[str, ...]]
    signs: dict[str, tuple[str, ...]]
    never: dict[str, tuple[str, ...]]


@cache
def written() -> dict[str, Phrases]:
    """The files by language, in order of their names."""
    folder = files("messages.intents") / "phrases"
    found = {file.name.removesuffix(".yaml"): file.read_text("utf-8") for file in folder.iterdir()}
    return {language: _read(found[language]) for language in sorted(found)}


def _read(text: str) -> Phrases:
    loaded: object = YAML(typ="safe", pure=True).load(text)  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    return msgspec.convert(loaded, Phrases)


def variants(phrase: str) -> list[str]:
    """Enough of the combinations of `phrase` that every alternative is among them, twice where it can be."""
    plain, groups, between = _apart(phrase)
    count = prod(map(len, groups))
    made: list[str] = []
    for turn in range(min(count, 2 * max(map(len, groups), default=1))):
        parts = [plain]
        for place, (options, after) in enumerate(zip(groups, between, strict=True)):
            # Each group turns by one, and slips against the others from lap to lap.
            chosen = turn + turn // len(options) * place + place * turn // 3
            parts += [options[chosen % len(options)], after]
        made.append("".join(parts))
    return list(dict.fromkeys(made))


def combinations(phrase: str) -> list[str]:
    """Every combination of `phrase`."""
    plain, groups, between = _apart(phrase)
    return [plain + "".join(map("".join, zip(chosen, between, strict=True))) for chosen in product(*groups)]


def _apart(phrase: str) -> tuple[str, list[list[str]], list[str]]:
    """What stands before the first group, the groups, and what stands after each."""
    plain, *rest = _GROUP.split(phrase)
    return plain, [options.split("|") for options in rest[0::2]], rest[1::2]
