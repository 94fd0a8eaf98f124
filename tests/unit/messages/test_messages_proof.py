"""A template is read before it is saved, in all that it may come to say."""

import pytest

from messages.context import Disclosure
from messages.proof import missing_languages, proofread
from messages.templates import Source, Template, languages, library
from tests.builders.messages import codes, source

ALL = [text for language in sorted(languages()) for text in library(language).values()]


def name_of(text: Template) -> str:
    return f"{text.language}-{text.name}-{text.channel}"


@pytest.mark.parametrize("text", ALL, ids=name_of)
def test_every_shipped_text_may_be_saved(text: Template) -> None:
    assert not proofread(text.name, text.channel, text.language, text.source)


@pytest.mark.parametrize(
    ("name", "channel", "written", "reason"),
    [
        ("late", "chat", source("{{ nmae }}, please call. <<stop>>"), "unknown_variable"),
        ("late", "chat", source("{{ one.secret }} <<stop>>"), "unknown_variable"),
        ("get-in-touch", "chat", source("{{ total }} <<stop>>"), "unknown_variable"),
        ("late", "chat", source("{% if name %} <<stop>>"), "invalid"),
        ("late", "chat", source("{{ count | plural: one: 'x' }} <<stop>>"), "invalid"),
        ("late", "email", source("Hello <<stop>>"), "invalid"),
        ("late", "chat", source("Hello <<stop>>", buttons=(("Buy", "buy"),)), "invalid"),
        ("late", "chat", source("Please pay."), "no_opt_out"),
        (
            "late",
            "chat",
            source("Please pay. Reply STOP to stop texts"),
            "no_opt_out",
        ),  # a sender that cannot
        ("late", "chat", source("Please pay. Reply STOP to stop texts"), "stop_not_received"),
        (
            "late",
            "chat",
            source("{% if count == 4 %}We call the police.{% endif %} <<stop>>"),
            "threat_arrest",
        ),
        ("late", "chat", source("We call the pol{% if name %}{% endif %}ice. <<stop>>"), "threat_arrest"),
        ("late", "chat", source("We call the {{ 'po' }}{{ 'lice' }}. <<stop>>"), "threat_arrest"),
        (
            "late",
            "chat",
            source("{{ count | plural: few: 'the police', other: 'us' }} <<stop>>"),
            "threat_arrest",
        ),
        ("get-in-touch", "chat", source("{{ brand }}: your loan awaits. <<stop>>"), "debt"),
        ("get-in-touch", "chat", source("{{ brand }}: bring $5. <<stop>>"), "amount"),
        ("get-in-touch", "chat", source("Hello <<stop>>", buttons=(("Your loan", "human"),)), "debt"),
        ("late", "chat", source("See https://other.example.net <<stop>>"), "foreign_link"),
        ("late", "sms", source("слово " * 80 + "<<stop>>"), "too_many_segments"),
        ("late", "email", source("Hello <<stop>>", "{{ brand }} " + "x" * 130), "subject"),
        ("late", "email", source("Hello <<stop>>", "LAST NOTICE: {{ brand }}"), "threat_pressure"),
        ("late", "chat", source("{{ total }} PLEASE ANSWER US <<stop>>"), "shouting"),
        ("late", "chat", source("Special offer for {{ brand }}. <<stop>>"), "promotion"),
    ],
)
def test_a_bad_template_is_refused_with_the_reason(
    name: str, channel: str, written: Source, reason: str
) -> None:
    assert reason in codes(proofread(name, channel, "en", written))


def test_a_good_template_passes_and_the_lenders_hosts_are_given() -> None:
    written = source("Hi {{ name }}, see https://m.acme.example.com/help. {{ total }} is due. <<stop>>")
    assert not proofread("late", "chat", "en", written, hosts=frozenset({"acme.example.com"}))
    assert codes(proofread("late", "chat", "en", written)) == {"foreign_link"}


def test_a_template_says_what_a_policy_asks() -> None:
    miranda = Disclosure("mini_miranda", {"en": ("from a debt collector",)})
    written = source("{{ total }} is due. {% if name %}This is from a debt collector.{% endif %} <<stop>>")
    assert codes(proofread("late", "chat", "en", written, disclosures=(miranda,))) == {"no_disclosure"}
    written = source("{{ total }} is due. This is from a debt collector. <<stop>>")
    assert not proofread("late", "chat", "en", written, disclosures=(miranda,))
    assert codes(proofread("late", "chat", "es", written, disclosures=(miranda,))) == {"no_disclosure"}


def test_languages_that_a_text_lacks() -> None:
    assert not missing_languages("late", "sms", {"en", "zh"}, {"en"})
    found = missing_languages("late", "sms", {"en"}, {"zh", "en", "hi"})
    assert [(f.code, f.where) for f in found] == [("missing_language", "hi"), ("missing_language", "zh")]
