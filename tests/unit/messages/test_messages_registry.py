"""The registry: what was approved outside never changes, and a send uses what was approved."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from messages.errors import InvalidTextError, MessageError
from messages.registry import (
    ApprovalError,
    FrozenTextError,
    NotApprovedError,
    TextVersion,
    approved,
    current,
    draft,
    edited,
    rejected,
    shipped,
    submitted,
    succeeded,
    template_of,
)
from messages.render import render_with
from messages.templates import Source, languages, library
from tests.builders.messages import late, saying, source


def version(text: str = "{{ brand }}: {{ total }}. <<stop>>") -> TextVersion:
    return draft("late", "chat", "en", source(text))


def test_the_way_of_a_text_through_an_outside_register() -> None:
    one = approved(submitted(version(), outside=True), "DLT-1107")
    assert (one.approval, one.external_id, one.frozen) == ("approved", "DLT-1107", True)
    with pytest.raises(FrozenTextError, match="en/late/chat was handed to an outside register"):
        edited(one, source("{{ brand }}: other words"))
    two = succeeded(one, source("{{ brand }}: other words"))
    assert (two.approval, two.external_id, two.frozen) == ("draft", None, False)
    assert current([one, two], "late", "chat", "en") is one
    two = approved(submitted(two, outside=True), "DLT-1108")
    assert current([one, two], "late", "chat", "en") is two
    assert one.source != two.source


def test_a_text_of_the_house_loses_its_approval_when_it_is_edited() -> None:
    one = approved(submitted(version()))
    assert not one.frozen
    other = edited(one, source("{{ brand }}: other words"))
    assert (other.approval, other.digest == one.digest) == ("draft", False)
    with pytest.raises(NotApprovedError, match="no version of en/late/chat is approved"):
        current([other], "late", "chat", "en")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: submitted(submitted(version())), "only a draft can be submitted"),
        (lambda: approved(version()), "is draft: only what is submitted can be approved"),
        (lambda: rejected(version()), "only what is submitted can be rejected"),
        (lambda: approved(rejected(submitted(version()))), "is rejected"),
        (lambda: approved(submitted(version(), outside=True)), "give the id it has there"),
        (lambda: approved(submitted(version(), outside=True), "  "), "give the id it has there"),
        (lambda: approved(submitted(version()), "DLT-1"), "an id of a register has no place"),
        (lambda: succeeded(version(), version().source), "says exactly this already"),
    ],
)
def test_what_is_out_of_turn_is_refused_with_a_sentence(change: Any, sentence: str) -> None:
    with pytest.raises(ApprovalError, match=sentence):
        change()


def test_what_a_register_refused_is_known_there_and_stays() -> None:
    refused = rejected(submitted(version(), outside=True))
    with pytest.raises(FrozenTextError):
        edited(refused, source("{{ brand }}"))
    assert edited(rejected(submitted(version())), source("{{ brand }}")).approval == "draft"


def test_what_is_no_text_is_no_version() -> None:
    with pytest.raises(InvalidTextError):
        draft("late", "chat", "en", Source("{{ nothing }}"))
    with pytest.raises(InvalidTextError):
        edited(version(), Source("{{ nothing }}"))


def test_what_ships_is_approved_by_the_house_and_renders_as_before() -> None:
    for language in sorted(languages()):
        texts = shipped(language)
        assert len(texts) == len(library(language))
        for one in texts:
            same = library(language)[one.name, one.channel]
            assert (one.approval, one.frozen, one.digest) == ("approved", False, same.digest)
            assert current(texts, one.name, one.channel, language) is one
    one = current(shipped("en"), "late", "chat", "en")
    body = render_with(template_of(one), "en", saying(late())).body
    assert body == render_with(library("en")["late", "chat"], "en", saying(late())).body


class Registry(RuleBasedStateMachine):
    """People who write, hand in, approve, refuse, edit and succeed texts in any order."""

    versions: Bundle[int] = Bundle("versions")
    words = st.sampled_from(["a", "b", "c", "d"]).map(lambda word: source(f"{{{{ brand }}}} {word}"))

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[TextVersion] = []
        self.handed_over: dict[int, tuple[Source, str]] = {}

    @rule(target=versions, written=words, language=st.sampled_from(["en", "hi"]))
    def write(self, written: Source, language: str) -> int:
        self.kept.append(draft("late", "chat", language, written))
        return len(self.kept) - 1

    @rule(target=versions, place=versions, written=words)
    def succeed(self, place: int, written: Source) -> Any:
        before = self.kept[place]
        if before.source == written:
            with pytest.raises(ApprovalError):
                succeeded(before, written)
            return multiple()
        self.kept.append(succeeded(before, written))
        assert self.kept[place] is before
        return len(self.kept) - 1

    @rule(place=versions, written=words)
    def edit(self, place: int, written: Source) -> None:
        before = self.kept[place]
        if before.frozen:
            with pytest.raises(FrozenTextError):
                edited(before, written)
        else:
            self.kept[place] = edited(before, written)
            assert self.kept[place].approval == "draft"

    @rule(place=versions, outside=st.booleans())
    def submit(self, place: int, outside: bool) -> None:
        self._change(place, lambda one: submitted(one, outside=outside))
        if self.kept[place].frozen:
            one = self.kept[place]
            self.handed_over.setdefault(place, (one.source, one.digest))

    @rule(place=versions, given=st.sampled_from([None, "DLT-7"]))
    def approve(self, place: int, given: str | None) -> None:
        self._change(place, lambda one: approved(one, given))

    @rule(place=versions)
    def reject(self, place: int) -> None:
        self._change(place, rejected)

    def _change(self, place: int, change: Any) -> None:
        """Made, or refused and nothing changed."""
        with suppress(MessageError):
            self.kept[place] = change(self.kept[place])

    @invariant()
    def what_was_handed_over_is_what_it_was(self) -> None:
        for place, content in self.handed_over.items():
            assert (self.kept[place].source, self.kept[place].digest) == content
            assert self.kept[place].frozen

    @invariant()
    def digests_and_ids_tell_the_truth(self) -> None:
        for one in self.kept:
            assert one.digest == template_of(one).digest
            assert (one.external_id is not None) == (one.frozen and one.approval == "approved")
            assert not (one.frozen and one.approval == "draft")

    @invariant()
    def a_send_uses_the_last_approved(self) -> None:
        for language in ("en", "hi"):
            theirs = [one for one in self.kept if one.language == language and one.approval == "approved"]
            if theirs:
                assert current(self.kept, "late", "chat", language) is theirs[-1]
            else:
                with pytest.raises(NotApprovedError):
                    current(self.kept, "late", "chat", language)


Registry.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestRegistry = Registry.TestCase
