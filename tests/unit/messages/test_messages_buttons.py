"""Buttons of a chat: declared by action, labelled in every language, never on SMS or mail."""

from pathlib import Path

import pytest

from messages.errors import InvalidTextError
from messages.lint import BUTTONS, LABEL
from messages.render import render
from messages.templates import ACTIONS, NEUTRAL_ACTIONS, Buttons, Template, languages, library, parse, read
from tests.builders.messages import late, owed, saying

ALL = [text for language in sorted(languages()) for text in library(language).values()]


def actions_of(buttons: Buttons) -> list[str]:
    return [action for _, action in buttons]


@pytest.mark.parametrize("text", ALL, ids=lambda text: f"{text.language}-{text.name}-{text.channel}")
def test_every_shipped_text_has_the_buttons_of_its_channel(text: Template) -> None:
    body = render(text.name, text.channel, text.language, saying(late())).body
    english = library("en")[text.name, text.channel].source.buttons
    assert actions_of(body.buttons) == actions_of(english)
    if text.channel != "chat":
        assert not body.buttons
    elif text.kind == "neutral":
        assert set(actions_of(body.buttons)) <= NEUTRAL_ACTIONS
    else:
        assert {"pay", "human", "stop"} <= set(actions_of(body.buttons)) <= ACTIONS
    assert len(body.buttons) <= BUTTONS
    for label, action in body.buttons:
        assert 0 < len(label) <= LABEL
        assert len(action.encode()) <= 64  # what Telegram takes


def test_a_late_person_is_offered_a_day_and_a_human() -> None:
    body = render("late", "chat", "zh", saying(late())).body
    assert body.buttons == (
        ("去还款", "pay"),
        ("我已还款", "paid"),
        ("告知还款日期", "promise"),
        ("联系人工", "human"),
        ("停止消息", "stop"),
    )


def test_nobody_is_offered_to_pay_where_nobody_can_say_how() -> None:
    offered = actions_of(render("upcoming", "chat", "en", saying(owed(), payment_line=None)).body.buttons)
    assert offered == ["human", "stop"]


def test_buttons_are_part_of_what_a_digest_names() -> None:
    one = parse("late", "chat", "en", "x", buttons=(("Pay", "pay"),))
    digests = {
        parse("late", "chat", "en", "x").digest,
        one.digest,
        parse("late", "chat", "en", "x", buttons=(("Pay now", "pay"),)).digest,
        parse("late", "chat", "en", "x", buttons=(("Pay", "paid"),)).digest,
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("name", "channel", "buttons", "reason"),
    [
        ("late", "sms", (("Pay", "pay"),), "a chat has buttons"),
        (
            "late",
            "chat",
            (("Buy", "buy"),),
            "no button here may ask for 'buy'; there are cannot, feedback, human",
        ),
        (
            "get-in-touch",
            "chat",
            (("Pay", "pay"),),
            "no button here may ask for 'pay'; there are feedback, human, stop",
        ),
        ("late", "chat", (("", "pay"),), "not plain words"),
        ("late", "chat", (("Pay\nnow", "pay"),), "not plain words"),
        ("late", "chat", (("Pay {{ total }}", "pay"),), "not plain words"),
        ("late", "chat", (("Pay", "pay"), ("Pay now", "pay")), "two buttons ask for the same"),
    ],
)
def test_a_button_that_cannot_be_is_refused(name: str, channel: str, buttons: Buttons, reason: str) -> None:
    with pytest.raises(InvalidTextError, match=reason):
        parse(name, channel, "en", "x", buttons=buttons)


def test_a_file_labels_the_buttons_it_uses(tmp_path: Path) -> None:
    file = tmp_path / "en.yaml"
    file.write_text("parts: {}\ntexts: {late: {chat: {text: x, buttons: [pay]}}}", encoding="utf-8")
    with pytest.raises(InvalidTextError, match="en/late/chat: the file has no label for the button 'pay'"):
        read(file)
