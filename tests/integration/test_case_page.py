"""What is done on a case's page, over HTTP: each by its own right, and what goes to a person by the gate."""

import html
import re
from base64 import b64encode

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from storage.staff import notes
from tests.builders.book import Borrower
from tests.builders.shop import TODAY, Shop
from tests.builders.town import DAY


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


@pytest.fixture
async def ann(shop: Shop) -> Borrower:
    return await shop.borrower(TODAY - 5 * DAY, 250_00)


def _meant(page: str) -> dict[str, str]:
    """The form that says yes to what the page asks."""
    form = page.split('class="alert alert-warning"')[1].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


async def post(client: httpx2.AsyncClient, path: str, **data: str) -> httpx2.Response:
    return await client.post(path, data=data, headers={"accept": "text/html"})


async def test_an_outcome_is_recorded_once_and_a_wrong_one_says_what_is_wrong(
    shop: Shop, ann: Borrower
) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        page = (await client.get(f"/cases/{ann.case}")).text
        assert 'special mention <small class="quiet">by 5 days past due' in page
        found = re.search(r'name="once" value="([^"]+)"', page)
        assert found is not None
        told = {"code": "promise", "once": found[1], "amount": "100.00", "due": str(TODAY + 2 * DAY)}
        for _ in range(2):
            answer = await post(client, f"/cases/{ann.case}/outcome", **told)
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                f"/cases/{ann.case}?done=recorded",
            )
        rows = await shop.book.sql("SELECT amount_minor, state FROM promises")
        assert [tuple(row) for row in rows] == [(100_00, "open")]
        assert "€100.00" in (await client.get(f"/cases/{ann.case}")).text
        for wrong in ({"amount": "much"}, {"amount": ""}, {"due": "someday"}, {"code": "nonsense"}):
            answer = await post(client, f"/cases/{ann.case}/outcome", **{**told, "once": "2", **wrong})
            assert answer.status_code == 422, wrong
            assert 'role="alert"' in answer.text
        wrong = {**told, "once": "2", "amount": "much"}
        said = (await post(client, f"/cases/{ann.case}/outcome", **wrong)).text
        assert '"much" is no amount of EUR: write it like 12.50' in html.unescape(said)
        much = {**told, "once": "3", "amount": "9999999"}
        asked = await post(client, f"/cases/{ann.case}/outcome", **much)
        assert asked.status_code == 422
        assert "is more than the €" in asked.text
        assert len(await shop.book.sql("SELECT 1 FROM outcomes")) == 1
        night = {"code": "callback", "once": "4", "at": f"{TODAY + DAY}T03:00"}
        rings = await post(client, f"/cases/{ann.case}/outcome", **night)
        assert rings.status_code == 422
        assert "a call may not be made as things stand: " in rings.text
        assert "hours 08:00-21:00; it is 0" in rings.text
        sent = _meant(asked.text)
        assert (await post(client, f"/cases/{ann.case}/outcome", **sent)).status_code == 303, "it is meant"


async def test_a_plan_is_read_back_and_waits_for_somebody_elses_yes(shop: Shop, ann: Borrower) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        page = (await client.get(f"/cases/{ann.case}")).text
        found = re.search(r'name="once" value="([^"]+)"', page)
        assert found is not None
        for wrong in ("", "soon", "28/11", "3 x 100 from yesterday"):
            answer = await post(client, f"/cases/{ann.case}/plan", once=found[1], parts=wrong)
            assert answer.status_code == 422, wrong
            assert 'role="alert"' in answer.text
        asked = await post(
            client, f"/cases/{ann.case}/plan", once=found[1], parts=f"2 x weekly from {TODAY + 7 * DAY}"
        )
        assert asked.status_code == 422
        first, second = TODAY + 7 * DAY, TODAY + 14 * DAY
        read = f"A plan of €250.00 in 2 payments: {first}: €125.00; {second}: €125.00."
        assert read in html.unescape(asked.text)
        assert not await shop.book.sql("SELECT 1 FROM outcomes"), "nothing before it was read"
        sent = _meant(asked.text)
        for _ in range(2):
            answer = await post(client, f"/cases/{ann.case}/plan", **sent)
            assert answer.headers["location"] == f"/cases/{ann.case}?done=planned"
        assert (await post(client, f"/cases/{ann.case}/plan", once="9", read="soon=1")).status_code == 400
        assert "waits for somebody else" in (await client.get(answer.headers["location"])).text
        ((content,),) = await shop.book.sql("SELECT content FROM approvals WHERE state = 'waiting'")
        assert content["parts"] == [[str(first), 125_00], [str(second), 125_00]]
        assert "plan of K" in (await client.get("/work/requests")).text


