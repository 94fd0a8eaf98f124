"""`kept policy check` by its letter: what goes in, what comes out, and each slip named with its key."""

import json
from datetime import datetime
from typing import Any

import pytest

from policy.document import check, read
from policy.errors import PolicyInputError

FULL: dict[str, Any] = {
    "now": "2026-11-23T12:00:00-05:00",
    "packs": ["us-reg-f"],
    "actor": "third_party",
    "stage": "collection",
    "channel": "sms",
    "purpose": "dunning",
    "loans": ["A"],
    "dpd": {"A": 20},
    "text": None,
    "borrower": {
        "zones": ["America/New_York"],
        "country": "US",
        "region": "US-MA",
        "consents": {"sms": "granted"},
        "hours_agreed": False,
        "windows": [],
        "holds": [],
        "flags": [],
    },
    "history": [],
}


def asked(**changes: Any) -> Any:
    return check(read(json.dumps({**FULL, **changes})))


def person(**changes: Any) -> dict[str, Any]:
    return {**FULL["borrower"], **changes}


def test_the_three_verdicts() -> None:
    assert asked() == {"verdict": "allow", "until": None, "reasons": []}
    assert asked(now="2026-11-23T21:00:00-05:00") == {
        "verdict": "defer",
        "until": "2026-11-24T13:00:00Z",
        "reasons": [
            {
                "pack": "us-reg-f",
                "rule": "hours",
                "detail": "hours 08:00-21:00; it is 21:00 (America/New_York)",
                "source": "12 CFR 1006.6(b)(1)(i)",
            }
        ],
    }
    denied = asked(borrower=person(consents={"sms": "revoked"}))
    assert denied == {
        "verdict": "deny",
        "until": None,
        "reasons": [
            {
                "pack": "always",
                "rule": "stop",
                "detail": "the person stopped sms",
                "source": "always in force; no pack lifts it",
            }
        ],
    }


def test_every_rule_that_says_no_now_is_among_the_reasons() -> None:
    """Also behind one that never accepts: who repairs one thing wants to know the others."""
    said = asked(now="2026-11-23T22:00:00-05:00", borrower=person(flags=["represented", "cease"]))
    assert said["verdict"] == "deny"
    assert [reason["rule"] for reason in said["reasons"]] == ["marked", "hours", "attorney", "cease"]


def test_what_has_a_default_may_be_left_out_or_be_null() -> None:
    least = {key: FULL[key] for key in ("now", "actor", "stage", "channel", "purpose", "loans")}
    bare = {**least, "borrower": {"zones": ["America/New_York"]}}
    assert check(read(json.dumps(bare)))["verdict"] == "allow"
    assert check(read(json.dumps({**bare, "now": "2026-11-23T22:00:00Z"})))["verdict"] == "allow"
    assert check(read(json.dumps({**bare, "now": "2026-11-24T02:00:00Z"})))["reasons"][0]["pack"] == "house"
    nulls = dict.fromkeys(("packs", "dpd", "text", "history"))
    optional = dict.fromkeys(set(FULL["borrower"]) - {"zones"})
    assert check(read(json.dumps({**FULL, **nulls, "borrower": person(**optional)})))["verdict"] == "allow"


def test_a_pack_named_twice_is_one() -> None:
    said = asked(packs=["us-ma", "us-ma", "house"], now="2026-11-23T22:00:00-05:00")
    assert [reason["pack"] for reason in said["reasons"]] == ["house"]


def test_only_the_packs_named_are_asked_whatever_the_country() -> None:
    night = "2026-11-23T23:30:00-05:00"
    assert asked(now=night, packs=["us-ma"])["verdict"] == "allow"
    assert asked(now=night, packs=["us-ma"], borrower=person(country="RU"))["verdict"] == "allow"
    assert asked(now=night, packs=["ru-230fz"])["verdict"] == "defer"


def test_windows_of_ones_own_need_no_pack_with_hours() -> None:
    said = asked(packs=["us-ma"], borrower=person(windows=[["18:00", "24:00"]]))
    assert (said["verdict"], said["until"]) == ("defer", "2026-11-23T23:00:00Z")


@pytest.mark.parametrize(
    ("hold", "verdict", "until"),
    [
        ({"kind": "dispute"}, "deny", None),
        ({"kind": "dispute", "loans": []}, "deny", None),
        ({"kind": "dispute", "loans": ["B"]}, "allow", None),
        (
            {"kind": "dispute", "loans": ["B", "A"], "to": "2026-11-24T14:00:00Z"},
            "defer",
            "2026-11-24T14:00:00Z",
        ),
        ({"kind": "dispute", "from": "2026-11-24", "to": "2026-11-25"}, "allow", None),
        ({"kind": "dispute", "from": "2026-11-23", "to": "2026-11-23"}, "defer", "2026-11-24T13:00:00Z"),
        ({"kind": "dispute", "from": None, "to": "2026-11-23T17:00:00Z"}, "allow", None),
        ({"kind": "dispute", "to": "2026-11-23T17:00:01Z"}, "defer", "2026-11-23T17:00:01Z"),
    ],
)
def test_holds(hold: dict[str, Any], verdict: str, until: str | None) -> None:
    said = asked(borrower=person(holds=[hold]))
    assert (said["verdict"], said["until"]) == (verdict, until)


