"""A text filled from what is kept of its shape reads as Liquid itself would have filled it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import BoundTemplate, Environment, RenderContext
from liquid.exceptions import LiquidError, OutputStreamLimitError
from liquid.output import LimitedStringIO

from messages.filled import fill
from messages.templates import OUTPUT_LIMIT, languages, library

_word = st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=8) | st.sampled_from(
    ["late", "Ann", "0", "{{ name }}"]
)
_maybe = st.none() | _word
_item = st.fixed_dictionaries(
    {
        "loan": _word,
        "product": _maybe,
        "due": _word,
        "long_due": _word,
        "today": st.booleans(),
        "pay": _word,
        "outstanding": _word,
        "days_late": st.integers(0, 3),
    }
)


@st.composite
def _data(draw: st.DrawFn) -> dict[str, object]:
    owed = draw(st.lists(_item, min_size=1, max_size=3))
    return {
        "brand": draw(_word),
        "reply_to": draw(_maybe),
        "opt_out_url": draw(_maybe),
        "code": draw(_maybe),
        "link": draw(_maybe),
        "promised": draw(_maybe),
        "promised_on": draw(_maybe),
        "name": draw(_maybe),
        "payment_line": draw(_maybe),
        "owed": owed,
        "one": owed[0],
        "also": draw(st.none() | st.lists(_item, min_size=1, max_size=2)),
        "count": draw(st.integers(1, 3)),
        "more": draw(st.none() | st.integers(1, 3)),
        "total": draw(_word),
        "same_due": draw(st.booleans()),
        "collector": draw(st.booleans()),
        "first_time": draw(st.booleans()),
        "creditor": draw(_maybe),
        "dispute_by": draw(_maybe),
    }


def _by_liquid(source: BoundTemplate, data: dict[str, object]) -> str:
    out = LimitedStringIO(OUTPUT_LIMIT)
    source.render_with_context(RenderContext(source, globals=data), out)
    return out.getvalue()


_TEXTS = [
    source
    for language in sorted(languages())
    for text in library(language).values()
    for source in (text.text, text.subject)
    if source is not None
]
_ENVIRONMENT = Environment()
_PRYING = [
    _ENVIRONMENT.from_string(text)
    for text in (
        "{% if name == 'Ann' %}it is{% else %}not {{ name }}{% endif %}",
        "{% if 'Ann' == name %}it is{% endif %}{{ brand }}",
        "{% if name != total %}{{ name }}{% endif %}",
        "{% if name < brand %}{{ name }}{% else %}{{ brand }}{% endif %}",
        "{% if name contains 'n' %}n{% endif %}{{ total }}",
        "{% if 'Anna late 0' contains total %}yes{% endif %}",
        "{% case total %}{% when 'late' %}late{% else %}{{ total }}{% endcase %}",
        "{{ total.size }}{{ total.first }}",
        "{% if total == empty %}none{% endif %}{% if total == blank %}blank{% endif %}",
        "{% for each in total %}<{{ each }}>{% endfor %}",
        "{{ one.loan | upcase }}{{ total | size }}",
        "{% for each in owed %}{% if each.loan == one.loan %}same{% endif %}{% endfor %}",
        "{% if count == 1 or same_due == true %}{{ total }}{% endif %}{{ more }}{{ count }}",
    )
]


@given(st.sampled_from(_TEXTS + _PRYING), _data(), _data())
def test_what_is_kept_of_others_changes_nothing(
    source: BoundTemplate, before: dict[str, object], data: dict[str, object]
) -> None:
    for filled in (before, data):
        try:
            expected = _by_liquid(source, filled)
        except LiquidError as error:
            with pytest.raises(type(error)):
                fill(source, filled)
        else:
            assert fill(source, filled) == expected


def test_no_text_of_the_library_looks_into_a_string(monkeypatch: pytest.MonkeyPatch) -> None:
    item = {"loan": "L1", "product": "loan", "due": "1 May", "long_due": "1 May 2026", "today": False}
    item |= {"pay": "€1", "outstanding": "€9", "days_late": 3}
    data: dict[str, object] = {"brand": "Acme", "reply_to": "x", "opt_out_url": "u", "name": "Ann"}
    data |= {"code": "ABC", "link": "https://chat.example.com", "promised": "EUR", "promised_on": "May"}
    data |= {"payment_line": "pay", "owed": [item], "one": item, "also": None, "count": 1, "more": None}
    data |= {
        "total": "€1",
        "same_due": True,
        "collector": True,
        "first_time": True,
        "creditor": "Bank",
        "dispute_by": "1 July",
    }
    for source in _TEXTS:
        fill(source, data)
    monkeypatch.setattr("messages.filled._by_liquid", None)
    for source in _TEXTS:
        assert "Bob" not in fill(source, data)
        assert fill(source, {**data, "name": "Bob"}) == _by_liquid(source, {**data, "name": "Bob"})


def test_the_limit_holds_for_what_is_put_in() -> None:
    source = _ENVIRONMENT.from_string("{{ name }}{{ name }}")
    assert fill(source, {"name": "é"}) == "éé"
    with pytest.raises(OutputStreamLimitError):
        fill(source, {"name": "é" * (OUTPUT_LIMIT // 4 + 1)})
