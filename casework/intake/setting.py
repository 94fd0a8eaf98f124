"""What parsing the rows of a tape needs beside its file."""

from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from casework.intake.cells import LookUps
from casework.intake.mapping import Constants, Formats
from casework.intake.people import Home


class Setting(msgspec.Struct, frozen=True):
    """The mapping's constants and formats, the look-ups, the day.

    source           of every loan of the tape; None: each row of a loan names its own
    portfolio        the one asked for, if any
    homes            what the portfolios of the book say of their borrowers, by code
    as_of            the day by zone; what came later is not taken
    currency         of amounts in files that state no loan; None: only the loan tells
    keyed_by_number  whether installments are keyed by their number
    """

    constants: Constants
    formats: Formats
    look_ups: LookUps
    source: str | None
    portfolio: str | None
    homes: Mapping[str, Home]
    as_of: Callable[[str], date]
    currency: str | None
    keyed_by_number: bool


class Later(Exception):  # noqa: N818 - no error: the row speaks of a later day
    """What the row states had not happened by the as-of day."""
