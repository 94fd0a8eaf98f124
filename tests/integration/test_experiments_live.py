"""An experiment over a small book: drawn once, stuck to, answered by intention to treat, stopped for harm."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from casework.delivery.deliver import deliver
from casework.errors import CaseworkInputError
from casework.experiments import start, stop, watch
from casework.insight.check import check
from casework.insight.experiments import document, known, result
from casework.look import look
from casework.office import Office
from casework.publish import publish, rollback
from casework.roll_out import rolling, widen
from casework.staff.rights import Actor, Denied, Role
from kept.cli.app import run
from kept.clock import FixedClock
from tests.builders.book import AUDITOR, SYSTEM, office_of
from tests.builders.tapes import OPERATIONS, Row, book_rows, bring, due, loan, paid, tape
from tests.builders.town import Counting
from workers.jobs import watch_experiments

DAY = timedelta(days=1)
NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
PEOPLE = 270
ARMED = """
strategy: gentle
stale_after: 4d
migrate: now
arms: {experiment: tone, split: {plain: 45, kind: 45}, holdout: 10, horizon: 10d}
steps:
  plain: {at: due + 1d 09:00, arm: plain, send: late-early, by: [email], expires: 3d}
  kind: {at: due + 1d 09:00, arm: kind, send: late, by: [email], expires: 3d}
  second: {at: due + 9d 09:00, send: late, by: [email], expires: 4d}
"""
PLAIN = ARMED.replace(
    "arms: {experiment: tone, split: {plain: 45, kind: 45}, holdout: 10, horizon: 10d}\n", ""
)
PLAIN = PLAIN.replace("arm: plain, ", "").replace("arm: kind, ", "")
ARMS = (
    "SELECT p.external_id, e.arm, e.at FROM enrolments e JOIN persons p ON p.id = e.person_id ORDER BY p.id"
)


class Club:
    """People who owe 100.00 from July 2 and again from July 20, the providers, and a clock to set."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.office: Office = office_of(engine)
        self.folder, self.now = folder, NOW
        self.mail = Counting("email")

    async def open(self) -> None:
        await publish(self.office, OPERATIONS, ARMED, "gentle.yaml", self.now - DAY)
        await self.bring()

    async def bring(self, payments: Sequence[Row] = (), first: str = "2026-07-02") -> None:
        """The tape of the day. `first`: the first due date of the first five, which the lender corrects."""
        numbers = range(1, PEOPLE + 1)
        loans = [loan(f"L{n}", f"B{n}", principal="200.00") for n in numbers]
        days = [due(f"L{n}", 1, first if n <= 5 else "2026-07-02") for n in numbers]
        days += [due(f"L{n}", 2, "2026-07-20") for n in numbers]
        report = await bring(self.office, tape(self.folder, loans, days, payments), now=self.now)
        assert not report.held_for_approval

    async def day(self, text: str) -> None:
        """Look and send at nine and a half in Berlin."""
        self.now = datetime.fromisoformat(f"{text}T07:30:00Z")
        await look(self.office, SYSTEM, self.now)
        await deliver(self.office, SYSTEM, {"email": self.mail}, FixedClock(self.now), "one")

    async def arms(self) -> dict[str, str]:
        return {who: arm for who, arm, _ in await book_rows(self.office, ARMS)}

    async def said(self) -> dict[str, list[str]]:
        """The steps that each person heard."""
        rows = await book_rows(
            self.office,
            "SELECT p.external_id, m.step FROM contacts c JOIN messages m ON m.id = c.message_id "
            "JOIN persons p ON p.id = c.person_id WHERE c.state = 'accepted' ORDER BY c.id",
        )
        heard: dict[str, list[str]] = {}
        for who, step in rows:
            heard.setdefault(who, []).append(step)
        return heard

    async def result(self) -> dict[str, Any]:
        return document(*await result(self.office, AUDITOR, "tone", self.now))

    async def events(self) -> list[tuple[Any, ...]]:
        return await book_rows(
            self.office,
            "SELECT action, data->>'why' FROM events WHERE action LIKE 'experiment.%' ORDER BY id",
        )


