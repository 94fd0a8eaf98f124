"""What the readers have in common: a text in plain characters, and the words they know (words.yaml)."""

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
from ruamel.yaml import YAML

LONGEST: Final = 200  # of characters that are read


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one language calls these. Every list as `plain` writes it."""

    today: tuple[str, ...]
    tomorrow: tuple[str, ...]
    after_tomorrow: tuple[str, ...]
    month_end: tuple[str, ...]
    this: tuple[str, ...]
    next: tuple[str, ...]
    days: tuple[str, ...]
    weeks: tuple[str, ...]
    months: tuple[str, ...]
    years: tuple[str, ...]
    # what stands before, or after, a number of days from now
    before: tuple[str, ...]
    after: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    # what its people call currencies, by ISO code
    money: dict[str, tuple[str, ...]]


def plain(text: str) -> str:
    """Lower case, half width, digits 0-9, without accents, single blanks; cut at LONGEST."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text[:LONGEST]).casefold()):
        kind = unicodedata.category(sign)
        if kind == "Nd":
            kept.append(str(unicodedata.decimal(sign)))
        elif kind != "Cf" and not "\u0300" <= sign <= "\u036f" and sign != "\u093c":
            kept.append(" " if kind[0] in "ZC" else "'" if sign in "’‘`´" else sign)
    return " ".join("".join(kept).split())


@cache
def languages() -> dict[str, Words]:
    """The words of each language."""
    text = (files("messages.typed") / "words.yaml").read_text("utf-8")
    loaded: object = YAML(typ="safe", pure=True).load(text)  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
    return msgspec.convert(loaded, dict[str, Words])


@cache
def gathered(*names: str) -> tuple[str, ...]:
    """What all languages have under `names` (fields of Words), the longest first."""
    found = {plain(word) for words in languages().values() for name in names for word in getattr(words, name)}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def yes_or_no(text: str) -> bool | None:
    """Whether `text` as a whole says yes or no; None for anything else."""
    said = " ".join("".join(sign if _is_word(sign) else " " for sign in plain(text)).split())
    if said in _said(True):
        return True
    return False if said in _said(False) else None


def _is_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" or sign == "'"


@cache
def _said(yes: bool) -> frozenset[str]:
    return frozenset(gathered("yes" if yes else "no"))
