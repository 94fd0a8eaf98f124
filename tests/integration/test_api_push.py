"""Pushed loans, schedules and payments: a small tape each, with the same checks, and done once."""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.approvals import approve
from casework.staff.rights import Actor, Role
from tests.builders.programs import Programs

OPS = Actor("oda", Role.OPERATIONS)
LOANS, PAYMENTS = "/api/v1/loans", "/api/v1/payments"


@pytest.fixture
async def programs(engine: AsyncEngine) -> Programs:
    made = Programs(engine)
    await made.open()
    return made


def loan(name: str = "L1", **more: Any) -> dict[str, Any]:
    return {
        "source": "core",
        "loan_id": name,
        "borrower_id": f"B-{name}",
        "portfolio": "acme",
        "currency": "EUR",
        "principal": "500.00",
        "made_on": "2026-09-01",
        "name": "Ann Example",
        "zone": "Europe/Berlin",
        "country": "DE",
        "email": "ann@example.org",
        "installments": [
            {"number": 1, "due_date": "2026-11-01", "principal": "250.00"},
            {"number": 2, "due_date": "2026-12-01", "principal": "250.00"},
        ],
        **more,
    }


def paid(payment: str = "P1", amount: str = "250.00", **more: Any) -> dict[str, Any]:
    return {"loan_id": "L1", "payment_id": payment, "received_on": "2026-11-20", "amount": amount, **more}


async def push(client: httpx2.AsyncClient, at: str, body: Any, key: str | None = None) -> httpx2.Response:
    return await client.post(at, json=body, headers={"idempotency-key": key} if key else {})


