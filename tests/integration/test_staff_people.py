"""Coming and going: a link binds one chat once; who is removed is out at the very next tap."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.staff.people import LINK_LASTS, everybody, invite, remove
from casework.staff.rights import Actor, Denied, Role
from storage.staff.people import assign
from tests.builders.chatroom import TODAY
from tests.builders.command import Kept
from tests.builders.crew import OPS, Crew, opened
from tests.builders.town import DAY

KEYS = "test:" + b64encode(bytes(range(32))).decode()  # the builder's own


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def test_a_link_binds_a_chat_a_role_and_a_scope_once(crew: Crew) -> None:
    made = await crew.invited()
    assert made.link.startswith(crew.sandbox.url)
    carl = await crew.guest(name="Carl")
    told = await opened(carl, made)
    assert "Hello carl. This chat is yours now; you work here as collector." in told
    other = await crew.guest()
    assert "does not work, or it has been used before" in await opened(other, made)
    assert "carl" not in await other.says("/help")
    ((role, portfolios),) = await crew.book.sql("SELECT role, portfolios FROM staff")
    assert (role, portfolios) == ("collector", ["acme"])


async def test_a_link_ends_with_its_time_and_with_the_next_one(crew: Crew) -> None:
    first = await crew.invited()
    second = await crew.invited()
    carl = await crew.guest()
    assert "does not work" in await opened(carl, first)
    crew.now += LINK_LASTS + timedelta(seconds=1)
    assert "does not work" in await opened(carl, second)
    forged = second.link[:-1] + ("0" if second.link[-1] != "0" else "1")
    crew.now -= LINK_LASTS
    assert "does not work" in await carl.says("/start " + forged.rpartition("=")[2])
    assert "This chat is yours" in await opened(carl, second)


async def test_another_chat_takes_the_place_of_the_one_before(crew: Crew) -> None:
    old = await crew.hired()
    new = await crew.hired()
    assert "carl, collector" in await new.says("/help")
    assert "carl" not in await old.says("/help")


async def test_a_borrowers_chat_stays_theirs(crew: Crew) -> None:
    ann = await crew.linked(await crew.borrower(TODAY))
    assert "belongs to a customer" in await opened(ann, await crew.invited())
    assert "€250.00" in await ann.says("what do I owe")


async def test_the_staff_speak_their_language(crew: Crew) -> None:
    mei = await crew.guest(language="zh")
    assert "这个聊天归您使用，您的角色是催收员" in await opened(mei, await crew.invited("mei"))


async def test_acceptance_34_who_leaves_is_out_at_once_and_their_cases_go_on(crew: Crew) -> None:
    carl = await crew.hired()
    await crew.hired("bea")
    ann, ben = await crew.borrower(TODAY - 3 * DAY), await crew.borrower(TODAY - 3 * DAY)
    async with crew.office.transaction() as raw:
        await assign(raw, [ann.case, ben.case], await crew.staff("carl"), "oda", crew.now)
    await crew.book.sql(
        "INSERT INTO promises (case_id, amount_minor, made_at, made_on, due_on, last_on, until, pauses, "
        "state, recorded_at, recorded_by) "
        "VALUES ($1, 25000, now(), $2, $3, $3, now(), true, 'open', now(), 'carl')",
        ann.case,
        TODAY,
        TODAY + 3 * DAY,
    )
    waiting = await crew.invited("carl")
    gone = await remove(crew.office, OPS, "carl", crew.now, to="bea")
    assert (gone.cases, gone.promises, gone.to) == (2, 1, "bea")
    assert "carl" not in await carl.says("/help"), "the chat is nobody's, at the very next word"
    assert "does not work" in await opened(carl, waiting), "nor does a link that was open"
    found = await everybody(crew.office, OPS, crew.now)
    assert [(one.row.name, one.cases, one.promises) for one in found] == [("bea", 2, 1)]
    actions = [row[0] for row in await crew.book.sql("SELECT action FROM events WHERE actor = 'oda'")]
    assert actions.count("case.assigned") == 2
    assert "staff.removed" in actions
    back = await remove(crew.office, OPS, "bea", crew.now)
    assert (back.cases, back.to) == (2, None)
    assert not await crew.book.sql("SELECT 1 FROM assignments"), "back in the queue"


async def test_cases_go_only_to_who_may_have_them(crew: Crew) -> None:
    await crew.hired()
    await crew.hired("finn", Role.FINANCE)
    await crew.book.portfolio("south")
    await crew.hired("sue", portfolios=["south"])
    ann = await crew.borrower(TODAY)
    async with crew.office.transaction() as raw:
        await assign(raw, [ann.case], await crew.staff("carl"), "oda", crew.now)
    for name, why in (("finn", "which has no cases"), ("sue", "does not work for"), ("zoe", "nobody 'zoe'")):
        with pytest.raises(CaseworkInputError, match=why):
            await remove(crew.office, OPS, "carl", crew.now, to=name)
    assert len(await everybody(crew.office, OPS, crew.now)) == 3, "nothing was done by halves"


async def test_who_invites_within_their_scope(crew: Crew) -> None:
    north = Actor("nia", Role.OPERATIONS, frozenset({"acme"}))
    with pytest.raises(Denied):
        await invite(crew.office, north, "eve", Role.COLLECTOR, crew.now)
    with pytest.raises(Denied):
        await invite(crew.office, Actor("sam", Role.SUPERVISOR), "eve", Role.COLLECTOR, crew.now)
    await invite(crew.office, OPS, "max", Role.SUPERVISOR, crew.now)
    with pytest.raises(Denied):
        await invite(crew.office, north, "max", Role.COLLECTOR, crew.now, portfolios=["acme"])
    with pytest.raises(Denied):
        await remove(crew.office, north, "max", crew.now)
    await invite(crew.office, OPS, "aud", Role.AUDITOR, crew.now, portfolios=["acme"])
    for role in (Role.COMPLIANCE, Role.ADMINISTRATOR, Role.AUDITOR):  # they have rights in every portfolio
        with pytest.raises(Denied, match="touches every portfolio"):
            await invite(crew.office, north, "eve", role, crew.now, portfolios=["acme"])
    with pytest.raises(Denied, match="touches every portfolio"):
        await invite(crew.office, north, "aud", Role.COLLECTOR, crew.now, portfolios=["acme"])
    await invite(crew.office, OPS, "oda", Role.OPERATIONS, crew.now)
    await invite(crew.office, OPS, "oda", Role.OPERATIONS, crew.now)
    with pytest.raises(Denied):
        await invite(
            crew.office, Actor("eve", Role.COLLECTOR), "sly", Role.SUPERVISOR, crew.now, portfolios=[]
        )
    with pytest.raises(CaseworkInputError, match="name a portfolio"):
        await invite(crew.office, OPS, "sly", Role.SUPERVISOR, crew.now, portfolios=[])
    with pytest.raises(CaseworkInputError, match="nobody changes their own role"):
        await invite(crew.office, OPS, "oda", Role.ADMINISTRATOR, crew.now)
    for name in ("kept", "borrower 7", "", " x", "a\nb"):
        with pytest.raises(CaseworkInputError, match="cannot be a name"):
            await invite(crew.office, OPS, name, Role.COLLECTOR, crew.now)
    with pytest.raises(CaseworkInputError, match="no portfolio; there are: acme"):
        await invite(crew.office, OPS, "eve", Role.COLLECTOR, crew.now, portfolios=["nowhere"])


async def test_the_commands(crew: Crew, database_url: str, redis_url: str, tmp_path: Path) -> None:
    kept = Kept(tmp_path, database_url, redis_url, KEPT_ENCRYPTION_KEYS=KEYS)
    made = await kept.json("staff", "invite", "carl", "--role", "collector", "--scope", "acme", "--by", "oda")
    assert (made["name"], made["portfolios"], made["queues"]) == ("carl", ["acme"], ["desk", "field", ""])
    assert made["link"].startswith(crew.sandbox.url)
    ((listed),) = await kept.json("staff", "list")
    assert (listed["name"], listed["chat"], listed["cases"]) == ("carl", False, 0)
    assert "no role of the staff" in (await kept.run("staff", "invite", "x", "--role", "king")).complaint
    assert (
        "no portfolio" in (await kept.run("staff", "invite", "x", "--role", "risk", "--scope", "a")).complaint
    )
    assert (await kept.json("staff", "remove", "carl"))["cases"] == 0
    assert "nobody 'carl'" in (await kept.run("staff", "remove", "carl")).complaint
