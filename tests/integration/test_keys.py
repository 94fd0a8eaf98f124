"""A ring without the book's own token key is refused before a look-up silently finds nobody."""

import os

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.keys import check_keys
from casework.office import Office
from storage.crypt import Keyring
from tests.builders.book import LONG_AGO

OLD, NEW = bytes(32), bytes(range(32))


async def test_the_oldest_key_stays_the_oldest(engine: AsyncEngine) -> None:
    await check_keys(Office(engine, Keyring({"a": OLD}, "a", os.urandom)), LONG_AGO)
    await check_keys(Office(engine, Keyring({"a": OLD, "b": NEW}, "b", os.urandom)), LONG_AGO)
    for ring in (Keyring({"b": NEW}, "b", os.urandom), Keyring({"b": NEW, "a": OLD}, "b", os.urandom)):
        with pytest.raises(CaseworkInputError, match="does not end with the key"):
            await check_keys(Office(engine, ring), LONG_AGO)
