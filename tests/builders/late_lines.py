"""Lines of late entries as people write them, what they mean, and the slips that fingers make."""

import random
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Final

from messages.typed.entries import Entry

CODES = {
    "promise": ("PTP", "ptp", "promise"),
    "callback": ("CB", "call back"),
    "no_answer": ("NA", "no answer"),
    "busy": ("BUSY", "busy"),
    "voicemail": ("VM", "voicemail"),
    "claims_paid": ("paid", "says paid"),
    "refused": ("refused", "REF"),
    "hardship": ("hard", "hardship"),
    "visit_met": ("met", "MET"),
    "visit_not_home": ("NH", "not home"),
}


def written(
    draw: random.Random, code: str, case: str, ref: str, at: time, on: date, today: date, ahead: int
) -> tuple[str, Entry]:
    """A line in some order, and what it means. `on`: the day it happened; `ahead`: days to a promise."""
    due = today + timedelta(days=ahead)
    clock = draw.choice((f"{at:%H:%M}", f"{at:%H%M}", f"{at.hour}:{at.minute:02}"))
    said_on = on if on < today or draw.random() < 0.5 else None
    day = "" if said_on is None else f"{said_on:%d/%m} "
    parts = [f"@{day}{clock}", ref]
    amount: str | None = None
    rings: time | None = None
    if code == "promise":
        amount = draw.choice(("250", "99.50", "1200"))
        parts += [f"{amount} {due:%d/%m}"]
    if code == "callback":
        rings = time(15, 30)
        parts += [f"{due:%d/%m} 15:30"]
    draw.shuffle(parts)
    line = " ".join([draw.choice(CODES[code]), *parts])
    needs_day = code in ("promise", "callback")
    return line, Entry(code, case, at, said_on, amount, due if needs_day else None, rings)


def slipped(draw: random.Random, line: str) -> str:
    """The same line by a hurried thumb: blanks, capitals, signs, letters, keys beside. No figure of an
    amount, day or time becomes another one: that is what reading it back is for."""
    return draw.choice(SLIPS)(draw, line)


def _capitals(_: random.Random, line: str) -> str:
    return line.swapcase()


def _blanks(draw: random.Random, line: str) -> str:
    return line.replace(" ", "  ") + draw.choice((".", " ", "!", ","))


def _at_sign(draw: random.Random, line: str) -> str:
    return line.replace("@", draw.choice(("@ ", " @", "＠", "")))


def _dash(draw: random.Random, line: str) -> str:
    return line.replace("-", draw.choice(("", " ")))


def _blank_lost(draw: random.Random, line: str) -> str:
    at = draw.choice([at for at, sign in enumerate(line) if sign == " "])
    return line[:at] + line[at + 1 :]


def _blank_within(draw: random.Random, line: str) -> str:
    at = draw.randrange(1, len(line))
    return line[:at] + " " + line[at:]


def _letter_lost(draw: random.Random, line: str) -> str:
    at = _letter(draw, line)
    return line[:at] + line[at + 1 :]


def _letter_twice(draw: random.Random, line: str) -> str:
    at = _letter(draw, line)
    return line[:at] + line[at] + line[at:]


def _letters_swapped(draw: random.Random, line: str) -> str:
    at = _letter(draw, line)
    return line[:at] + line[at + 1 : at + 2] + line[at] + line[at + 2 :]


def _key_beside(draw: random.Random, line: str) -> str:
    at = _letter(draw, line)
    row = next((row for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") if line[at].lower() in row), "aa")
    near = row[(row.index(line[at].lower()) + draw.choice((-1, 1))) % len(row)]
    return line[:at] + near + line[at + 1 :]


def _letter_for_a_figure(draw: random.Random, line: str) -> str:
    return line.replace(*draw.choice((("0", "O"), ("1", "l"))), 1)


def _figure_of_the_loan_lost(draw: random.Random, line: str) -> str:
    found = re.search(r"(?i)(?<![a-z])[a-z]{1,2}-\d+", line)
    if found is None:
        return line
    at = found.end() - 1 - draw.randrange(2)
    return line[:at] + line[at + 1 :]


def _colon(draw: random.Random, line: str) -> str:
    return line.replace(":", draw.choice((".", ";", ",", " ")))


def _full_width(_: random.Random, line: str) -> str:
    return line.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789:@/"})


def _letter(draw: random.Random, line: str) -> int:
    return draw.choice([at for at, sign in enumerate(line) if sign.isalpha()])


SLIPS: Final[tuple[Callable[[random.Random, str], str], ...]] = (
    _capitals,
    _blanks,
    _at_sign,
    _dash,
    _blank_lost,
    _blank_within,
    _letter_lost,
    _letter_twice,
    _letters_swapped,
    _key_beside,
    _letter_for_a_figure,
    _figure_of_the_loan_lost,
    _colon,
    _full_width,
)
