"""News that arrives while others are at work: nothing of it is lost, and one bad record costs nobody else."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import casework.look as looking
from casework.errors import CaseworkInputError
from casework.intake.import_tape import Order, import_tape
from casework.intake.mapping_file import find_mapping
from casework.intake.report import ImportReport
from casework.portfolios import read_portfolio, save
from casework.staff.rights import Actor, Role
from ledger.money import minor_digits
from notifiers.base import Outgoing, Sent
from storage.facts import load_facts
from storage.raw import Raw
from strategies.values import Facts
from tests.builders.town import DAY, MONDAY, Counting, Town

OPERATIONS = Actor("ops", Role.OPERATIONS)
LOANS = (
    "source,borrower_id,loan_id,portfolio,currency,principal,made_on,language,zone,country,"
    "phone,phone_state,email,email_state\n"
)
ROW = (
    "core,A,L1,acme,EUR,100.00,2026-10-01,en,Europe/Berlin,DE,+447700900123,attested,a@example.org,attested\n"
)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


def tape(folder: Path, loans: str, installments: str, payments: str = "", parties: str = "") -> Path:
    folder.mkdir()
    (folder / "loans.csv").write_text(LOANS + loans)
    (folder / "installments.csv").write_text("loan_id,number,due_date,principal\n" + installments)
    (folder / "payments.csv").write_text("loan_id,payment_id,received_on,amount,installment\n" + payments)
    head = "loan_id,person_id,role,name,language,zone,country,phone,phone_state\n"
    (folder / "parties.csv").write_text(head + parties)
    return folder


async def load(town: Town, folder: Path, at: object) -> ImportReport:
    order = Order("loans", folder, find_mapping("kept"), folder)
    return await import_tape(town.office, OPERATIONS, order, at)  # type: ignore[arg-type]


async def test_an_import_during_a_look_is_not_written_over(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look had read the case without the new loan: it would have slept for ever."""
    paid = "L1,p1,2026-11-09,100.00,\n"
    await load(town, tape(tmp_path / "a", ROW, "L1,1,2026-11-10,100.00\n", paid), MONDAY - 5 * DAY)
    both = tape(
        tmp_path / "b",
        ROW + ROW.replace("L1", "L2"),
        "L1,1,2026-11-10,100.00\nL2,1,2026-11-26,100.00\n",
        paid,
    )
    imports: list[asyncio.Task[ImportReport]] = []

    async def meanwhile(raw: Raw, cases: Sequence[int], *rest: object, **more: object) -> list[Facts]:
        facts = await load_facts(raw, cases, *rest, **more)  # type: ignore[arg-type]
        if not imports:
            imports.append(asyncio.create_task(load(town, both, MONDAY - 4 * DAY)))
            await waiting_for_a_lock(town, imports[0])
        return facts

    monkeypatch.setattr(looking, "load_facts", meanwhile)
    town.now = MONDAY - 4 * DAY + timedelta(minutes=1)
    await town.look()
    assert (await imports[0]).loaded > 0
    monkeypatch.undo()
    town.now = MONDAY + 3 * DAY
    await town.look()
    assert ("due-today", "L2") in [
        tuple(row)
        for row in await town.book.sql(
            "SELECT o.step, l.external_id FROM occurrences o JOIN loans l ON l.id = o.loan_id"
        )
    ]


async def waiting_for_a_lock(town: Town, task: asyncio.Task[ImportReport]) -> None:
    """Until the task waits for somebody's lock, or is done: polled, and given up after a while."""
    for _ in range(1_000):
        waits = await town.book.sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
        if waits[0][0] or task.done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the import neither waits nor ends")


class Twins(Counting):
    """Names two messages by one id, which no book can hold."""

    async def _send(self, outgoing: Outgoing) -> Sent:
        sent = await super()._send(outgoing)
        return Sent(sent.provider, "twin", sent.state) if len(self.took) in (2, 3) else sent


async def test_failure_5_an_answer_that_cannot_be_written_costs_no_other_its_record(town: Town) -> None:
    for _ in range(5):
        await town.borrower(date(2026, 11, 20))
    town.providers["sms"] = Twins("sms")
    await town.look()
    await town.send()
    states = sorted(state for _, state, _ in await town.states())
    assert states == ["accepted", "accepted", "accepted", "accepted", "sending"]


async def test_a_loan_in_a_currency_without_decimals_stops_nobody(town: Town, tmp_path: Path) -> None:
    """Half a euro of tolerance is no yen at all."""
    await town.book.portfolio("acme", terms={"tolerance": "0.50"})
    yen = ROW.replace("EUR,100.00", "JPY,1000").replace("core,A,L1", "core,B,L2")
    yen = yen.replace("900123", "900124").replace("a@", "b@")
    folder = tape(tmp_path / "a", ROW + yen, "L1,1,2026-11-23,100.00\nL2,1,2026-11-23,1000\n")
    await load(town, folder, MONDAY - 4 * DAY)
    assert minor_digits("JPY") == 0
    assert (await town.look()).contacts == 2


async def test_a_reminder_goes_to_who_owes_and_to_nobody_else(town: Town, tmp_path: Path) -> None:
    parties = "".join(
        f"L1,{role},{role},Gus Example,en,Europe/Berlin,DE,+4477009002{number:02},attested\n"
        for number, role in enumerate(("co-borrower", "guarantor", "representative", "estate"))
    )
    folder = tape(tmp_path / "a", ROW, "L1,1,2026-11-23,100.00\n", parties=parties)
    await load(town, folder, MONDAY - 4 * DAY)
    await town.look()
    await town.send()
    assert sorted(took.to for took in town.providers["sms"].took) == ["+447700900123", "+447700900200"]


async def test_a_portfolio_names_a_strategy_that_there_is(town: Town) -> None:
    text = "portfolio: north\nname: N\nbrand: N\nzone: Europe/Berlin\ncurrency: EUR\nstrategy: {}\n"
    with pytest.raises(CaseworkInputError, match=r"'gentel' is no strategy; there are: .*gentle"):
        async with town.office.transaction() as raw:
            await save(raw, read_portfolio(text.format("gentel"), "north.yaml"))
    async with town.office.transaction() as raw:
        assert (await save(raw, read_portfolio(text.format("early-arrears"), "north.yaml")))[1]


async def test_a_loan_whose_payment_was_refused_is_held_until_a_tape_has_none(
    town: Town, tmp_path: Path
) -> None:
    """Paid, and the row of it refused: nobody is told that the money did not come."""
    schedule = "L1,1,2026-11-20,100.00\n"
    await load(town, tape(tmp_path / "a", ROW, schedule), MONDAY - 5 * DAY)
    for number, refused in enumerate(("L1,p1,2026-11-20,100.00,7\n", "L1,p1,2026-11-20,12x,1\n")):
        report = await load(town, tape(tmp_path / f"b{number}", ROW, schedule, refused), MONDAY)
        assert (report.rejected, len(report.notes)) == (1, 1)
        looked = await town.look()
        assert (looked.contacts, [row[2] for row in await town.occurrences()][-1:]) == (0, ["hold"])
    whole = tape(tmp_path / "c", ROW.replace("+447700900123", "+447700900124"), schedule)  # no tape repeated
    await load(town, whole, MONDAY + timedelta(hours=1))
    assert await town.book.sql("SELECT 1 FROM holds WHERE ends_at IS NULL") == []
    town.now = MONDAY + 4 * DAY
    assert (await town.look()).contacts == 1
    assert (await town.occurrences())[-1][0] == "late-7"
