"""Beside an incumbent: what it sent, what this book said, and what the rules say of theirs."""

from base64 import b64encode
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.insight.shadow import compare
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import AUDITOR
from tests.builders.command import Kept
from tests.builders.town import Town

DUE, LATER = date(2026, 11, 20), date(2026, 12, 20)
HEADER = "borrower_id,at,channel,direction,result,loan_ids"
AFTER = timedelta(hours=20)
KEYS = f"test:{b64encode(bytes(range(32))).decode()}"
OPERATIONS = Actor("ona", Role.OPERATIONS)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    """Ann and Dee are 3 days late and are written to; Ben's loan is disputed; nothing of Cal's is due."""
    made = Town(engine)
    await made.open()
    for name in ("ann", "ben", "dee"):
        of = await made.borrower(DUE, external_id=name)
        if name == "ben":
            await made.book.hold(of.person, "dispute", loan=of.loan)
    await made.borrower(LATER, external_id="cal")
    await made.look()
    assert (await made.send()).by_channel == {"sms": {"accepted": 2}}
    made.now += AFTER
    return made


def theirs(folder: Path) -> Path:
    """To Ann twice, the second at night; to Ben, and a call; to Cal; what Ann wrote; and a stranger."""
    file = folder / "incumbent.csv"
    rows = (
        "ann,2026-11-23T11:00,sms,out,sent,",
        "ann,2026-11-23T22:30,email,out,sent,",
        "ben,2026-11-23T09:30,sms,out,sent,",
        "ben,2026-11-23T10:00,call,out,no_answer,",
        "cal,2026-11-23T12:00,email,out,sent,",
        "ann,2026-11-23T12:00,sms,in,reply,",
        "zoe,2026-11-23T12:00,sms,out,sent,",
        "dee,2026-11-22T12:00,sms,out,sent,",
    )
    file.write_text("\n".join((HEADER, *rows)))
    return file


async def test_each_person_and_day_is_both_theirs_or_ours_and_says_why(town: Town, tmp_path: Path) -> None:
    monday = date(2026, 11, 23)
    found = await compare(
        town.office, OPERATIONS, theirs(tmp_path), tmp_path / "rejects", town.now, first=monday, last=monday
    )
    assert (found.theirs, found.ours, found.by_people) == (4, 2, 1)
    assert (found.same_channel, found.other_channel) == (1, 0)
    assert found.only_theirs == {"hold": 1, "not_expected": 1}
    assert found.only_ours == {"late-3": 1}
    assert found.refused == {"hours": 1, "hold": 2}
    assert {(one.borrower, one.who, one.why) for one in found.examples} == {
        ("ben", "theirs", "hold"),
        ("cal", "theirs", "not_expected"),
        ("dee", "ours", "late-3"),
    }
    assert [(day.day, day.theirs, day.ours, day.both) for day in found.days] == [(monday, 4, 2, 1)]
    assert found.rejected == 1
    (rejects,) = (tmp_path / "rejects").iterdir()
    assert str(rejects) == found.rejects_file
    assert "zoe" in rejects.read_text()
    assert await town.book.sql("SELECT 1 FROM contacts_elsewhere") == [], "nothing of it is kept"


async def test_the_days_are_those_of_the_file_and_a_stop_that_came_later_had_not_been_said(
    town: Town, tmp_path: Path
) -> None:
    ann = (await town.book.sql("SELECT id FROM persons WHERE external_id = 'ann'"))[0][0]
    await town.book.consent(ann, "sms", "revoked", town.now)
    found = await compare(town.office, OPERATIONS, theirs(tmp_path), tmp_path / "rejects", town.now)
    assert (found.first, found.last) == (date(2026, 11, 22), date(2026, 11, 23))
    assert found.only_theirs == {"hold": 1, "not_expected": 1, "later_step": 1}, "and Dee's of Sunday"
    assert "stop" not in found.refused


async def test_what_cannot_be_compared_says_so_and_only_those_who_may(town: Town, tmp_path: Path) -> None:
    file = theirs(tmp_path)
    year = date(2025, 1, 1)
    with pytest.raises(CaseworkInputError, match="no outgoing contact of these days"):
        await compare(town.office, OPERATIONS, file, tmp_path, town.now, first=year, last=year)
    with pytest.raises(CaseworkInputError, match="more than 366 days"):
        await compare(town.office, OPERATIONS, file, tmp_path, town.now, first=year)
    for nobody in (Actor("fin", Role.BORROWER), Actor("carl", Role.COLLECTOR)):
        with pytest.raises(Denied):
            await compare(town.office, nobody, file, tmp_path, town.now)
    assert (await compare(town.office, AUDITOR, file, tmp_path, town.now)).ours == 2


async def test_the_command_compares_and_draws(
    town: Town, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url, KEPT_ENCRYPTION_KEYS=KEYS)
    file = theirs(tmp_path)
    at = town.now.isoformat()
    said = await kept.json("shadow", file, "--now", at, "--from", "2026-11-23", "--picture", "day.svg")
    assert said["only_theirs"] == {"hold": 1, "not_expected": 1}
    assert "our rules refuse" in (tmp_path / "day.svg").read_text()
    told = (await kept.run("shadow", file, "--now", at)).out
    assert "2026-11-22 to 2026-11-23: they sent 5 messages, this book 2; 1 calls" in told
    assert "ben: theirs by sms (hold)" in told
    wrong = await kept.run("shadow", file, "--now", at, "--picture", "day.doc")
    assert ".svg or .png" in wrong.complaint
