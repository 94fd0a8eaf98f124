"""`kept strategy` and what comes into force: published, held by its guard, rolled back, rolled out."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework import approvals
from casework.errors import CaseworkInputError
from casework.publish import known, publish, rollback, source
from casework.staff.rights import Actor, Denied, Role
from kept.cli.app import run
from strategies.errors import StrategyInputError
from tests.builders.facts import GENTLE_TEXT
from tests.builders.town import DAY, Town

HOUR = timedelta(hours=1)
OLA = Actor("ola", Role.OPERATIONS)
PIA = Actor("pia", Role.OPERATIONS)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def governing(town: Town) -> list[int]:
    rows = await town.book.sql("SELECT strategy_version_id FROM loans ORDER BY id")
    return [row[0] for row in rows]


async def test_a_version_takes_over_when_nothing_is_in_flight(town: Town) -> None:
    await town.borrower(date(2026, 11, 20))
    waits = await town.borrower(date(2026, 11, 16), email=False, phone=False)
    assert waits.loan
    await town.look()
    town.now += HOUR
    await town.send()
    later = GENTLE_TEXT.replace("due + 7d 08:00", "due + 8d 08:00")
    came = await publish(town.office, OLA, later, "gentle.yaml", town.now)
    assert (came.number, came.new, came.approval) == (2, True, None)
    assert came.cases == 2
    town.now += 2 * DAY
    await town.look()
    assert set(await governing(town)) == {came.version}
    again = await publish(town.office, OLA, later, "gentle.yaml", town.now)
    assert (again.new, again.cases) == (False, 0)
    rows = await town.book.sql("SELECT step FROM occurrences WHERE state = 'messaged'")
    assert [row[0] for row in rows] == ["late-3"], "the key outlives the version: it is not said again"


async def test_acceptance_22_what_a_rollback_undoes_is_not_sent(town: Town) -> None:
    await town.borrower(date(2026, 11, 21))  # two days late on Monday: gentle says nothing before day 3
    await town.look()
    bad = GENTLE_TEXT.replace(
        "  late-3:\n",
        "  hasty:\n    at: due + 2d 09:30\n    send: late\n    by: [sms]\n    expires: 1d\n  late-3:\n",
    )
    await publish(town.office, OLA, bad, "gentle.yaml", town.now)
    town.now += HOUR
    await town.look()
    assert [state for _, state, _ in await town.states()] == ["planned"]
    came = await rollback(town.office, OLA, "gentle", town.now)
    assert came.number == 1
    await town.send()
    assert town.providers["sms"].took == []
    assert [(state, code) for _, state, code in await town.states()] == [("cancelled", "moved_on")]
    listed = [(one.name, one.number, one.share) for one in await known(town.office, OLA)]
    assert listed == [("gentle", 1, 100), ("gentle", 2, 0)]
    with pytest.raises(CaseworkInputError, match="no version before v1"):
        await rollback(town.office, OLA, "gentle", town.now)


async def test_acceptance_20_who_wrote_it_does_not_approve_it(town: Town) -> None:
    for _ in range(3):
        await town.borrower(date(2026, 11, 21))
    guarded = GENTLE_TEXT.replace("stale_after: 4d", "stale_after: 4d\nguard: 1\nmigrate: now")
    came = await publish(town.office, OLA, guarded, "gentle.yaml", town.now)
    assert came.approval is not None
    assert came.volume is not None
    assert came.volume > 1
    with pytest.raises(CaseworkInputError, match="somebody else approves it"):
        await approvals.approve(town.office, OLA, came.approval, town.now)
    with pytest.raises(Denied):
        await approvals.approve(town.office, Actor("col", Role.COLLECTOR), came.approval, town.now)
    shares = {one.number: one.share for one in await known(town.office, OLA)}
    assert shares == {1: 100, 2: 0}
    await approvals.approve(town.office, PIA, came.approval, town.now)
    shares = {one.number: one.share for one in await known(town.office, OLA)}
    assert shares == {1: 0, 2: 100}


async def test_a_yes_is_to_what_was_asked_and_to_nothing_else(town: Town) -> None:
    for _ in range(3):
        await town.borrower(date(2026, 11, 21))
    guarded = GENTLE_TEXT.replace("stale_after: 4d", "stale_after: 4d\nguard: 1\nmigrate: now")
    came = await publish(town.office, OLA, guarded, "gentle.yaml", town.now)
    assert came.approval is not None
    other = GENTLE_TEXT.replace("stale_after: 4d", "stale_after: 5d")
    await publish(town.office, OLA, other, "gentle.yaml", town.now)
    (question,) = await approvals.waiting(town.office, PIA)
    (sentence,) = await approvals.in_words(town.office, PIA, question)
    assert "something else came into force since this was asked" in sentence
    with pytest.raises(CaseworkInputError, match="have it published again"):
        await approvals.approve(town.office, PIA, came.approval, town.now)
    shares = {one.number: one.share for one in await known(town.office, OLA)}
    assert shares == {1: 0, 2: 0, 3: 100}
    again = await publish(town.office, OLA, guarded, "gentle.yaml", town.now)
    assert again.approval is not None
    await approvals.approve(town.office, PIA, again.approval, town.now)
    assert {one.number: one.share for one in await known(town.office, OLA)}[2] == 100


async def test_a_roll_out_reaches_its_share_and_stays_with_it(town: Town) -> None:
    people = [await town.borrower(date(2026, 11, 20)) for _ in range(40)]
    later = GENTLE_TEXT.replace("due + 7d 08:00", "due + 8d 08:00")
    came = await publish(town.office, OLA, later, "gentle.yaml", town.now - DAY, share=25)
    await town.look()
    under = await governing(town)
    new = sum(one == came.version for one in under)
    assert 3 <= new <= 18
    assert len(people) == 40
    await town.book.sql("UPDATE cases SET next_look_at = $1 RETURNING id", town.now + DAY)
    town.now += DAY
    await town.look()
    assert await governing(town) == under


async def test_what_cannot_be_said_is_not_published(town: Town) -> None:
    with pytest.raises(StrategyInputError, match="there is no text 'late-furious' for "):
        await publish(town.office, OLA, GENTLE_TEXT.replace("late-firm", "late-furious"), "x", town.now)
    with pytest.raises(Denied):
        await publish(town.office, Actor("fin", Role.FINANCE), GENTLE_TEXT, "x", town.now)
    assert await source(town.office, OLA, "gentle") == GENTLE_TEXT
    with pytest.raises(CaseworkInputError, match="kept strategy list"):
        await source(town.office, OLA, "gentle@9")


def test_validate_diff_and_schema_need_no_book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(GENTLE_TEXT)
    text = GENTLE_TEXT.replace("due + 7d 08:00", "due + 8d 09:00")
    new.write_text(text.replace("stale_after: 4d", "stale_after: 3d"))
    assert run(["strategy", "validate", str(old)]) == 0
    assert "gentle.yaml" not in capsys.readouterr().out
    assert run(["strategy", "diff", str(old), str(new)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Steps after the due date wait when payments are older than 3 days; before, 4 days.",
        "Step late-7: it comes at due + 8d 09:00 instead of due + 7d 08:00.",
    ]
    assert run(["strategy", "diff", str(old), str(old)]) == 0
    assert capsys.readouterr().out == "They mean the same.\n"
    assert run(["strategy", "schema"]) == 0
    assert '"$schema"' in capsys.readouterr().out
    new.write_text(GENTLE_TEXT.replace("due + 7d", "due + 7x"))
    assert run(["strategy", "validate", str(new)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("kept: new.yaml, line 29: steps.late-7.at: ")
