"""What commands print: one JSON document or tables on stdout, progress on stderr."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

EXIT_FAILED: Final = 1
EXIT_BAD_INPUT: Final = 2

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")
]


def print_json(document: Any) -> None:
    """One JSON document on stdout, ending in a newline. Amounts in it are already strings in major units."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def console() -> "Console":
    """For tables on stdout: coloured on a terminal, plain in a pipe."""
    from rich.console import Console

    return Console(highlight=False)


def progress() -> "Progress":
    """A progress bar on stderr that shows on a terminal only and leaves stdout alone."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    errors = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        disable=not errors.is_terminal,
        transient=True,
    )
