"""Packs as data: what ships is whole, and each slip is named with its key."""

import pytest

from policy.errors import PolicyInputError
from policy.pack import read_pack, shipped_packs
from policy.rules import Cap, Window
from tests.builders.facts import HOUSE_TEXT

HOURS = 'mon-sun: ["08:00", "21:00"]'


def test_house_is_what_it_says() -> None:
    hours, daily, weekly = shipped_packs()["house"].rules
    assert isinstance(hours, Window)
    assert {f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in filter(None, hours.hours)} == {"08:00-21:00"}
    assert len(hours.hours) == 7
    assert isinstance(daily, Cap)
    assert isinstance(weekly, Cap)
    assert (daily.most, daily.period, daily.per, daily.name) == (1, "day", "person", "daily")
    assert (weekly.most, weekly.period, weekly.per, weekly.name) == (4, "week", "person", "weekly")
    assert daily.channels == weekly.channels == {"sms", "email", "chat"}


def test_every_shipped_pack_bears_its_name_and_what_a_lawyer_needs() -> None:
    for name, pack in shipped_packs().items():
        assert pack.name == name
        assert pack.spec.owner
        assert "counsel" in pack.spec.note
        for rule in pack.spec.rules.values():
            assert rule.source


@pytest.mark.parametrize(
    ("edit", "to", "where", "says"),
    [
        ("mon-sun", "mon-son", "rules.hours.hours", "write one like 'mon' or 'mon-fri'"),
        ("mon-sun", "sun-mon", "rules.hours.hours", "'sun-mon' is no day or range of days"),
        ('"08:00", "21:00"', '"21:00", "08:00"', "rules.hours.hours", "not after it opens at 21:00"),
        ('"08:00", "21:00"', '"08:00", "08:00"', "rules.hours.hours", "not after it opens at 08:00"),
        (HOURS, f'{HOURS}, fri: ["09:00", "10:00"]', "rules.hours.hours", "fri has two hours"),
        (HOURS, "", "rules.hours.hours", "no day is open"),
        ('"21:00"', '"24:00"', "rules.hours.hours.mon-sun.1", "0-23"),
        ('"08:00", "21:00"', '"08:00"', "rules.hours.hours.mon-sun.1", "required"),
        ("most: 1", "most: 0", "rules.daily.most", "greater than or equal to 1"),
        ("most: 1", "most: 1.5", "rules.daily.most", "integer"),
        ("period: day", "period: year", "rules.daily.period", "'day', 'week' or 'month'"),
        ("per: person", "per: loan", "rules.daily.per", "'person', 'debt' or 'address'"),
        (
            "[sms, email, chat]",
            "[fax]",
            "rules.daily.channels.0",
            "'sms', 'email', 'chat', 'call' or 'visit'",
        ),
        ("[sms, email, chat]", "[]", "rules.daily.channels", "at least 1"),
        ("kind: cap", "kind: limit", "rules.daily", "'window', 'calendar', 'cap'"),
        ("    kind: cap\n", "", "rules.daily", "'kind'"),
        ("sure: house", "sure: quite", "rules.hours.sure", "'P', 'P/S', 'S', 'S/U', 'U' or 'house'"),
        ("    source: house policy\n", "", "rules.daily.source", "required"),
        ("owner: compliance\n", "", "owner", "required"),
        ("review_by: 2027-06-30", "review_by: soon", "review_by", "date"),
        ("note:", "notes:", "note", "required"),
    ],
)
def test_a_slip_is_named_with_its_key(edit: str, to: str, where: str, says: str) -> None:
    assert edit in HOUSE_TEXT
    with pytest.raises(PolicyInputError) as error:
        read_pack(HOUSE_TEXT.replace(edit, to, 1), "house")
    message = str(error.value)
    assert message.startswith(f"pack house: {where}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pack: [", "line 1: "),
        (HOUSE_TEXT.replace("  daily:", "  hours:"), "line 14: found duplicate key"),
        ("", "the file: "),
        ("house", "the file: "),
    ],
)
def test_what_is_no_pack_at_all_is_one_line(text: str, says: str) -> None:
    with pytest.raises(PolicyInputError) as error:
        read_pack(text, "house")
    assert says in str(error.value)
    assert "\n" not in str(error.value)
