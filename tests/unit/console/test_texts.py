"""The catalogue: both languages say the same things, and nothing is said that no page says."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import console
from bot.texts import staff_speech
from casework.errors import CaseworkInputError
from casework.staff.people import staff_roles
from console.amounts import typed
from console.language import speeches
from console.pages import PAGES
from console.pages.talks import READY
from ledger.money import Money
from messages.samples import SAMPLES
from messages.templates import KINDS, languages

ROOM = Path(console.__file__).parent
_SAID = re.compile(r"""say(?:\.(\w+)|\["(\w+)"\])(?:\.(\w+)|\["(\w+)"\])?""")
_SAID_IN_PYTHON = re.compile(r"""speech\["(\w+)"\](?:\["(\w+)"\])?""")


def _flat(texts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, str(value)


def test_both_languages_say_the_same_things() -> None:
    spoken = {code: dict(_flat(speech.texts)) for code, speech in speeches().items()}
    english = spoken["en"]
    for texts in spoken.values():
        assert texts.keys() == english.keys()
        for key, text in texts.items():
            assert text.strip(), key
            assert _places(text) == _places(english[key]), key


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_is_said_somewhere() -> None:
    """By its own key, or by the key of a table of words that a page picks from."""
    listings = "".join(file.read_text("utf-8") for file in ROOM.glob("pages/*.py"))
    said: set[str] = {"name", "moment", *(f"menu.{page.menu}" for page in PAGES if page.menu)}
    for file in [*ROOM.glob("templates/**/*.html"), *ROOM.glob("**/*.py")]:
        text = file.read_text("utf-8")
        for found in _SAID.findall(text):
            first, second = found[0] or found[1], found[2] or found[3]
            said |= {first, f"{first}.{second}"}
        for first, second in _SAID_IN_PYTHON.findall(text):
            said |= {first, f"{first}.{second}"}
    tables = {
        f"{name}.{table}"
        for name, texts in speeches()["en"].texts.items()
        if isinstance(texts, Mapping)
        for table in texts
        if table in ("columns", "filters") or f'words="{table}"' in listings
    }
    picked = tables | {
        "states",
        "roles",
        "groups",
        "troubles",
        "me.done",
        "today.figures",
        "today.notes",
        "case.answers",
        "case.done",
        "case.rungs",
        "case.states",
        "case.statuses",
        "case.channels",
        "case.kinds",
        "case.works",
        "case.hows",
        "case.codes",
        "cases.lateness",
        "cases.promises",
        "cases.comes",
        "cases.held",
        "cases.buckets",
        "tapes.states",
        "tapes.steps",
        "tapes.held",
        "tapes.counts",
        "tapes.sums",
        "tapes.rights",
        "tapes.parts",
        "tapes.kinds",
        "tapes.keys",
        "requests.done",
        "talks.abouts",
        "talks.ready",
        "talks.said",
        "talks.stages",
        "requests.why",
        "requests.when",
        "requests.what",
        "work.why",
        "work.of",
        "work.dos",
        "work.donts",
        "work.groups",
        "work.skips",
        "work.texts",
        "approvals.kinds",
        "approvals.done",
        "strategies.anchors",
        "strategies.tasks",
        "strategies.acts",
        "strategies.arm",
        "simulation",
        "wordings.kinds",
        "wordings.codes",
        "wordings.abouts",
        "wordings.spoken",
        "wordings.samples",
        "wordings.approvals",
        "wordings.encodings",
        "experiments.states",
        "experiments.asks",
        "experiments.finds",
        "experiments.harms",
        "policies.kinds",
        "policies.uses",
        "policies.sure",
        "policies.parties",
        "policies.stages",
        "policies.purposes",
        "sms",
        "email",
        "chat",
    }
    for key, _ in _flat(speeches()["en"].texts):
        whole = {".".join(key.split(".")[:n]) for n in range(1, key.count(".") + 2)}
        assert key in said or whole & picked, f"no page says {key!r}"


def test_texts_samples_and_languages_have_their_words() -> None:
    for speech in speeches().values():
        assert set(speech["wordings"]["abouts"]) <= set(KINDS)
        assert set(speech["wordings"]["samples"]) == set(SAMPLES)
        assert set(speech["wordings"]["spoken"]) == languages()


def test_a_ready_text_is_the_same_from_the_chat_and_from_the_page() -> None:
    for code, speech in speeches().items():
        assert set(speech["talks"]["ready"]) == set(speech["talks"]["said"]) == set(READY)
        for word, said in speech["talks"]["said"].items():
            assert said == staff_speech(code)(f"talk.said_{word}")


def test_every_role_and_every_page_of_the_menu_has_its_word() -> None:
    for speech in speeches().values():
        assert set(speech["roles"]) == set(staff_roles())
        assert set(speech["menu"]) == {page.menu for page in PAGES if page.menu}
        assert set(speech["groups"]) >= {page.group for page in PAGES if page.menu}


def test_a_typed_amount_is_read_as_in_the_chat_or_refused() -> None:
    english, chinese = speeches()["en"], speeches()["zh"]
    for text, owed, read in (
        ("12,50", "EUR", Money(12_50, "EUR")),
        (" 12.5 ", "EUR", Money(12_50, "EUR")),
        ("1,000", "USD", Money(1000_00, "USD")),
        ("1.000,50", "EUR", Money(1000_50, "EUR")),
        ("1,234,567.5", "USD", Money(1234567_50, "USD")),
        ("1,00,000", "INR", Money(100_000_00, "INR")),
        ("1,000", "JPY", Money(1000, "JPY")),
        ("1,5", "KWD", Money(1_500, "KWD")),
        ("0,500", "KWD", Money(500, "KWD")),
        ("二百五十", "EUR", Money(250_00, "EUR")),
        ("9000", "JPY EUR", Money(9000, "JPY")),
        ("200 EUR", "JPY EUR", Money(200_00, "EUR")),
    ):
        assert typed(english, text, owed.split()) == read, text
    with pytest.raises(CaseworkInputError) as refused:
        typed(english, "1,000", ["KWD"])
    assert str(refused.value) == '"1,000" may be read in two ways: write "1000.000" or "1.000"'
    for text in ("12,5555", "much", "", "0", "-5", "5 GBP"):
        with pytest.raises(CaseworkInputError) as refused:
            typed(english, text, ["USD", "EUR"])
        assert str(refused.value) == f'"{text}" is no amount of USD, EUR: write it like 12.50'
    with pytest.raises(CaseworkInputError, match="不是 USD 的金额"):
        typed(chinese, "much", ["USD"])
