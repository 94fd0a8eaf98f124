"""Which exceptions mean 'what you gave is wrong', and the one line that is made of them."""

import sys
from typing import Final

import typer

# Each room has one base class of its own for this; its message is the whole line: which file, row, column or
# key, what is wrong, what would be right. Found by name, so that no room is imported only to be looked at.
BAD_INPUT: Final[tuple[tuple[str, str], ...]] = (
    ("kept.config", "SettingsError"),
    ("kept.embedded.errors", "EngineError"),
    ("kept.cli.errors", "BadInput"),
    ("ledger.errors", "LedgerInputError"),
    ("policy.errors", "PolicyInputError"),
    ("strategies.errors", "StrategyInputError"),
    ("messages.errors", "InvalidTextError"),
    ("casework.errors", "CaseworkInputError"),
    ("storage.migrate", "DatabaseNewerError"),
)


class BadInput(Exception):  # noqa: N818 - it is raised as a word: raise BadInput("--now ...")
    """A command was given something it cannot use; the message says what, and what would be right."""


def one_line(error: Exception) -> str | None:
    """The line for stderr if `error` means bad input, else None (it is then a defect, not a mistake)."""
    for module, name in BAD_INPUT:
        base = getattr(sys.modules.get(module), name, None)
        if isinstance(base, type) and isinstance(error, base):
            return f"kept: {_flat(str(error))}"
    return None


def usage_line(error: typer.TyperException) -> str:
    """Typer's own complaint as one line, with the command whose `--help` says more."""
    command = getattr(getattr(error, "ctx", None), "command_path", None) or "kept"
    return f"{command}: {_flat(error.format_message())} ({command} --help says what it takes)"


def _flat(text: str) -> str:
    return " ".join(text.split())
