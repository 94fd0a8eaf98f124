import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from kept import logs
from kept.clock import FixedClock, SystemClock


def test_a_fixed_clock_decides_at_its_moment_while_the_wall_clock_goes_on() -> None:
    then = datetime(2026, 11, 23, 9, tzinfo=timezone(timedelta(hours=1)))
    clock = FixedClock(then)
    assert clock.now() == then
    assert clock.now().tzinfo is UTC
    before = SystemClock().wall()
    assert before <= clock.wall() <= SystemClock().now()
    with pytest.raises(ValueError, match="zone"):
        FixedClock(datetime(2026, 11, 23))


@contextmanager
def _captured(monkeypatch: pytest.MonkeyPatch, as_json: bool) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure(json=as_json)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)


@pytest.mark.parametrize("as_json", [True, False])
def test_personal_data_never_reaches_a_log_line(monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    with _captured(monkeypatch, as_json) as stream:
        log = structlog.get_logger("kept.test")
        log.info(
            "sent to +1 (415) 555-0100", loan=17, phone="4155550100", to=["a@example.org"], name="Ada Example"
        )
        log.warning("inner", facts={"person": {"email": "x"}, "rows": [{"body": "Dear Ada", "id": 3}]})
        logging.getLogger("library").error("refused %s at %s", "ada.b+c@mail.example.org", "redis://:pw9@h/0")
        try:
            raise ValueError("no such borrower: ada@example.org")
        except ValueError:
            log.exception("broke", why=ValueError("+447700900123"))
    # Without the moments of the lines: their microseconds may be anything, 555 among them.
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", stream.getvalue())
    for private in ("555", "example.org", "Ada", "ada", "pw9", "7700900123"):
        assert private not in text, private
    assert "17" in text
    assert "ValueError" in text


def test_json_lines_are_json_with_their_moment_and_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    with _captured(monkeypatch, as_json=True) as stream:
        structlog.get_logger("kept.test").info("looked", cases=3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["cases"], line["level"], line["logger"]) == ("looked", 3, "info", "kept.test")
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)


@given(
    st.sampled_from(sorted(logs.PERSONAL | logs.SECRET)),
    st.text(min_size=1) | st.lists(st.text()) | st.dictionaries(st.text(), st.text()) | st.integers(),
    st.integers(0, 3),
)
def test_whatever_is_under_a_personal_key_is_gone_at_any_depth(key: str, value: object, depth: int) -> None:
    inner: object = {key: value, key.upper(): value}
    for _ in range(depth):
        inner = {"rows": [inner]}
    cleaned = logs.redact(None, "info", {"inner": inner})["inner"]
    for _ in range(depth):
        cleaned = cleaned["rows"][0]
    assert cleaned == {key: logs.REDACTED, key.upper(): logs.REDACTED}


@given(
    st.text(),
    st.from_regex(r"[a-z][a-z0-9.+_-]{0,20}@[a-z]{1,12}\.example\.(org|com)", fullmatch=True),
    st.text(),
)
def test_no_mail_address_survives_in_text(before: str, address: str, after: str) -> None:
    assert address not in str(logs.redact(None, "info", {"event": before + address + after})["event"])


@given(st.lists(st.integers(0, 9), min_size=8, max_size=13), st.sampled_from(["", " ", "-", ".", " ("]))
def test_no_international_number_survives_in_text(digits: list[int], gap: str) -> None:
    number = "+" + gap.join(str(digit) for digit in digits)
    assert number not in str(logs.redact(None, "info", {"event": f"to {number}."})["event"])


def test_ids_dates_and_amounts_stay_readable() -> None:
    event = {
        "event": "import of 18183 rows, 355899548.90 NGN, as of 2026-11-22T05:37:46Z",
        "case": 12345678901,
    }
    assert logs.redact(None, "info", dict(event)) == event
