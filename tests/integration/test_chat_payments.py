"""Paying in the chat: an invoice where a provider's token is set, else the lender's own line."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.sandbox.server import Sandbox
from bot.sandbox.world import Chat, World
from casework.borrower.conversation import lines, waiting
from casework.staff.rights import Actor, Role
from tests.builders.chatroom import TODAY, Chatroom, Guest
from tests.builders.town import DAY

CARL = Actor("carl", Role.COLLECTOR)


class Till(Sandbox):
    """A server that knows invoices; `pays` and `checks` are what it does when somebody taps Pay."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.invoices: list[Mapping[str, Any]] = []
        self.checked: list[Mapping[str, Any]] = []
        self._methods["sendinvoice"] = self._invoice
        self._methods["answerprecheckoutquery"] = self._checkout

    async def _invoice(self, asked: Mapping[str, Any]) -> Any:
        self.invoices.append(asked)
        return await self.world.show(asked, {"text": str(asked["title"])})

    async def _checkout(self, asked: Mapping[str, Any]) -> bool:
        self.checked.append(asked)
        return True

    async def checks(self, chat: Chat, payload: str, amount: int, currency: str = "EUR") -> None:
        query = {
            "id": "q1",
            "from": self.world._user(chat),
            "currency": currency,
            "total_amount": amount,
            "invoice_payload": payload,
        }
        await self.world._update({"pre_checkout_query": query})

    async def pays(self, chat: Chat, payload: str, amount: int) -> None:
        paid = {
            "currency": "EUR",
            "total_amount": amount,
            "invoice_payload": payload,
            "telegram_payment_charge_id": "T-77",
            "provider_payment_charge_id": "P-88",
        }
        await self.world._from_person(chat, {"successful_payment": paid})


@pytest.fixture
async def till(engine: AsyncEngine) -> AsyncIterator[tuple[Chatroom, Till]]:
    made = Chatroom(engine)
    made.desk = msgspec.structs.replace(made.desk, payments="1:TEST:x")
    await made.open()
    sandbox = Till(World(lambda: made.now))
    async with made.opened(sandbox=sandbox) as room:
        yield room, sandbox


async def linked(room: Chatroom) -> Guest:
    guest = await room.linked(await room.borrower(TODAY - 3 * DAY))
    await guest.says("menu")
    return guest


async def test_an_invoice_is_paid_and_is_a_claim_with_its_reference(till: tuple[Chatroom, Till]) -> None:
    room, sandbox = till
    guest = await linked(room)
    await guest.taps("pay")
    await guest.taps("pay_here")
    (invoice,) = sandbox.invoices
    assert (invoice["currency"], invoice["provider_token"]) == ("EUR", "1:TEST:x")
    assert invoice["prices"][0]["amount"] == 250_00
    payload = str(invoice["payload"])
    await sandbox.checks(guest.chat, payload, 250_00)
    await room.settle()
    assert sandbox.checked[-1]["ok"] in (True, "true")
    await sandbox.pays(guest.chat, payload, 250_00)
    assert "€250.00 for Consumer" in (told := await guest.told())
    assert "T-77" in told
    ((code, amount, note, id_),) = [
        tuple(row) for row in await room.book.sql("SELECT code, amount_minor, note, id FROM outcomes")
    ]
    assert (code, amount) == ("claims_paid", 250_00)
    assert room.office.keyring.open("outcomes", "note", id_, note) == "telegram T-77 provider P-88"
    assert [row[0] for row in await room.book.sql("SELECT kind FROM tasks")] == ["reconcile"]
    await room.look()
    assert not (await room.send()).by_channel, "no reminder meanwhile"


@pytest.mark.parametrize("how", ["another", "more", "currency", "nonsense"])
async def test_what_is_not_theirs_or_not_owed_is_not_taken(till: tuple[Chatroom, Till], how: str) -> None:
    room, sandbox = till
    guest = await linked(room)
    other = await room.borrower(TODAY)
    (loan,) = [row[0] for row in await room.book.sql("SELECT min(id) FROM loans")]
    payload = {"another": f"{other.loan}:25000", "nonsense": "x"}.get(how, f"{loan}:25000")
    await sandbox.checks(
        guest.chat, payload, 999_00 if how == "more" else 250_00, "USD" if how == "currency" else "EUR"
    )
    await room.settle()
    answer = sandbox.checked[-1]
    assert answer["ok"] in (False, "false")
    assert "changed in the meantime" in answer["error_message"]


async def test_money_that_nobody_can_place_reaches_a_person(till: tuple[Chatroom, Till]) -> None:
    room, sandbox = till
    stranger = await room.guest()
    await sandbox.pays(stranger.chat, "1:25000", 250_00)
    told = await stranger.told()
    assert "250" not in told
    (talk,) = await waiting(room.office, CARL)
    (line,) = await lines(room.office, CARL, talk.id, room.now)
    assert line.text == "telegram T-77 provider P-88"
    await sandbox.checks(stranger.chat, "1:25000", 250_00)
    await room.settle()
    assert sandbox.checked[-1]["ok"] in (False, "false")


async def test_a_server_without_invoices_gives_the_lenders_line(engine: AsyncEngine) -> None:
    made = Chatroom(engine)
    made.desk = msgspec.structs.replace(made.desk, payments="1:TEST:x")
    await made.open()
    async with made.opened() as room:
        guest = await linked(room)
        await guest.taps("pay")
        assert "https://pay.example.com/L" in await guest.taps("pay_here")


async def test_without_a_token_nothing_is_offered(engine: AsyncEngine) -> None:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as room:
        guest = await linked(room)
        await guest.taps("pay")
        assert "Pay here in the chat" not in guest.buttons()
        await room.sandbox.world.tap(guest.chat, 1, "pay_here")
        assert "https://pay.example.com/L" in await guest.told()
