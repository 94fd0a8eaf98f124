"""Who writes? Nothing of a loan before that is proved, by a link or by number and code."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.texts import languages, speech
from casework.borrower.chats import DISUSE
from casework.borrower.conversation import lines, waiting
from casework.borrower.identity import CODE_LASTS, CODES_A_DAY, LOCKED_FOR, invite
from casework.errors import CaseworkInputError
from casework.staff.rights import Actor, Denied, Role
from tests.builders.chatroom import TODAY, Chatroom, Guest, owing
from tests.builders.town import DAY

SUPERVISOR = Actor("sue", Role.SUPERVISOR)
# What no answer to a stranger may hold; with the names, amounts and loans of the book beside.
DEBT = re.compile(
    r"\b(loan|debt|owe|owed|owing|pay|paid|payment|due|overdue|arrears|balance|amount|instal|credit|lender|"
    r"borrow|reminder|account)|[贷债欠借额账帐钱催]|还款|还清|到期|逾期|\d{3}",
    re.IGNORECASE,
)


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


async def test_number_and_code_then_the_balance_in_two_messages(room: Chatroom) -> None:
    ann = await room.borrower(TODAY - 3 * DAY)
    guest = await room.guest(await room.number(ann.person))
    assert "share your own phone number" in (await guest.says("/start")).lower()
    assert "a code is on its way" in await guest.shares()
    (code,) = await room.book.sql(
        "SELECT channel, state, template FROM contacts WHERE template = 'chat-code'"
    )
    assert tuple(code) == ("email", "planned", "chat-code")  # not to the number that was shown
    linked = await guest.says(await room.code())
    assert "now we know that it is you" in linked
    assert "Hello Ann Example" in linked
    told = await guest.taps("balance")
    assert "€250.00 has been due since 20 November 2026 (3 days)" in told
    assert told.count("\n\n") <= 1, "one message"
    (address,) = await room.book.sql("SELECT kind, state FROM addresses WHERE kind = 'chat'")
    assert tuple(address) == ("chat", "linked")


async def test_a_link_to_an_address_on_file_opens_the_chat_once(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    await invite(room.office, SUPERVISOR, ann.person, ann.phone or 0, room.now)
    await room.send()
    said = [taken.body.text for taken in room.providers["sms"].took]
    (payload,) = re.findall(r"\?start=(\S+)", "\n".join(said))
    guest = await room.guest()
    assert "Hello Ann Example" in await guest.says(f"/start {payload}")
    other = await room.guest("+447700900002")
    assert "does not work" in await other.says(f"/start {payload}")
    forged = payload[:-1] + ("0" if payload[-1] != "0" else "1")
    assert "does not work" in await other.says(f"/start {forged}")
    rows = await room.book.sql("SELECT state FROM addresses WHERE id = $1", ann.phone)
    assert rows[0][0] == "confirmed"


async def test_a_link_goes_only_where_the_person_alone_reads_and_by_whom_it_may(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    unverified = await room.book.address(ann.person, "email", state="unverified")
    with pytest.raises(CaseworkInputError, match="the person's alone"):
        await invite(room.office, SUPERVISOR, ann.person, unverified, room.now)
    with pytest.raises(Denied):
        await invite(room.office, Actor("fin", Role.FINANCE), ann.person, ann.phone or 0, room.now)


async def test_acceptance_06_an_unverified_chat_that_asks_for_a_balance_learns_nothing(
    room: Chatroom,
) -> None:
    ann = await room.borrower(TODAY - 3 * DAY)
    guest = await room.guest(await room.number(ann.person))
    for text in (
        "balance",
        "What do I owe, and when?",
        "我欠多少，什么时候还？",
        "How much is my loan?",
        "/start",
    ):
        told = await guest.says(text)
        assert told
        assert not DEBT.search(told), told
    for action in ("balance", "pay", "promise", "paid", "schedule", "nothing", "language:zh"):
        await room.sandbox.world.tap(guest.chat, 1, action)
        told = await guest.told()
        assert told
        assert not DEBT.search(told), told
    # A wrong person that is only guessed is asked about; in the words that are asked for it is one.
    assert "WRONG PERSON" in await guest.says("he used to live here but left")
    assert not await room.book.sql("SELECT 1 FROM talks")
    assert "We will look into it" in await guest.says("WRONG PERSON")
    assert await room.book.sql("SELECT 1 FROM talks")


@pytest.mark.parametrize("code", languages())
def test_what_anybody_may_be_told_has_no_word_for_debt(code: str) -> None:
    say = speech(code)
    for key, text in say.texts.items():
        if key.startswith("open.") or key in (
            "buttons.share",
            "buttons.human",
            "human.open",
            "human.waiting",
        ):
            assert not DEBT.search(text), key


async def test_known_and_unknown_numbers_are_answered_alike(room: Chatroom) -> None:
    """In what is said, its buttons and its order, whatever they do after it, until they ask for a person."""
    ann = await room.borrower(TODAY)
    lone = await room.borrower(TODAY, email=False)
    guests = [
        await room.guest(phone)
        for phone in (await room.number(ann.person), "+447700900777", await room.number(lone.person))
    ]

    async def alike(does: Callable[[Guest], Awaitable[str]]) -> str:
        seen: list[tuple[str, object]] = []
        for guest in guests:
            seen.append((await does(guest), guest.last().get("reply_markup")))
        assert seen[0] == seen[1] == seen[2]
        return seen[0][0]

    assert await alike(lambda guest: guest.shares())
    # Who has no other address is for a person to know.
    (talk,) = await waiting(room.office, SUPERVISOR)
    assert (talk.person, talk.linked, talk.about) == (lone.person, False, "identity")
    for does in WHATEVER:
        told = await alike(does)
        assert told
        assert told not in (say_en("human.waiting"), say_en("human.open"))
    assert await alike(lambda guest: guest.says("human")) == say_en("human.open")
    for does in (*WHATEVER[:3], WHATEVER[-1]):
        await alike(does)
    # What is said from now on reaches the person, however it reads; a photo does not, and that is said.
    for text in ("the river is long", "I will pay on friday, ok?", "can I talk to a real person please"):
        said = say_en("human.open" if "real" in text else "human.waiting")
        assert await alike(lambda guest, text=text: guest.says(text)) == said, text
    said = f"{say_en('human.waiting')}\n\n{say_en('open.ask_first')}"
    assert await alike(lambda guest: guest.says("how much do I owe?")) == said
    assert await alike(lambda guest: guest.shows()) == say_en("open.only_words")
    kept = [
        [one.text for one in await lines(room.office, SUPERVISOR, talk.id, room.now)]
        for talk in await waiting(room.office, SUPERVISOR)
    ]
    for heard in kept:
        assert heard[-4:-2] == ["the river is long", "I will pay on friday, ok?"]
        assert heard[-2:] == ["can I talk to a real person please", "how much do I owe?"]
        assert "" not in heard
    assert "look at this" in kept[0], "what stands below a photo is read"
    for _ in range(5):
        await alike(lambda guest: guest.says("000000"))
    await alike(lambda guest: guest.says("what now? it was right"))
    talks = await waiting(room.office, SUPERVISOR)
    assert {(talk.person, talk.about) for talk in talks} == {(None, "human"), (lone.person, "human")}


say_en = speech("en")
WHATEVER: list[Callable[[Guest], Awaitable[str]]] = [
    lambda guest: guest.says("hello?"),
    lambda guest: guest.says("the river is long"),
    lambda guest: guest.shows(),
    lambda guest: guest.shows(caption="look at this"),
    lambda guest: guest.says("/start"),
    lambda guest: guest.says("/start 1-" + "0" * 32),
    lambda guest: guest.says("/menu"),
    lambda guest: guest.says("balance"),
    lambda guest: guest.says("is this real?"),
    lambda guest: guest.says("stop"),
    lambda guest: guest.says("start"),
    lambda guest: guest.says("111111"),
    lambda guest: guest.shares(),
    lambda guest: guest.says("why does nothing come of it"),
]


async def test_somebody_elses_contact_proves_nothing(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.guest()
    assert "not your own" in await guest.shares(await room.number(ann.person), of=999)
    assert await room.book.sql("SELECT 1 FROM chat_proofs") == []


async def test_acceptance_07_five_failed_proofs_lock_and_alert(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.guest(await room.number(ann.person))
    await guest.shares()
    right = await room.code()
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        assert "not right" in await guest.says(wrong)
    assert "too many tries" in await guest.says(right)
    assert "too many tries" in await guest.shares()
    (talk,) = await waiting(room.office, SUPERVISOR)
    assert talk.about == "locked"
    assert [row[0] for row in await room.book.sql("SELECT action FROM events WHERE action = 'chat.locked'")]
    room.now += LOCKED_FOR + timedelta(minutes=1)
    await guest.shares()
    assert "now we know" in await guest.says(await room.code())


async def test_a_code_is_for_its_chat_and_for_its_time_alone(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest, thief = await room.guest(await room.number(ann.person)), await room.guest("+447700900003")
    await guest.shares()
    code = await room.code()
    assert "not right" in await thief.says(code)
    room.now += CODE_LASTS
    assert "not right" in await guest.says(code)


async def test_codes_are_sent_so_often_a_day_and_no_more(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.guest(await room.number(ann.person))
    for _ in range(CODES_A_DAY + 3):
        await guest.shares()
    rows = await room.book.sql("SELECT count(*) FROM contacts WHERE template = 'chat-code'")
    assert rows[0][0] == CODES_A_DAY


async def test_disuse_a_new_number_and_a_bad_address_ask_again(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.linked(ann)
    assert "250.00" in await guest.says(speech("en").button("balance"))
    await room.book.address(ann.person, "phone")
    assert "once more" in await guest.says(speech("en").button("balance"))
    await guest.shares()
    await guest.says(await room.code())
    assert "250.00" in await guest.taps("balance")
    room.now += DISUSE + DAY
    await room.book.feed(room.portfolio, room.now)
    assert "once more" in await guest.taps("balance")
    await guest.shares()
    await guest.says(await room.code())
    await room.book.sql("UPDATE addresses SET state = 'suspended' WHERE id = $1", ann.email)
    assert "once more" in await guest.says("menu")


async def test_acceptance_29_a_party_sees_the_joint_loan_and_never_the_spouses_own(room: Chatroom) -> None:
    ann = await room.borrower(TODAY, 111_00)
    ben = await room.borrower(TODAY, 222_00)
    joint, joint_id, _, _ = await room.book.loan(
        ann.person, room.portfolio, owing(5, amount=333_00), strategy=room.gentle
    )
    await room.book.party(joint, ben.person)
    anns, bens = await room.linked(ann), await room.linked(ben)
    for action in ("balance", "pay", "schedule", "payoff", "fees", "real"):
        if action in ("schedule", "payoff", "fees", "real"):
            await anns.taps("more")
            await bens.taps("more")
        told, of_ben = await anns.taps(action), await bens.taps(action)
        assert "222.00" not in told
        assert ben.loan_id not in told
        assert "111.00" not in of_ben
        assert ann.loan_id not in of_ben
        if action != "real":
            assert joint_id in told
            assert joint_id in of_ben
        await anns.taps("menu")
        await bens.taps("menu")


@pytest.fixture
async def strangers(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    for days in (-40, -3, 0, 5):
        await made.borrower(TODAY + days * DAY)
    async with made.opened() as opened:
        yield opened


_WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            *(
                "balance",
                "my loan",
                "Ann Example",
                "what do I owe",
                "250.00",
                "pay",
                "/start",
                "/start 1-" + "0" * 32,
            ),
            *(
                "我欠多少",
                "还款",
                "STOP",
                "start",
                "human",
                "123456",
                "999999",
                "wrong person",
                "/menu",
                "help",
                "real",
            ),
        ]
    ),
)


async def test_nothing_that_a_stranger_does_brings_out_a_name_an_amount_or_a_loan(
    strangers: Chatroom,
) -> None:
    """Thousands of inputs, text, taps and contacts, in chats that are nobody's; the bot over HTTP as ever."""
    secret = re.compile(r"Ann|Example|250|L\d", re.IGNORECASE)
    guests = [await strangers.guest(f"+4477009001{number:02}", name="Zed") for number in range(40)]
    steps = st.lists(
        st.tuples(
            st.integers(0, len(guests) - 1), st.sampled_from(["say", "say", "tap", "share", "photo"]), _WORDS
        ),
        min_size=150,
        max_size=150,
    )
    seen = 0

    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )  # HTTP and a database
    @given(steps)
    def script(found: list[tuple[int, str, str]]) -> None:
        scripts.append(found)

    scripts: list[list[tuple[int, str, str]]] = []
    script()
    for found in scripts:
        for number, how, text in found:
            world, chat = strangers.sandbox.world, guests[number].chat
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
            if how == "tap":
                await world.tap(chat, 1, text[:60])
            elif how == "share":
                await world.share(chat, of=None if len(text) % 2 else 7)
            elif how == "photo":
                await world.photo(chat, b"\xff\xd8", text[:60])
            elif text.strip():
                await world.say(chat, text)
            seen += 1
        await strangers.settle()
        strangers.now += timedelta(minutes=20)
        for guest in guests:
            told = guest.read()
            assert not DEBT.search(told), told
            assert not secret.search(told), told
    assert seen >= 2_000
    rows = await strangers.book.sql(
        "SELECT count(*) FROM chat_updates WHERE outcome IS DISTINCT FROM 'answered'"
    )
    assert rows[0][0] == 0
