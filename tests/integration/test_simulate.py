"""`kept simulate`: today's book played ahead, held against what then really happens; nothing is written."""

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.look import LookReport
from casework.publish import publish
from casework.simulation.document import document
from casework.simulation.prices import read_prices
from casework.simulation.simulate import Asked, Simulated, simulate
from casework.simulation.tally import Contact
from casework.staff.rights import Actor, Denied, Role
from strategies.language import read_strategy, shipped_strategies
from tests.builders.command import Kept
from tests.builders.facts import GENTLE_TEXT, pack_text
from tests.builders.town import DAY, MONDAY, Town

HOUR = timedelta(hours=1)
OLA = Actor("ola", Role.OPERATIONS)
EARLIER = GENTLE_TEXT.replace("due + 3d 08:00", "due + 2d 08:00")
PRICES = """
currency: EUR
messages: {sms: "0.05", email: "0.0001"}
tasks: {call: 10}
collectors: {hour: "20.00", queues: {desk: 8}}
"""
WIDER = (
    shipped_strategies()["early-arrears"]
    .replace("bucket: [current, 1-30]", "bucket: [current, 1-30, 31-60]")
    .replace("priority: 10", "priority: 90")
)

Row = tuple[int, str, str, int, Any, str, str]


async def varied(engine: AsyncEngine) -> Town:
    """A town where much comes together: several loans, cases and parties, holds, stops, hours, states."""
    town = Town(engine)
    await town.open()
    for name in ("early-arrears", "mid-arrears", "late-arrears"):
        await town.book.strategy(name)
    other = await town.book.portfolio(
        "beta", strategies=["early-arrears", "mid-arrears", "late-arrears"], brand="Beta Loans"
    )
    await town.book.feed(other, MONDAY)
    for days in range(-4, 40):
        due = MONDAY.date() - days * DAY
        plan = [(due + month * 30 * DAY, 100_00) for month in range(3)]
        zones = ("Asia/Tokyo",) if days % 7 == 3 else ("Europe/Berlin",)
        who = await town.book.borrower(
            (town.portfolio, other)[days % 2],
            plan,
            strategy=town.gentle,
            since=MONDAY - 60 * DAY,
            zones=zones,
            phone=days % 5 != 1,
            email=days % 3 != 0,
        )
        if days % 4 == 0:  # a second loan, or a second case
            await town.book.loan(
                who.person,
                (town.portfolio, other)[days % 8 == 0],
                [(due - 4 * DAY, 50_00)],
                strategy=town.gentle,
                since=MONDAY - 60 * DAY,
            )
        if days % 6 == 0:
            spouse, _ = await town.book.person(name="Sam Example")
            await town.book.address(spouse, "phone")
            await town.book.party(who.loan, spouse)
        if days % 9 == 2:
            await town.book.consent(who.person, "sms", "revoked", MONDAY - 2 * DAY)
        if days % 11 == 5:
            await town.book.hold(who.person, "hardship", end=MONDAY + 5 * DAY)
    return town


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    return await varied(engine)


async def played(town: Town, text: str = GENTLE_TEXT, **more: Any) -> Simulated:
    return await simulate(town.office, OLA, Asked(text, "gentle.yaml", **{"keep": 0, **more}), town.now)


async def looked(town: Town) -> tuple[list[Row], set[int], LookReport]:
    """What the real look plans, with the text that each then says; persons for whom it is taken back."""
    before = (await town.book.sql("SELECT coalesce(max(id), 0) FROM contacts"))[0][0]
    report = await town.look()
    planned = {row[0] for row in await town.book.sql("SELECT id FROM contacts WHERE id > $1", before)}
    await town.send()
    rows = await town.book.sql(
        "SELECT c.id, c.person_id, m.step, c.channel, c.address_id, c.planned_at, c.template, "
        "c.template_digest, c.state FROM contacts c JOIN messages m ON m.id = c.message_id ORDER BY c.id"
    )
    mine = [row for row in rows if row[0] in planned]
    given_up = {row[1] for row in mine if row[8] == "cancelled"}
    return sorted(tuple(row)[1:8] for row in mine if row[1] not in given_up), given_up, report


