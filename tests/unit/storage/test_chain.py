"""The bytes of the chain, worked out a second time as storage/chain.py describes them."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from storage.chain import NOTHING, Head, epoch, leaf, make_seal, root

NOW = datetime(2026, 11, 22, 8, 30, 0, 250, tzinfo=UTC)
hashes = st.binary(min_size=32, max_size=32)


def plain(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def rfc6962(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + rfc6962(leaves[:half]) + rfc6962(leaves[half:])).digest()


@given(st.lists(hashes, min_size=1, max_size=70))
def test_the_root_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert root(leaves) == rfc6962(leaves)


def test_the_root_of_nothing_is_nothing() -> None:
    assert root([]) == NOTHING


@given(st.lists(hashes, min_size=2, max_size=20, unique=True), st.data())
def test_the_root_knows_the_order_and_each_leaf(leaves: list[bytes], data: st.DataObject) -> None:
    first, second = data.draw(
        st.lists(st.sampled_from(range(len(leaves))), min_size=2, max_size=2, unique=True)
    )
    swapped = list(leaves)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert root(swapped) != root(leaves)
    assert root(leaves[:first] + leaves[first + 1 :]) != root(leaves)


@given(
    st.tuples(
        st.integers(1, 2**62),
        st.integers(1, 2**62),
        st.just("1795336200.000250"),
        st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20),
        st.none() | st.integers(0, 2**62),
        st.none() | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20),
    )
)
def test_a_leaf_is_its_json(event: tuple[object, ...]) -> None:
    assert leaf(event) == sha256(b"\x00" + plain(event)).digest()


def test_a_seal_hashes_as_described_and_names_its_head() -> None:
    leaves = [bytes([n]) * 32 for n in range(3)]
    opening = make_seal(None, "7001", 0, (), (0, 0), NOW)
    seal = make_seal(opening, "7001", 0, leaves, (900, 12), NOW)
    content = [2, "7001", 0, 0, 0, 900, 12, 3, root(leaves).hex(), opening.hash.hex(), "1795336200.000250"]
    assert seal.hash == seal.true_hash() == sha256(b"\x02" + plain(content)).digest()
    assert seal.head == Head(2, seal.hash.hex())
    assert opening.previous == NOTHING


def test_the_next_seal_begins_where_the_last_ended_unless_the_cluster_is_new() -> None:
    first = make_seal(None, "7001", 0, [NOTHING], (900, 12), NOW)
    assert make_seal(first, "7001", 0, [NOTHING], (905, 1), NOW).after == (900, 12)
    assert make_seal(first, "8001", 12, [NOTHING], (3, 13), NOW).after == (0, 0)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))
def test_epochs_are_exact_to_the_microsecond(moment: datetime) -> None:
    seconds, micros = epoch(moment.replace(tzinfo=UTC)).split(".")
    assert len(micros) == 6
    assert datetime(1970, 1, 1) + timedelta(seconds=int(seconds), microseconds=int(micros)) == moment
