"""Whom a newcomer may play in the demo's chat: borrowers of the sample with a number of their own."""

import csv
from collections import Counter
from pathlib import Path
from typing import Final

from bot.sandbox.world import Persona

_OF_EACH: Final = 3
_LANGUAGES: Final = ("en", "zh")


def personas(tape: Path) -> list[Persona]:
    """Some of each language that the bot speaks, from a tape's loans; the same ones each time."""
    with (tape / "loans.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    held = Counter(phone for phone, _ in {(row["phone"], row["borrower_id"]) for row in rows})
    found: dict[str, Persona] = {}
    of: Counter[str] = Counter()
    for row in rows:
        phone, language = row["phone"], row["language"]
        good = row["status"] == "active" and row["email"] and phone and held[phone] == 1
        if good and language in _LANGUAGES and phone not in found and of[language] < _OF_EACH:
            of[language] += 1
            found[phone] = Persona(row["name"], phone, language)
    return list(found.values())
