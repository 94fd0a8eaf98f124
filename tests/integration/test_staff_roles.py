"""Every action of the staff's chat as every role: what the rights table says, asked where it is done."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.menu import TAPS
from casework.approvals import KINDS
from casework.intake.import_tape import Order, import_tape
from casework.intake.mapping_file import find_mapping
from casework.outcomes import Details, make_promise, record_outcome
from casework.plans import Part, agree_plan
from casework.publish import publish
from casework.staff.people import staff_roles
from casework.staff.rights import RIGHTS, Action, Actor, Denied, Role, Scope
from strategies.language import shipped_strategies
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import Crew, opened
from tests.builders.town import DAY

DENIED = "You may not do that"
STAFF = [Role(one) for one in staff_roles()]


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


def has(role: Role, action: Action) -> bool:
    return action in RIGHTS[role]


def sees(role: Role) -> bool:
    """A case that is nobody's: who takes cases, and who sees those that are not their own."""
    return has(role, Action.TAKE_CASE) or RIGHTS[role].get(Action.SEE_LOAN) not in (None, Scope.OWN)


async def test_the_matrix_of_the_chat(crew: Crew) -> None:
    """Role by role in one database: what each may say, and somebody else's turn, whose buttons do nothing."""
    await crew.hired("bea")
    for role in STAFF:
        await _what_may_be_said(crew, role)
    bea = await crew.guest(name="bea")
    await opened(bea, await crew.invited("bea"))
    await crew.task((await crew.borrower(TODAY - 5 * DAY)).case, priority=1)
    await bea.says("/next")
    for role in STAFF:
        await _nothing_of_anothers(crew, bea, role)
    assert not await crew.book.sql("SELECT 1 FROM outcomes")
    assert not await crew.book.sql("SELECT 1 FROM contacts")


async def _what_may_be_said(crew: Crew, role: Role) -> None:
    ann, ben = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 5 * DAY)
    await crew.task(ann.case)
    await crew.assign(ben.case, "bea")
    who = await crew.hired(f"who-{role}", role)
    takes = has(role, Action.TAKE_CASE)
    assigns = has(role, Action.ASSIGN_CASE)
    own = RIGHTS[role].get(Action.RECORD_OUTCOME)
    expected = {
        "/help": True,
        "/next": takes,
        "/day": takes,
        "/promises": takes,
        f"/find {ann.loan_id}": sees(role),
        f"/caller {ann.loan_id}": has(role, Action.ANSWER_CALLER),
        f"/case K{ann.case}": sees(role),
        f"/case K{ben.case}": RIGHTS[role].get(Action.SEE_LOAN) in (Scope.PORTFOLIO, Scope.ALL),
        f"MET @8:00 {ben.loan_id}": takes,
        "/queue": assigns,
        "/broken": assigns,
        f"/assign K{ann.case} bea": assigns,
        "/approvals": any(has(role, kind.action) for kind in KINDS.values()),
        "/alerts": has(role, Action.HEAR_ALERT),
        "/morning": has(role, Action.READ_DIGEST),
        "/filters": has(role, Action.SEE_LOAN),
        "/route": takes,
        "/number +447700900999": takes or has(role, Action.WRITE_TEXT),
        f"/tag K{ann.case}": sees(role),
        f"/tag K{ann.case} vip": takes or own in (Scope.PORTFOLIO, Scope.ALL),
    }
    for said, yes in expected.items():
        told = await who.says(said)
        assert told, (role, said)
        assert (DENIED not in told) == yes, (role, said, told)
        if said.startswith("MET") and yes:
            assert ("this case is not yours" in told) == (own is Scope.OWN), (role, told)
        if "K" in told and "**" in told:
            assert has(role, Action.READ_PERSONAL_DATA), (role, said, told)
    sql = "SELECT count(*) FROM events WHERE action = 'access.denied' AND actor = $1"
    ((denied,),) = await crew.book.sql(sql, f"who-{role}")
    assert denied >= list(expected.values()).count(False), role
    await crew.book.sql("UPDATE turns SET ended_at = now(), outcome = 'left' WHERE ended_at IS NULL")
    await crew.book.sql("UPDATE tasks SET state = 'done', ended_at = now()")


async def _nothing_of_anothers(crew: Crew, bea: Guest, role: Role) -> None:
    message, call = bea.button("Call")
    who = await crew.hired(f"who-{role}", role)
    turn = call.rpartition(":")[2]
    taps = (
        f"call:{turn}",
        f"o:{turn}:no_answer",
        f"p:{turn}:25000:{TODAY + DAY}",
        f"text:{turn}:sms:late",
        f"skipped:{turn}:tomorrow",
        f"notes:{turn}",
        f"write:{turn}",
    )
    for data in taps:
        await crew.sandbox.world.tap(who.chat, message, f"s:{data}")
    told = await who.told()
    assert told.count("do not have this case at hand") == len(taps), (role, told)
    assert "+44" not in told


