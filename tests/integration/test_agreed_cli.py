"""`kept experiment` and `kept plan` as processes: what they print, and how they end."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.command import Kept
from tests.builders.facts import GENTLE_TEXT
from tests.builders.town import Town

TODAY = datetime.now(UTC).date()
ARMS = "arms: {experiment: tone, split: {plain: 50, kind: 50}, horizon: 30d}\nsteps:"


@pytest.fixture
async def kept(engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    made = Kept(tmp_path, database_url, redis_url)
    assert (await made.run("check")).code == 0  # the keys of the installation are made, and known to the book
    town = Town(engine)
    await town.open(datetime.now(UTC))
    await town.borrower(TODAY - timedelta(days=3), loan_id="L-ann", external_id="b-ann")
    return made


async def test_an_experiment_is_started_shown_and_stopped(kept: Kept) -> None:
    (kept.folder / "tone.yaml").write_text(GENTLE_TEXT.replace("steps:", ARMS, 1))
    assert (
        "experiment 'tone': no strategy in force has it"
        in (await kept.run("experiment", "start", "tone", "40", "43")).complaint
    )
    await kept.json("strategy", "publish", "tone.yaml")
    started = await kept.json("experiment", "start", "tone", "40", "43", "--within", "7")
    assert (started["needed"], started["eligible"], started["champion"]) == (4234, 1, "plain")
    found = await kept.json("experiment", "show", "tone")
    assert (found["state"], found["asks"], found["within_days"], found["now"]) == ("running", "paid", 7, 40.0)
    assert [arm["people"] for arm in found["arms"]] == [0, 0]
    said = (await kept.run("experiment", "show", "tone")).out
    assert "kind: too few people to say anything." in said
    stopped = await kept.json("experiment", "stop", "tone", "--why", "enough")
    assert (stopped["state"], stopped["why"], stopped["cases"]) == ("stopped", "enough", 1)
    (listed,) = await kept.json("experiment", "list")
    assert (listed["experiment"], listed["strategy"], listed["state"]) == ("tone", "gentle", "stopped")


async def test_a_version_is_rolled_out_widened_and_rolled_back(kept: Kept) -> None:
    (kept.folder / "gentle.yaml").write_text(GENTLE_TEXT.replace("due + 7d 08:00", "due + 8d 08:00"))
    begun = await kept.json("strategy", "publish", "gentle.yaml", "--share", "5")
    assert (begun["strategy"], begun["version"]) == ("gentle", 2)
    complaint = (await kept.run("strategy", "widen", "gentle", "--share", "5")).complaint
    assert "in force for 5% already" in complaint
    wider = await kept.json("strategy", "widen", "gentle", "--share", "25")
    assert wider == {"strategy": "gentle", "version": 2, "share": 25, "cases": 1}
    listed = {one["version"]: one["share"] for one in await kept.json("strategy", "list")}
    assert listed[2] == 25
    said = (await kept.run("strategy", "widen", "gentle", "--share", "100")).out
    assert said == "gentle v2 is in force for 100% of the people; 1 cases are looked at again.\n"
    back = await kept.run("strategy", "rollback", "gentle")
    assert back.out.startswith("gentle v1 is in force again; ")
    none = await kept.run("strategy", "widen", "gentle", "--share", "25")
    assert none.code == 2
    assert "gentle" in none.complaint


async def test_a_plan_is_agreed_approved_shown_and_cancelled(kept: Kept) -> None:
    first, second = TODAY + timedelta(days=10), TODAY + timedelta(days=40)
    parts = ("--part", f"{first}=100.00", "--part", f"{second}=150.00")
    came = await kept.json("plan", "agree", "b-ann", *parts, "--loan", "L-ann")
    assert [one["amount"] for one in came["payments"]] == ["100.00", "150.00"]
    again = await kept.run("plan", "agree", "b-ann", *parts, "--loan", "L-ann")
    assert again.out == "It was entered before, and is one plan.\n"
    (plan,) = await kept.json("plan", "show", "b-ann")
    assert (plan["plan"], plan["state"], plan["approval"]) == (None, "waiting", came["approval"])
    shown = (await kept.run("plan", "show", "b-ann")).out.splitlines()
    assert shown == [
        f"agreed by operator; it waits: kept approve {came['approval']} --by SOMEBODY_ELSE",
        f"  {first}  EUR 100.00  waiting",
        f"  {second}  EUR 150.00  waiting",
    ]
    assert "somebody else approves it" in (await kept.run("approve", str(came["approval"]))).complaint
    approved = await kept.json("approve", str(came["approval"]), "--by", "ben")
    assert (approved["plan"], approved["payments"]) == (1, 2)
    (plan,) = await kept.json("plan", "show", "b-ann")
    assert (plan["state"], plan["agreed_by"], plan["approved_by"]) == ("running", "operator", "ben")
    assert [date.fromisoformat(one["due"]) for one in plan["payments"]] == [first, second]
    assert "plan 1: running" in (await kept.run("plan", "show", "b-ann")).out
    assert await kept.json("plan", "cancel", "b-ann", "1") == {"plan": 1, "state": "cancelled"}
    assert (
        "loan 'L-bob' is not of this case"
        in (await kept.run("plan", "agree", "b-ann", *parts, "--loan", "L-bob")).complaint
    )
