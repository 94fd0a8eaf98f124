"""People found by parts of their name and the last figures of their number, through keyed tokens."""

import random
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.tokens import fill
from storage.crypt import Keyring
from storage.names import folded, is_called, keep_tokens, name_tokens, wanted_tokens
from tests.builders.book import SYSTEM
from tests.builders.chatroom import TODAY
from tests.builders.crew import Crew
from tests.builders.tapes import bring, loan, tape, three
from tests.builders.town import DAY

RING = Keyring({"k1": bytes(range(32))}, "k1", lambda size: random.Random(1).randbytes(size))
NAMES = st.lists(st.text("aábcdéß王小明李雷'-", min_size=1, max_size=9), min_size=1, max_size=4).map(" ".join)


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


@given(NAMES, st.integers(3, 9), st.randoms(use_true_random=False))
def test_whoever_is_called_so_is_led_to_by_every_token_that_is_looked_up(
    name: str, letters: int, draw: random.Random
) -> None:
    words = [word[:letters] for word in folded(name).split() if draw.random() < 0.7]
    wanted = wanted_tokens(RING, words)
    if wanted is not None and is_called(name, words):
        assert set(wanted) <= name_tokens(RING, name), (name, words)


def test_tokens_tell_nothing_to_who_has_no_key() -> None:
    other = Keyring({"k1": bytes(reversed(range(32)))}, "k1", lambda size: bytes(size))
    assert not name_tokens(RING, "Ann Example") & name_tokens(other, "Ann Example")
    assert wanted_tokens(RING, ["ann"]) != [int.from_bytes(b"ann".ljust(8), "big")]
    assert wanted_tokens(RING, ["王小明"]) is not None
    assert len(name_tokens(RING, "Ng")) == 1


async def called(crew: Crew, person: int, name: str) -> None:
    ring = crew.office.keyring
    async with crew.office.transaction() as raw:
        sealed = ring.seal("persons", "name", person, name)
        await raw.run("UPDATE persons SET name = $2 WHERE id = $1", person, sealed)
        await keep_tokens(raw, [(token, person) for token in name_tokens(ring, name)])


async def test_parts_of_names_in_any_script_and_last_figures(crew: Crew) -> None:
    ann, wang = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 5 * DAY)
    await called(crew, ann.person, "Ánn-Marie O'Example")
    await called(crew, wang.person, "王小明")
    carl = await crew.hired()
    for text in ("ann", "ANN-M", "o'ex ann", "o'example"):
        await carl.says(f"/find {text}")
        assert any(one.startswith(f"K{ann.case} ") for one in carl.buttons()), text
    for text in ("王", "王小", "小明", "王小明"):
        await carl.says(f"/find {text}")
        assert any(one.startswith(f"K{wang.case} ") for one in carl.buttons()), text
    number = await crew.number(ann.person)
    for figures in (number[-4:], number[-6:]):
        await carl.says(f"/find {figures}")
        assert any(one.startswith(f"K{ann.case} ") for one in carl.buttons()), figures
    for text in ("an", "exa王", "annette", "xample", number[-3:]):
        assert "Nothing was found" in await carl.says(f"/find {text}"), text


async def test_who_was_there_before_is_found_meanwhile_and_by_tokens_once_they_are_filled(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired()
    await crew.book.sql("DELETE FROM person_tokens")
    await crew.book.sql(
        "INSERT INTO marks (name, at, value) SELECT 'person_tokens', now(), "
        "convert_to('0:' || max(id), 'UTF8') FROM persons"
    )
    assert "Found:" in await carl.says("/find exam ann"), "by opening names"
    assert not await fill(crew.office, SYSTEM, crew.now, lambda: True), "told to stop"
    assert await fill(crew.office, SYSTEM, crew.now, lambda: False)
    assert not await crew.book.sql("SELECT 1 FROM marks WHERE name = 'person_tokens'")
    assert await crew.book.sql("SELECT 1 FROM person_tokens")
    assert "Found:" in await carl.says("/find exam ann")
    assert "Found:" in await carl.says(f"/find {(await crew.number(ann.person))[-4:]}")


async def test_a_tape_brings_tokens_and_a_changed_name_is_found_by_the_new_one(
    crew: Crew, tmp_path: Path
) -> None:
    await crew.book.portfolio("main")
    rows = [loan("L1", name="Mara Sample", phone="+447700900123", phone_state="attested")]
    await bring(crew.office, tape(tmp_path / "one", rows, three("L1")))
    carl = await crew.hired(portfolios=["main"])
    for text in ("sam mar", "0123"):
        assert "Found:" in await carl.says(f"/find {text}"), text
    rows = [loan("L1", name="Mara Married", phone="+447700900123", phone_state="attested")]
    await bring(crew.office, tape(tmp_path / "two", rows, three("L1")))
    assert "Nothing was found" in await carl.says("/find sample")
    assert "Found:" in await carl.says("/find married")


async def test_marks_together_and_with_a_name(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 50 * DAY)
    await crew.book.sql(
        "UPDATE loans SET tags = '{vip}', attributes = '{\"city\": \"Bad Homburg\"}' WHERE id = $1", ann.loan
    )
    carl = await crew.hired()

    async def found(text: str) -> set[int]:
        told = await carl.says(f"/find {text}")
        assert ("Found:" in told) != ("Nothing was found" in told)
        return (
            {int(case[1]) for one in carl.buttons() if (case := re.match(r"K(\d+)\b", one))}
            if "Found:" in told
            else set()
        )

    both = {ann.case, ben.case}
    assert await found("#vip") == {ann.case}
    assert await found('city="bad homburg"') == {ann.case}
    assert await found("late>30") == {ben.case}
    assert await found("late<30 exam") == {ann.case}
    assert await found("late>4 example") == both
    assert await found("#vip late>30") == set()
    assert await found("city=Bonn") == set()