@pytest.mark.parametrize("role", [Role.COLLECTOR, Role.MANAGEMENT])
async def test_no_button_however_it_was_made_up_goes_unanswered_or_does_anything(
    crew: Crew, role: Role
) -> None:
    await crew.task((await crew.borrower(TODAY - 5 * DAY)).case)
    who = await crew.hired("who", role)
    message = who.last()["message_id"]
    before = await crew.book.sql("SELECT count(*) FROM outcomes")
    for what in TAPS:
        made_up = ("", ":", ":x", ":999999", ":999999:x:y", ":-1", f":{'9' * 40}")
        if what in ("no", "next"):
            continue
        said = len(who.chat.messages)
        for given in made_up:
            await crew.sandbox.world.tap(who.chat, message, f"s:{what}{given}"[:64])
        await who.told()
        assert len(who.chat.messages) >= said + len(made_up), what
    assert "not_there" not in TAPS
    await crew.sandbox.world.tap(who.chat, message, "s:not_there:1")
    assert "is over" in await who.told()
    assert await crew.book.sql("SELECT count(*) FROM outcomes") == before
    outcomes = await crew.book.sql("SELECT DISTINCT outcome FROM chat_updates")
    assert [row[0] for row in outcomes] == ["answered"]


async def test_acceptance_19_finance_edits_an_amount_and_is_denied(crew: Crew, tmp_path: Path) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    finn = await crew.hired("finn", Role.FINANCE)
    told = await finn.says(f"CASH 80 @8:00 {ann.loan_id}")
    assert DENIED in told
    told = await finn.says(f"/case K{ann.case}")
    assert "Due now €250.00" in told, "finance sees figures"
    assert "A**" not in told, "and no name"
    offered = finn.buttons()
    assert not {"Promise", "Plan", "Said paid", "Visit", "Call", "Message"} & set(offered), offered
    actor = Actor("finn", Role.FINANCE, frozenset({"acme"}))
    folder = tmp_path / "tape"
    folder.mkdir()
    (folder / "payments.csv").write_text(
        f"loan_id,payment_id,received_on,amount,installment\n{ann.loan_id},p,2026-11-20,80.00,\n"
    )
    order = Order("payments", folder / "payments.csv", find_mapping("kept"), folder, portfolio="acme")
    to_enter = {"at": crew.now, "received": crew.now, "key": "finn"}
    for attempt in (
        import_tape(crew.office, actor, order, crew.now),
        agree_plan(crew.office, actor, ann.case, [Part(TODAY + 9 * DAY, 100_00)], **to_enter),
        make_promise(crew.office, actor, ann.case, 100_00, TODAY + DAY, **to_enter),
        record_outcome(
            crew.office, actor, ann.case, "visit_cash_taken", details=Details(amount=80_00), **to_enter
        ),
    ):
        with pytest.raises(Denied, match="finn"):
            await attempt
    for table in ("payments", "plans", "promises", "outcomes", "imports"):
        assert not await crew.book.sql(f"SELECT 1 FROM {table}"), table
    assert (await crew.book.sql("SELECT left_minor FROM installments"))[0][0] == 250_00
    ((actor,),) = await crew.book.sql("SELECT actor FROM events WHERE action = 'access.denied'")
    assert actor == "finn"


async def test_acceptance_20_an_author_approves_their_own_and_is_refused(crew: Crew) -> None:
    for _ in range(3):
        await crew.borrower(TODAY + 3 * DAY)
    text = shipped_strategies()["gentle"]
    changed = text.replace("stale_after: 4d", "stale_after: 4d\nguard: 1\nmigrate: now")
    changed = changed.replace("due - 3d 08:00", "due - 3d 11:00")
    author = Actor("oda", Role.OPERATIONS)
    made = await publish(crew.office, author, changed, "gentle.yaml", crew.now)
    if made.approval is None:
        pytest.fail(f"the guard held nothing: {made}")
    oda = await crew.hired("oda", Role.OPERATIONS, portfolios=None)
    told = await oda.says("/approvals")
    assert "messages within a day, and its guard is 1" in told
    assert "due - 3d 11:00 instead of due - 3d 08:00" in told, "the difference in words"
    assert "somebody else approves it" in await oda.taps("Approve")
    sue = await crew.hired("sue", Role.SUPERVISOR, portfolios=None)
    await sue.says("/approvals")
    assert "is approved" in await sue.taps("Approve")
    assert "waits no more" in await sue.taps("Refuse")
    assert "Nothing waits" in await sue.says("/approvals")


