"""The typer app, the one list of its command groups, and what ends a command: 0, 1 or 2."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

from kept.cli.errors import one_line, usage_line
from kept.cli.output import EXIT_BAD_INPUT, EXIT_FAILED

# Each is a module of kept/cli with `register(app: typer.Typer) -> None`. Its imports at the top must be
# light: all of them are loaded for every command, `kept --help` included.
GROUPS: Final[tuple[str, ...]] = (
    "importing",
    "mapping",
    "look",
    "run",
    "portfolio",
    "loan",
    "check",
    "explain",
    "unknown",
    "pin",
    "chat",
    "staff",
    "token",
    "webhook",
    "approvals",
    "differences",
    "people",
    "pausing",
    "texts",
    "ledger",
    "policy",
    "strategy",
    "experiment",
    "simulate",
    "may",
    "told",
    "notice",
    "plan",
    "shadow",
    "demo",
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 1 a check failed, 2 bad usage or input.

    What was wrong with the input goes to stderr as one line. Anything unforeseen keeps its traceback.
    """
    try:
        ended = build()(
            args=None if arguments is None else list(arguments), prog_name="kept", standalone_mode=False
        )
    except typer.TyperException as error:
        print(usage_line(error), file=sys.stderr)
        return EXIT_BAD_INPUT
    except typer.Abort:
        print("kept: stopped", file=sys.stderr)
        return EXIT_FAILED
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        print(line, file=sys.stderr)
        return EXIT_BAD_INPUT
    return ended if isinstance(ended, int) else 0


def build() -> typer.Typer:
    """The app with every group of GROUPS registered."""
    app = typer.Typer(
        name="kept",
        help="Reminders and collections by message: lawfully, kindly, exactly once.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for group in GROUPS:
        import_module(f"kept.cli.{group}").register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"kept {version('kept')}")
        raise typer.Exit


def _root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    """Reminders and collections by message: lawfully, kindly, exactly once."""
