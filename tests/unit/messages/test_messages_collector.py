"""Whoever collects for others says so where a pack asks for it: every shipped text, language and channel."""

from datetime import UTC, datetime
from itertools import product

import pytest

from messages.render import render_with
from messages.templates import NOTICES, Template, languages, library
from messages.values import Collector
from policy.earliest import earliest, in_force
from policy.pack import shipped_pack
from policy.parts import parts_wanted
from policy.rules import Disclosure
from policy.values import FIRST_COMMUNICATION, Ask, Situation
from tests.builders.messages import late, saying

NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
RULES = in_force({"us-reg-f": shipped_pack("us-reg-f").rules}, ["us-reg-f"])
ONLY_TEXTS = in_force(
    {"us-reg-f": [one for one in shipped_pack("us-reg-f").rules if isinstance(one, Disclosure)]}, ["us-reg-f"]
)
BEGUN = Situation(("America/New_York",), notices={FIRST_COMMUNICATION: NOW.replace(day=1)})
NEW = Situation(("America/New_York",), notices={})
# Notices of the law say what their own law wants, whoever asks.
ABOUT_DEBT = [
    text
    for language in sorted(languages())
    for text in library(language).values()
    if text.kind != "neutral" and text.name not in NOTICES.values()
]


def ask(channel: str, **fields: object) -> Ask:
    return Ask(channel, (1,), actor="third_party", **fields)


def said(text: Template, collector: Collector | None, opt_out_url: str | None) -> str:
    told = saying(late(), opt_out_url=opt_out_url, collector=collector)
    body = render_with(text, text.language, told).body
    return f"{body.subject or ''}\n{body.text}"


@pytest.mark.parametrize("text", ABOUT_DEBT, ids=lambda text: f"{text.language}-{text.name}-{text.channel}")
def test_every_shipped_text_about_a_debt_says_who_collects_and_how_to_stop(text: Template) -> None:
    url = "https://pay.example.com/stop/abc"
    ways: tuple[tuple[Situation, Collector], ...] = ((NEW, "first"), (BEGUN, "later"), (BEGUN, "first"))
    for (situation, collector), way in product(ways, (None, url)):
        words = said(text, collector, way)
        answer = earliest(ONLY_TEXTS, ask(text.channel, text=words), situation, NOW)
        assert answer.at == NOW, (answer.noes, words)
    without = earliest(ONLY_TEXTS, ask(text.channel, text=said(text, None, url)), NEW, NOW)
    assert [no.rule for no in without.noes] == ["mini_miranda"]
    assert said(text, "later", url) != said(text, None, url)


def test_the_part_is_wanted_where_the_pack_binds_and_as_the_communication_is_the_first_or_a_later_one() -> (
    None
):
    assert parts_wanted(RULES, [ask("sms")], NEW, NOW) == {"collector": True}
    assert parts_wanted(RULES, [ask("sms")], BEGUN, NOW) == {"collector": False}
    assert parts_wanted(RULES, [ask("sms", purpose="answer")], BEGUN, NOW) == {"collector": False}
    assert parts_wanted(RULES, [Ask("sms", (1,))], NEW, NOW) == {}  # the lender itself
    assert parts_wanted(RULES, [ask("sms", stage="reminder")], NEW, NOW) == {}
    assert parts_wanted(in_force({}, []), [ask("sms")], NEW, NOW) == {}