async def test_what_is_owed_in_two_currencies_is_promised_and_planned_in_either(shop: Shop) -> None:
    ann = await shop.owing_in_two()
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        path = f"/cases/{ann.case}"
        assert "A number alone means JPY; write others with their currency" in (await client.get(path)).text
        promise = {"code": "promise", "due": str(TODAY + DAY)}
        asked = await post(client, f"{path}/outcome", **promise, once="1", amount="300 EUR")
        assert "€300.00 is more than the €200.00" in html.unescape(asked.text)
        assert (await post(client, f"{path}/outcome", **promise, once="2", amount="9 GBP")).status_code == 422
        for once, amount in (("3", "150 EUR"), ("4", "9000")):
            answer = await post(client, f"{path}/outcome", **promise, once=once, amount=amount)
            assert answer.status_code == 303, answer.text
        read = await post(client, f"{path}/plan", once="5", parts=f"2 x 60 EUR from {TODAY + 7 * DAY}")
        assert "A plan of €120.00 in 2 payments" in html.unescape(read.text)
        assert (await post(client, f"{path}/plan", **_meant(read.text))).status_code == 303
        gone = {**_meant(read.text), "once": "6", "currency": "GBP"}
        assert "nothing is unpaid in GBP" in (await post(client, f"{path}/plan", **gone)).text
    told = await shop.book.sql(
        "SELECT o.code, o.amount_minor, l.currency FROM outcomes o JOIN loans l ON l.id = ANY(o.loan_ids) "
        "ORDER BY o.id"
    )
    assert [tuple(row) for row in told] == [
        ("promise", 150_00, "EUR"),
        ("promise", 9000, "JPY"),
        ("plan_agreed", 120_00, "EUR"),
    ]


async def test_what_was_typed_stays_where_it_is_refused(shop: Shop, ann: Borrower) -> None:
    forms = {
        "outcome": {
            "code": "promise",
            "once": "1",
            "amount": "much",
            "due": str(TODAY),
            "note": "by <Friday>",
        },
        "plan": {"once": "1", "parts": "28/11 or so"},
        "hold": {"kind": "hardship", "reason": " ", "days": "5"},
        "message": {"channel": "email", "words": "Pay or we call the police"},
    }
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        for form, typed in forms.items():
            answer = await post(client, f"/cases/{ann.case}/{form}", **typed)
            assert answer.status_code == 422, form
            (opened,) = re.findall(r"<details open>.*?</details>", answer.text, re.DOTALL)
            assert f'action="/cases/{ann.case}/{form}"' in opened
            shown = html.unescape(opened)
            for name, value in typed.items():
                field = (f'value="{value}"', f'value="{value}" selected', f">{value}</textarea>")
                assert name == "once" or any(one in shown for one in field), (form, name)
        assert "<Friday>" not in (await post(client, f"/cases/{ann.case}/outcome", **forms["outcome"])).text


async def test_a_hold_is_placed_with_a_reason_and_lifted(shop: Shop, ann: Borrower) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        answer = await post(client, f"/cases/{ann.case}/hold", kind="dispute", reason="", days="5")
        assert answer.status_code == 422
        answer = await post(client, f"/cases/{ann.case}/hold", kind="dispute", reason="asks", days="5")
        assert answer.headers["location"].endswith("done=held")
        ((key, days),) = await shop.book.sql("SELECT id, ends_at - starts_at FROM holds")
        assert days.days == 5
        assert "dispute" in (await client.get(f"/cases/{ann.case}")).text
        answer = await post(client, f"/cases/{ann.case}/lift", hold_key=str(key))
        assert answer.headers["location"].endswith("done=lifted")
        other = await post(client, f"/cases/{ann.case}/lift", hold_key="999")
        assert other.status_code == 422


async def test_a_message_goes_by_the_gate_and_is_refused_with_its_reasons(shop: Shop, ann: Borrower) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        where = f"/cases/{ann.case}/message"
        answer = await post(client, where, channel="sms", words="We will tell your family.")
        assert answer.status_code == 422
        assert not await shop.book.sql("SELECT 1 FROM contacts")
        answer = await post(client, where, channel="sms", words="Hello Ann, please ring us today.")
        assert answer.headers["location"].endswith("done=written"), answer.text
        await shop.send()
        again = await post(client, where, channel="sms", words="Hello Ann, please ring us today.")
        assert again.status_code == 422, "one a day"
        line = (await client.get(f"/cases/{ann.case}")).text
        assert "please ring us today" in line
        assert (await client.get(f"/cases/{ann.case}/why/1")).status_code == 200