async def test_a_plan_is_approved_with_what_it_replaces_in_words_and_by_somebody_else(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    parts = [Part(TODAY + 9 * DAY, 150_00), Part(TODAY + 39 * DAY, 100_00)]
    lead = Actor("sue", Role.SUPERVISOR)
    await agree_plan(crew.office, lead, ann.case, parts, at=crew.now, received=crew.now, key="plan")
    sue, cara = await crew.hired("sue", Role.SUPERVISOR), await crew.hired("cara", Role.CREDIT_MANAGER)
    told = await cara.says("/approvals")
    assert f"plan of K{ann.case}: EUR 250.00 in 2 payments" in told
    assert "instead of 1 unpaid installments of EUR 250.00 in all, due on 2026-11-18:" in told
    assert "2026-12-02: EUR 150.00" in told
    assert f"Open the case K{ann.case}" in cara.buttons()
    chen = await crew.hired("chen", Role.CREDIT_MANAGER, language="zh")
    told = await chen.says("/approvals")
    assert f"案件 K{ann.case} 的还款计划" in told
    assert "取代 1 期未还款项，共 EUR 250.00" in told
    await sue.says("/approvals")
    assert "somebody else approves it" in await sue.taps("Approve")
    assert "is approved" in await cara.taps("Approve")
    assert len(await crew.book.sql("SELECT 1 FROM promises WHERE state = 'open'")) == 2


async def test_a_specialists_work_on_a_collectors_case_comes_to_the_specialist(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.task(ann.case)
    carl, cara = await crew.hired(), await crew.hired("cara", Role.CREDIT_MANAGER)
    bea = await crew.hired("bea", Role.COLLECTOR)
    await carl.says("/next")
    await carl.taps("Promise")
    await carl.taps("Tomorrow")
    await carl.says(f"/case K{ann.case}")
    await carl.taps("They said")
    assert "saved: hardship" in await carl.taps("hardship")
    assert "nothing for you" in await carl.says("/next"), "no work of his"
    assert "nothing for you" in await bea.says("/next")
    assert f"K{ann.case}" in await cara.says("/next")


async def test_queues_and_load_with_a_picture_and_cases_given_and_taken_back(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.task(ann.case, finish_by=crew.now - DAY)
    carl, sue = await crew.hired(), await crew.hired("sue", Role.SUPERVISOR)
    told = await sue.says("/queue")
    assert "desk: 1 open, 1 past their deadline" in told
    assert "carl: 0 cases" in told
    file = sue.last()["photo"][0]["file_id"]
    assert crew.sandbox.world.files[file].startswith(b"\x89PNG")
    assert f"K{ann.case}: carl has it now." in await sue.says(f"/assign k{ann.case} CARL")
    assert f"K{ann.case}" in await carl.says("/next")
    assert "now at" in await sue.says("/queue")
    assert "back in the queue" in await sue.says(f"/assign K{ann.case} -")
    told = await carl.taps("Call")
    assert f"K{ann.case} is no longer with you: sue took it back into the queue." in told
    assert "do not have this case at hand" in told, "taken back is taken back"
    assert "no longer" not in await carl.told(), "told once"
    await sue.says(f"/case K{ann.case}")
    await sue.taps("Assign")
    assert "carl has it now" in await sue.taps("carl")
    await crew.hired("Mary Ann")
    assert "Mary Ann has it now" in await sue.says(f"/assign K{ann.case} mary ann")
    await sue.says(f"/case K{ann.case}")
    await sue.taps("Assign")
    assert "Mary Ann has it now" in await sue.taps("Mary Ann")
    for wrong in (
        "/assign",
        f"/assign K{ann.case}",
        "/assign K999 carl",
        f"/assign K{ann.case} nobody",
        "/assign x carl",
    ):
        assert "cannot be done" in await sue.says(wrong)


async def test_broken_promises_are_listed_with_whose_they_are(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl, sue = await crew.hired(), await crew.hired("sue", Role.SUPERVISOR)
    await crew.assign(ann.case, "carl")
    assert "No promise was broken" in await sue.says("/broken")
    await carl.says("/next")
    await carl.taps("Promise")
    await carl.taps("Tomorrow")
    crew.now += 5 * DAY
    await crew.book.feed(crew.portfolio, crew.now)
    await crew.look()
    await sue.says("/broken")
    assert f"K{ann.case} €250.00, Tue, Nov 24 (carl)" in sue.buttons()
    await carl.says("/promises")
    assert f"K{ann.case} €250.00, Tue, Nov 24: broken" in carl.buttons()


async def test_a_refusal_says_why_and_when_in_the_language_of_who_reads_it(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.task(ann.case)
    carl = await crew.hired(language="zh")
    told = await carl.says(f"/assign K{ann.case} carl")
    assert "不得在 acme 分配案件" in told
    assert "没有此权限" in told
    assert "may not" not in told
    assert "没有案件 K999" in await carl.says("/case K999")
    crew.now = crew.now.replace(hour=21, minute=30)
    told = await carl.says("/next")
    assert "允许时段 08:00-21:00" in told
    assert "之前不可打电话" in told
    told = await carl.taps("打电话")
    assert "现在不可以联系" in told
    assert "允许时段" in told
    assert "hours" not in told
