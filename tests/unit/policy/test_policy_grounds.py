"""What no document of `kept policy check` can state, and the application can: party, age, basis, notices."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from policy.earliest import earliest, in_force
from policy.errors import PolicyInputError
from policy.holidays import check_country, holiday
from policy.pack import shipped_packs
from policy.rules import Cap
from policy.validation import disputable_until
from policy.values import FIRST_COMMUNICATION, Answer, Ask, Basis, Past, Situation
from tests.builders.facts import pack

RULES = {name: pack.rules for name, pack in shipped_packs().items()}
NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)  # noon in New York
DAY = timedelta(days=1)
PEOPLE = ("borrower", "co-borrower", "guarantor", "representative", "estate")


def said(name: str, ask: Ask, at: datetime = NOW, **fields: object) -> Answer:
    return earliest(in_force(RULES, [name]), ask, Situation(("America/New_York",), **fields), at)


def third(channel: str = "call", **fields: object) -> Ask:
    return Ask(channel, (1,), actor="third_party", **fields)


@pytest.mark.parametrize("name", ["us-reg-f", "in-rbi", "gb-conc", "mx-condusef", "ke-ln46", "cn-gbt-45251"])
@pytest.mark.parametrize("purpose", ["dunning", "answer", "statutory"])
def test_third_parties_learn_nothing(name: str, purpose: str) -> None:
    at = datetime(2026, 11, 25, 13, tzinfo=UTC) if name == "in-rbi" else NOW
    for party in PEOPLE:
        assert said(name, third("sms", party=party, purpose=purpose), at).at == at
    for party in ("family", "referee", "contact_person", "third_party"):
        answer = said(name, third("sms", party=party, purpose=purpose), at)
        assert answer.at is None
        assert party in answer.noes[0].detail
    spouse = said(name, third("sms", party="spouse", purpose=purpose), at)
    assert (spouse.at == at) == (name == "us-reg-f")


def yes(name: str, rule: str, ask: Ask, at: datetime = NOW, **fields: object) -> str:
    """What the rule says of a wish that it accepts."""
    found = next(one for one in RULES[name] if one.name == rule)
    situation = Situation(("America/New_York",), **fields)
    assert found.first(ask, situation, at) == at
    return found.detail(ask, situation, at)


def test_a_rule_that_accepts_does_not_speak_as_if_it_refused() -> None:
    """The words beside a yes are those of a yes: a compliance officer reads them as the reason."""
    assert yes("us-reg-f", "third_parties", third()) == "it is said to: borrower"
    reached = yes(
        "cn-gbt-45251", "contact_persons", third(party="contact_person"), flags=("unreachable", "vulnerable")
    )
    assert reached == "it is said to: contact_person, who is unreachable"
    sent = {"validation": NOW - 2 * DAY, FIRST_COMMUNICATION: NOW - 9 * DAY}
    assert yes("us-reg-f", "validation", third(), notices=sent) == (
        "the notice validation was sent on 2026-11-23"
    )
    assert yes("us-reg-f", "validation", third(), notices={}) == (
        "the first communication; the notice validation follows within 5 days"
    )
    begun = {FIRST_COMMUNICATION: NOW - 3 * DAY}
    assert yes("us-reg-f", "validation", third(), notices=begun) == (
        "the notice validation is still in time, through 2026-11-27"
    )
    assert yes("us-reg-f", "validation", third()) == "nothing is known of the notice validation"
    night = NOW + timedelta(hours=16)
    assert yes("id-pojk22", "hours", third(), night, hours_agreed=True) == "other hours are agreed"
    own = ((time(4), time(5)),)
    assert yes("us-reg-f", "hours", third(), night, windows=own) == "the person's own hours replace these"
    late = {1: date(2026, 11, 1)}
    assert yes("ph-mc18", "hours", third(), night, due=late) == (
        "more than 15 days past due: these hours do not bind"
    )


@pytest.mark.parametrize("name", sorted(RULES))
def test_no_rule_of_a_pack_says_may_not_or_has_not_where_it_accepts(name: str) -> None:
    noon = datetime(2026, 11, 25, 17, tzinfo=UTC)
    texts = ("This is an attempt to collect a debt. Reply STOP", "From a debt collector. Reply STOP")
    situations = [
        Situation(("America/New_York",), **fields)
        for fields in (
            {},
            {"notices": {}, "consents": {"sms": "granted"}, "due": {1: date(2026, 10, 1)}},
            {"notices": {"validation": noon - DAY, "agent_identity": noon - DAY}, "hours_agreed": True},
            {
                "basis": {"sms": Basis("consent", noon)},
                "checked": {"sms": noon - DAY},
                "flags": ("hardship",),
            },
        )
    ]
    for rule in RULES[name]:
        said = [
            rule.detail(ask, situation, noon)
            for situation in situations
            for text in texts
            for ask in [third("sms", text=text)]
            if rule.first(ask, situation, noon) == noon
        ]
        refusing = [one for one in said if "may not" in one or "has not" in one or "must say" in one]
        assert not refusing, rule.name


def test_a_contact_person_in_china_only_where_the_debtor_cannot_be_reached() -> None:
    noon = datetime(2026, 11, 25, 15, tzinfo=UTC)
    ask = third(party="contact_person")
    assert said("cn-gbt-45251", ask, noon).at is None
    assert said("cn-gbt-45251", ask, noon, flags=("unreachable",)).at == noon
    assert said("cn-gbt-45251", ask, noon, flags=("vulnerable",)).at is None
    # A death stops everything (PRODUCT.md), whatever the standard would allow.
    assert said("cn-gbt-45251", ask, noon, flags=("deceased",)).at is None


def test_sms_safe_harbour_of_sixty_days() -> None:
    for days, allowed in ((59, True), (60, True), (61, False)):
        answer = said("us-reg-f", third("sms"), checked={"sms": NOW - days * DAY})
        assert (answer.at == NOW) == allowed
    assert said("us-reg-f", third("sms")).at == NOW  # not known counts as met
    # The person's own text is as good as a check; a check of another channel says nothing.
    own = (Past(NOW - 10 * DAY, "sms", "received", (), inbound=True),)
    assert said("us-reg-f", third("sms"), checked={"sms": NOW - 90 * DAY}, past=own).at == NOW
    assert said("us-reg-f", third("sms"), checked={"email": NOW - 90 * DAY}).at == NOW


def test_email_safe_harbour_by_basis() -> None:
    for kind in ("used_by_consumer", "consent", "prior_collector"):
        assert said("us-reg-f", third("email"), basis={"email": Basis(kind, NOW)}).at == NOW
    assert said("us-reg-f", third("email"), basis={"email": Basis("found")}).at is None
    sent = NOW - 34 * DAY
    waits = said("us-reg-f", third("email"), basis={"email": Basis("creditor_notice", sent)})
    assert waits.at == NOW + DAY - timedelta(hours=4)  # 08:00 of the thirty-fifth day
    early = said("us-reg-f", third("email"), basis={"email": Basis("creditor_notice", sent - DAY)})
    assert early.at == NOW
    assert said("us-reg-f", third("email")).at == NOW


def test_the_agents_identity_is_sent_before_the_agents_first_contact() -> None:
    at = datetime(2026, 11, 25, 13, tzinfo=UTC)
    assert said("in-rbi", third("sms"), at).at == at
    assert said("in-rbi", third("sms"), at, notices={}).at is None
    assert said("in-rbi", third("sms"), at, notices={"agent_identity": at}).at == at
    later = at + timedelta(hours=1)
    assert said("in-rbi", third("sms"), at, notices={"agent_identity": later}).at == later
    assert said("in-rbi", Ask("sms", (1,)), at, notices={}).at == at  # the lender itself has no agent


def test_the_validation_notice_within_five_days_of_the_first_communication() -> None:
    def after(days: int, **notices: datetime) -> datetime | None:
        past = (Past(NOW - days * DAY, "email", "delivered", (1,)),)
        return said("us-reg-f", third("sms"), past=past, notices=notices).at

    assert said("us-reg-f", third("sms"), notices={}).at == NOW  # it may be in the first one
    assert after(5) == NOW
    assert after(6) is None
    assert after(6, validation=NOW - DAY) == NOW
    # A call that nobody took is no communication; one of long ago is known by its moment alone.
    rang = (Past(NOW - 6 * DAY, "call", "no_answer", (1,)),)
    assert said("us-reg-f", third("sms"), past=rang, notices={}).at == NOW
    long_ago = {FIRST_COMMUNICATION: NOW - 90 * DAY}
    assert said("us-reg-f", third("sms"), notices=long_ago).at is None
    text = "This is an attempt to collect a debt. Reply STOP to end."
    assert said("us-reg-f", third("sms", text=text)).at == NOW
    later = {**long_ago, "validation": NOW - 89 * DAY}
    assert said("us-reg-f", third("sms", text=text), notices=later).at is None


def test_a_cap_by_address() -> None:
    now = datetime(2026, 11, 25, 15, tzinfo=UTC)
    tried = tuple(
        Past(now - n * timedelta(minutes=9), "call", "no_answer", (1,), address=5) for n in range(6)
    )

    def asked(address: int, past: tuple[Past, ...]) -> Answer:
        ask = Ask("call", (1,), address=address)
        return earliest(in_force(RULES, ["cn-cba"]), ask, Situation(("America/New_York",), past=past), now)

    assert asked(5, tried).at != now
    assert asked(6, tried).at == now
    assert asked(0, tried).at != now  # no number chosen yet: each may be the one
    unknown = tuple(Past(past.at, "call", "no_answer", (1,)) for past in tried)
    assert asked(6, unknown).at != now


def test_a_rule_ends_with_its_last_day() -> None:
    rule = "daily: {kind: cap, most: 1, period: week, per: person, channels: [sms], effective_to: 2026-11-26}"
    rules = in_force({"test": pack(rule).rules}, ["test"])
    past = (Past(NOW - DAY, "sms", "delivered", (1,)),)
    deferred = earliest(rules, Ask("sms", (1,)), Situation(("America/New_York",), past=past), NOW)
    assert deferred.at == datetime(2026, 11, 27, 5, tzinfo=UTC)
    both = Situation(("America/New_York", "Asia/Tokyo"), past=past)
    assert earliest(rules, Ask("sms", (1,)), both, NOW).at == deferred.at  # until it is over everywhere


def test_a_rule_begins_with_its_first_day_wherever_that_is_first() -> None:
    rules = in_force(
        {"test": pack("r: {kind: flags, flags: [hardship], effective_from: 2026-11-26}").rules}, ["test"]
    )
    first = datetime(2026, 11, 25, 15, tzinfo=UTC)  # midnight in Tokyo
    for zones in (("Asia/Tokyo",), ("America/New_York", "Asia/Tokyo")):
        marked = Situation(zones, flags=("hardship",))
        assert earliest(rules, Ask("sms", (1,)), marked, first).at is None
        before = first - timedelta(seconds=1)
        assert earliest(rules, Ask("sms", (1,)), marked, before).at == before


def test_what_names_no_loan_counts_for_every_one() -> None:
    nameless = (Past(NOW - DAY, "call", "no_answer", ()), Past(NOW - DAY, "call", "no_answer", ()))
    assert said("us-ma", Ask("call", (1,)), past=nameless).at != NOW
    assert said("us-ma", Ask("call", ()), past=nameless).at != NOW


def test_holidays_by_country_and_region() -> None:
    patriots = date(2026, 4, 20)
    assert holiday(patriots, "US", None) is None
    assert holiday(patriots, "US", "US-MA") == "Patriots' Day"
    assert holiday(patriots, "US", "US-TX") is None
    assert holiday(patriots, "US", "CA-MA") is None
    assert holiday(patriots, "US", "US-nowhere") is None
    assert holiday(date(2027, 1, 1), "RU", "RU-MOW") == "New Year Holidays"
    with pytest.raises(PolicyInputError, match="'XX' is no country"):
        check_country("XX")


def test_no_shipped_cap_reaches_further_back_than_what_is_loaded() -> None:
    """storage/facts.py loads 33 days: a month and two days for zones."""
    for rules in RULES.values():
        for rule in rules:
            assert not isinstance(rule, Cap) or rule.days <= 31


@pytest.mark.parametrize(
    ("sent", "country", "until"),
    [
        (date(2026, 11, 23), "US", date(2026, 12, 31)),  # Thanksgiving and a weekend on the way
        (date(2026, 11, 23), None, date(2026, 12, 30)),
        (date(2026, 11, 2), "US", date(2026, 12, 9)),  # a Monday; arrives on the next
        (date(2026, 11, 7), "US", date(2026, 12, 16)),  # a Saturday; Veterans Day on the way
    ],
)
def test_a_debt_may_be_disputed_for_thirty_days_after_five_days_on_the_way(
    sent: date, country: str | None, until: date
) -> None:
    assert disputable_until(sent, country) == until
