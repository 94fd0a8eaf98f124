"""The command `kept`. Nothing heavy is imported here: each command imports what it needs when it runs."""

import logging
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line (default: the process's own) and exit with its code."""
    from kept.cli.app import run
    from kept.logs import configure

    configure(level=logging.WARNING)  # a command's own words are its result; what stays (kept run) says more
    sys.exit(run(arguments))
