"""`kept may` and `kept told` as processes: what they print, and how they end."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.command import Kept
from tests.builders.tapes import loan, tape, three
from tests.builders.town import Town

NUMBER = "+447700900123"
NINE, EVENING = "2026-11-23T09:00+01:00", "2026-11-23T22:05+01:00"


@pytest.fixture
async def kept(engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    made = Kept(tmp_path, database_url, redis_url)
    assert (await made.run("check")).code == 0  # the keys of the installation are made, and known to the book
    town = Town(engine)
    await town.open()
    await town.borrower(date(2026, 11, 20), loan_id="L-ann", external_id="b-ann")
    return made


async def test_may_says_now_later_or_not_at_all_with_every_reason(kept: Kept) -> None:
    said = await kept.json("may", "b-ann", "--channel", "call", "--at", NINE)
    assert (said["verdict"], said["until"], said["reasons"]) == ("allow", None, [])
    assert (said["borrower"], said["portfolio"], said["channel"]) == ("b-ann", "acme", "call")
    late = await kept.json("may", "b-ann", "--channel", "sms", "--at", EVENING)
    assert (late["verdict"], late["until"]) == ("defer", "2026-11-24T07:00:00Z")
    assert [reason["rule"] for reason in late["reasons"]] == ["hours"]
    text = (await kept.run("may", "b-ann", "--channel", "sms", "--at", EVENING)).out.splitlines()
    assert text[0] == "defer until 2026-11-24T07:00:00Z"
    assert text[1].startswith("  house hours: hours 08:00-21:00; it is 22:05")


async def test_what_is_told_counts_and_is_told_once(kept: Kept) -> None:
    told = ("told", "contact", "b-ann", "--channel", "sms", "--result", "delivered", "--at")
    moment = "2026-11-20T10:00+01:00"
    assert await kept.json(*told, moment) == {"recorded": True}
    assert await kept.json(*told, moment) == {"recorded": False}
    at = "2026-11-20T15:00+01:00"
    said = await kept.json("may", "b-ann", "--channel", "email", "--at", at)
    assert "daily" in {reason["rule"] for reason in said["reasons"]}
    assert await kept.json("told", "mark", "b-ann", "--add", "cease") == {"recorded": True}
    said = await kept.json("may", "b-ann", "--channel", "email", "--at", NINE)
    assert (said["verdict"], said["reasons"][0]["rule"]) == ("deny", "marked")


async def test_a_stop_by_phone_is_told_with_its_evidence_and_lifted_again(kept: Kept, tmp_path: Path) -> None:
    stop = ("told", "consent", "b-ann", "revoked", "--channel", "sms", "--evidence", "by phone, to Cara")
    assert await kept.json(*stop) == {"recorded": True, "confirmation": 1}
    assert await kept.json(*stop) == {"recorded": True, "confirmation": None}  # it is confirmed once
    said = await kept.json("may", "b-ann", "--channel", "sms")
    assert (said["verdict"], said["reasons"][0]["rule"]) == ("deny", "stop")
    assert (await kept.json("may", "b-ann", "--channel", "sms", "--purpose", "statutory"))[
        "verdict"
    ] == "allow"
    start = ("told", "consent", "b-ann", "granted", "--channel", "sms", "--purpose", "dunning")
    assert (await kept.run(*start, "--evidence", "letter of 3 March")).out == "recorded\n"
    said = await kept.json("may", "b-ann", "--channel", "sms", "--at", "2036-11-23T09:00+01:00")
    assert "stop" not in {reason["rule"] for reason in said["reasons"]}
    (tmp_path / "holds.csv").write_text("borrower_id,loan_id,kind,from,to\nb-ann,,cease,yesterday,\n")
    taken = await kept.json("import", "holds", tmp_path / "holds.csv", "--mapping", "kept")
    assert "1 persons of refused rows are held" in taken["notes"][0]
    lift = ("told", "lift", "b-ann", "refused_opt_out", "--reason", "called: no such wish")
    assert len((await kept.json(*lift))["lifted"]) == 1
    complaint = (await kept.run(*lift)).complaint
    assert complaint == "kept: 'b-ann' has no hold 'refused_opt_out' that runs; there are: none"
    complaint = (await kept.run(*stop[:-1], " ")).complaint
    assert complaint == "kept: a consent needs its evidence: note when and how they said it"


async def test_whose_a_number_is_is_told_and_decides_what_may_be_said_there(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    rows = [loan("L1", phone=NUMBER, phone_state="attested"), loan("L2", "B2")]
    there = tape(tmp_path / "t", rows, [*three("L1"), *three("L2")])
    await kept.run("import", "loans", str(there), "--mapping", "kept", "--as-of", "2026-11-22")
    about = ("may", "B1", "--channel", "sms", "--at", NINE, "--text", "EUR 100.00 is open.")
    assert await rules(kept, about) == set()
    assert await kept.json("told", "reassigned", NUMBER) == {"changed": 1}
    assert await kept.json("told", "reassigned", NUMBER) == {"changed": 0}
    assert await rules(kept, about) == {"amount"}
    assert await kept.json("told", "address", "B1", NUMBER, "confirmed") == {"recorded": True}
    assert await rules(kept, about) == set()
    for closed in ("suspended", "detached"):
        await kept.json("told", "address", "B1", NUMBER, closed)
        assert await rules(kept, about) == {"no_address"}
    for line, command in {
        "kept: borrower 'B2' has no such phone on file": ("B2", NUMBER, "detached"),
        "kept: lost: there is no such finding; one of confirmed, unverified, detached, suspended": (
            "B1",
            NUMBER,
            "lost",
        ),
    }.items():
        assert (await kept.run("told", "address", *command)).complaint == line


async def rules(kept: Kept, about: tuple[str, ...]) -> set[str]:
    return {reason["rule"] for reason in (await kept.json(*about))["reasons"]}


async def test_what_cannot_be_is_one_line(kept: Kept) -> None:
    for line, command in {
        "kept: there is no borrower 'b-x'": ("may", "b-x", "--channel", "call"),
        "kept: --channel fax: there is no such; one of call, chat, email, sms, visit": (
            "may",
            "b-ann",
            "--channel",
            "fax",
        ),
        "kept: no pack of portfolio acme asks for a notice 'validation'; they ask for: none": (
            "told",
            "notice",
            "b-ann",
            "validation",
        ),
        "kept: '9-12' are no hours; write them like 18:00-20:30": (
            "told",
            "mark",
            "b-ann",
            "--hours",
            "9-12",
        ),
    }.items():
        assert (await kept.run(*command)).complaint == line
