"""Whether a text names an amount of money, in the digits and words of any shipped language."""

import re
import unicodedata
from typing import Final

from babel.numbers import list_currencies

from messages.signs import words_of
from messages.words import find

_CODES: Final = frozenset(list_currencies())
_CODE: Final = re.compile(r"(?<![A-Za-z])([A-Z]{3})[\s.:]?(?=\d)|(?<=\d)\s?([A-Z]{3})(?![A-Za-z])")
_BETWEEN: Final = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
# 1,250 and 1.250.000,00 and 1,00,000 and 250,00; of 12.50 only what can be no time and no day of a month.
_FIGURE: Final = re.compile(
    r"(?<![\d.,:/+-])"
    r"(?:\d{1,3}(?:[.,'’]\d{3})+(?:[.,]\d{1,3})?|\d{1,2}(?:,\d{2})+,\d{3}|\d+,\d{2}|\d{3,}\.\d{2}|[3-9]\d\.\d{2})"
    r"(?![.,:/-]?\d)"
)


def amount_in(text: str) -> str | None:
    """What gives an amount away, in words that do not repeat it; None where there is none.

    A figure alone ("room 250", a telephone number, a time) is none.
    """
    plain = unicodedata.normalize("NFKC", text)
    if any(unicodedata.category(sign) == "Sc" for sign in plain):
        return "a currency's sign"
    if any(first in _CODES or after in _CODES for first, after in _CODE.findall(plain)):
        return "a currency's code beside a figure"
    if _FIGURE.search(plain):
        return "a figure written as an amount"
    hits = find(words_of(_BETWEEN.sub(" ", plain)), frozenset({"amount"}))
    return f"'{hits[0].phrase}'" if hits else None
