"""Times of day and moments as people type them."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.typed.moments import read_moment, take_time

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Berlin
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:30", time(14, 30)),
        ("2pm", time(14)),
        ("2:15 pm", time(14, 15)),
        ("12 am", time(0)),
        ("14h30", time(14, 30)),
        ("9h", time(9)),
        ("下午3点半", time(15, 30)),
        ("上午9点05分", time(9, 5)),
        ("１４：３０", time(14, 30)),
        ("2 p.m.", time(14)),
        ("下午 3:30", time(15, 30)),
        ("8:00 in the evening", time(20)),
        ("9:30 in the morning", time(9, 30)),
        ("晚上8点一刻", time(20, 15)),
        ("下午三点", time(15)),
        ("晚上八點半", time(20, 30)),
        ("三点二十分", time(3, 20)),
        ("十二点零五", time(12, 5)),
        ("中午1点", time(13)),
        ("中午11點半", time(11, 30)),
        ("中午12点", time(12)),
        ("上午12点", time(12)),
        ("凌晨12点10分", time(0, 10)),
        ("凌晨1点", time(1)),
        ("傍晚6点", time(18)),
        ("早上8点整", time(8)),
        ("半夜11点", time(23)),
    ],
)
def test_times(text: str, at: time) -> None:
    assert take_time(text).times == (at,)
    assert take_time(text).rest == ""


@pytest.mark.parametrize(
    "text",
    [
        *("", "25:00", "12:75", "28.11", "13pm", "soon", "2026-11-28"),
        *(
            "晚上12点",
            "晚上1点",
            "半夜2点",
            "上午14点",
            "早上12点",
            "七八点",
            "7-8点",
            "三点五",
            "0pm",
            "3小时",
        ),
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert take_time(text).times == ()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("15:30", "2026-11-23T14:30Z"),
        ("8:30", "2026-11-24T07:30Z"),
        ("tomorrow at 10:00", "2026-11-24T09:00Z"),
        ("28/11 14:00", "2026-11-28T13:00Z"),
        ("明天 下午2点", "2026-11-24T13:00Z"),
        ("明晚8点", "2026-11-24T19:00Z"),
        ("今晚8点半", "2026-11-23T19:30Z"),
        ("明早9点", "2026-11-24T08:00Z"),
        ("周三下午三点", "2026-11-25T14:00Z"),
        ("周三三点半", "2026-11-25T02:30Z"),
        ("11月28日 14點", "2026-11-28T13:00Z"),
        ("tonight 8:00", "2026-11-23T19:00Z"),
        ("tomorrow evening at 8:00", "2026-11-24T19:00Z"),
        ("28 15:00", "2026-11-28T14:00Z"),
        ("please call on 28/11 at 14:00", "2026-11-28T13:00Z"),
    ],
)
def test_moments_to_come(text: str, at: str) -> None:
    assert read_moment(text, NOW, BERLIN, "dmy") == datetime.fromisoformat(at)


@pytest.mark.parametrize(
    "text",
    [
        *("today 8:30", "tomorrow", "10:00 or 11:00", "10:00 some day", "yesterday 10:00", "20/11 10:00"),
        *("明晚12点", "明天8点后", "not before 28/11 10:00", "28/11 10:00 morning or evening", "周二十点"),
    ],
)
def test_what_is_no_moment_to_come(text: str) -> None:
    assert read_moment(text, NOW, BERLIN, "dmy") is None


@given(st.times(), st.integers(0, 40))
def test_a_moment_reads_back(at: time, days: int) -> None:
    day = NOW.date() + timedelta(days=days)
    read = read_moment(f"{day.isoformat()} {at.hour:02}:{at.minute:02}", NOW, "UTC", "dmy")
    wanted = datetime.combine(day, at.replace(second=0, microsecond=0), UTC)
    assert read == (wanted if wanted > NOW else None)
