"""Sealed values open at their own place alone; tokens find, and tell nothing else."""

import os
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.crypt import (
    CryptError,
    Keyring,
    KeyringError,
    TamperedError,
    UnknownKeyError,
    normal_email,
    normal_phone,
)

OLD, NEW = bytes(range(32)), bytes(range(100, 132))
ring = Keyring({"2026a": OLD}, "2026a", os.urandom)
rotated = Keyring({"2026a": OLD, "2027": NEW}, "2027", os.urandom)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
places = st.tuples(
    st.sampled_from(["people", "addresses", "messages"]),
    st.sampled_from(["name", "value"]),
    st.integers(0, 2**63 - 1),
)


@given(places, texts)
def test_what_was_sealed_opens(place: tuple[str, str, int], text: str) -> None:
    assert ring.open(*place, ring.seal(*place, text)) == text


@given(places, texts, st.data())
def test_any_flipped_bit_is_found(place: tuple[str, str, int], text: str, data: st.DataObject) -> None:
    blob = bytearray(rotated.seal(*place, text))
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises((TamperedError, UnknownKeyError)):
        rotated.open(*place, bytes(blob))


def test_each_single_bit_of_one_value_is_found() -> None:
    sealed = rotated.seal("people", "name", 7, "Ama Example")
    for bit in range(len(sealed) * 8):
        blob = bytearray(sealed)
        blob[bit // 8] ^= 1 << bit % 8
        with pytest.raises((TamperedError, UnknownKeyError)):
            rotated.open("people", "name", 7, bytes(blob))


@given(places, texts, st.integers(0, 300))
def test_a_cut_value_is_found(place: tuple[str, str, int], text: str, kept: int) -> None:
    blob = ring.seal(*place, text)
    with pytest.raises((TamperedError, UnknownKeyError)):
        ring.open(*place, blob[: min(kept, len(blob) - 1)])


@given(places, places, texts)
def test_a_value_moved_to_another_place_is_found(
    place: tuple[str, str, int], other: tuple[str, str, int], text: str
) -> None:
    blob = ring.seal(*place, text)
    if place == other:
        assert ring.open(*other, blob) == text
    else:
        with pytest.raises(TamperedError):
            ring.open(*other, blob)


def test_places_that_would_read_alike_are_refused() -> None:
    with pytest.raises(CryptError, match="no name of a table"):
        ring.seal("people.name", "x", 1, "text")
    with pytest.raises(CryptError, match="no name of a table"):
        ring.seal("people", "name.1", 1, "text")


@given(places, texts)
def test_rotation_old_values_open_and_say_that_they_are_old(place: tuple[str, str, int], text: str) -> None:
    before, after = ring.seal(*place, text), rotated.seal(*place, text)
    assert rotated.open(*place, before) == rotated.open(*place, after) == text
    assert rotated.needs_rotation(before)
    assert not rotated.needs_rotation(after)
    assert not ring.needs_rotation(before)
    with pytest.raises(UnknownKeyError, match="2027"):
        ring.open(*place, after)


def test_a_key_id_swapped_for_another_of_the_ring_is_found() -> None:
    twins = Keyring({"k1": OLD, "k2": NEW}, "k1", os.urandom)
    blob = twins.seal("people", "name", 1, "Ama Example")
    with pytest.raises(TamperedError):
        twins.open("people", "name", 1, blob.replace(b"k1", b"k2", 1))


def test_the_same_text_is_sealed_differently_each_time() -> None:
    numbers = count()
    counting = Keyring({"a": OLD}, "a", lambda size: next(numbers).to_bytes(size))
    assert len({counting.seal("people", "name", 1, "Ama") for _ in range(100)}) == 100


def test_a_wrong_key_of_the_right_name_is_found() -> None:
    other = Keyring({"2026a": NEW}, "2026a", os.urandom)
    with pytest.raises(TamperedError):
        other.open("people", "name", 1, ring.seal("people", "name", 1, "Ama Example"))


def test_errors_never_tell_the_text_or_the_key() -> None:
    secret = "Ama Example"
    sealed = ring.seal("people", "name", 1, secret)
    failures: list[BaseException] = []
    for attempt in (
        lambda: ring.open("people", "name", 2, sealed),
        lambda: Keyring({"b": NEW}, "b", os.urandom).open("people", "name", 1, sealed),
        lambda: ring.seal("people", "name", 1, secret + "\ud800"),
        lambda: Keyring({"c": OLD + b"x"}, "c", os.urandom),
    ):
        with pytest.raises(CryptError) as caught:
            attempt()
        failures.append(caught.value)
    for failure in failures:
        assert secret not in repr(failure)
        assert OLD.hex() not in repr(failure)
        assert repr(OLD)[2:20] not in repr(failure)
        assert failure.__context__ is None or not hasattr(failure.__context__, "object")
    assert OLD.hex() not in repr(ring)
    assert repr(ring) == "Keyring(2026a; active 2026a, tokens 2026a)"


@given(texts, texts)
def test_tokens_are_equal_for_equal_values_alone(one: str, other: str) -> None:
    assert (ring.token("email", one) == ring.token("email", other)) == (one == other)
    assert len(ring.token("email", one)) == 16


@given(texts)
def test_kinds_and_uses_have_nothing_in_common(value: str) -> None:
    made = [ring.token(kind, value) for kind in ("phone", "email", "chat", "name")]
    made += [ring.digest(kind, value.encode()) for kind in ("phone", "email", "loan")]
    made.append(ring.fingerprint())
    assert len(set(made)) == len(made)


@given(texts)
def test_tokens_and_digests_outlive_a_rotation(value: str) -> None:
    assert rotated.token("name", value) == ring.token("name", value)
    assert rotated.digest("loan", value.encode()) == ring.digest("loan", value.encode())
    assert rotated.fingerprint() == ring.fingerprint()


def test_a_ring_without_its_oldest_key_has_other_tokens_and_another_fingerprint() -> None:
    dropped = Keyring({"2027": NEW}, "2027", os.urandom)
    reordered = Keyring({"2027": NEW, "2026a": OLD}, "2027", os.urandom)
    for wrong in (dropped, reordered):
        assert wrong.token("phone", "+15555550100") != ring.token("phone", "+15555550100")
        assert wrong.fingerprint() != ring.fingerprint()


@pytest.mark.parametrize(
    ("keys", "active", "said"),
    [
        ({}, "a", "no encryption key"),
        ({"a": OLD[:31]}, "a", "31 bytes"),
        ({"a": OLD}, "b", "not among"),
        ({"a": OLD, "b": OLD}, "a", "the same key"),
        ({"": OLD}, "", "key id"),
        ({"a b": OLD}, "a b", "key id"),
        ({"x" * 33: OLD}, "x" * 33, "key id"),
    ],
)
def test_a_ring_that_cannot_work_is_refused(keys: dict[str, bytes], active: str, said: str) -> None:
    with pytest.raises(KeyringError, match=said):
        Keyring(keys, active, os.urandom)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Ama@Example.ORG", "ama@example.org"),
        ("  ama@example.org\n", "ama@example.org"),
        ("ama@bücher.example.org", "ama@xn--bcher-kva.example.org"),
        ("e\u0301ve@example.org", "\u00e9ve@example.org"),
        ('"a@b"@example.org', '"a@b"@example.org'),
    ],
)
def test_email_addresses_that_reach_the_same_box_read_alike(text: str, normal: str) -> None:
    assert normal_email(text) == normal == normal_email(normal)


@pytest.mark.parametrize("text", ["", "ama", "@example.org", "ama@", "a ma@example.org", "ama@exa\tmple.org"])
def test_what_is_no_email_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="email address") as caught:
        normal_email(text)
    assert not text or text not in str(caught.value)


def test_phone_numbers_are_expected_in_e164() -> None:
    assert normal_phone("+447700900123") == "+447700900123"
    for wrong in (
        "447700900123",
        "+44 7700 900123",
        "+0447700900123",
        "+44770090012345678",
        "+1",
        "",
        "+٤٤٧٧٠٠٩٠٠",
    ):
        with pytest.raises(ValueError, match=r"E\.164"):
            normal_phone(wrong)