def tapes(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jsonl"))


async def left(programs: Programs) -> list[int]:
    return [row[0] for row in await programs.book.sql("SELECT left_minor FROM installments ORDER BY number")]


async def test_a_loan_is_pushed_paid_and_the_payment_taken_back(programs: Programs, tmp_path: Path) -> None:
    folder = tmp_path / "pushed"
    guarantor = {"person_id": "G1", "role": "guarantor", "email": "guy@example.org"}
    async with programs.calling(pushed=folder) as client:
        body = {"loans": [loan(tags=["vip"], attributes={"branch": "north"}, parties=[guarantor])]}
        answer = await push(client, LOANS, body)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert (said["loaded"], said["rejected"], said["errors"]) == (4, 0, [])
        assert (await push(client, LOANS, body)).json()["unchanged"] == 4
        answer = await push(client, PAYMENTS, {"payments": [paid(), paid("P2", "20.00", installment=2)]})
        assert answer.json()["loaded"] == 2
        assert await left(programs) == [0, 230_00]
        assert (await push(client, PAYMENTS, {"payments": [paid()]})).json()["unchanged"] == 1
        back = {"loan_id": "L1", "reversal_id": "R1", "reverses": "P1", "received_on": "2026-11-22"}
        assert (await push(client, "/api/v1/reversals", back)).json()["loaded"] == 1
        assert await left(programs) == [250_00, 230_00]
        restated = {"loan_id": "L1", "number": 2, "due_date": "2026-12-15", "principal": "240.00"}
        answer = await push(client, "/api/v1/installments", {"installments": [restated]})
        assert answer.json()["updated"] == 1
        assert await left(programs) == [250_00, 220_00]
    rows = await programs.book.sql("SELECT tags, attributes->>'branch' FROM loans")
    assert [tuple(row) for row in rows] == [(["vip"], "north")]
    rows = await programs.book.sql("SELECT actor, role FROM events WHERE action = 'import_book'")
    assert {tuple(row) for row in rows} == {("api:core", "program")}
    assert tapes(folder) == []


async def test_a_loan_of_a_portfolio_that_is_not_theirs_is_as_unknown_as_none(programs: Programs) -> None:
    """Nor does it stand in the way of their own of the same id; that it was asked for is on record."""
    await programs.book.portfolio("quay")
    quay = {"source": "quay", "portfolio": "quay"}
    async with programs.calling() as client:
        for loans in ([loan()], [loan(**quay), loan("Q1", **quay)]):
            assert (await push(client, LOANS, {"loans": loans})).json()["rejected"] == 0
    token = await programs.token("harbour", ["payments:write"], portfolios=["acme"])
    async with programs.calling(token) as client:
        rows = [paid("P1", loan_id="Q1"), paid("P2"), paid("P3", loan_id="Z1")]
        said = (await push(client, PAYMENTS, {"payments": rows})).json()
        assert (said["loaded"], [one["field"] for one in said["errors"]]) == (
            1,
            ["payments[0].loan_id", "payments[2].loan_id"],
        )
        assert said["errors"][0]["message"] == said["errors"][1]["message"]
        back = {"reversal_id": "R1", "reverses": "P1", "received_on": "2026-11-22"}
        answers = [
            await push(client, "/api/v1/reversals", {**back, "loan_id": name}) for name in ("Q1", "Z1")
        ]
        assert [one.status_code for one in answers] == [422, 422]
        assert answers[0].json()["errors"] == answers[1].json()["errors"]
        assert not any("quay" in one.text for one in answers)
    booked = "SELECT l.source, p.external_id FROM payments p JOIN loans l ON l.id = p.loan_id"
    assert [tuple(row) for row in await programs.book.sql(booked)] == [("core", "P2")]
    denied = "SELECT actor, data->>'portfolio' FROM events WHERE action = 'access.denied'"
    assert [tuple(row) for row in await programs.book.sql(denied)] == [("api:harbour", "quay")] * 2


async def test_what_cannot_be_taken_is_told_by_its_field(programs: Programs, tmp_path: Path) -> None:
    async with programs.calling(pushed=tmp_path) as client:
        bad = loan("L2", made_on="2027-01-31", zone="Mars/Olympus")
        answer = await push(client, LOANS, {"loans": [loan(), bad]})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["loaded"], answer.json()["rejected"]) == (3, 3)
        first, *others = answer.json()["errors"]
        assert first["field"] == "loans[1].zone"
        assert first["would_be_right"] == "an IANA name, such as Europe/Berlin"
        assert all("its loan is refused" in one["message"] for one in others)
        answer = await push(client, PAYMENTS, {"payments": [paid(loan_id="L9")]})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        (wrong,) = answer.json()["errors"]
        assert wrong["field"] == "payments[0].loan_id"
        assert "no loan of this id" in wrong["message"]
        answer = await push(client, PAYMENTS, {"payments": [paid(amount="1.005")]})
        assert answer.json()["errors"][0]["field"] == "payments[0].amount"
        answer = await push(client, LOANS, {"loans": [{**loan(), "principle": "1"}]})
        (wrong,) = answer.json()["errors"]
        assert (wrong["field"], wrong["would_be_right"]) == (
            "loans[0].principle",
            "leave it out, or mind its spelling",
        )
        rows = [paid("P7"), {**paid("P8"), "amount": "Ann"}, 7, {**paid("P9"), "received_on": "Ann"}]
        answer = await push(client, PAYMENTS, {"payments": rows})
        assert (answer.status_code, answer.json()["loaded"], answer.json()["rejected"]) == (200, 1, 3)
        assert "Ann" not in answer.text
        told = [(one["field"], one["would_be_right"]) for one in answer.json()["errors"]]
        assert told == [
            ("payments[1].amount", 'an amount in major units, not below zero, such as "250.00"'),
            ("payments[2]", "an object"),
            ("payments[3].received_on", "a date such as 2026-11-30"),
        ]
        nested = loan("L3", installments=[{"number": "Ann"}])
        answer = await push(client, LOANS, {"loans": [nested, loan()]})
        assert (answer.status_code, answer.json()["unchanged"]) == (200, 3)
        assert {one["field"].partition(".")[0] for one in answer.json()["errors"]} == {"loans[0]"}
    # A payment that was refused may be the one that settles it.
    rows = await programs.book.sql("SELECT kind, ends_at FROM holds")
    assert [tuple(row) for row in rows] == [("refused_rows", None)]


