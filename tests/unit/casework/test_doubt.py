"""What a provider's record may settle: one message that can be no other, and nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from casework.delivery.doubt import EARLY, LATE, Said, findings
from notifiers.base import Found

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
TEXTS = st.sampled_from(["one", "two  words", "two words\n", "three"])
MOMENTS = st.integers(-20, 20).map(lambda minutes: AT + timedelta(minutes=minutes))

doubts = st.lists(st.tuples(st.one_of(st.none(), TEXTS), MOMENTS), min_size=1, max_size=4).map(
    lambda rows: [Said(n, text, at) for n, (text, at) in enumerate(rows)]
)
records = st.lists(
    st.tuples(
        TEXTS, st.sampled_from(["accepted", "delivered", "failed", None]), st.one_of(st.none(), MOMENTS)
    ),
    max_size=5,
).map(
    lambda rows: [
        Found(provider="p", provider_id=f"SM{n}", text=text, state=state, code=None, at=at)  # pyright: ignore[reportArgumentType]
        for n, (text, state, at) in enumerate(rows)
    ]
)


def near(said: Said, message: Found) -> bool:
    return message.at is not None and said.sent_at - EARLY <= message.at <= said.sent_at + LATE


def like(said: Said, message: Found) -> bool:
    return said.text is not None and said.text.split() == message.text.split()


@given(doubts, records)
def test_what_is_taken_can_be_no_other_and_nothing_means_nothing(
    said: list[Said], found: list[Found]
) -> None:
    told = findings(said, found)
    assert set(told) == {one.contact for one in said}
    taken = [finding.found.provider_id for finding in told.values() if finding.found]
    assert len(taken) == len(set(taken))
    for one in said:
        finding = told[one.contact]
        possible = [message for message in found if like(one, message) and near(one, message)]
        if finding.word == "taken":
            assert [finding.found] == possible
            assert finding.found is not None
            assert finding.found.state is not None
            rivals = [other for other in said if like(other, possible[0]) and near(other, possible[0])]
            assert rivals == [one]
        if finding.word == "nothing":
            assert one.text is not None
            assert not any(like(one, message) or near(one, message) for message in found)


def test_the_words() -> None:
    said = Said(1, "Hello  Ann", AT)

    def told(*messages: Found) -> str:
        return findings([said], messages)[1].word

    def message(text: str = "Hello Ann", minutes: float = 0, **more: object) -> Found:
        at = AT + timedelta(minutes=minutes)
        fields = {"provider_id": f"SM{minutes}", "state": "accepted", "code": None, "at": at, **more}
        return Found(provider="p", text=text, **fields)  # pyright: ignore[reportArgumentType]

    assert told() == "nothing"
    assert told(message()) == "taken"
    assert told(message(minutes=-1), message(minutes=10)) == "several"
    assert told(message(minutes=-2)) == told(message(minutes=11)) == "another_time"
    assert told(message("Hello Ben")) == "another_text"
    assert told(message("Hello Ben", minutes=30)) == "nothing"
    assert told(message(state=None)) == told(message(at=None)) == "unreadable"
    assert findings([Said(1, None, AT)], [])[1].word == "unreadable"
