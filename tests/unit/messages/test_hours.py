"""Hours that people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.typed.hours import read_hours


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("18:00-20:30", "18:00-20:30"),
        ("18-20", "18:00-20:00"),
        ("6pm to 8pm", "18:00-20:00"),
        ("6-8pm", "18:00-20:00"),
        ("9am - noon", "09:00-12:00"),
        ("9 to noon", "09:00-12:00"),
        ("between 10 and 12:30 please", "10:00-12:30"),
        ("from 9 until 11", "09:00-11:00"),
        ("after 18", "18:00-21:00"),
        ("before noon", "08:00-12:00"),
        ("18:00～20:00", "18:00-20:00"),
        ("晚上6点到8点", "18:00-20:00"),
        ("上午9点半到11点", "09:30-11:00"),
        ("下午2点以后", "14:00-21:00"),
        ("12点以前", "08:00-12:00"),
        ("20:00-24:00", "20:00-24:00"),
        ("中午1点到3点", "13:00-15:00"),
        ("中午11点到下午1点", "11:00-13:00"),
        ("早上9点到12点", "09:00-12:00"),
        ("傍晚6点到晚上8点半", "18:00-20:30"),
        ("晚上8点到晚上12点", None),
        ("20-18", None),
        ("25-26", None),
        ("13pm-14pm", None),
        ("9-10 and 18-20", None),
        ("in the morning", None),
        ("", None),
    ],
)
def test_hours(text: str, hours: str | None):
    assert read_hours(text) == hours


@given(st.text(max_size=40))
def test_anything_is_read_or_not(text: str):
    found = read_hours(text)
    assert found is None or "00:00" <= found[:5] < found[6:] <= "24:00"


@given(st.integers(0, 22), st.integers(0, 59), st.integers(1, 60))
def test_what_is_written_plainly_is_read_back(hour: int, minute: int, more: int):
    closes = hour * 60 + minute + more
    written = f"{hour:02}:{minute:02}-{closes // 60:02}:{closes % 60:02}"
    assert read_hours(written) == written
