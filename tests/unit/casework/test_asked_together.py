"""Who asks at the same moment asks together; each gets their own answer, or fails alone."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.together import Together


class Asked:
    """Doubles numbers; notes what was asked for together. Negative ones fail whatever is asked with them."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def __call__(self, keys: Sequence[int]) -> list[int]:
        self.groups.append(list(keys))
        self.was_asked.set()
        await self.may_answer.wait()
        if any(key < 0 for key in keys):
            raise ValueError(str(min(keys)))
        return [key * 2 for key in keys]


async def test_what_is_asked_at_once_is_one_question() -> None:
    asked = Asked()
    together = Together(asked)
    assert await asyncio.gather(*map(together.of, range(5))) == [0, 2, 4, 6, 8]
    assert asked.groups == [[0, 1, 2, 3, 4]]


async def test_what_is_asked_meanwhile_goes_next_and_no_answer_is_older_than_its_question() -> None:
    asked = Asked()
    asked.may_answer.clear()
    together = Together(asked)
    first = asyncio.create_task(together.of(1))
    await asked.was_asked.wait()
    later = [asyncio.create_task(together.of(key)) for key in (1, 2)]
    await asyncio.sleep(0)
    asked.may_answer.set()
    assert await asyncio.gather(first, *later) == [2, 2, 4]
    assert asked.groups == [[1], [1, 2]], "the second 1 is asked anew"


async def test_one_that_fails_fails_alone() -> None:
    together = Together(Asked())
    found = await asyncio.gather(*map(together.of, (1, -3, 2)), return_exceptions=True)
    assert [str(one) for one in found] == ["2", "-3", "4"]
    with pytest.raises(ValueError, match="-1"):
        await together.of(-1)


async def test_who_gives_up_takes_nobody_along() -> None:
    asked = Asked()
    asked.may_answer.clear()
    together = Together(asked)
    waiting = [asyncio.create_task(together.of(key)) for key in (1, 2, 3)]
    await asked.was_asked.wait()
    waiting[1].cancel()
    asked.may_answer.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [found[0], found[2]] == [2, 6]
    assert isinstance(found[1], asyncio.CancelledError)


async def test_where_the_question_is_cut_off_nobody_waits_for_ever() -> None:
    async def cut(_: Sequence[int]) -> list[int]:
        raise asyncio.CancelledError

    together = Together(cut)
    found = await asyncio.gather(*map(together.of, (1, 2)), return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in found)


@given(st.lists(st.integers(-3, 50), max_size=60), st.integers(1, 7))
def test_everybody_gets_their_own(keys: list[int], most: int) -> None:
    async def ask() -> list[object]:
        together = Together(asked, most)
        return await asyncio.gather(*map(together.of, keys), return_exceptions=True)

    asked = Asked()
    found = asyncio.run(ask())
    for key, one in zip(keys, found, strict=True):
        assert (str(one) == str(key)) if key < 0 else (one == key * 2)
    assert all(len(group) <= most for group in asked.groups)
