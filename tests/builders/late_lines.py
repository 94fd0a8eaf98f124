"""Lines of late entries as people write them, what they mean, and the slips that fingers make."""

import random
from datetime import date, time, timedelta

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
    """The same line by a hurried thumb: blanks, capitals, signs, a letter of a word; no figure is changed."""
    how = draw.randrange(7)
    if how == 0:
        return line.swapcase()
    if how == 1:
        return line.replace(" ", "  ") + draw.choice((".", " ", "!", ","))
    if how == 2:
        return line.replace("@", draw.choice(("@ ", " @", "＠", "")))
    if how == 3:
        return line.replace("-", draw.choice(("", " ")))
    letters = [at for at, sign in enumerate(line) if sign.isalpha()]
    at = draw.choice(letters)
    if how == 4:
        return line[:at] + line[at + 1 :]
    if how == 5:
        return line[:at] + line[at] + line[at:]
    return line[:at] + line[at + 1 : at + 2] + line[at] + line[at + 2 :]
