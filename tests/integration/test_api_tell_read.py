"""What other systems tell and read: the same use cases as the desk's, named by the lender's ids."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.programs import Programs
from tests.builders.shop import TODAY
from tests.builders.town import DAY

V1 = "/api/v1"


@pytest.fixture
async def programs(engine: AsyncEngine) -> Programs:
    made = Programs(engine)
    await made.open()
    return made


async def test_a_dialler_asks_dials_and_tells_until_the_cap_says_no(programs: Programs) -> None:
    await programs.book.portfolio("acme", packs=["us-reg-f"], actor="third_party")
    ann = await programs.borrower(TODAY - 3 * DAY)
    wish = {"borrower": ann.external_id, "channel": "call"}
    programs.now += timedelta(hours=8)
    async with programs.calling() as client:
        for number in range(7):
            answer = await client.post(f"{V1}/may-contact", json=wish)
            assert answer.status_code == 200, answer.text
            assert answer.json()["verdict"] == "allow", answer.text
            at = programs.now - timedelta(hours=6) + timedelta(minutes=number)
            made = {**wish, "at": at.isoformat(), "result": "no_answer", "loans": [ann.loan_id]}
            for new in (True, False):
                told = await client.post(f"{V1}/contacts", json=made)
                assert (told.status_code, told.json()) == (200, {"recorded": new})
        refused = (await client.post(f"{V1}/may-contact", json=wish)).json()
    assert refused["verdict"] in ("defer", "deny")
    assert any("1006.14" in reason["source"] for reason in refused["reasons"]), refused


async def test_an_outcome_told_twice_is_one_and_does_what_its_code_says(programs: Programs) -> None:
    ann = await programs.borrower(TODAY - 3 * DAY)
    told = {
        "borrower": ann.external_id,
        "event_id": "c1",
        "code": "dispute",
        "at": programs.now.isoformat(),
        "loans": [ann.loan_id],
        "note": "says it was paid",
    }
    async with programs.calling() as client:
        first = (await client.post(f"{V1}/outcomes", json=told)).json()
        assert (first["recorded"], first["case"], len(first["holds"])) == (True, ann.case, 1)
        again = (await client.post(f"{V1}/outcomes", json=told)).json()
        assert (again["recorded"], again["outcome"]) == (False, first["outcome"])
        odd = await client.post(f"{V1}/outcomes", json={**told, "code": "busy"})
        assert odd.status_code == 422
        assert "is of another entry" in odd.json()["detail"]
        assert odd.json()["errors"][0]["field"] == "event_id"
        wrong = await client.post(f"{V1}/outcomes", json={**told, "event_id": "c2", "loans": ["L0"]})
        assert wrong.status_code == 404
        assert (wrong.json()["errors"][0]["field"], "L0" in wrong.text) == ("loans[0]", False)
        for change, field in (
            ({"borrower": "Nobody Atall"}, "borrower"),
            ({"code": "promise", "amount": "1.005", "due": "2026-11-27"}, "amount"),
            ({"code": "promise", "amount": "1.00", "due": "2025-11-27"}, "due"),
            ({"at": "2027-01-01T00:00:00Z"}, "at"),
            ({"code": "callback"}, "starts"),
        ):
            said = await client.post(f"{V1}/outcomes", json={**told, "event_id": "c3", **change})
            assert (said.status_code in (404, 422), said.json()["errors"][0]["field"]) == (True, field)
            assert not any(value in said.text for value in ("Nobody", "1.005", "2025-11-27", "2027-01-01"))
        unknown = await client.post(f"{V1}/outcomes", json={**told, "code": "promise_kept"})
        assert unknown.json()["errors"][0]["field"] == "code"
    rows = await programs.book.sql("SELECT recorded_by, role, note FROM outcomes")
    assert [(row[0], row[1]) for row in rows] == [("api:core", "program")]
    assert b"paid" not in rows[0][2]


async def test_a_promise_pauses_and_is_read_back(programs: Programs) -> None:
    ann = await programs.borrower(TODAY - 3 * DAY)
    promise = {
        "borrower": ann.external_id,
        "event_id": "p1",
        "amount": "250.00",
        "due": "2026-11-27",
        "at": programs.now.isoformat(),
    }
    async with programs.calling() as client:
        made = await client.post(f"{V1}/promises", json=promise)
        assert made.json()["promise"]["pauses"] is True, made.text
        page = (await client.get(f"{V1}/promises", params={"state": "open"})).json()
        (row,) = page["rows"]
        assert (row["amount"], row["due_on"], row["loans"], page["next"]) == (
            "250.00",
            "2026-11-27",
            [ann.loan_id],
            None,
        )
        far = await client.post(f"{V1}/promises", json={**promise, "event_id": "p2", "due": "2027-06-01"})
        assert far.status_code == 422
        assert "a program may take promises up to 30 days" in far.json()["detail"]


async def test_a_stop_is_obeyed_before_the_next_message(programs: Programs) -> None:
    ann = await programs.borrower(TODAY)
    await programs.look()
    stop = {"borrower": ann.external_id, "channel": "all", "state": "revoked", "evidence": "by phone"}
    async with programs.calling() as client:
        assert (await client.post(f"{V1}/consents", json=stop)).json()["recorded"] is True
        wrong = await client.post(f"{V1}/consents", json={**stop, "borrower": "nobody"})
        assert (wrong.status_code, wrong.json()["type"]) == (404, "/docs/api.md#not-found")
        assert "nobody" not in wrong.text
        blank = (await client.post(f"{V1}/consents", json={**stop, "evidence": " "})).json()["errors"][0]
        assert (blank["field"], blank["would_be_right"]) == ("evidence", "words that say it")
    await programs.send()
    assert {state for _, state, _ in await programs.states()} == {"cancelled"}


async def test_pages_neither_double_nor_lose(programs: Programs) -> None:
    people = [await programs.borrower(TODAY - 3 * DAY) for _ in range(5)]
    async with programs.calling() as client:
        seen: list[Any] = []
        at: dict[str, Any] = {"limit": 2}
        while True:
            page = (await client.get(f"{V1}/loans", params=at)).json()
            seen += [row["loan"] for row in page["rows"]]
            if page["next"] is None:
                break
            at["cursor"] = page["next"]
            if len(seen) == 2:
                people.append(await programs.borrower(TODAY))
        assert seen == [one.loan_id for one in people]
        one = (await client.get(f"{V1}/loans/{people[0].loan_id}")).json()
        assert (one["dpd"], one["arrears"]) == (3, "250.00")
        assert (await client.get(f"{V1}/loans/none")).status_code == 404
        cases = (await client.get(f"{V1}/cases", params={"borrower": people[0].external_id})).json()
        assert [row["loans"] for row in cases["rows"]] == [[people[0].loan_id]]
        figures = (await client.get(f"{V1}/portfolios/acme/figures")).json()
        assert (figures["loans"], figures["arrears"]) == (6, {"EUR": "1250.00"})
        await programs.look()
        contacts = (await client.get(f"{V1}/contacts", params={"state": "planned"})).json()
        assert contacts["rows"]
        assert "example" not in str(contacts)


async def test_nobody_reads_beyond_their_portfolios(programs: Programs) -> None:
    mine = await programs.borrower(TODAY)
    other = await programs.book.portfolio("other")
    theirs = await programs.book.borrower(other, [(TODAY, 100_00)], strategy=programs.gentle)
    scopes = ["loans:read", "cases:read", "portfolios:read", "may:read", "contacts:write", "consents:write"]
    token = await programs.token("reader", [*scopes, "outcomes:write"], portfolios=["acme"])
    now = programs.now.isoformat()
    stop = {"channel": "sms", "state": "revoked", "evidence": "by phone"}
    promise = {"event_id": "p1", "amount": "1.00", "due": "2026-11-27", "at": now}
    async with programs.calling(token) as client:
        assert [row["loan"] for row in (await client.get(f"{V1}/loans")).json()["rows"]] == [mine.loan_id]
        assert len((await client.get(f"{V1}/cases")).json()["rows"]) == 1
        for of in ("other", "none"):
            for at in (f"/loans?portfolio={of}", f"/portfolios/{of}/figures"):
                assert (await client.get(V1 + at)).status_code == 403, at
        # Of another's borrower or loan the answer is that of one whom nobody has.
        for way, body in (
            ("/may-contact", {"channel": "call"}),
            ("/contacts", {"channel": "call", "at": now}),
            ("/consents", stop),
            ("/promises", promise),
        ):
            for given in (body, {**body, "portfolio": "other"}, {**body, "portfolio": "none"}):
                if way == "/contacts" and given is not body:
                    continue
                said = [
                    await client.post(V1 + way, json={**given, "borrower": one})
                    for one in (theirs.external_id, "none")
                ]
                assert said[0].status_code == (404 if given is body else 403), way
                assert said[0].text == said[1].text, way
                assert "supervisor" not in said[0].text, way
        said = [await client.get(f"{V1}/loans/{one}") for one in (theirs.loan_id, "none")]
        assert (said[0].status_code, said[0].text) == (404, said[1].text)
        # A stop needs no right to the other portfolios: it holds for theirs.
        ours = {**stop, "borrower": mine.external_id}
        assert (await client.post(f"{V1}/consents", json=ours)).json()["recorded"] is True
    kept = "SELECT p.code, c.state FROM consents c JOIN portfolios p ON p.id = c.portfolio_id"
    assert await programs.book.sql(kept) == [("acme", "revoked")]
    both = await programs.token("both", ["consents:write"], portfolios=["acme", "other"])
    async with programs.calling(both) as client:
        which = await client.post(f"{V1}/consents", json=ours)
        assert (which.status_code, which.json()["errors"][0]["field"]) == (422, "portfolio")
        assert (await client.post(f"{V1}/consents", json={**ours, "portfolio": "acme"})).status_code == 200
    denied = await programs.book.sql("SELECT count(*) FROM events WHERE action = 'access.denied'")
    assert denied[0][0] > 0
