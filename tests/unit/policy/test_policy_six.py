"""The six cases of the design that an engine must get right, by name, asked as `kept policy check` asks."""

import json
from datetime import datetime
from typing import Any

import pytest

from messages.keywords import keyword_of
from policy.document import Verdict, check, read

NEW_YORK = {"zones": ["America/New_York"], "country": "US", "region": "US-NY"}


def asked(now: str, packs: list[str], borrower: dict[str, Any], **more: Any) -> Verdict:
    document = {
        "now": now,
        "packs": packs,
        "actor": "third_party",
        "stage": "collection",
        "channel": "sms",
        "purpose": "dunning",
        "loans": ["A"],
        "text": None,
        "borrower": borrower,
        **more,
    }
    return check(read(json.dumps(document)))


def verdict(*question: Any, **more: Any) -> str:
    return asked(*question, **more)["verdict"]


def until(said: Verdict) -> datetime:
    assert said["verdict"] == "defer", said
    assert said["until"] is not None
    return datetime.fromisoformat(said["until"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("pack", ["us-reg-f", "house"])
def test_case_1_boundary_and_queue_in_new_york(pack: str) -> None:
    early = asked("2026-11-23T07:59:59-05:00", [pack], NEW_YORK)
    assert until(early) == at("2026-11-23T08:00:00-05:00")
    assert verdict("2026-11-23T08:00:00-05:00", [pack], NEW_YORK) == "allow"
    assert until(asked("2026-11-23T21:00:00-05:00", [pack], NEW_YORK)) == at("2026-11-24T08:00:00-05:00")
    # Approved 20:58, released by the queue 21:03: denied at dispatch.
    assert verdict("2026-11-23T20:58:00-05:00", [pack], NEW_YORK) == "allow"
    assert until(asked("2026-11-23T21:03:00-05:00", [pack], NEW_YORK)) == at("2026-11-24T08:00:00-05:00")


@pytest.mark.parametrize("pack", ["house", "us-reg-f"])
def test_case_2_clock_change_in_a_consumers_own_window(pack: str) -> None:
    spring = {**NEW_YORK, "windows": [["02:00", "03:00"]]}
    for now in ("2027-03-14T05:00:00Z", "2027-03-14T06:59:59Z", "2027-03-14T07:00:00Z"):
        assert until(asked(now, [pack], spring)) == at("2027-03-15T06:00:00Z")
    autumn = {**NEW_YORK, "windows": [["01:00", "02:00"]]}
    assert verdict("2027-11-07T05:30:00Z", [pack], autumn) == "allow"
    assert verdict("2027-11-07T06:30:00Z", [pack], autumn) == "allow"


def test_case_2_with_one_a_day_the_second_is_denied() -> None:
    """05:30Z and 06:30Z are both 01:30 of one day."""
    autumn = {**NEW_YORK, "windows": [["01:00", "02:00"]]}
    first = {"at": "2027-11-07T05:30:00Z", "channel": "sms", "direction": "out", "result": "delivered"}
    said = asked("2027-11-07T06:30:00Z", ["house"], autumn, history=[{**first, "loans": ["A"]}])
    assert until(said) == at("2027-11-08T06:00:00Z")
    assert [reason["rule"] for reason in said["reasons"]] == ["daily", "own_hours"]


def _calls(*results: str) -> list[dict[str, Any]]:
    """One a day from Monday on, to two numbers in turn, which no document can tell."""
    return [
        {
            "at": f"2026-11-{16 + n // 3}T{10 + n % 3}:00:00-05:00",
            "channel": "call",
            "direction": "out",
            "result": result,
            "loans": ["A"],
        }
        for n, result in enumerate(results)
    ]


def test_case_3_call_outcomes() -> None:
    """5 unanswered, 1 voicemail, 2 busy are 6: the seventh is allowed, the eighth not. No SMS counts."""
    six = _calls("no_answer", "busy", "no_answer", "no_answer", "voicemail", "busy", "no_answer", "no_answer")
    text = {"at": "2026-11-17T12:00:00-05:00", "channel": "sms", "direction": "out", "result": "delivered"}
    now = "2026-11-20T12:00:00-05:00"
    call = {"channel": "call", "history": [*six, {**text, "loans": ["A"]}]}
    assert verdict(now, ["us-reg-f"], NEW_YORK, **call) == "allow"
    seventh = {"at": now, "channel": "call", "direction": "out", "result": "no_answer", "loans": ["A"]}
    said = asked("2026-11-20T13:00:00-05:00", ["us-reg-f"], NEW_YORK, channel="call", history=[*six, seventh])
    assert until(said) == at("2026-11-23T08:00:00-05:00")
    assert [reason["rule"] for reason in said["reasons"]] == ["call_frequency", "hours"]
    assert said["reasons"][0]["detail"] == "7 of 7 in 7 days"
    assert verdict(now, ["us-reg-f"], NEW_YORK, channel="sms", history=[*six, seventh]) == "allow"


def test_case_4_weekend_in_vladivostok() -> None:
    person = {"zones": ["Asia/Vladivostok"], "country": "RU", "region": None}
    said = asked("2026-11-28T10:30:00Z", ["ru-230fz"], person)
    assert until(said) == at("2026-11-28T23:00:00Z")
    assert said["reasons"][0]["detail"] == "hours 09:00-20:00; it is 20:30 (Asia/Vladivostok)"


def test_case_5_free_text_revocation() -> None:
    """The words are read by the classifier; what they close is the policy's."""
    assert keyword_of("pls leave me alone, no more msgs") == "stop"
    assert keyword_of("STOP PLEASE") == "stop"
    person = {**NEW_YORK, "consents": {"sms": "revoked", "email": "granted"}}
    stop = {"at": "2026-11-23T15:00:00-05:00", "channel": "sms", "direction": "in", "result": "stop"}
    history: list[dict[str, Any]] = [{**stop, "loans": []}]
    packs = ["us-tcpa", "us-reg-f"]
    for loans in (["A"], ["B"], ["A", "B"]):
        said = asked("2026-11-23T15:00:00-05:00", packs, person, loans=loans, history=history)
        assert said["verdict"] == "deny"
        assert {reason["pack"] for reason in said["reasons"]} == {"always", "us-tcpa"}
    confirm = {"purpose": "opt_out_confirmation", "history": history}
    assert verdict("2026-11-23T15:04:00-05:00", packs, person, **confirm) == "allow"
    assert verdict("2026-11-23T15:06:00-05:00", packs, person, **confirm) == "deny"
    link = "You are out. Settle your account at https://example.com/pay"
    assert verdict("2026-11-23T15:04:00-05:00", packs, person, text=link, **confirm) == "deny"
    plain = "You are out: no more texts from Acme."
    assert verdict("2026-11-23T15:04:00-05:00", packs, person, text=plain, **confirm) == "allow"
    once = {"at": "2026-11-23T15:04:00-05:00", "channel": "sms", "direction": "out", "result": "delivered"}
    again = {**confirm, "history": [*history, {**once, "loans": []}]}
    assert verdict("2026-11-23T15:04:30-05:00", packs, person, **again) == "deny"
    mail = {"channel": "email", "history": history}
    assert verdict("2026-11-23T15:06:00-05:00", packs, person, **mail) == "allow"


def test_case_6_moratorium_in_the_united_kingdom() -> None:
    held = {
        "kind": "moratorium",
        "loans": ["A"],
        "from": "2026-12-01T00:00:00Z",
        "to": "2027-01-30T00:00:00Z",
    }
    person = {"zones": ["Europe/London"], "country": "GB", "region": "GB-ENG", "holds": [held]}
    packs = ["gb-breathing-space", "gb-conc"]
    now = "2026-12-15T12:00:00Z"
    said = asked(now, packs, person, loans=["A"])
    assert until(said) == at("2027-01-30T08:00:00Z")
    assert "gb-breathing-space" in {reason["pack"] for reason in said["reasons"]}
    assert verdict(now, packs, person, loans=["B"]) == "allow"
    assert verdict(now, packs, person, loans=["A", "B"]) == "defer"
    assert verdict(now, packs, person, loans=["A"], purpose="answer") == "allow"