async def test_payments_are_known_up_to_what_is_said(programs: Programs, tmp_path: Path) -> None:
    async def fed() -> Any:
        return (await programs.book.sql("SELECT fed_at FROM feeds"))[0][0]

    async with programs.calling(pushed=tmp_path) as client:
        await push(client, LOANS, {"loans": [loan()]})
        before = await fed()
        programs.now += timedelta(hours=3)
    async with programs.calling(await programs.token("other"), pushed=tmp_path) as client:
        await push(client, PAYMENTS, {"payments": [paid()]})
        assert await fed() == before
        told = programs.now - timedelta(hours=1)
        body = {"payments": [paid()], "complete_to": told.isoformat()}
        assert (await push(client, PAYMENTS, body)).status_code == 200
        assert await fed() == told
        # Nobody knows what is still to come.
        body["complete_to"] = (programs.now + timedelta(days=3)).isoformat()
        await push(client, PAYMENTS, body)
        assert await fed() == programs.now


async def test_a_push_that_looks_wrong_is_held_until_somebody_says_yes(
    programs: Programs, tmp_path: Path
) -> None:
    async with programs.calling(pushed=tmp_path) as client:
        many = [loan(f"L{number}") for number in range(4)]
        assert (await push(client, LOANS, {"loans": many})).json()["loaded"] == 12
        for one in many:
            for part in one["installments"]:
                part["principal"] = "25000.00"
            one["principal"] = "50000.00"
        answer = await push(client, LOANS, {"loans": many}, key="k1")
        assert answer.status_code == 202, answer.text
        assert "100 times" in answer.json()["why"][0]
        again = await push(client, LOANS, {"loans": many}, key="k1")
        assert (again.status_code, again.json()) == (202, answer.json())
    assert set(await left(programs)) == {250_00}
    assert len(tapes(tmp_path)) == 2
    await approve(programs.office, OPS, answer.json()["approval"], programs.now)
    assert set(await left(programs)) == {25_000_00}
    assert tapes(tmp_path) == []


async def test_one_loan_pushed_is_no_book_that_lacks_the_others(programs: Programs, tmp_path: Path) -> None:
    async with programs.calling(pushed=tmp_path) as client:
        many = [loan(f"L{number}") for number in range(12)]
        for _ in range(2):
            assert (await push(client, LOANS, {"loans": many})).status_code == 200
        assert (await push(client, LOANS, {"loans": many[:1]})).status_code == 200
    assert (await programs.book.sql("SELECT count(*) FROM loans WHERE status = 'active'"))[0][0] == 12
    coverage = await programs.book.sql("SELECT DISTINCT report->>'coverage', content_digest FROM imports")
    assert [tuple(row) for row in coverage] == [(None, None)]


async def test_the_same_key_gives_the_same_answer_and_does_nothing_twice(
    programs: Programs, tmp_path: Path
) -> None:
    async with programs.calling(pushed=tmp_path) as client:
        await push(client, LOANS, {"loans": [loan()]})
        first = await push(client, PAYMENTS, {"payments": [paid()]}, key="k1")
        again = await push(client, PAYMENTS, {"payments": [paid()]}, key="k1")
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert (again.headers["idempotency-replayed"], again.json()["loaded"]) == ("true", 1)
        other = await push(client, PAYMENTS, {"payments": [paid("P2")]}, key="k1")
        assert (other.status_code, other.json()["type"]) == (422, "/docs/api.md#key-reused")
        # What was refused before it was begun leaves the key free.
        assert (await push(client, PAYMENTS, {"payments": []}, key="k2")).status_code == 422
        assert (await push(client, PAYMENTS, {"payments": [paid("P2")]}, key="k2")).status_code == 200
    async with programs.calling(await programs.token("other"), pushed=tmp_path) as client:
        # A key is of its token alone.
        assert (await push(client, PAYMENTS, {"payments": [paid("P3")]}, key="k1")).json()["loaded"] == 1
    programs.now += timedelta(days=1, seconds=1)
    async with programs.calling(await programs.token("third"), pushed=tmp_path) as client:
        await push(client, PAYMENTS, {"payments": [paid("P4")]}, key="k1")
    assert (await programs.book.sql("SELECT count(*) FROM api_answers"))[0][0] == 1