async def test_it_is_assigned_an_address_is_corrected_and_a_link_goes_out(shop: Shop, ann: Borrower) -> None:
    await shop.book.sql(
        "INSERT INTO staff (name, role, invited_at, invited_by) "
        "VALUES ('carl', 'collector', $1, 'test') RETURNING id",
        shop.now,
    )
    async with shop.open_doors(role=Role.SUPERVISOR, portfolios=["acme"]) as client:
        await post(client, f"/cases/{ann.case}/give", to="carl")
        assert "carl" in (await client.get(f"/cases/{ann.case}")).text
        assert (await post(client, f"/cases/{ann.case}/give", to="nobody here")).status_code == 422
        answer = await post(client, f"/cases/{ann.case}/address", address=str(ann.phone), finding="detached")
        assert answer.headers["location"].endswith("done=corrected")
        ((state,),) = await shop.book.sql("SELECT state FROM addresses WHERE id = $1", ann.phone)
        assert state == "detached"
        other = await post(client, f"/cases/{ann.case}/address", address="999", finding="detached")
        assert other.status_code == 422
        answer = await post(client, f"/cases/{ann.case}/invite")
        assert answer.status_code in (303, 422)


async def test_who_may_not_read_names_reads_none_and_acts_on_nothing(shop: Shop, ann: Borrower) -> None:
    number = await shop.book.sql("SELECT value FROM addresses WHERE id = $1", ann.phone)
    phone = shop.office.keyring.open("addresses", "value", ann.phone or 0, number[0][0])
    await shop.look()
    await shop.send()
    async with shop.open_doors(role=Role.RISK) as client:
        page = (await client.get(f"/cases/{ann.case}")).text
        assert "Ann Example" not in page
        assert phone not in page
        assert '<form method="post" action="/cases/' not in page
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        page = (await client.get(f"/cases/{ann.case}")).text
        assert "Ann Example" in page
        assert phone in page


async def test_a_view_of_the_list_is_kept_and_dropped(shop: Shop, ann: Borrower) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        page = (await client.get("/cases?late=no&dpd=1-30")).text
        assert 'name="wanted" value="?late=no&amp;dpd=1-30"' in page
        wanted = "?late=no&dpd=1-30&nonsense=1&format=csv"
        answer = await post(client, "/cases/views", name="a month late", wanted=wanted)
        assert answer.headers["location"] == "/cases?late=no&dpd=1-30"
        page = (await client.get("/cases")).text
        assert '<a href="/cases?late=no&amp;dpd=1-30">a month late</a>' in page
        # words are kept as the chat finds by them, and what was kept there stands here
        answer = await post(client, "/cases/views", name="vips", wanted="?text=%23vip")
        assert answer.headers["location"] == "/cases?text=%23vip"
        async with shop.open_doors(role=Role.FINANCE) as other:
            assert "a month late" not in (await other.get("/cases")).text
            assert (await post(other, "/cases/views/1/drop")).status_code == 422, "nobody else's"
        assert (await post(client, "/cases/views", name="", wanted=wanted)).status_code == 422
        await post(client, "/cases/views/1/drop")
        page = (await client.get("/cases")).text
        assert "a month late" not in page
        assert "vips" in page


async def test_a_voice_or_photo_that_was_noted_is_opened(shop: Shop, ann: Borrower) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        office = shop.office
        (other,) = [await shop.borrower(TODAY - 5 * DAY, 250_00)]
        for kind, mime, body in (("photo", "image/jpeg", b"\xff\xd8door"), ("voice", "audio/ogg", b"OggS")):
            async with office.transaction() as raw:
                await notes.add(
                    raw,
                    office.keyring,
                    ann.case,
                    "carl",
                    kind,
                    mime,
                    b64encode(body).decode(),
                    shop.now,
                    None,
                )
        async with office.transaction() as raw:
            await notes.add(raw, office.keyring, ann.case, "carl", "place", None, "52.5,13.4", shop.now, None)
        page = (await client.get(f"/cases/{ann.case}")).text
        assert "52.5,13.4" in page
        links = re.findall(r'href="(/cases/\d+/notes/\d+)"', page)
        found = [await client.get(link) for link in links]
        assert [(one.status_code, one.headers["content-type"], one.content) for one in found] == [
            (200, "application/octet-stream", b"OggS"),
            (200, "image/jpeg", b"\xff\xd8door"),
        ]
        assert re.search(r"note-\d+\.(oga|ogg)", found[0].headers["content-disposition"])
        elsewhere = await client.get(links[0].replace(f"/cases/{ann.case}/", f"/cases/{other.case}/"))
        assert elsewhere.status_code == 422
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        page = (await client.get(f"/cases/{ann.case}")).text
        assert "52.5,13.4" not in page
        assert "/notes/" not in page
        assert (await client.get(links[0])).status_code == 403
