"""`python -m kept.sample --out FOLDER`: write the sample portfolio as a tape."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from kept.sample import BORROWERS, DAYS, SEED, START, tape


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"kept.sample: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 with one line on stderr."""
    parser = _Parser(prog="python -m kept.sample", description="Write the sample portfolio as a tape.")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the four files go")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N")
    parser.add_argument("--borrowers", type=_count, default=BORROWERS, metavar="N")
    parser.add_argument(
        "--start", type=_day, default=START, metavar="DATE", help=f"history goes up to this day ({START})"
    )
    parser.add_argument(
        "--days", type=_count, default=DAYS, metavar="N", help=f"days of feed after it ({DAYS})"
    )
    chosen = parser.parse_args(arguments)
    out: Path = chosen.out
    try:
        made = tape(out, seed=chosen.seed, borrowers=chosen.borrowers, start=chosen.start, days=chosen.days)
    except OSError as error:
        print(f"kept.sample: {out}: {error.strerror}", file=sys.stderr)
        return 2
    print(
        f"{out}: {made.borrowers} borrowers, {made.loans} loans, {made.installments} installments, "
        f"{made.payments} payments, {made.parties} further parties"
    )
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of 1 or more')
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is no date: write it like "2026-09-01"') from None


if __name__ == "__main__":
    sys.exit(main())
