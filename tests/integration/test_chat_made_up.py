"""What a dialog costs: its module, its texts in each language, and a test. Nothing else is told of it."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import bot.dialogs
from bot import texts, understanding
from tests.builders.chatroom import TODAY, Chatroom

MODULE = '''
"""A made-up dialog: what is your favourite colour?"""

from typing import Any

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager

from bot import widgets as ui


class Colour(StatesGroup):
    words = State()
    check = State()


async def _take(_: Message, manager: DialogManager, text: str) -> None:
    ui.data_of(manager)["colour"] = text
    await manager.switch_to(Colour.check)


async def _echo(dialog_manager: DialogManager, **_: Any) -> ui.Data:
    return {"colour": ui.data_of(dialog_manager)["colour"]}


async def _confirm(manager: DialogManager) -> None:
    await ui.finish(manager, "colour.done")


DIALOG = Dialog(
    ui.question("colour.words", ui.typed(_take), state=Colour.words, back=False),
    ui.confirmation("colour.check", _confirm, state=Colour.check, getter=_echo),
)
ENTRIES = {"colour": Colour.words}
'''
WORDS = """
colour:
  words: Which colour?
  check: "{colour}, is that right?"
  done: Noted.
"""


def _forget() -> None:
    for remembered in (
        bot.dialogs.dialogs,
        bot.dialogs.entries,
        texts.speech,
        texts.languages,
        texts._texts,
        understanding._labels,
    ):
        remembered.cache_clear()


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The dialog's files, beside those there are."""
    (tmp_path / "colour.py").write_text(MODULE)
    for file in texts._FOLDER.glob("*.yaml"):
        written = file.read_text("utf-8").replace("buttons:\n", "buttons:\n  colour: My colour\n", 1)
        (tmp_path / file.name).write_text(written + WORDS, "utf-8")
    monkeypatch.setattr(bot.dialogs, "__path__", [*bot.dialogs.__path__, str(tmp_path)])
    monkeypatch.setattr(texts, "_FOLDER", tmp_path)
    _forget()
    yield
    sys.modules.pop("bot.dialogs.colour", None)
    monkeypatch.undo()
    _forget()


@pytest.fixture
async def room(engine: AsyncEngine, made_up: None) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


async def test_a_made_up_dialog_costs_its_module_and_its_texts(room: Chatroom) -> None:
    guest = await room.linked(await room.borrower(TODAY))
    await guest.says("menu")
    await guest.taps("more")
    assert "Which colour?" in await guest.taps("My colour")
    assert "green, is that right?" in await guest.says("green")
    assert "Which colour?" in await guest.taps("back")
    assert "Nothing was changed" in await guest.taps("cancel")
    await guest.says("my colour")
    await guest.says("blue")
    assert "Noted." in await guest.taps("yes")