@pytest.fixture
async def club(engine: AsyncEngine, tmp_path: Path) -> Club:
    made = Club(engine, tmp_path / "tape")
    await made.open()
    return made


async def test_an_experiment_from_its_start_to_its_answer(club: Club) -> None:
    office = club.office
    plan = await start(office, OPERATIONS, "tone", 0.3, 0.6, club.now)
    assert (plan.needed, plan.eligible, plan.ends) == (42, PEOPLE, NOW + 10 * DAY)
    async with office.transaction() as raw:  # who stopped us before the first word is in their arm as well
        await raw.run(
            "INSERT INTO consents (person_id, channel, state, at, source) "
            "SELECT id, 'email', 'revoked', $1, 'reply' FROM persons WHERE id % 9 = 0",
            NOW,
        )
    await club.day("2026-07-03")
    drawn = await book_rows(office, ARMS)
    assert len(drawn) == PEOPLE
    arms, said = await club.arms(), await club.said()
    sizes = Counter(arms.values())
    assert sizes["plain"] > 100
    assert sizes["kind"] > 100
    assert 10 <= sizes["holdout"] <= 45
    assert all(said.get(who, [arm]) == [arm] for who, arm in arms.items() if arm != "holdout")
    assert not said.keys() & {who for who, arm in arms.items() if arm == "holdout"}
    assert PEOPLE - len(said) > sizes["holdout"], "some in the arms heard nothing"

    # It sticks: looked at again, brought in again with another due date, a day later.
    await book_rows(office, "UPDATE cases SET next_look_at = $1 RETURNING id", club.now)
    await club.day("2026-07-03")
    club.now += DAY
    share = {"plain": 3, "kind": 7, "holdout": 1}
    payers = [who for n, who in enumerate(sorted(arms)) if n % 10 < share[arms[who]]]
    money = [paid(f"L{who[1:]}", f"p{who[1:]}", "2026-07-04", "100.00") for who in payers]
    await club.bring(money, first="2026-07-01")
    await club.day("2026-07-05")
    assert await book_rows(office, ARMS) == drawn

    # Nothing is said of who paid before the fortnight is over and its payments are known.
    early = await club.result()
    assert [arm["known"] for arm in early["arms"]] == [0, 0, 0]
    assert [said["says"] for said in early["findings"]] == ["too_early"]
    assert await watch(office, SYSTEM, club.now) == []
    club.now = datetime(2026, 7, 18, 8, tzinfo=UTC)
    assert (await club.result())["arms"][0]["known"] == 0, "the feed is older than that"
    late = paid("L1", "late", "2026-07-18", "100.00")
    await club.bring([*money, late], first="2026-07-01")
    found = await club.result()
    by_arm = {arm["arm"]: arm for arm in found["arms"]}
    paying = Counter(arms[who] for who in payers)
    assert {arm: (one["known"], one["did"]) for arm, one in by_arm.items()} == {
        arm: (sizes[arm], paying[arm]) for arm in sizes
    }
    assert [(said["challenger"], said["says"]) for said in found["findings"]] == [("kind", "better")]
    ((one, how, _),) = await watch(office, SYSTEM, club.now)
    assert (one.name, how) == ("tone", "answered")
    assert await watch(office, SYSTEM, club.now) == []

    # It was read once: what is paid later changes it no more; all but the holdout hear the champion.
    rest = [paid(f"L{n}", f"q{n}", "2026-07-10", "100.00") for n in range(1, PEOPLE, 5)]
    await club.bring([*money, late, *rest], first="2026-07-01")
    assert {**await club.result(), "state": ""} == {
        **found,
        "state": "",
        "ended_at": club.now,
        "ended_by": SYSTEM.name,
    }
    await club.day("2026-07-21")
    later = {who: steps[-1] for who, steps in (await club.said()).items() if len(steps) > 1}
    assert set(later.values()) <= {"plain", "second"}
    assert "plain" in later.values()
    assert not later.keys() & {who for who, arm in arms.items() if arm == "holdout"}
    assert await club.events() == [("experiment.started", None), ("experiment.answered", "answered")]
    assert all(
        one.holds
        for one in await check(office, AUDITOR, club.now, (), everything=True)
        if one.name != "audit_verifies"
    )