def test_days_past_due_grow_with_the_days() -> None:
    """Ten at `now`, in the evening: eleven after midnight there, and Greece is open at nine."""
    greek = person(zones=["Europe/Athens"], country="GR")
    said = asked(now="2026-11-24T21:59:00Z", packs=["gr-3758"], borrower=greek, dpd={"A": 10})
    assert said["until"] == "2026-11-25T07:00:00Z"
    said = asked(now="2026-11-24T22:00:00Z", packs=["gr-3758"], borrower=greek, dpd={"A": 10})
    assert said["until"] == "2026-11-26T07:00:00Z"


def test_history_may_come_in_any_order() -> None:
    rows = [
        {"at": f"2026-11-{day}T12:00:00Z", "channel": "sms", "direction": "out", "result": "delivered"}
        for day in (20, 18)
    ]
    first, second = asked(packs=["us-ma"], history=rows), asked(packs=["us-ma"], history=rows[::-1])
    assert first == second
    assert first["until"] == "2026-11-25T05:00:00Z"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"chanel": "sms"}, 'chanel: unknown key "chanel"; known are now, packs'),
        ({"borrower": person(zone="UTC")}, 'borrower.zone: unknown key "zone"; known are zones, country'),
        (
            {"borrower": person(holds=[{"kind": "x", "until": None}])},
            'borrower.holds[0].until: unknown key "until"',
        ),
        (
            {
                "history": [
                    {"at": "2026-11-23T12:00:00Z", "channel": "sms", "direction": "out", "outcome": "x"}
                ]
            },
            'history[0].outcome: unknown key "outcome"; known are at, channel, direction, result, loans',
        ),
        ({"now": "2026-11-23T12:00:00"}, "now: write a moment with its zone"),
        ({"now": "9999-12-31T23:59:59Z"}, "now: write a moment with its zone"),
        ({"now": 5}, "now: write a moment with its zone"),
        ({"now": None}, "now: is missing"),
        ({"actor": "creditor"}, "actor: input should be 'first_party' or 'third_party'"),
        ({"stage": "late"}, "stage: input should be 'reminder' or 'collection'"),
        ({"channel": "fax"}, "channel: input should be 'sms', 'email', 'chat', 'call' or 'visit'"),
        ({"purpose": "greeting"}, "purpose: input should be 'dunning', 'answer'"),
        ({"loans": "A"}, "loans: "),
        ({"loans": [1]}, "loans[0]: "),
        ({"dpd": {"A": -1}}, "dpd.A: "),
        ({"dpd": {"A": "20"}}, "dpd.A: "),
        ({"packs": ["us-reg"]}, "'us-reg' is no policy pack; there are: cl-19496,"),
        ({"borrower": person(zones=[])}, "borrower.zones: "),
        (
            {"borrower": person(zones=["America/Gotham"])},
            "borrower.zones: 'America/Gotham' is not a time zone",
        ),
        ({"borrower": person(consents={"fax": "granted"})}, "borrower.consents.fax"),
        ({"borrower": person(consents={"sms": "yes"})}, "borrower.consents.sms: input should be 'granted'"),
        ({"borrower": person(windows=[["08:00"]])}, "borrower.windows[0]: "),
        ({"borrower": person(windows=[["8", "9"]])}, 'borrower.windows[0][0]: write an hour like "08:00"'),
        (
            {"borrower": person(windows=[["08:00", "08:00"]])},
            "borrower.windows[0]: it opens and closes at 08:00",
        ),
        ({"borrower": person(flags=["lawyer"])}, "borrower.flags[0]: input should be 'represented'"),
        ({"borrower": person(hours_agreed="yes")}, "borrower.hours_agreed: "),
        ({"borrower": person(holds=[{"kind": "x", "from": "soon"}])}, "borrower.holds[0].from: "),
        (
            {"borrower": person(holds=[{"kind": "x", "from": "2026-11-24", "to": "2026-11-22"}])},
            "borrower.holds[0].to: it ends before it begins",
        ),
        ({"borrower": []}, "borrower: write an object {...}"),
        (
            {"history": [{"at": "2026-11-23", "channel": "sms", "direction": "out"}]},
            "history[0].at: write a moment",
        ),
        ({"history": [{"at": "2026-11-23T12:00:00Z", "channel": "sms"}]}, "history[0].direction: is missing"),
    ],
)
def test_a_slip_is_named_with_its_key(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PolicyInputError) as error:
        asked(**changes)
    message = str(error.value)
    assert message.startswith(says), message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1: this is no JSON"),
        ("[]", "the document: write an object"),
        ('{"now": 1, "now": 2}', '"now" is there twice'),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_document_at_all(text: str, says: str) -> None:
    with pytest.raises(PolicyInputError, match=says.replace("[", r"\[")):
        read(text)


def test_until_is_the_first_moment_that_is_allowed() -> None:
    said = asked(now="2026-11-23T21:00:00-05:00")
    assert datetime.fromisoformat(said["until"]).isoformat() == "2026-11-24T13:00:00+00:00"
    assert asked(now=said["until"])["verdict"] == "allow"
