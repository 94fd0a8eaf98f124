"""Payments of a plan as people type them: each way is read as it is meant, or asked."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.typed.parts import Paid, Unclear, read_parts

TODAY = date(2026, 11, 23)
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 28), date(2026, 12, 28), date(2027, 1, 28)


def read(text: str, currency: str = "EUR") -> tuple[Paid, ...] | Unclear:
    return read_parts(text, 250_00, currency, TODAY, "dmy")


@pytest.mark.parametrize(
    ("text", "paid"),
    [
        ("2 x 100 from 28/11", [(NOVEMBER, 100_00), (DECEMBER, 100_00)]),
        ("2x100.50 on 28/11", [(NOVEMBER, 100_50), (DECEMBER, 100_50)]),
        ("3x from 28/11", [(NOVEMBER, 83_33), (DECEMBER, 83_33), (JANUARY, 83_34)]),
        ("2 weekly payments from Friday", [(date(2026, 11, 27), 125_00), (date(2026, 12, 4), 125_00)]),
        ("2 x 20 every 2 weeks from tomorrow", [(date(2026, 11, 24), 20_00), (date(2026, 12, 8), 20_00)]),
        ("28/11 100\n28/12 150", [(NOVEMBER, 100_00), (DECEMBER, 150_00)]),
        ("100 on 28/11; 150 on 28/12", [(NOVEMBER, 100_00), (DECEMBER, 150_00)]),
        ("2026-11-28=100.00", [(NOVEMBER, 100_00)]),
        ("分2期 从11月28日起 每月", [(NOVEMBER, 125_00), (DECEMBER, 125_00)]),
        ("2次 每次100 从11月28日", [(NOVEMBER, 100_00), (DECEMBER, 100_00)]),
        ("２ ｘ １００ 28/11", [(NOVEMBER, 100_00), (DECEMBER, 100_00)]),
        ("2 x from 31/1", [(date(2027, 1, 31), 125_00), (date(2027, 2, 28), 125_00)]),
    ],
)
def test_plans_as_people_write_them(text: str, paid: list[tuple[date, int]]) -> None:
    assert read(text) == tuple(Paid(due, minor) for due, minor in paid)


def test_an_amount_without_minor_units() -> None:
    assert read_parts("3 x from 28/11", 10_000, "JPY", TODAY, "dmy") == (
        Paid(NOVEMBER, 3333),
        Paid(DECEMBER, 3333),
        Paid(JANUARY, 3334),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "3", "3 x", "3 x 100", "28/11", "100", "soon", "0 x from 28/11", "121 x 1 from 28/11"),
        *("100 from 28/11 and 200 from 28/12", "2 x 100 or 200.50 from 28/11", "2 x maybe from 28/11"),
        *(
            "28/11 USD 100",
            "28/11 100\nand the rest later",
            "2 x -100 from 28/11",
            "3 x 100 from 28/11 or 5/12",
        ),
        "2 x 100 weekly or monthly from 28/11",
    ],
)
def test_what_leaves_a_doubt_is_asked(text: str) -> None:
    assert isinstance(read(text), Unclear), read(text)


@given(st.integers(1, 24), st.integers(1, 10**7), st.integers(0, 300))
def test_what_is_parted_adds_up(count: int, total: int, ahead: int) -> None:
    first = TODAY + timedelta(days=ahead)
    found = read_parts(f"{count} x from {first.isoformat()}", total, "EUR", TODAY, None)
    assert not isinstance(found, Unclear)
    assert sum(one.minor for one in found) == total
    assert [one.due for one in found] == sorted({one.due for one in found})
    assert found[0].due == first


@given(st.text(max_size=120))
def test_any_text_is_read_or_asked(text: str) -> None:
    found = read(text)
    assert isinstance(found, Unclear) or all(one.minor > 0 for one in found)
