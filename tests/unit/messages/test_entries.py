"""Late entries: every way to write a line is read as it is meant, or asked; never as something else."""

import random
from datetime import date, time, timedelta
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.texts import staff_speech
from messages.typed.entries import Doubt, Entry, candidates, lines_of, looks_like_entries, read_entry
from messages.typed.plain import plain
from tests.builders.late_lines import CODES, slipped, written

TODAY = date(2026, 11, 23)
REFS = {"L-1042": "K1", "K17": "K17", "7001": "K3", "AB-77": "K4", "LN2": "K5"}


def read(line: str) -> Entry | Doubt:
    named = {}
    for one in candidates(line):
        for ref, case in REFS.items():
            if one == ref or one == ref.replace("-", ""):
                named[one] = case
    return read_entry(line, named, TODAY, "dmy")


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            "PTP 250 28/11 @14:30 L-1042",
            Entry("promise", "K1", time(14, 30), amount="250", due=date(2026, 11, 28)),
        ),
        (
            "ptp l1042 @1430 250.50 28 nov",
            Entry("promise", "K1", time(14, 30), None, "250.50", date(2026, 11, 28)),
        ),
        (  # a day without its year is read from the day of the entry on
            "PTP 40 15/11 @14/11 9:00 K17",
            Entry("promise", "K17", time(9), date(2026, 11, 14), "40", date(2026, 11, 15)),
        ),
        ("NA @27/10 9:05 K17", Entry("no_answer", "K17", time(9, 5), date(2026, 10, 27))),
        ("no answer, k17, @ 9.05", Entry("no_answer", "K17", time(9, 5))),
        ("@14:30 7001 met", Entry("visit_met", "K3", time(14, 30))),
        ("cash 80 @2pm AB-77", Entry("visit_cash_taken", "K4", time(14), amount="80")),
        (
            "CB 28/11 15:00 @14:30 LN2",
            Entry("callback", "K5", time(14, 30), due=date(2026, 11, 28), rings=time(15)),
        ),
        (
            "承诺 250 11月28日 @14:30 L-1042",
            Entry("promise", "K1", time(14, 30), None, "250", date(2026, 11, 28)),
        ),
        (
            "ＰＴＰ ２５０ 28/11 ＠14：30 L-1042",
            Entry("promise", "K1", time(14, 30), None, "250", date(2026, 11, 28)),
        ),
        ("busy 14:30 L-1042", Entry("busy", "K1", time(14, 30))),
        ("voicemial @14:30 L-1042", Entry("voicemail", "K1", time(14, 30))),
        ("paid @yesterday 18:20 k17", Entry("claims_paid", "K17", time(18, 20), TODAY - timedelta(days=1))),
    ],
)
def test_lines_as_people_write_them(line: str, entry: Entry) -> None:
    assert read(line) == entry


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("PTP 250 28/11 @14:30", "loan"),
        ("PTP 250 28/11 @14:30 L-9999", "loan"),
        ("NA @14:30 L-1042 K17", "loan"),
        ("250 28/11 @14:30 L-1042", "code"),
        ("NA busy @14:30 L-1042", "code"),
        ("PTP 250 28/11 L-1042", "time"),
        ("NA @25:30 L-1042", "time"),
        ("NA @14:30 @15:30 L-1042", "time"),
        ("NA @ L-1042", "time"),
        ("PTP 250 @14:30 L-1042", "day"),
        ("PTP 250 31/11 @14:30 L-1042", "amount"),
        ("PTP 28/11 @14:30 L-1042", "amount"),
        ("PTP 250 300 28/11 @14:30 L-1042", "amount"),
        ("CB 28/11 @14:30 LN2", "moment"),
        ("PTP 250 20/11 @9:00 L-1042", "day"),  # which has passed: not next year's
        ("NA @29/2 8:00 L-1042", "day"),  # the last year had none
        ("CB 21/11 10:00 @20/11 9:00 LN2", "day"),  # which has passed: not next year's
        ("CB 22/02/2027 10:00 @9:00 LN2", "day"),
        ("NA whatever @14:30 L-1042", "rest"),
    ],
)
def test_what_leaves_a_doubt_is_asked(line: str, why: str) -> None:
    found = read(line)
    assert isinstance(found, Doubt), found
    assert found.why == why or why in ("day", "amount"), found


def test_texts_and_their_lines() -> None:
    assert lines_of("NA @9:00 K1\n\n busy @10:00 K2 ; ") == ["NA @9:00 K1", "busy @10:00 K2"]
    assert looks_like_entries("PTP 250 28/11 @14:30 L-1042")
    assert looks_like_entries("na k17 14:30")
    assert not looks_like_entries("Thank you for calling")
    assert not looks_like_entries("28/11")
    assert not looks_like_entries("250")
    assert not looks_like_entries("BK-000018"), "a loan, whatever its letters mean elsewhere"


