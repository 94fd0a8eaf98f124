"""Numbers as people write them: 1.234,56, 1 234.5, 2k, 1.2万, 二百五十, two hundred and fifty.

A number is exact: a numerator and the count of decimals that were written. Where separators can be read in
two ways ("1.234"), both readings are given.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec


class Number(msgspec.Struct, frozen=True):
    """`digits` / 10 ** `decimals`, as written (1.50 keeps its two)."""

    digits: int
    decimals: int = 0

    def whole(self) -> int | None:
        """The number where it is whole."""
        value, rest = divmod(self.digits, 10**self.decimals)
        return None if rest else value

    def minor(self, digits: int) -> int | None:
        """In units of 10 ** -`digits`; None where it is finer than that."""
        value, rest = divmod(self.digits * 10**digits, 10**self.decimals)
        return None if rest else value


class Found(msgspec.Struct, frozen=True):
    """A number in a text: where, and what it can be."""

    start: int
    end: int
    readings: tuple[Number, ...]


_HAN_DIGITS: Final = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "兩": 2, "俩": 2,
    "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_HAN_UNITS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN_GREAT: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN: Final = "".join([*_HAN_DIGITS, *_HAN_UNITS, *_HAN_GREAT])

_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS: Final = (
    {word: value for value, word in enumerate(_ONES)}
    | {word: 20 + 10 * place for place, word in enumerate(_TENS)}
    | {"fourty": 40, "a": 1}
)
_WORD: Final = "|".join(sorted([*_WORDS, "hundred", "thousand", "and"], key=len, reverse=True))

# After figures: how much they are multiplied by.
_TIMES: Final = {
    "k": 3, "thousand": 3, "тыс": 3, "ribu": 3, "rb": 3,
    "lakh": 5, "lakhs": 5, "juta": 6, "百": 2, "千": 3, "万": 4, "萬": 4,
}  # fmt: skip
_TIMES_WORD: Final = "|".join(sorted(_TIMES, key=len, reverse=True))
_FIGURES: Final = re.compile(
    rf"(?<![\d.,'])\d+(?:[.,'’ ]\d+)*(?:\s?(?P<times>{_TIMES_WORD})(?![a-zа-я{_HAN}\d]))?(?:[.,](?=\D|$))?"
)
_HAN_NUMBER: Final = re.compile(rf"[{_HAN}]+(?:点[{''.join(_HAN_DIGITS)}]+)?")
_SPOKEN: Final = re.compile(rf"\b(?:{_WORD})(?:[\s-]+(?:{_WORD}))*\b")
_MOST_DIGITS: Final = 15


def numbers(text: str) -> list[Found]:
    """Every number of a `plain` text, in order."""
    found = [*_in_figures(text), *_in_han(text), *_in_words(text)]
    return sorted(found, key=lambda one: one.start)


def _in_figures(text: str) -> Iterator[Found]:
    for match in _FIGURES.finditer(text):
        times = match["times"]
        written = match[0].removesuffix(times or "").strip(" .,") if times else match[0].strip(" .,")
        # A blank may group digits, or stand between two numbers.
        if " " in written and not re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d{1,3})?", written):
            start = match.start()
            for part in match[0].split(" "):
                if part.strip(".,"):
                    yield Found(start, start + len(part), readings(part.strip(".,")))
                start += len(part) + 1
            continue
        power = _TIMES[times] if times else 0
        yield Found(match.start(), match.end(), tuple(_raised(one, power) for one in readings(written)))


def _raised(number: Number, power: int) -> Number:
    kept = max(number.decimals - power, 0)
    return Number(number.digits * 10 ** (power - number.decimals + kept), kept)


def readings(written: str) -> tuple[Number, ...]:
    """What figures with separators can be: none, one or two numbers."""
    if len(written) > _MOST_DIGITS + 10 or sum(map(str.isdigit, written)) > _MOST_DIGITS:
        return ()
    signs = [sign for sign in written if not sign.isdigit()]
    if not signs:
        return (Number(int(written)),)
    *before, after = re.split(r"[.,'’ ]", written)
    as_point = Number(int("".join([*before, after])), len(after))
    if len(set(signs)) == 1:
        grouped = _is_grouped([*before, after])
        pointed = len(signs) == 1 and signs[0] in ".,"
        found = [Number(int("".join([*before, after])))] if grouped else []
        return (*found, as_point) if pointed else tuple(found)
    if len(set(signs[:-1])) == 1 and signs[-1] in ".," and signs[-1] != signs[0] and _is_grouped(before):
        return (as_point,)
    return ()


def _is_grouped(groups: Sequence[str]) -> bool:
    """Whether separators stand where thousands end, or as in India (1,00,000)."""
    first, *rest = groups
    if not first or first[0] == "0" or not rest or len(rest[-1]) != 3 or len(first) > 3:
        return False
    sizes = {len(group) for group in rest[:-1]}
    return sizes <= {3} or (sizes == {2} and len(first) <= 2)


def _in_han(text: str) -> Iterator[Found]:
    for match in _HAN_NUMBER.finditer(text):
        if match.start() and text[match.start() - 1].isdigit():
            continue  # read with its figures: 1.2万
        whole, _, decimals = match[0].partition("点")
        value = han_number(whole)
        if value is not None:
            after = "".join(str(_HAN_DIGITS[sign]) for sign in decimals)
            yield Found(match.start(), match.end(), (Number(int(f"{value}{after}"), len(after)),))


def han_number(written: str) -> int | None:
    """二百五十 -> 250, 两千三 -> 2300, 一二三 -> 123; None for what is no number (十百)."""
    if all(sign in _HAN_DIGITS for sign in written):
        return (
            int("".join(str(_HAN_DIGITS[sign]) for sign in written)) if len(written) <= _MOST_DIGITS else None
        )
    total = section = 0  # what is said up to the last great unit, and since
    digit: int | None = None
    last, zero = 0, False  # the last unit; whether a zero was said after it: 一百零五 is not 一百五
    for sign in written:
        if sign in _HAN_DIGITS:
            if digit:
                return None
            digit, zero = _HAN_DIGITS[sign], zero or _HAN_DIGITS[sign] == 0
        elif sign in _HAN_UNITS:
            unit = _HAN_UNITS[sign]
            if (last and last <= unit) or (not digit and unit != 10):
                return None
            section += (digit or 1) * unit
            digit, last, zero = None, unit, False
        else:
            great = _HAN_GREAT[sign]
            section += digit or 0
            if not section or (total and total < 10 * great):
                return None
            total += section * great
            section, digit, last, zero = 0, None, great, False
    if digit:
        # 两千三: what is left out is the next unit; 十五 and 二百零三 leave out nothing.
        section += digit * (last // 10 if last > 10 and not zero else 1)
    return total + section


def _in_words(text: str) -> Iterator[Found]:
    for match in _SPOKEN.finditer(text):
        words = re.split(r"[\s-]+", match[0])
        while words and words[-1] in ("and", "a"):
            words.pop()
        if words and words[0] == "and":
            continue
        value = _spoken(words)
        if value is not None:
            yield Found(match.start(), match.end(), (Number(value),))


def _spoken(words: Sequence[str]) -> int | None:
    """two hundred and fifty -> 250; None where the words do not make one number."""
    total = section = 0
    room = 100  # what the next word must stay under
    for word in words:
        if word == "and":
            continue
        if word == "hundred":
            if not 0 < section < 10:
                return None
            section, room = section * 100, 100
        elif word == "thousand":
            if not 0 < section < 1000 or total:
                return None
            total, section, room = section * 1000, 0, 1000
        else:
            value = _WORDS[word]
            if value >= room:
                return None
            section += value
            room = 10 if value >= 20 else 0
    return total + section if words else None
