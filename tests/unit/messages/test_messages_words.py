"""The word lists: each phrase can be found, in every language, and means what its list says."""

from itertools import chain
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

import messages.words
from messages.signs import Word, disguised, folded, hides_signs, words_of
from messages.templates import languages
from messages.words import FOLDER, Sort, find, says, word_languages

WRITTEN: dict[str, dict[str, list[str]]] = {
    file.stem: cast("Any", YAML(typ="safe")).load(file.read_text("utf-8")) for file in FOLDER.glob("*.yaml")
}
PHRASES = [
    (language, sort, phrase)
    for language, sorts in WRITTEN.items()
    for sort, phrases in sorts.items()
    for phrase in phrases
]


def example_of(phrase: str) -> str:
    """A text that says the phrase, by its first alternatives."""
    words = (word.split("|")[0].replace("_", " ") for word in phrase.split())
    return " ".join(word for word in words if word != "..").replace("<n>", " 5 ").replace("*", "")


def test_every_language_of_the_library_has_words() -> None:
    assert word_languages() == languages() == set(WRITTEN)


@pytest.mark.parametrize("language", sorted(WRITTEN))
def test_every_phrase_says_something_and_is_found(language: str) -> None:
    for _, sort, phrase in (one for one in PHRASES if one[0] == language):
        words = [word for word in phrase.split() if word not in ("..", "<n>")]
        assert any(sign.isalpha() for word in words for sign in word), phrase
        assert phrase.split()[0] != ".."
        assert phrase.split()[-1] != ".."
        assert "*" not in phrase.replace("* ", "").replace("*|", "").removesuffix("*"), phrase
        text = words_of(example_of(phrase))
        if sort == "innocent":
            assert says(text, phrase), phrase
            continue
        wanted = cast("Sort", sort)
        found = find(text, frozenset({wanted}))
        assert any(hit.sort == wanted for hit in found), phrase


@given(st.lists(st.sampled_from(sorted({word for *_, one in PHRASES for word in example_of(one).split()}))))
def test_looking_up_by_first_words_leaves_nothing_out(said: list[str]) -> None:
    index = messages.words._index()
    every = [*chain(*index.exact.values(), *index.stems.values()), *index.numbers]

    def all_of_them(form: str, _: Word) -> list[Any]:
        return [phrase for phrase in every if messages.words._is(phrase.parts[0], form)]

    sorts = frozenset(cast("Sort", sort) for sort in WRITTEN["en"])
    words = words_of(" ".join(said))
    found = find(words, sorts)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(messages.words, "_candidates", all_of_them)
        slowly = find(words, sorts)
    assert {(hit.sort, hit.phrase) for hit in found} == {(hit.sort, hit.phrase) for hit in slowly}


def test_nothing_is_found_in_nothing() -> None:
    every = frozenset(cast("Sort", sort) for sort in WRITTEN["en"])
    for text in ("", " ", ".", "5", "5,000.00", "-", "@", "$$$", "\u200b", "一", "L-1001"):
        assert not find(words_of(text), every), text


def test_a_phrase_ends_with_its_clause_and_its_gap() -> None:
    court: frozenset[Sort] = frozenset({"threat_exposure", "threat_court"})
    assert find(words_of("we tell your boss"), court)
    assert find(words_of("we tell everybody and your boss"), court)
    assert not find(words_of("we tell you much more about your boss"), court)
    assert not find(words_of("That is what we tell. Your boss is ill."), court)
    assert not find(words_of("Hi Sue, you are right"), court)
    assert find(words_of("we will sue you"), court)


def test_within_an_innocent_phrase_nothing_is_found() -> None:
    arrest: frozenset[Sort] = frozenset({"threat_arrest"})
    assert not find(words_of("report the fraud to the police"), arrest)
    assert find(words_of("report the fraud to the police or the police comes"), arrest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ｃａｆé, p.m. ", "cafe , p m ,"),
        ("don’t we'll", "dont well"),
        ("Rs. 500. Next", "rs 500 , next"),
        ("१२३ ٤٥", "123 45"),
        ("您好，World", "你 好 , world"),
        ("क़र्ज़ और चाँद", "कर्ज और चांद"),
        ("ещё й", "еще и"),
    ],
)
def test_words_without_their_dress(text: str, words: str) -> None:
    assert folded(text) == words


def test_forms_of_a_disguised_word() -> None:
    assert "police" in words_of("p0lice")[0]
    assert "police" in words_of("po1ice")[0] + words_of("pol1ce")[0]
    assert words_of("care@acme.example.com")[0][0] == "care@acme"
    assert words_of("Room 5")[1] == ("5",)
    assert () in words_of("a, b")


@pytest.mark.parametrize(
    "text", ["SMSка", "QR-код", "кредит", "Straße", "你好ok", "α-Strahlen", "पुलिस", "iPhone"]
)
def test_an_alphabet_beside_another_is_no_disguise(text: str) -> None:
    assert not disguised(text)


@pytest.mark.parametrize("text", ["pаy", "сourt", "деньгu", "bοss", "Cудья"])
def test_a_letter_among_those_of_another_alphabet_is(text: str) -> None:
    assert disguised(text)


def test_hidden_signs_and_those_that_shape_words() -> None:
    for text in ("a\u200bb", "\u202eabc", "x\u00ady", "a\x00", "\ufeffa", "a\u200db", "ㅤ"):
        assert hides_signs(text), text
    for text in ("श\u200dर्म", "👩\u200d👩\u200d👧", "❤\ufe0f", "a\nb\tc", "1\u00a0000", "می\u200cخواهم"):
        assert not hides_signs(text), text