async def test_harm_stops_it_at_any_time_and_everybody_hears_the_champion(club: Club) -> None:
    office = club.office
    await start(office, OPERATIONS, "tone", 0.4, 0.43, club.now)
    await club.day("2026-07-03")
    arms = await club.arms()
    harmed = [who for who, arm in arms.items() if arm == "kind"][::3]
    async with office.transaction() as raw:
        await raw.run(
            "INSERT INTO consents (person_id, channel, state, at, source) "
            "SELECT id, 'sms', 'revoked', $2, 'reply' FROM persons WHERE external_id = ANY($1)",
            harmed,
            club.now + timedelta(hours=1),
        )
    club.now += timedelta(hours=2)
    woken: list[str] = []

    async def enqueue(*args: Any, **_: Any) -> None:
        woken.append(args[0])

    queue = SimpleNamespace(enqueue_job=enqueue)
    shift = SimpleNamespace(office=office, actor=SYSTEM, clock=FixedClock(club.now))
    with capture_logs() as logged:
        await watch_experiments({"shift": shift, "redis": queue})
    alerts = [one for one in logged if one["event"] == "experiment_harmed"]
    assert [(one["experiment"], one["harm"], one["log_level"]) for one in alerts] == [
        ("tone", "opt_outs", "error")
    ]
    assert await club.events() == [("experiment.started", None), ("experiment.harmed", "opt_outs")]
    found = await club.result()
    assert (found["state"], found["why"]) == ("harmed", "opt_outs")
    assert found["arms"][1]["opt_outs"] == len(harmed)
    club.now = datetime(2026, 7, 20, 8, tzinfo=UTC)
    await club.bring([paid(f"L{n}", f"p{n}", "2026-07-03", "100.00") for n in range(1, PEOPLE + 1)])
    await club.day("2026-07-21")
    steps = Counter(steps[-1] for who, steps in (await club.said()).items() if arms[who] == "kind")
    assert set(steps) == {"plain"}, "who was in the arm that does harm hears the champion"
    with pytest.raises(CaseworkInputError, match="was started on 2026-07-01; another one needs a name"):
        await start(office, OPERATIONS, "tone", 0.4, 0.43, club.now)


async def test_what_waits_in_an_arm_that_is_stopped_is_not_sent(club: Club) -> None:
    office = club.office
    await start(office, OPERATIONS, "tone", 0.4, 0.43, club.now)
    club.now = datetime(2026, 7, 3, 7, 30, tzinfo=UTC)
    await look(office, SYSTEM, club.now)
    arms = await club.arms()
    assert await stop(office, OPERATIONS, "tone", "second thoughts", club.now) == PEOPLE
    with pytest.raises(CaseworkInputError, match="runs no more: stopped on 2026-07-03"):
        await stop(office, OPERATIONS, "tone", "again", club.now)
    await club.day("2026-07-03")
    said = await club.said()
    assert {arms[who] for who in said} == {"plain"}
    codes = await book_rows(office, "SELECT DISTINCT code FROM contacts WHERE state = 'cancelled'")
    assert codes == [("other_arm",)]


