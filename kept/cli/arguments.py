"""Options that several commands share: the virtual moment, the date of a view."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.errors import BadInput

if TYPE_CHECKING:
    from kept.clock import Clock
    from kept.config import Settings


def moment(text: str) -> datetime:
    """A moment as a command takes it: ISO 8601 with its zone. BadParameter says what is missing."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment; write it as 2026-11-23T09:00+01:00") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone; write it as 2026-11-23T09:00+01:00 or ...Z")
    return at


def day(text: str) -> date:
    """A date as a command takes it. BadParameter says what is missing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-11-23") from None


Now = Annotated[
    datetime | None,
    typer.Option(
        "--now",
        parser=moment,
        metavar="MOMENT",
        help="Decide as if it were this moment (ISO 8601 with zone). Refused with a real provider.",
    ),
]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=day, metavar="DATE", help="As of the end of this day (YYYY-MM-DD)."),
]


def clock_for(now: datetime | None, settings: "Settings") -> "Clock":
    """The clock a command decides by. Raises BadInput where `--now` would reach real people.

    A virtual moment plays reminders that are not due; only providers on this machine may get those.
    """
    from kept.clock import FixedClock, SystemClock
    from kept.config import providers_elsewhere

    if now is None:
        return SystemClock()
    elsewhere = providers_elsewhere(settings)
    if elsewhere:
        raise BadInput(
            f"--now is refused: {', '.join(elsewhere)} point(s) to a host that is not loopback; "
            "leave --now out, or point the provider at 127.0.0.1"
        )
    return FixedClock(now)
