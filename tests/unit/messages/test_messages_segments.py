"""Segments of an SMS, at each edge of each number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.segments import encoding_of, segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        # An escape and its character stay together: 152 septets and a euro leave one of the part unused.
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("还" * 70, 1),
        ("a" * 69 + "ж", 1),
        ("a" * 70 + "ж", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        # A surrogate pair stays together: 66 units and a pair leave one of the part unused.
        ("ж" * 66 + "😀" + "ж" * 65, 2),
        ("ж" * 66 + "😀" + "ж" * 66, 3),
        ("ж" * 65 + "😀" + "ж" * 67, 2),
    ],
)
def test_segments_at_the_edges(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    "text", ["Hola, ¿qué tal, señor? à è ì ò ù", "{[~|^\\]}€", "ΔΦΓ @£$¥ ß", "line\nline"]
)
def test_gsm7_has_its_accents_and_extensions(text: str) -> None:
    assert encoding_of(text) == "gsm7"


@pytest.mark.parametrize("text", ["día", "naïve", "“quoted”", "a\u00a0b", "—", "₹", "`", "😀"])
def test_what_turns_a_text_into_ucs2(text: str) -> None:
    assert encoding_of(text) == "ucs2"


@given(st.text(st.sampled_from("aé€{ж还😀 \n"), max_size=500))
def test_segments_as_a_slow_reading_of_the_standard_counts_them(text: str) -> None:
    if encoding_of(text) == "gsm7":
        widths, single, part = [2 if c in "€{" else 1 for c in text], 160, 153
    else:
        widths, single, part = [len(c.encode("utf-16-be")) // 2 for c in text], 70, 67
    expected = 1 if text else 0
    if sum(widths) > single:
        parts = [0]
        for width in widths:
            if parts[-1] + width > part:
                parts.append(0)
            parts[-1] += width
        expected = len(parts)
    assert segments(text) == expected
