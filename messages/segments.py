"""How an SMS is encoded, and into how many segments it falls (3GPP TS 23.038 and 23.040)."""

from typing import Final, Literal

Encoding = Literal["gsm7", "ucs2"]

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")  # written as an escape and a character: two septets
_GSM7: Final = _BASIC | _EXTENSION

_SINGLE: Final = {"gsm7": 160, "ucs2": 70}  # septets; UTF-16 code units
_HALF: Final = "\ud800"  # stands for the first unit of two; no text holds it
_PART: Final = {"gsm7": 153, "ucs2": 67}  # what the header of a part leaves


def encoding_of(text: str) -> Encoding:
    """'gsm7' where all characters are of the GSM 7-bit alphabet or its extension table, else 'ucs2'."""
    return "gsm7" if _GSM7.issuperset(text) else "ucs2"


def segments(text: str) -> int:
    """The number of SMS segments `text` is sent as; 0 for an empty text.

    A character of two units (an extension character, a surrogate pair) is never split between parts.
    """
    encoding = encoding_of(text)
    if encoding == "gsm7":
        wide = _EXTENSION.intersection(text)
    else:
        wide = {character for character in text if character > "\uffff"}
    units = len(text) + sum(map(text.count, wide))
    if units <= _SINGLE[encoding]:
        return 1 if text else 0
    part = _PART[encoding]
    if not wide:
        return -(-units // part)
    for character in wide:
        text = text.replace(character, _HALF + character)
    count, start = 1, 0
    while units - start > part:
        start += part - (text[start + part - 1] == _HALF)
        count += 1
    return count
