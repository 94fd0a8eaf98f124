"""Dialogs: a file each. A module has `DIALOG` (or several), and `ENTRIES`: which intents begin it, where.

Nothing else has to be told of a new one: its texts are in locales/, its buttons come from its intents.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from aiogram.fsm.state import State
from aiogram_dialog import Dialog

# Those of the menu that are not behind "more".
_FIRST: Final = frozenset({"paid", "promise", "cannot"})


@cache
def dialogs() -> tuple[Dialog, ...]:
    """Every dialog."""
    found: list[Dialog] = []
    for name in _names():
        made: Dialog | tuple[Dialog, ...] = import_module(f"{__name__}.{name}").DIALOG
        found += [made] if isinstance(made, Dialog) else list(made)
    return tuple(found)


@cache
def entries() -> Mapping[str, State]:
    """Where each intent that needs a dialog begins."""
    found: dict[str, State] = {}
    for name in _names():
        found |= import_module(f"{__name__}.{name}").ENTRIES
    return found


def behind_more() -> list[str]:
    """The intents of dialogs that the first choices do not show, in order of their names."""
    return sorted(intent for intent in entries() if intent not in _FIRST)


def _names() -> list[str]:
    return sorted(module.name for module in iter_modules(__path__))
