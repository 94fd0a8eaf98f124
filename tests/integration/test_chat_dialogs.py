"""Every dialog to its end and off its path, over HTTP: back, cancel, a stale button, nonsense, twice."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram.fsm.storage.base import DefaultKeyBuilder
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.dialogs import entries
from bot.dialogs.paid import PAUSE
from bot.files import Sent
from bot.states import LIVES, storage_of
from bot.texts import blanks_of, languages, speech
from bot.understanding import understand
from casework.borrower.conversation import lines, take, waiting
from casework.borrower.tell import LARGEST_PHOTO
from casework.staff.rights import Actor, Role
from strategies.outcomes import EFFECTS
from tests.builders.chatroom import TODAY, Chatroom, Guest
from tests.builders.town import DAY

CARL = Actor("carl", Role.COLLECTOR)
OUTCOMES = "SELECT code, amount_minor, due_on::text, recorded_by, role FROM outcomes ORDER BY id"
HOLDS = "SELECT kind, loan_id IS NULL FROM holds ORDER BY id"


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


@pytest.fixture
async def guest(room: Chatroom) -> Guest:
    found = await room.linked(await room.borrower(TODAY - 3 * DAY))
    await found.says("menu")
    return found


async def rows(room: Chatroom, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await room.book.sql(query)]


async def test_acceptance_11_a_promise_pauses_the_loan_until_its_day_and_says_so(
    room: Chatroom, guest: Guest
) -> None:
    assert "how much will you pay" in await guest.taps("promise")
    assert "On which day" in await guest.says("250")
    assert "which day, from Monday" in await guest.taps("another_day")
    await guest.taps("later")
    await guest.taps("earlier")
    assert "€250.00" in await guest.taps("30")
    assert await rows(room, OUTCOMES) == [], "nothing before it is confirmed"
    told = await guest.taps("yes")
    assert "We have noted €250.00 on 30 November 2026" in told
    ((code, amount, due, by, role),) = await rows(room, OUTCOMES)
    assert (code, amount, due, role) == ("promise", 250_00, "2026-11-30", "borrower")
    assert str(by).startswith("borrower ")
    room.now += 4 * DAY
    await room.book.feed(room.portfolio, room.now)
    await room.look()
    report = await room.send()
    assert not report.by_channel, "the next step is not said"
    ((state, noes),) = await rows(room, "SELECT state, noes::text FROM occurrences WHERE step = 'late-7'")
    assert state == "waiting"
    assert '"hold: promise", "2026-12-02T23:00:00Z"' in str(noes), "its day, and the two of grace"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("banana", "could not read an amount"),
        ("9999", "it can be from"),
        ("0", "it can be from"),
        ("250 or 300", "could not read an amount"),
    ],
)
async def test_an_amount_that_cannot_be_meant_is_asked_again(guest: Guest, typed: str, answer: str) -> None:
    await guest.taps("promise")
    told = await guest.says(typed)
    assert answer in told or "could not read an amount" in told
    assert "how much will you pay" in told


async def test_days_beyond_the_limit_and_days_that_are_none(guest: Guest) -> None:
    await guest.taps("promise")
    await guest.says("100")
    assert "could not read one day" in await guest.says("when I can")
    assert "until 7 December 2026" in await guest.says("1 March 2027")
    assert "on 28 November 2026. Is that right" in await guest.says("28/11")


async def test_back_and_cancel_and_a_button_of_what_is_over(room: Chatroom, guest: Guest) -> None:
    await guest.taps("promise")
    first = guest.last()["message_id"]
    await guest.says("100")
    assert "how much will you pay" in await guest.taps("back")
    assert "Nothing was changed" in await guest.taps("cancel")
    for message in (first, guest.last()["message_id"]):
        for one in room.sandbox.world.chats[guest.chat.id].messages.values():
            assert one["message_id"] != message or one["from"]["is_bot"]
    await guest.taps("promise")
    old, data = guest.button("cancel")
    await guest.says("100")
    await guest.taps("promise") if "promise" in guest.buttons() else None
    await guest.taps("cancel")
    await room.sandbox.world.tap(guest.chat, old, data)
    assert "belongs to something that is over" in await guest.told()
    assert await rows(room, OUTCOMES) == []


async def test_another_persons_button_reaches_nothing_of_theirs(room: Chatroom, guest: Guest) -> None:
    other = await room.linked(await room.borrower(TODAY))
    await guest.taps("promise")
    message, data = guest.button("cancel")
    await room.sandbox.world.tap(other.chat, message, data)
    assert "belongs to something that is over" in await other.told()
    assert "On which day" in await guest.says("100")


async def test_a_confirmation_tapped_twice_is_one_promise(room: Chatroom, guest: Guest) -> None:
    await guest.taps("promise")
    await guest.says("250")
    await guest.says("28/11")
    message, data = guest.button("yes")
    await room.sandbox.world.tap(guest.chat, message, data)
    await room.sandbox.world.tap(guest.chat, message, data)
    await guest.told()
    assert len(await rows(room, OUTCOMES)) == 1


async def test_a_question_in_between_is_answered_and_a_stop_is_a_stop(room: Chatroom, guest: Guest) -> None:
    await guest.taps("promise")
    for text, answer in (
        *(("how do I pay", "pay.example.com"), ("is this real?", "It is right to ask")),
        *(("fees", "no fees"), ("statement", "statement")),
    ):
        told = await guest.says(text)
        assert answer in told, text
        assert "how much will you pay" in told, "and it is asked again"
        assert "could not read" not in told
    assert await guest.shows() == speech("en")("paid.shown")
    await guest.says("menu")
    # What the words that begin it name is not asked again; what can be no answer is.
    await guest.says("I promise to pay 20 on friday")
    assert "€20.00" in guest.last()["text"]
    assert "27 November" in guest.last()["text"]
    assert "Nothing was changed" in await guest.taps("cancel")
    assert "how much will you pay" in await guest.says("I promise to pay on friday")
    assert "So you will pay €30.00" in await guest.says("30")
    assert "On which day" in await guest.taps("back")
    await guest.says("menu")
    told = await guest.says("I promise to pay 9999 on friday")
    assert "it can be from" in told
    assert "how much will you pay" in told
    assert "What has happened" in await guest.says("I lost my job and cannot pay"), "its own dialog"
    await guest.taps("cancel")
    await guest.taps("promise")
    assert "no more reminders" in await guest.says("STOP")
    await guest.says("menu")
    await guest.taps("promise")
    assert "A person will read this" in await guest.says("human")


async def test_acceptance_10_paid_with_a_receipt_pauses_and_has_somebody_look(
    room: Chatroom, guest: Guest
) -> None:
    assert "send a photo" in await guest.taps("paid")
    assert "choose one of the buttons" in await guest.says("here it is")
    picture = b"\xff\xd8receipt"
    assert "we have your receipt" in await guest.shows(picture)
    assert [row[0] for row in await rows(room, OUTCOMES)] == ["claims_paid"]
    assert await rows(room, HOLDS) == [("claims_paid", False)]
    assert await rows(room, "SELECT kind, state FROM tasks") == [("reconcile", "open")]
    ((kind, content),) = await rows(room, "SELECT kind, content FROM chat_files")
    assert kind == "image/jpeg"
    assert picture not in bytes(content), "sealed"  # type: ignore[arg-type]
    await room.look()
    assert not (await room.send()).by_channel


async def test_paid_without_a_receipt(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    await guest.taps("paid")
    # The messenger need not say how large it is: what is fetched counts, and is answered.
    monkeypatch.setattr(Sent, "is_too_large", False)
    assert speech("en")("paid.too_large") == await guest.shows(b"\xff\xd8" + bytes(LARGEST_PHOTO))
    assert "looking for your payment" in await guest.taps("skip")
    pause = EFFECTS["claims_paid"].pause
    assert pause is not None
    assert pause.lasts == PAUSE


async def test_a_photo_or_pdf_out_of_any_dialog_is_asked_about_and_never_sent_twice(room: Chatroom) -> None:
    say, asked = speech("en"), speech("en")("paid.shown")
    files = "SELECT f.kind, f.person_id FROM chat_files f ORDER BY f.id"
    ann = await room.borrower(TODAY - 3 * DAY)
    stranger = await room.guest("+447700900888")
    assert await stranger.shows() == say("open.only_words"), "of a stranger nothing is taken but words"
    guest = await room.linked(ann)
    assert asked in await guest.shows(b"\xff\xd8one")
    assert "choose one of the buttons" in await guest.says("a nice day")
    assert "Nothing was changed" in await guest.taps("cancel")
    assert await rows(room, files) == [], "nothing is kept before it is said what it is"
    assert asked in await guest.shows(b"\xff\xd8one")
    yes = guest.button("yes")
    for _ in range(2):  # twice, before either is worked
        await room.sandbox.world.tap(guest.chat, *yes)
    assert "we have your receipt" in await guest.told()
    await room.sandbox.world.tap(guest.chat, *yes)
    assert "belongs to something that is over" in await guest.told()
    assert [row[0] for row in await rows(room, OUTCOMES)] == ["claims_paid"]
    assert asked in await guest.hands(b"%PDF-1.7 mine")
    assert await guest.taps("no") == say("paid.no_receipt")
    assert guest.buttons() == [say.button("human"), say.button("menu")]
    await guest.says("menu")
    assert "not sure" in await guest.hands(b"MZ", "application/x-msdownload"), "nothing to be looked at"
    # Which of several loans it is of is asked, and not for the photo again.
    await room.book.loan(ann.person, room.portfolio, [(TODAY + 5 * DAY, 90_00)], strategy=room.gentle)
    await guest.shows(b"\xff\xd8two")
    assert "Which one is it about" in await guest.taps("yes")
    assert "we have your receipt" in await guest.taps(f"Consumer {ann.loan_id}")
    assert [row[0] for row in await rows(room, OUTCOMES)] == ["claims_paid"] * 2
    # While a conversation with a person is open it is a line of it.
    await guest.says("human")
    assert await guest.shows(b"\xff\xd8three", "my garden") == say("human.waiting")
    talk = next(one for one in await waiting(room.office, CARL) if one.linked)
    (line,) = await lines(room.office, CARL, talk.id, room.now)
    ((last,),) = await rows(room, "SELECT max(id) FROM chat_files")
    assert line.text == f"[file-{last}.jpeg] my garden"
    # Whatever is said is for them, a greeting and a yes too; a button is pressed all the same.
    for text in ("hello", "你好", "yes", "I need a person, my son is ill"):
        assert say("human.waiting" if "son" not in text else "human.open") in await guest.says(text)
    assert await guest.says("/menu") == say("menu.again")
    said = [one.text for one in await lines(room.office, CARL, talk.id, room.now)]
    assert said[1:5] == ["hello", "你好", "yes", "I need a person, my son is ill"]
    assert guest.buttons()
    await take(room.office, CARL, talk.id, room.now)
    assert await guest.hands(b"%PDF-1.7 more") == "", "who has it reads it"
    kinds = ["image/jpeg", "application/pdf", "image/jpeg", "image/jpeg", "application/pdf"]
    assert await rows(room, files) == [(kind, ann.person) for kind in kinds]
    for (content,) in await rows(room, "SELECT content FROM chat_files"):
        assert b"PDF" not in bytes(content), "sealed"  # type: ignore[arg-type]
    for (body,) in await rows(room, "SELECT body FROM talk_lines"):
        assert b"garden" not in bytes(body), "sealed"  # type: ignore[arg-type]
    assert await rows(room, "SELECT 1 FROM chat_updates WHERE outcome = 'failed' OR tries > 1") == []


async def test_a_stop_is_obeyed_whatever_stands_beside_it_and_asked_about_where_it_may_be_one(
    room: Chatroom,
) -> None:
    ann = await room.borrower(TODAY - 3 * DAY)
    guest = await room.linked(ann)
    await guest.says("menu")
    await room.look()
    ends = f"SELECT kind, ends_at > '{room.now.isoformat()}' FROM holds ORDER BY id"
    assert "Did you mean" in await guest.says("please stop the autopay")
    assert await rows(room, ends) == [("asked", True)]
    assert (await room.send()).by_channel["chat"] == {"deferred": 1}, "left alone until they answer"
    await guest.taps("human")
    assert await rows(room, ends) == [("asked", False)]
    await guest.taps("end_talk")
    await guest.taps("promise")
    assert "Did you mean" in await guest.says("don't stop"), "in a dialog too"
    assert "no more reminders" in await guest.taps("stop")
    assert await rows(room, ends) == [("asked", False)] * 2
    assert "reminders here again" in await guest.says("START")
    assert "no more reminders" in await guest.says("STOP i already paid")
    assert "send a photo of it" in await guest.taps("paid"), "what else they said is heard too"
    assert "very sorry for your loss" in await guest.says("my husband passed away")
    assert "glad" not in guest.last()["text"]
    await guest.taps("end_talk")
    await room.book.pay(ann, 250_00, TODAY)
    assert "You owe nothing" in await guest.says("I lost my job and cannot pay")


async def test_acceptance_14_hardship_stops_reminders_and_a_dispute_those_of_its_loan(
    room: Chatroom, guest: Guest
) -> None:
    await guest.taps("cannot")
    await guest.taps("I am ill, or somebody is")
    assert "When might it be better" in await guest.told() or guest.buttons()
    await guest.taps("I do not know yet")
    await guest.taps("back")
    await guest.taps("In a few weeks")
    assert "I am ill, or somebody is. In a few weeks. A pause" in await guest.taps("A pause")
    assert "A person will get in touch" in await guest.taps("yes")
    await guest.taps("more")
    await guest.taps("dispute")
    await guest.taps("The amount")
    await guest.says("I paid half of it in cash.")
    assert "answers within five working days" in await guest.taps("yes")
    assert [row[0] for row in await rows(room, OUTCOMES)] == ["hardship", "dispute"]
    assert await rows(room, HOLDS) == [("hardship", True), ("dispute", False)]
    assert await rows(room, "SELECT queue FROM tasks ORDER BY id") == [("forbearance",), ("disputes",)]
    notes = await rows(room, "SELECT note FROM outcomes")
    assert all(b"cash" not in bytes(note) for (note,) in notes)  # type: ignore[arg-type]
    await room.look()
    assert not (await room.send()).by_channel


async def test_acceptance_09_a_wrong_person_is_detached_and_traced(room: Chatroom, guest: Guest) -> None:
    assert "Are you not the person" in await guest.says("you have the wrong person")
    assert "Nothing was changed" in await guest.taps("no")
    await guest.says("you have the wrong person")
    assert "We will look into it" in await guest.taps("yes")
    states = await rows(room, "SELECT kind, state FROM addresses ORDER BY kind")
    assert ("chat", "detached") in states
    assert ("phone", "suspended") in states
    assert ("trace", "open") in await rows(room, "SELECT kind, state FROM tasks")
    assert "250.00" not in await guest.says("balance")


async def test_a_complaint_and_a_number_without_a_code_reach_a_person(room: Chatroom, guest: Guest) -> None:
    await guest.says("I want to complain")
    await guest.says("You called me five times in a day.")
    assert "Your complaint is with us" in await guest.taps("yes")
    assert [row[0] for row in await rows(room, OUTCOMES)] == ["complaint"]
    await guest.taps("more")
    await guest.taps("number")
    assert "could not read a number" in await guest.says("it is new")
    await guest.says("+44 7700 900456")
    assert "code is on its way" in await guest.taps("yes")
    assert "checks it with you" in await guest.taps("no_code")
    (talk,) = await waiting(room.office, CARL)
    said = await lines(room.office, CARL, talk.id, room.now)
    assert [line.text for line in said] == ["+44 7700 900456"]


async def test_with_several_loans_it_is_asked_which_and_with_none_nothing_is(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    await room.book.loan(ann.person, room.portfolio, [(TODAY + 5 * DAY, 90_00)], strategy=room.gentle)
    guest = await room.linked(ann)
    assert "Which one is it about" in await guest.taps("promise")
    await guest.taps(f"Consumer {ann.loan_id}")
    assert "On which day" in await guest.says("100")
    await guest.says("menu")
    assert "Which one is it about" in await guest.says("I will pay 20 on friday")
    assert "So you will pay €20.00" in await guest.taps(f"Consumer {ann.loan_id}")
    await room.book.pay(ann, 250_00, TODAY)
    done = await room.linked(await room.borrower(TODAY, 10_00, phone=True))
    await room.book.sql("UPDATE installments SET paid_minor = 1000 WHERE principal_minor = 1000")
    assert "nothing to pay" in await done.taps("promise")


@pytest.mark.parametrize("intent", sorted({*entries()} - {"feedback"}))  # of that nothing is settled yet
async def test_every_dialog_begins_and_can_be_left_at_once_in_chinese_too(
    room: Chatroom, intent: str
) -> None:
    guest = await room.linked(await room.borrower(TODAY))
    await room.book.sql("UPDATE loans SET product = 'installment' RETURNING id")  # as tapes call it
    await room.sandbox.world.tap(guest.chat, 1, "language:zh")
    assert "中文" in await guest.told()
    await room.sandbox.world.tap(guest.chat, 1, intent)
    told = await guest.told()
    assert told
    assert not any("a" <= sign <= "z" for sign in told), told
    assert "不办了" in guest.buttons() or "不是" in guest.buttons()
    assert "什么都没有改动" in await guest.taps("不办了" if "不办了" in guest.buttons() else "不是")


async def test_states_are_sealed_in_redis_and_forgotten(engine: AsyncEngine, redis_url: str) -> None:
    made = Chatroom(engine)
    await made.open()
    redis = Redis.from_url(redis_url)
    async with made.opened(storage_of(redis, made.office)) as room:
        guest = await room.linked(await room.borrower(TODAY))
        await guest.taps("dispute") if "dispute" in guest.buttons() else await guest.says(
            "Something is not right"
        )
        await guest.taps("The amount")
        await guest.says("My aunt Zenobia paid it.")
        keys = await redis.keys("kept:chat:*")
        assert keys
        for key in keys:
            value = await redis.get(key)
            assert b"Zenobia" not in value
            assert 0 < await redis.ttl(key) <= LIVES.total_seconds()
        assert "Zenobia" in guest.last()["text"]
        assert "answers within" in await guest.taps("yes")
    await redis.aclose()
    assert DefaultKeyBuilder(with_destiny=True)


def test_every_language_has_the_same_texts_and_blanks() -> None:
    english = speech("en").texts
    for code in languages():
        texts = speech(code).texts
        assert set(texts) == set(english), code
        for key, text in texts.items():
            assert blanks_of(text) == blanks_of(english[key]), f"{code}: {key}"
            assert text.strip()
            assert not any(ord(sign) > 0x1F000 for sign in text), "no meaning by a picture"


def test_what_the_buttons_say_is_understood_when_it_is_typed() -> None:
    for code in languages():
        for key, text in speech(code).texts.items():
            if key.startswith("buttons.") and key.removeprefix("buttons.") in (
                *entries(),
                "balance",
                "human",
            ):
                assert understand(text).intent == key.removeprefix("buttons."), text


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how much do I still have to pay?", "balance"),
        ("我现在还欠多少钱", "balance"),
        ("I want to talk to a human being", "human"),
        ("please stop sending me these messages", "stop"),
        ("I lost my job and cannot pay this month", "cannot"),
        ("this is not my debt, you have the wrong person", "wrong"),
        ("取消承诺", "cannot"),
        ("I cannot keep my promise", "cannot"),
        ("cancel my promise", "cannot"),
    ],
)
def test_everyday_words_reach_what_they_ask_for(text: str, intent: str) -> None:
    meaning = understand(text)
    assert meaning.intent == intent or intent in meaning.maybe
    assert "承诺" not in text or "start" not in meaning.maybe


async def test_who_does_not_want_to_live_reaches_a_person_at_once(room: Chatroom, guest: Guest) -> None:
    # Of a linked chat the country is known, Ireland; of a stranger's nothing.
    local = {"en": "112", "zh": speech("zh")("open.local_number")}
    kind = {code: speech(code)("open.distress", whom=whom) for code, whom in local.items()}
    await guest.taps("promise")
    assert await guest.says("I can't go on, I want to die") == kind["en"]
    assert await guest.says("kill myself") == kind["en"]
    assert await rows(room, HOLDS) == [("vulnerable", True)]
    found = await rows(room, "SELECT kind, priority, finish_by - opened_at FROM tasks ORDER BY priority, id")
    assert found[0] == ("call", 1, timedelta(hours=1)), "and no other by the second time"
    assert [one[0] for one in found] == ["call", "review"]
    (talk,) = await waiting(room.office, CARL)
    said = [line.text for line in await lines(room.office, CARL, talk.id, room.now)]
    assert (talk.about, said) == ("distress", ["I can't go on, I want to die", "kill myself"])
    await room.look()
    assert not (await room.send()).by_channel, "reminders rest"
    stranger = await room.guest("+447700900888", "zh")
    assert await stranger.says("我不想活了") == kind["zh"]
    assert "distress" in [talk.about for talk in await waiting(room.office, CARL)][1:]


async def test_a_loan_that_went_away_within_a_dialog_is_answered_kindly(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.linked(ann)
    gone = speech("en")("loan.gone")
    walks = (("promise", ("100", "28/11"), "yes"), ("promise", (), "100"), ("paid", (), "skip"))
    for begins, says, then in (*walks, ("dispute", (), "The amount")):
        await room.book.sql("UPDATE loans SET status = 'active'")
        await guest.says(speech("en").button(begins))
        for text in says:
            await guest.says(text)
        if begins == "dispute":
            await guest.taps(then)
            then = "skip"
        await room.book.sql("UPDATE loans SET status = 'recalled'")
        told = await guest.says(then) if then == "100" else await guest.taps(then)
        assert gone in told, begins
        assert "not sure" in await guest.says("the river is long"), "the dialog is left"
    assert await rows(room, OUTCOMES) == []
    failed = await rows(room, "SELECT tries FROM chat_updates WHERE outcome = 'failed' OR tries > 1")
    assert failed == []


async def test_a_promise_that_a_payment_overtook_is_not_noted(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.linked(ann)
    await guest.taps("promise")
    await guest.says("250")
    await guest.says("28/11")
    room.now += 20 * timedelta(days=1)
    assert "nothing was noted" in await guest.taps("yes")
