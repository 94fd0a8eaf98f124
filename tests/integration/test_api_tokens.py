"""Tokens: what opens the API, how far, how often, and that it ends when it should."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.staff.people import remove
from casework.staff.rights import Actor, Denied, Role
from casework.tokens import admit, create_token, list_tokens, revoke_token
from casework.turnstile import Turnstile
from tests.builders.command import Kept
from tests.builders.programs import ADMINISTRATOR, Programs
from tests.builders.shop import TODAY
from tests.builders.town import DAY

OPS = Actor("oda", Role.OPERATIONS)


@pytest.fixture
async def programs(engine: AsyncEngine) -> Programs:
    made = Programs(engine)
    await made.open()
    return made


async def asked(programs: Programs, token: str | None, **more: Any) -> Any:
    async with programs.open_doors(**more) as client:
        headers = {} if token is None else {"authorization": token}
        return await client.post("/api/v1/may-contact", json={}, headers=headers)


async def test_nobody_comes_in_without_a_good_token(programs: Programs) -> None:
    good = await programs.token()
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    for written in (None, "Bearer", "Bearer " + forged, "Basic " + good, "Bearer kept_1_" + "0" * 64, good):
        answer = await asked(programs, written)
        assert answer.status_code == 401, written
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "/docs/api.md#no-token"
    assert (await asked(programs, "bearer " + good)).status_code == 422


async def test_a_token_ends_by_revoking_and_by_time(programs: Programs) -> None:
    short = "Bearer " + await programs.token("short", days=1)
    lasting = "Bearer " + await programs.token("lasting")
    assert (await asked(programs, short)).status_code == 422
    programs.now += timedelta(days=1)
    assert (await asked(programs, short)).status_code == 401
    assert (await asked(programs, lasting)).status_code == 422
    await revoke_token(programs.office, ADMINISTRATOR, "lasting", programs.now)
    assert (await asked(programs, lasting)).status_code == 401
    again = "Bearer " + await programs.token("lasting")
    assert (await asked(programs, again)).status_code == 422
    assert (await asked(programs, lasting)).status_code == 401


async def test_the_secret_is_nowhere_in_the_database(programs: Programs) -> None:
    secret = (await programs.token()).rpartition("_")[2]
    rows = await programs.book.sql("SELECT t::text FROM api_tokens t UNION ALL SELECT e::text FROM events e")
    assert not any(secret in row[0] for row in rows)
    assert ("token.created",) in [
        (row[0],) for row in await programs.book.sql("SELECT action FROM events WHERE actor = 'ada'")
    ]


async def test_a_scope_that_is_lacking_is_named(programs: Programs) -> None:
    token = await programs.token("reader", ["loans:read"])
    answer = await asked(programs, "Bearer " + token)
    assert answer.status_code == 403
    assert "no scope may:read; it has loans:read" in answer.json()["detail"]


async def test_a_token_of_other_portfolios_is_denied_and_that_is_on_record(programs: Programs) -> None:
    ann = await programs.borrower(TODAY - 3 * DAY)
    await programs.book.portfolio("other")
    token = await programs.token("dialler", ["may:read"], portfolios=["other"])
    async with programs.calling(token) as client:
        answer = await client.post(
            "/api/v1/may-contact", json={"borrower": ann.external_id, "channel": "call"}
        )
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs/api.md#not-found")  # as if unknown
    rows = await programs.book.sql("SELECT actor, role FROM events WHERE action = 'access.denied'")
    assert [tuple(row) for row in rows] == [("api:dialler", "program")]


async def test_acceptance_34_the_tokens_of_who_leaves_end_with_them(programs: Programs) -> None:
    await programs.book.sql(
        "INSERT INTO staff (name, role, invited_at, invited_by) VALUES ('sue', 'supervisor', now(), 'ada') "
        "RETURNING id"
    )
    token = "Bearer " + await programs.token("sues", ["may:read"], staff="sue")
    assert (await asked(programs, token)).status_code == 422
    caller = await admit(programs.office, token.partition(" ")[2], None, programs.now)
    assert (caller.actor.name, caller.actor.role) == ("sue", Role.SUPERVISOR)
    await programs.book.sql("UPDATE staff SET role = 'finance' RETURNING id")
    async with programs.calling(token.partition(" ")[2]) as client:
        ann = await programs.borrower(TODAY - 3 * DAY)
        body = {"borrower": ann.external_id, "channel": "call"}
        assert (await client.post("/api/v1/may-contact", json=body)).status_code == 403
        await programs.book.sql("UPDATE staff SET role = 'supervisor' RETURNING id")
        assert (await client.post("/api/v1/may-contact", json=body)).status_code == 200
    await remove(programs.office, OPS, "sue", programs.now)
    assert (await asked(programs, token)).status_code == 401
    # Somebody who comes back gets tokens of their own.
    await programs.book.sql("UPDATE staff SET removed_at = NULL, removed_by = NULL RETURNING id")
    assert (await asked(programs, token)).status_code == 401


async def test_a_token_asks_so_often_and_no_more(programs: Programs, redis_url: str) -> None:
    from kept.rates import turnstile_of

    busy = "Bearer " + await programs.token("busy", ["may:read"], per_minute=3)
    other = "Bearer " + await programs.token("other", ["may:read"], per_minute=3)
    for turnstile in (turnstile_of(redis_url), turnstile_of("redis://127.0.0.1:1/0"), Turnstile(None)):
        allowed = 0
        answer = await asked(programs, busy, turnstile=turnstile)
        while answer.status_code != 429:
            allowed += 1
            answer = await asked(programs, busy, turnstile=turnstile)
        assert 1 <= allowed <= 3
        assert 1 <= int(answer.headers["retry-after"]) <= 1200
        assert (await asked(programs, other, turnstile=turnstile)).status_code == 422
        await turnstile.close()


async def test_when_a_token_was_last_used_is_known_to_the_minute(programs: Programs) -> None:
    token = "Bearer " + await programs.token()
    (before,) = await list_tokens(programs.office, ADMINISTRATOR)
    assert before.used_at is None
    first = programs.now
    for _ in range(3):
        await asked(programs, token)
        programs.now += timedelta(seconds=20)
    (after,) = await list_tokens(programs.office, ADMINISTRATOR)
    assert after.used_at == first


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": "No Name"}, "cannot be a token's name"),
        ({"scopes": ["loans:eat"]}, "is no scope"),
        ({"scopes": []}, "opens nothing"),
        ({"portfolios": ["nowhere"]}, "is no portfolio"),
        ({"staff": "nobody"}, "nobody 'nobody' on the staff"),
        ({"days": 0}, "lasts 1 to"),
        ({"per_minute": 0}, "1 to 60000"),
        ({"name": "taken"}, "there is a token 'taken'"),
    ],
)
async def test_what_cannot_be_a_token(programs: Programs, changes: dict[str, Any], wrong: str) -> None:
    await programs.token("taken")
    given: dict[str, Any] = {"name": "core", "scopes": ["may:read"], **changes}
    with pytest.raises(CaseworkInputError, match=wrong):
        await create_token(programs.office, ADMINISTRATOR, secret=bytes(32), now=programs.now, **given)


async def test_a_token_of_somebody_has_no_right_that_they_have_not(programs: Programs) -> None:
    await programs.book.sql(
        "INSERT INTO staff (name, role, invited_at, invited_by) VALUES ('carl', 'collector', now(), 'ada'), "
        "('fay', 'finance', now(), 'ada') RETURNING id"
    )
    with pytest.raises(CaseworkInputError, match="their own cases alone"):
        await programs.token("carls", ["may:read"], staff="carl")
    with pytest.raises(CaseworkInputError, match="it can have: loans:read, cases:read"):
        await programs.token("fays", ["payments:write"], staff="fay")


async def test_only_an_administrator_makes_ends_and_lists_tokens(programs: Programs) -> None:
    await programs.token()
    for call in (
        create_token(programs.office, OPS, "more", ["may:read"], bytes(32), programs.now),
        revoke_token(programs.office, OPS, "core", programs.now),
        list_tokens(programs.office, OPS),
    ):
        with pytest.raises(Denied):
            await call


async def test_the_command_shows_a_token_once(tmp_path: Path, database_url: str, redis_url: str) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    given = ("dialler", "--scopes", "may:read,contacts:write", "--days", "30")
    made = (await kept.run("token", "create", *given, "--json")).document
    assert made["token"].startswith("kept_")
    assert made["scopes"] == ["may:read", "contacts:write"]
    (listed,) = (await kept.run("token", "list", "--json")).document
    assert (listed["name"], listed["used_at"]) == ("dialler", None)
    assert made["token"] not in (await kept.run("token", "list")).out
    refused = (await kept.run("token", "create", "other", "--scopes", "may:eat")).complaint
    assert "'may:eat' is no scope; there are: loans:write" in refused
    ended = await kept.run("token", "revoke", "dialler", "--json")
    assert ended.document == {"name": "dialler", "revoked": True}
    assert (await kept.run("token", "list", "--json")).document == []
