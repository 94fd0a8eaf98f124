"""Whether a promise was kept: what was paid by value date to its loans, beside what was promised."""

from typing import Literal

State = Literal["open", "kept", "partly_kept", "broken"]


def verdict(amount: int, paid: int, *, over: bool, known: bool) -> State:
    """The state of a promise of `amount` towards which `paid` came in, both in minor units.

    `paid` counts what was received on its loans from the day of the promise through the last day of grace, by
    value date and less what was reversed. `over`: that last day is past. `known`: so are all payments of it;
    until they are, a promise is undecided, which is open, and not broken. Part of the amount never keeps it.
    """
    if paid >= amount:
        return "kept"
    if not over or not known:
        return "open"
    return "partly_kept" if paid > 0 else "broken"
