"""What a person said last, where several records were found to be theirs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policy.last_words import Stated, last_words

DAY0 = datetime(2026, 11, 1, tzinfo=UTC)
MERGED = DAY0 + timedelta(days=10)


def said(day: int, state: str, channel: str = "sms") -> Stated:
    return Stated(None, channel, state, DAY0 + timedelta(days=day))


words = st.lists(
    st.builds(said, st.integers(0, 20), st.sampled_from(("granted", "revoked"))), max_size=4
).map(lambda drawn: sorted(drawn, key=lambda one: one.at))


def test_alone_the_last_word_counts() -> None:
    assert last_words([said(1, "granted"), said(2, "revoked")], []) == {"sms": said(2, "revoked")}


def test_a_stop_on_another_record_counts() -> None:
    assert last_words([said(3, "granted")], [(MERGED, [said(1, "revoked")])]) == {"sms": said(1, "revoked")}


def test_leave_given_to_another_record_is_not_lent() -> None:
    assert last_words([], [(MERGED, [said(1, "granted")])]) == {}
    assert last_words([], [(MERGED, [said(12, "granted")])]) == {}


def test_once_it_is_known_who_speaks_a_start_takes_back_every_stop() -> None:
    assert last_words([said(12, "granted")], [(MERGED, [said(1, "revoked")])]) == {"sms": said(12, "granted")}
    assert last_words([said(1, "revoked")], [(MERGED, [said(12, "granted")])]) == {"sms": said(12, "granted")}
    assert last_words([], [(MERGED, [said(1, "revoked")]), (MERGED, [said(12, "granted")])]) == {}


def test_a_start_from_before_it_was_known_does_not() -> None:
    assert last_words([said(5, "granted")], [(MERGED, [said(1, "revoked")])])["sms"].state == "revoked"


def test_a_stop_after_that_start_counts_again() -> None:
    found = last_words([said(12, "granted")], [(MERGED, [said(1, "revoked"), said(14, "revoked")])])
    assert found == {"sms": said(14, "revoked")}


@given(words, st.lists(words, min_size=1, max_size=3))
def test_a_stop_that_nobody_took_back_is_never_lost(own: list[Stated], others: list[list[Stated]]) -> None:
    everything = sorted([*own, *(one for each in others for one in each)], key=lambda one: one.at)
    found = last_words(own, [(MERGED, each) for each in others])
    starts = [one.at for one in everything if one.state == "granted" and one.at >= MERGED]
    for record in (own, *others):
        if record and record[-1].state == "revoked" and not any(at >= record[-1].at for at in starts):
            assert found["sms"].state == "revoked"


@given(words, st.lists(words, min_size=1, max_size=3))
def test_leave_is_only_what_was_given_here_or_since(own: list[Stated], others: list[list[Stated]]) -> None:
    found = last_words(own, [(MERGED, each) for each in others]).get("sms")
    if found is not None and found.state == "granted":
        assert found in own or found.at >= MERGED
        assert own, "nothing was ever said here"