async def test_harm_in_a_roll_out_rolls_it_back(club: Club) -> None:
    office = club.office
    await publish(office, OPERATIONS, PLAIN, "gentle.yaml", club.now)
    newer = PLAIN.replace("late-early", "late-firm")
    with pytest.raises(CaseworkInputError, match="that version is not being rolled out"):
        await start(office, OPERATIONS, "gentle@2", 0.4, 0.43, club.now)
    came = await publish(office, OPERATIONS, newer, "gentle.yaml", club.now, share=50)
    plan = await start(office, OPERATIONS, f"gentle@{came.number}", 0.4, 0.43, club.now)
    assert (plan.arms.split, plan.ends) == ((("before", 50), ("new", 50)), club.now + 60 * DAY)
    with pytest.raises(CaseworkInputError, match="its roll-out is the experiment gentle@3, which runs"):
        await publish(office, OPERATIONS, PLAIN, "gentle.yaml", club.now)
    await club.day("2026-07-03")
    under = "SELECT p.person_id, l.strategy_version_id FROM loans l JOIN parties p ON p.loan_id = l.id"
    versions = dict(await book_rows(office, under))
    drawn = dict(await book_rows(office, "SELECT person_id, arm FROM enrolments"))
    assert len(drawn) == PEOPLE
    assert {who: arm == "new" for who, arm in drawn.items()} == {
        who: version == came.version for who, version in versions.items()
    }
    async with office.transaction() as raw:
        await raw.run(
            "INSERT INTO consents (person_id, channel, state, at, source) "
            "SELECT person_id, 'sms', 'revoked', $1, 'reply' FROM enrolments "
            "WHERE arm = 'new' AND person_id % 3 = 0",
            club.now + timedelta(hours=1),
        )
    club.now += timedelta(hours=2)
    ((one, how, found),) = await watch(office, SYSTEM, club.now)
    assert (one.name, how, found.harmed) == ("gentle@3", "harmed", "opt_outs")
    record = await book_rows(
        office,
        "SELECT v.version, r.action, r.share, r.by FROM releases r "
        "JOIN strategy_versions v ON v.id = r.strategy_version_id ORDER BY r.id DESC LIMIT 1",
    )
    assert record == [(2, "rollback", 100, SYSTEM.name)]
    await club.day("2026-07-04")
    assert set(dict(await book_rows(office, under)).values()) == {came.version - 1}


async def test_a_roll_out_is_widened_and_who_is_moved_counts_for_neither(club: Club) -> None:
    office = club.office
    await publish(office, OPERATIONS, PLAIN, "gentle.yaml", club.now)
    newer = PLAIN.replace("late-early", "late-firm")
    came = await publish(office, OPERATIONS, newer, "gentle.yaml", club.now, share=5)
    assert (await start(office, OPERATIONS, "gentle@3", 0.4, 0.43, club.now)).name == "gentle@3"
    await club.day("2026-07-03")
    under = "SELECT p.person_id, l.strategy_version_id FROM loans l JOIN parties p ON p.loan_id = l.id"

    async def new() -> set[int]:
        return {who for who, version in await book_rows(office, under) if version == came.version}

    few = await new()
    assert 0 < len(few) < PEOPLE // 8
    for share, why in ((5, "for 5% already"), (101, "up to 100")):
        with pytest.raises(CaseworkInputError, match=why):
            await widen(office, OPERATIONS, "gentle", share, club.now)
    with pytest.raises(Denied):
        await widen(office, AUDITOR, "gentle", 25, club.now)
    assert await widen(office, OPERATIONS, "gentle", 25, club.now) == (3, PEOPLE)
    club.now += timedelta(minutes=1)
    await look(office, SYSTEM, club.now)
    some = await new()
    assert few < some, "who was in the five percent stays"
    assert len(some) < PEOPLE // 2
    state = await rolling(office, AUDITOR, "gentle", club.now)
    assert state is not None
    assert state.experiment is not None
    assert state.result is not None
    assert (state.share, state.experiment.arms) == (25, (("before", 75), ("new", 25)))
    assert {arm.arm: arm.people for arm in state.result.arms} == {
        "before": PEOPLE - len(some),
        "new": len(few),
    }
    moved = await book_rows(office, "SELECT person_id FROM enrolments WHERE moved_at IS NOT NULL")
    assert {row[0] for row in moved} == some - few

    # For everybody: by the file as by the name; the experiment is over, with what it found by then.
    await publish(office, OPERATIONS, newer, "gentle.yaml", club.now)
    club.now += timedelta(minutes=1)
    await look(office, SYSTEM, club.now)
    assert len(await new()) == PEOPLE
    assert await rolling(office, AUDITOR, "gentle", club.now) is None
    ((one, found),) = [await result(office, AUDITOR, "gentle@3", club.now)]
    assert (one.state, one.why, one.finding is not None) == ("stopped", "rolled_out", True)
    assert [arm.people for arm in found.arms] == [PEOPLE - len(some), len(few)]
    with pytest.raises(CaseworkInputError, match="no version of it is being rolled out"):
        await widen(office, OPERATIONS, "gentle", 100, club.now)

    # Back, and once more: another experiment, with a name of its own.
    await rollback(office, OPERATIONS, "gentle", club.now)
    await publish(office, OPERATIONS, newer, "gentle.yaml", club.now, share=5)
    assert (await start(office, OPERATIONS, "gentle@3", 0.4, 0.43, club.now)).name == "gentle@3.2"
    with pytest.raises(CaseworkInputError, match=r"measured already, as gentle@3\.2"):
        await start(office, OPERATIONS, "gentle@3", 0.4, 0.43, club.now)