def told(contacts: list[Contact]) -> list[Row]:
    return sorted(
        (
            one.person,
            one.step,
            one.channel,
            one.address,
            one.at,
            one.spoken.text,
            one.spoken.digest or "",
        )
        for one in contacts
    )


@pytest.mark.parametrize(
    ("texts", "batch"),
    [
        ((GENTLE_TEXT, GENTLE_TEXT), 1000),
        ((GENTLE_TEXT, GENTLE_TEXT), 5),
        ((EARLIER, EARLIER), 1000),
        ((GENTLE_TEXT, WIDER), 1000),
    ],
    ids=["live", "live in small batches", "another version", "a wider segment later"],
)
async def test_acceptance_21_day_one_is_the_next_look_contact_by_contact(
    town: Town, texts: tuple[str, str], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Person, step, channel, address, moment and text version of each; of what is in force, and of a version
    that is published between the simulation and the look; whichever cases are looked at together."""
    monkeypatch.setattr("casework.look.BATCH", batch)
    monkeypatch.setattr("casework.simulation.groups.BATCH", batch)
    rows = await town.book.sql("SELECT person_id FROM parties WHERE role = 'co-borrower'")
    shared = {row[0] for row in rows}
    for text in texts:
        ahead = await played(town, text, days=1)
        await publish(town.office, OLA, text, "gentle.yaml", town.now)
        real, given_up, report = await looked(town)
        simulated = told(ahead.result.contacts)
        assert len(real) > 3
        assert [row for row in simulated if row[0] not in given_up] == real
        assert len(simulated) == len(real) + len(given_up)
        assert report.tasks == ahead.result.first_tasks
        # The one difference: whose spouse's case moved the loan to the new version in the same batch.
        assert given_up <= (shared if ahead.candidate.changes else set())
        town.now += 3 * DAY
        await town.book.feed(town.portfolio, town.now)


@pytest.mark.parametrize(
    "text",
    [GENTLE_TEXT, EARLIER.replace("stale_after: 4d", "stale_after: 4d\nmigrate: now")],
    ids=["live", "another version"],
)
async def test_a_week_ahead_is_the_week_that_comes(
    town: Town, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contact by contact and task by task, where nobody pays and the feed is there: real looks and sends at
    each moment that a case asks for, after a week was simulated; of what was planned before, too.

    The other version moves what is in flight `now`: where it is played nothing is, for all arrives at once.
    Who shares a loan is left out then: a case looked at with the borrower's own moves a look later.
    """
    monkeypatch.setattr("casework.look.BATCH", 5)
    monkeypatch.setattr("casework.simulation.groups.BATCH", 5)
    await town.book.sql("UPDATE feeds SET fed_at = $1 RETURNING fed_at", town.now + 30 * DAY)
    await town.look()
    town.now += HOUR
    until = town.now + 7 * DAY
    ahead = await played(town, text, days=7, payers="none", keep=7)
    assert any(one.standing for one in ahead.result.contacts)
    before = await town.book.sql("SELECT count(*) FROM tasks")
    await publish(town.office, OLA, text, "gentle.yaml", town.now)
    while town.now <= until:
        await town.look()
        await town.send()
        ((again,),) = await town.book.sql("SELECT min(next_look_at) FROM cases")
        town.now = until + DAY if again is None else max(town.now, again)
    rows = await town.book.sql(
        "SELECT c.person_id, m.step, c.channel, c.address_id, c.sent_at, c.template, c.template_digest "
        "FROM contacts c JOIN messages m ON m.id = c.message_id WHERE c.sent_at IS NOT NULL"
    )
    joint = "SELECT loan_id FROM parties WHERE role <> 'borrower'"
    parties = await town.book.sql(f"SELECT person_id FROM parties WHERE loan_id IN ({joint})")
    shared = {row[0] for row in parties} if ahead.candidate.changes else set[int]()
    simulated = [row for row in told(ahead.result.contacts) if row[0] not in shared]
    assert simulated == sorted(tuple(row) for row in rows if row[0] not in shared)
    assert len(simulated) > 40
    if not shared:
        after = await town.book.sql("SELECT count(*) FROM tasks")
        assert after[0][0] - before[0][0] == ahead.result.tasks.total()


async def test_nothing_is_written(town: Town) -> None:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    digest = "md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
    every = " UNION ALL ".join(
        f"(SELECT '{row[0]}', {digest} FROM {row[0]} t)" for row in await town.book.sql(tables)
    )
    before = await town.book.sql(f"{every} ORDER BY 1")
    await played(town, EARLIER, against_live=True)
    assert await town.book.sql(f"{every} ORDER BY 1") == before
    with pytest.raises(Denied):
        await simulate(town.office, Actor("col", Role.COLLECTOR), Asked(GENTLE_TEXT, "x"), town.now)


async def test_live_against_itself_differs_in_nothing(town: Town) -> None:
    found = await simulate(town.office, OLA, Asked(GENTLE_TEXT, "x", against_live=True), town.now)
    made = document(found, None)
    assert made["in_force"]
    assert (made["people"]["gain"], made["people"]["lose"]) == (0, 0)
    assert made["result"] == made["live"]
    assert made["result"]["contacts"] > 100
    assert made["result"]["cost"] is None


async def test_the_difference_is_counted_and_adds_up(town: Town) -> None:
    """The call comes sooner; every person is of one change, and every message in every view."""
    text = GENTLE_TEXT.replace("due + 30d 09:00", "due + 5d 09:00")
    prices = read_prices(PRICES, "prices.yaml")
    asked = Asked(text, "x", days=20, payers="none", against_live=True)
    made = document(await simulate(town.office, OLA, asked, town.now), prices)
    assert not made["in_force"]
    assert made["difference"]["tasks"] == made["result"]["tasks"] - made["live"]["tasks"] != 0
    assert "call" in {row["step"] for row in made["difference"]["by_step"]}
    assert made["people"]["by_change"]["worked"] > 0
    assert made["people"]["by_change"]["not_worked"] > 0, "its new moment has passed for who is late already"
    assert sum(made["people"]["by_change"].values()) == made["borrowers"]
    for scenario in (made["result"], made["live"]):
        for view in ("by_day", "by_step", "by_segment", "by_channel"):
            assert sum(row["contacts"] for row in scenario[view]) == scenario["contacts"], view
        for view in ("by_day", "by_step", "by_segment"):
            assert sum(row["tasks"] for row in scenario[view]) == scenario["tasks"], view
        (desk,) = (row for row in scenario["collectors"] if row["queue"] == "desk")
        calls = sum(row["tasks"] for row in scenario["work"] if row["kind"] == "call")
        assert desk["hours"] == round(calls * 10 / 60, 1)
        sms = sum(row["sms"] for row in scenario["by_day"])
        assert Decimal(scenario["cost_of_messages"]["EUR"]) >= sms * Decimal("0.05")
    assert made["cures"]["cured"] == 0, "nobody pays"


async def test_payers_are_drawn_from_what_the_book_knows(town: Town) -> None:
    """Twenty who paid ten days late: with one seed some pay, the same ones however often; nobody else did."""
    due = MONDAY.date() - 40 * DAY
    for _ in range(20):
        who = await town.borrower(due, since=MONDAY - 90 * DAY)
        await town.book.pay(who, 250_00, due + 10 * DAY)
    asked = Asked(GENTLE_TEXT, "x", days=30)
    found = await simulate(town.office, OLA, asked, town.now)
    acme = next(key for key, spec in found.candidate.portfolios.items() if spec.portfolio == "acme")
    late = next(one for one in found.measured[acme] if one.bucket == "1-30")
    assert late.paid == 20
    assert found.money.payments > 0
    assert document(found, None)["cures"]["cured"] > 0
    again = await simulate(town.office, OLA, asked, town.now)
    assert document(again, None) == document(found, None)
    other = await simulate(town.office, OLA, replace(asked, seed=2), town.now)
    assert other.money != found.money


async def test_a_pack_is_simulated_as_well(town: Town) -> None:
    """Under a pack that lets one message a week through, less is said, and the cap says how often."""
    text = pack_text("weekly: {kind: cap, most: 1, period: week, channels: [sms, email, chat], per: person}")
    found = await simulate(town.office, OLA, Asked(text, "x", payers="none", against_live=True), town.now)
    made = document(found, None)
    assert made["pack"] == "test"
    assert made["difference"]["contacts"] < 0
    assert made["people"]["lose"] > 0
    caps = {(row["pack"], row["rule"]): row for row in made["result"]["caps"]}
    assert caps["test", "weekly"]["deferred"] > 0
    assert ("test", "weekly") not in {(row["pack"], row["rule"]) for row in made["live"]["caps"]}


async def test_the_command(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """One document, a picture, one line for what is wrong; and the book is as it was."""
    kept = Kept(tmp_path, database_url, redis_url)
    samples = Path(__file__).parents[2] / "samples"
    shutil.copytree(samples / "portfolios", tmp_path / "portfolios")
    await kept.json("import", "loans", samples / "small", "--mapping", "kept", "--as-of", "2026-09-01")
    (tmp_path / "mine.yaml").write_text(EARLIER)
    options = ("--now", "2026-09-02T06:00Z", "--prices", samples / "prices.yaml", "--picture", "a.png")
    made = await kept.json("simulate", "mine.yaml", "--against", "live", *options)
    assert (made["strategy"], made["days"], made["from"]) == ("gentle", 60, "2026-09-02T06:00:00+00:00")
    assert made["result"]["contacts"] > 100
    assert set(made["result"]["cost"]) == {"EUR"}
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    shown = await kept.run("simulate", "gentle", "--days", "7", "--now", "2026-09-02T06:00Z")
    assert "Expected:" in shown.out
    assert "Who gains" not in shown.out
    differs = await kept.json("strategy", "diff", "gentle", "mine.yaml")
    assert differs["changes"] == ["Step late-3: it comes at due + 2d 08:00 instead of due + 3d 08:00."]
    rows = {(row["step"], row["change"]): row for row in differs["book"]}
    assert rows[None, "stays"]["loans"] > 30
    assert sum(rows[None, "stays"]["by_bucket"].values()) == rows[None, "stays"]["loans"]
    said = await kept.run("strategy", "diff", "gentle", "mine.yaml")
    assert "For whom, by the book of now:" in said.out
    assert "book" not in await kept.json("strategy", "diff", "gentle", "mine.yaml", "--no-count")
    assert await kept.rows("SELECT count(*) FROM decisions") == [(0,)]
    for arguments, says in (
        (("none.yaml",), "cannot be read"),
        (("nobody",), "no such file, strategy or pack"),
        (("gentle", "--against", "dead"), "--against live"),
        (("gentle", "--picture", "a.doc"), ".png"),
        (("gentle", "--payers", "rich"), "--payers rich"),
        (("gentle", "--prices", "mine.yaml"), "mine.yaml: currency: Field required"),
    ):
        assert says in (await kept.run("simulate", *arguments)).complaint


async def test_a_strategy_that_no_portfolio_names_is_played_as_if_each_did(town: Town) -> None:
    """Published or not: what its segment takes in moves to it; and the rest is as it was."""
    text = shipped_strategies()["early-arrears"]
    await town.book.sql("UPDATE portfolios SET settings = settings - 'strategies' RETURNING id")
    for one in (text, text.replace("early-arrears", "mine", 2)):
        name = read_strategy(one, "x").name
        found = await simulate(town.office, OLA, Asked(one, "x", days=20, payers="none"), town.now)
        assert found.candidate.changes
        assert {cell.strategy for cell in found.result.messages} == {name, "gentle"}
