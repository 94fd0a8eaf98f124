"""Packs as data: what ships is whole, and each slip is named with its key."""

from datetime import date
from pathlib import Path

import pytest

from policy.calendar import DAY
from policy.errors import PolicyInputError
from policy.pack import COUNSEL, read_pack, shipped_pack, shipped_packs
from policy.page import page, text
from policy.rules import Cap, Window
from policy.specs.base import RuleSpec
from tests.builders.facts import HOUSE_TEXT, pack

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
    for name, shipped in shipped_packs().items():
        assert shipped.name == name
        assert shipped.spec.owner
        assert "counsel" in shipped.spec.note
        for rule in shipped.spec.rules.values():
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
        (HOUSE_TEXT.replace("  daily:", "  hours:"), "line 18: found duplicate key"),
        ("", "the file: "),
        ("house", "the file: "),
    ],
)
def test_what_is_no_pack_at_all_is_one_line(text: str, says: str) -> None:
    with pytest.raises(PolicyInputError) as error:
        read_pack(text, "house")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


# --- the other kinds, and pages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "where", "says"),
    [
        (
            "kind: window, hours: {mon: ['08:00', '21:00'], holiday: ['09:00', '20:00']}",
            "r",
            "whose in `holidays`",
        ),
        ("kind: window, hours: {mon: ['08:00', '21:00']}, holidays: RU", "r", "holiday in `hours`"),
        (
            "kind: window, hours: {mon: ['08:00', '21:00'], holiday: ['09:00', '20:00']}, holidays: XX",
            "r",
            "'XX' is no country whose holidays are known",
        ),
        ("kind: calendar", "r", "no day is closed"),
        ("kind: calendar, closed: [mon-sun]", "r", "every day is closed"),
        ("kind: calendar, closed: [sunday]", "r", "'sunday' is no day"),
        ("kind: cap, most: 1, per: debt, channels: [sms]", "r", "give one of `period`"),
        ("kind: cap, most: 1, per: debt, channels: [sms], period: day, days: 7", "r", "give one of `period`"),
        ("kind: cap, most: 1, per: debt, channels: [sms], days: 1", "r.days", "greater than or equal to 2"),
        (
            "kind: cap, most: 1, per: debt, channels: [sms], days: 7, results: [a], but: [b]",
            "r",
            "give one of `results`",
        ),
        ("kind: cooldown, days: 7, after: [], per: debt, channels: [call]", "r.after", "at least 1"),
        ("kind: spacing, days: 0, channels: [sms]", "r.days", "greater than or equal to 1"),
        ("kind: overdue, over: -1", "r.over", "greater than or equal to 0"),
        ("kind: consent, demands: maybe", "r.demands", "'granted' or 'not_revoked'"),
        ("kind: party, may: [neighbour]", "r.may.0", "'borrower'"),
        ("kind: flags, flags: [lawyer]", "r.flags.0", "'represented'"),
        ("kind: disclosure", "r", "give phrases"),
        ("kind: flags, flags: [cease], binds: {actor: [first_party]}", "r.binds.actor", "not permitted"),
        ("kind: flags, flags: [cease], effective_from: soon", "r.effective_from", "date"),
    ],
)
def test_a_slip_of_each_kind_is_named(rule: str, where: str, says: str) -> None:
    with pytest.raises(PolicyInputError) as error:
        pack(f"r: {{{rule}}}")
    assert str(error.value).startswith(f"pack test: rules.{where}: ")
    assert says in str(error.value)


def test_there_is_no_such_pack() -> None:
    with pytest.raises(PolicyInputError, match="'atlantis' is no policy pack; there are: cl-19496, "):
        shipped_pack("atlantis")


def test_the_packs_of_the_surface_ship() -> None:
    named = (
        "us-reg-f, us-tcpa, us-ma, us-nyc, cn-gbt-45251, cn-cba, in-rbi, gb-conc, gb-breathing-space, "
        "ru-230fz, kz-62vi, co-2300, cl-19496, id-pojk22, ph-mc18, mx-condusef, gr-3758, ke-ln46, house"
    )
    assert set(named.split(", ")) <= set(shipped_packs())


def test_every_shipped_rule_is_a_line_that_can_be_signed() -> None:
    for name, shipped in shipped_packs().items():
        shown = page(shipped)
        assert COUNSEL in shown["note"]
        assert date.fromisoformat(shown["review_by"]) > date(2026, 11, 1)
        told = text(shown)
        assert told.startswith(f"# {name}: ")
        assert COUNSEL in told
        for rule in shown["rules"]:
            for key in ("number", "source", "sure", "checks", "cannot"):
                assert rule[key], (name, rule["rule"], key)
                assert str(rule[key])[1:] in told
            assert f"\n## {rule['rule']}\n" in told


def test_the_page_says_whom_a_rule_binds_and_from_when() -> None:
    told = text(page(shipped_pack("us-tcpa")))
    assert "In effect: from 2027-01-31" in told
    assert "Binds: first party, third party; reminder, collection" in told
    assert "In effect: from 2026-09-01" in text(page(shipped_pack("us-nyc")))
    assert "- Binds only: third party" in text(page(shipped_pack("in-rbi")))
    assert (
        "at most 7 calls in 7 consecutive days per debt"
        in page(shipped_pack("us-reg-f"))["rules"][3]["number"]
    )
    assert "S (secondary source)" in told


def test_adding_a_country_takes_two_files() -> None:
    """The YAML and its cases: no name of a shipped pack stands in the code."""
    root = Path(__file__).parents[3] / "policy"
    code = "\n".join(file.read_text("utf-8") for file in root.rglob("*.py"))
    for name in set(shipped_packs()) - {"house"}:
        assert name not in code


def test_the_review_date_is_past_from_the_day_after_it() -> None:
    pack = shipped_packs()["house"]
    by = pack.spec.review_by
    assert [pack.review_past(by + n * DAY) for n in (-1, 0, 1)] == [False, False, True]


def test_a_kind_of_rule_that_states_neither_rule_nor_number_cannot_be_made() -> None:
    class Half(RuleSpec):
        def number(self) -> str:
            return "one"

    with pytest.raises(TypeError, match="abstract"):
        Half(source="a letter", sure="S")  # pyright: ignore[reportAbstractUsage]


@pytest.mark.parametrize("name", sorted(shipped_packs()))
def test_a_page_is_plain_words(name: str) -> None:
    """No pattern, no name of data: whoever signs it need not know how it is written in the file."""
    for rule in page(shipped_packs()[name])["rules"]:
        assert not set("*<>_{}[]|\\") & set(rule["number"]), rule["number"]
    shown = text(page(shipped_packs()[name]))
    assert "- Sureness: S\n" not in shown
    if name == "us-reg-f":
        assert "- Sureness: P/S (primary or official text seen, secondary source)" in shown
        assert 'The first communication says "attempt… to collect", ' in shown
        assert "Nobody is contacted who is marked cease or refusal." in shown