async def test_of_many_at_once_under_one_key_one_is_done(programs: Programs, tmp_path: Path) -> None:
    async with programs.calling(pushed=tmp_path) as client:
        await push(client, LOANS, {"loans": [loan()]})
        answers = await asyncio.gather(
            *(push(client, PAYMENTS, {"payments": [paid()]}, key="k1") for _ in range(8))
        )
    done = [one for one in answers if one.status_code == 200]
    assert done
    assert {one.status_code for one in answers} <= {200, 409}
    assert len({one.content for one in done}) == 1
    assert sum("idempotency-replayed" not in one.headers for one in done) == 1
    assert (await programs.book.sql("SELECT count(*) FROM imports WHERE kind = 'payments'"))[0][0] == 1


async def test_what_a_killed_process_left_is_removed_and_what_waits_is_kept(
    programs: Programs, tmp_path: Path
) -> None:
    for name, age in (("killed", 7200), ("waits", 7200), ("working", 60)):
        tape = tmp_path / name / "tape"
        tape.mkdir(parents=True)
        (tape / "loans.jsonl").touch()
        if name == "waits":
            (tape / ".held").touch()
        then = tape.stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))
    async with programs.calling(pushed=tmp_path) as client:
        assert (await push(client, LOANS, {"loans": [loan()]})).status_code == 200
    assert [one.parent.parent.name for one in tapes(tmp_path)] == ["waits", "working"]


async def test_a_key_that_somebody_holds_is_a_conflict(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casework.once._PATIENCE", "100ms")
    async with programs.calling(pushed=tmp_path) as client:
        async with programs.office.transaction() as raw:
            await raw.run(
                "INSERT INTO api_answers (token_id, key, digest, at) VALUES (1, 'k1', '', $1)", programs.now
            )
            answer = await push(client, PAYMENTS, {"payments": [paid()]}, key="k1")
            assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
            await raw.run("DELETE FROM api_answers")
        monkeypatch.setattr("casework.once._WORK", "100ms")
        async with programs.office.transaction() as raw:
            await raw.run("SELECT pg_advisory_xact_lock($1)", 0x6B657074)
            answer = await push(client, PAYMENTS, {"payments": [paid()]}, key="k1")
            assert (answer.status_code, answer.json()["type"]) == (503, "/docs/api.md#not-now")
        assert (await push(client, LOANS, {"loans": [loan()]}, key="k1")).status_code == 200


async def test_what_is_too_large_or_no_json_is_refused_before_it_is_read(programs: Programs) -> None:
    async with programs.calling() as client:
        huge = b"[" + b" " * (4 * 1024 * 1024) + b"]"
        said = {"content-type": "application/json"}
        assert (await client.post(PAYMENTS, content=huge, headers=said)).status_code == 413

        async def dripping() -> AsyncGenerator[bytes]:
            for _ in range(80):
                yield b" " * 65536

        assert (await client.post(PAYMENTS, content=dripping(), headers=said)).status_code == 413
        assert (await client.post(PAYMENTS, content=b"{}", headers={})).status_code == 415
        for body in (b"{", b"\xff", b"[" * 50_000, b'{"payments": "\\ud800"}', b"9" * 5000, b"null", b""):
            answer = await client.post(PAYMENTS, content=body, headers=said)
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        answer = await client.get(PAYMENTS)
        assert (answer.status_code, answer.json()["type"]) == (405, "/docs/api.md#no-such-method")
        assert (await client.get("/api/v1/nothing")).json()["status"] == 404


async def test_what_is_cut_off_before_its_answer_leaves_nothing_and_is_done_when_it_comes_again(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(raw: Any, *_: Any) -> None:
        await raw.run("SELECT pg_terminate_backend(pg_backend_pid())")

    async with programs.calling(pushed=tmp_path) as client:
        await push(client, LOANS, {"loans": [loan()]})
        with monkeypatch.context() as patch:
            patch.setattr("casework.once.keep", cut)
            answer = await push(client, PAYMENTS, {"payments": [paid()]}, key="k1")
            assert (answer.status_code, answer.json()["type"]) == (503, "/docs/api.md#not-now")
        assert (await programs.book.sql("SELECT count(*) FROM payments"))[0][0] == 0
        assert (await programs.book.sql("SELECT count(*) FROM api_answers"))[0][0] == 0
        answer = await push(client, PAYMENTS, {"payments": [paid()]}, key="k1")
        assert (answer.status_code, answer.json()["loaded"]) == (200, 1)
    assert tapes(tmp_path) == []
