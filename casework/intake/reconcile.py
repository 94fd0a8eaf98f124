"""Sums in and out: what the tape said in money is booked, refused, for a later day, said twice, or held.

Every figure is read by itself from where the money stands; what does not add up stops the import.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from casework.intake.formats import FINEST_DIGITS
from ledger.money import format_major, minor_digits
from storage.intake import reconcile
from storage.raw import Raw

WAYS: Final = ("booked", "rejected", "skipped", "repeated", "held")
Reconciled = Mapping[str, Mapping[str, Mapping[str, str]]]
"""due, paid -> currency -> tape, booked, rejected, skipped, repeated, held -> major units as text."""


class UnbalancedError(RuntimeError):
    """What came in is not what is there: a defect of ours, or the database's. Nothing of the tape is kept."""


async def sums_in_and_out(raw: Raw, currency: str | None, *, held: bool) -> Reconciled:
    """Read every sum where it stands, after all was written. Raises UnbalancedError.

    `currency`: of rows that name no loan. `held`: the tape waits for approval, so it is not booked after all.
    """
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(("tape", *WAYS), 0))
    for what, code, became, amount in await reconcile.staged(raw, currency):
        found[what, code]["tape"] += int(amount)
        if became:
            found[what, code][became] += int(amount)
    for what, code, amount in await reconcile.repeated(raw):
        found[what, code]["repeated"] += int(amount)
    for what, code, amount in await reconcile.booked(raw):
        found[what, code]["held" if held else "booked"] += int(amount)
    made: dict[str, dict[str, dict[str, str]]] = {"due": {}, "paid": {}}
    for (what, code), sums in sorted(found.items()):
        if sums["tape"] != sum(sums[way] for way in WAYS):
            words = ", ".join(f"{name} {_major(amount, code)}" for name, amount in sums.items())
            raise UnbalancedError(f"{what} {code or 'of no known currency'}: {words}: these do not add up")
        made[what][code or "unknown"] = {name: _major(amount, code) for name, amount in sums.items()}
    return made


def _major(amount: int, code: str) -> str:
    if code:
        minor, rest = divmod(amount, 10 ** (FINEST_DIGITS - minor_digits(code)))
        if not rest:
            return format_major(minor, code)
    return str(Decimal(amount).scaleb(-FINEST_DIGITS))