@given(
    st.sampled_from(sorted(CODES)), st.times(), st.integers(0, 9), st.integers(1, 20), st.integers(0, 2**32)
)
@settings(max_examples=1000, deadline=None)
def test_a_slip_gives_the_line_that_was_meant_or_a_question(
    code: str, at: time, back: int, ahead: int, seed: int
) -> None:
    draw = random.Random(seed)
    ref = draw.choice(sorted(REFS))
    on = TODAY - timedelta(days=back)
    line, meant = written(draw, code, REFS[ref], ref, at.replace(second=0, microsecond=0), on, TODAY, ahead)
    clean = read(line)
    assert clean == meant, line
    for _ in range(5):
        slip = slipped(draw, line)
        found = [read(one) for one in lines_of(slip)]
        assert all(isinstance(one, Doubt) or one == meant for one in found), (slip, found)


@given(st.text(max_size=80))
def test_any_text_is_read_or_asked(text: str) -> None:
    assert isinstance(read(text), (Entry, Doubt))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_that_the_chat_has_for_an_outcome_is_read(language: str) -> None:
    texts = staff_speech(language).texts
    written = YAML(typ="safe", pure=True).load((files("messages.typed") / "entries.yaml").read_text("utf-8"))
    for code in written:
        more = {"promise": " 250 28/11", "callback": " 28/11 15:00", "visit_cash_taken": " 80"}.get(code, "")
        read = read_entry(f"{texts[f'codes.{code}']}{more} @14:30 K1", {"K1": "K1"}, TODAY, None)
        assert isinstance(read, Entry), (code, read)
        assert read.code == code


@pytest.mark.parametrize(
    ("at", "hour", "minute", "on"),
    [
        ("下午2:30", 14, 30, None),
        ("下午2点", 14, 0, None),
        ("14点30分", 14, 30, None),
        ("晚上8点半", 20, 30, None),
        ("下午14点半", 14, 30, None),
        ("早上9:05", 9, 5, None),
        ("中午12点", 12, 0, None),
        ("11月22日 14:30", 14, 30, date(2026, 11, 22)),
        ("2026年11月22日 14:30", 14, 30, date(2026, 11, 22)),
        ("2:30pm", 14, 30, None),
        ("2.30pm", 14, 30, None),
        ("2:30 in the afternoon", 14, 30, None),
        ("中午1点", 13, 0, None),
        ("中午11点半", 11, 30, None),
        ("下午三点一刻", 15, 15, None),
        ("晚上8點30分", 20, 30, None),
        ("凌晨12点半", 0, 30, None),
        ("早8点", 8, 0, None),
        ("昨晚8点", 20, 0, date(2026, 11, 22)),
        ("前天 晚上8点", 20, 0, date(2026, 11, 21)),
    ],
)
def test_times_as_they_are_written_in_china(at: str, hour: int, minute: int, on: date | None) -> None:
    line = f"未接 @{at} K1"
    assert looks_like_entries(line)
    read = read_entry(line, {"K1": "K1"}, date(2026, 11, 23), None)
    assert isinstance(read, Entry), read
    assert (read.at, read.on) == (time(hour, minute), on)


@pytest.mark.parametrize(
    "at", ["晚上12点", "昨晚1点", "半夜2点", "早上12点", "上午14点", "12:75", "0:30pm", "早上8点 晚上"]
)
def test_an_hour_of_either_of_two_days_or_of_none_is_asked(at: str) -> None:
    line = f"未接 @{at} K1"
    assert looks_like_entries(line)
    assert read_entry(line, {"K1": "K1"}, TODAY, None) == Doubt(line, "time")


@pytest.mark.parametrize(
    ("said", "rings"),
    [("明晚8点", time(20)), ("明天中午1点", time(13)), ("tomorrow evening 8:30", time(20, 30))],
)
def test_a_callback_rings_in_the_part_of_the_day_that_was_said(said: str, rings: time) -> None:
    read = read_entry(f"CB {said} @14:30 K1", {"K1": "K1"}, TODAY, None)
    assert isinstance(read, Entry), read
    assert (read.due, read.rings) == (TODAY + timedelta(days=1), rings)


@pytest.mark.parametrize("amount", ["250 元", "250元", "250块", "250 块钱", "￥250"])
def test_amounts_as_they_are_written_in_china(amount: str) -> None:
    read = read_entry(f"承诺 {amount} 11月28日 @14:30 K1", {"K1": "K1"}, TODAY, None)
    assert isinstance(read, Entry), read
    assert read.amount == plain(amount)