async def test_who_may_and_what_is_refused(club: Club) -> None:
    office = club.office
    with pytest.raises(Denied):
        await start(office, Actor("fay", Role.FINANCE), "tone", 0.4, 0.43, club.now)
    with pytest.raises(CaseworkInputError, match="no strategy in force has it; there are: tone"):
        await start(office, OPERATIONS, "tune", 0.4, 0.43, club.now)
    with pytest.raises(CaseworkInputError, match="two different shares"):
        await start(office, OPERATIONS, "tone", 0.4, 0.4, club.now)
    with pytest.raises(CaseworkInputError, match="there are: paid, current"):
        await start(office, OPERATIONS, "tone", 0.4, 0.43, club.now, asks="happy")
    await start(office, OPERATIONS, "tone", 0.4, 0.43, club.now, asks="current")
    with pytest.raises(Denied):
        await stop(office, AUDITOR, "tone", "", club.now)
    with pytest.raises(CaseworkInputError, match="its experiment tone runs"):
        await publish(office, OPERATIONS, PLAIN, "gentle.yaml", club.now)
    wider = ARMED.replace("plain: 45, kind: 45", "plain: 20, kind: 70")
    with pytest.raises(CaseworkInputError, match="its arms stay as they are"):
        await publish(office, OPERATIONS, wider, "gentle.yaml", club.now)
    moved = ARMED.replace("due + 9d", "due + 8d")
    await publish(office, OPERATIONS, moved, "gentle.yaml", club.now)
    await rollback(office, OPERATIONS, "gentle", club.now)
    assert [(one.name, one.state, one.why) for one in await known(office, AUDITOR)] == [
        ("tone", "stopped", "rolled_back")
    ]


async def test_one_experiment_a_person(club: Club) -> None:
    """Who is in one that runs is drawn into no other; the holdout of one is that of the next."""
    office = club.office
    await start(office, OPERATIONS, "tone", 0.4, 0.43, club.now)
    await club.day("2026-07-03")
    arms = await club.arms()
    async with office.transaction() as raw:
        rows = await raw.rows(
            "INSERT INTO enrolments (experiment_id, person_id, arm, at, loan_id, installment_id) "
            "SELECT 1, person_id, 'kind', at, loan_id, installment_id FROM enrolments "
            "ON CONFLICT DO NOTHING RETURNING id"
        )
    assert rows == []
    await stop(office, OPERATIONS, "tone", "the next", club.now)
    await publish(
        office, OPERATIONS, ARMED.replace("tone", "tune").replace("10d", "30d"), "gentle.yaml", club.now
    )
    await start(office, OPERATIONS, "tune", 0.4, 0.43, club.now)
    await club.bring([paid(f"L{n}", f"p{n}", "2026-07-03", "100.00") for n in range(1, PEOPLE + 1)])
    await club.day("2026-07-10")
    await club.day("2026-07-21")
    again = await book_rows(
        office,
        "SELECT p.external_id, e.arm FROM enrolments e JOIN persons p ON p.id = e.person_id "
        "WHERE e.experiment_id = 2",
    )
    assert len(again) == PEOPLE
    held = {who for who, arm in arms.items() if arm == "holdout"}
    assert {who for who, arm in again if arm == "holdout"} == held
    moved = sum(arms[who] != arm for who, arm in again)
    assert moved > 80, "another experiment draws anew"


def test_the_size_is_told_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["experiment", "size", "40", "43"]) == 0
    assert capsys.readouterr().out.startswith("4,234 people in each arm")
    assert run(["experiment", "size", "40", "43", "--challengers", "2", "--json"]) == 0
    assert '"needed": 5127' in capsys.readouterr().out
    assert run(["experiment", "size", "40", "40"]) == 2
    assert "two different shares" in capsys.readouterr().err
