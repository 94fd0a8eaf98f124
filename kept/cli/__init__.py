"""The command `kept`. Nothing heavy is imported here: each command imports what it needs when it runs."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line (default: the process's own) and exit with its code."""
    from kept.cli.app import run

    sys.exit(run(arguments))
