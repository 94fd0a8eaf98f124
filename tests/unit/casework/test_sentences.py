"""What strategies, rules and use cases say in English has its Chinese: nobody reads half of each."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

import casework.said
from casework.delivery.compose import meaning_of
from casework.intake.headings import WORDS
from casework.intake.report import NO_ROWS
from casework.said import is_known, said_in
from messages.lint import SENTENCES
from policy.pack import shipped_packs
from policy.page import page
from policy.values import No
from strategies import reasons
from strategies.diff import differences, sentence
from strategies.language import read_strategy, shipped_strategies, slips
from strategies.reasons import CONTACT_CODES, NEUTRAL, REASONS, Around
from tests.unit.bot.test_said import written

AT = datetime(2026, 3, 9, 7, tzinfo=UTC)
ENGLISH = re.compile(r"\b(?:the|is|it|of|for|was|and|not|instead)\b")
MANY = """
strategy: gentle
priority: 7
stale_after: 36h
guard: 500
migrate: at_cure
segment: {bucket: ["1-30"], product: [sme, micro], tags: [vip], missed: [1-2]}
arms: {experiment: tone, split: {plain: 45, kind: 45}, holdout: 10, horizon: 30d}
steps:
  first:
    {at: due + 1d 09:00, when: days_past_due > 2, arm: kind, send: late, by: [chat, sms],
     fallback_after: 6h, spread: 2h, expires: 3d}
  call: {at: due + 9d 10:00, task: call, queue: field, priority: 3, deadline: 8h, expires: 5d}
"""
MORE = (
    MANY.replace("due + 1d", "due + 2d")
    .replace("arm: kind, send: late, by: [chat, sms],", "send: late-firm, by: [email],")
    .replace("fallback_after: 6h, spread: 2h, expires: 3d", "expires: 2d")
    .replace("task: call, queue: field, priority: 3, deadline: 8h", "task: visit, queue: desk, deadline: 2d")
)


def changed() -> Iterator[str]:
    """What differs between any two of the strategies that ship, and two that differ in everything."""
    texts = [*shipped_strategies().values(), MANY, MORE]
    read = [read_strategy(text, "a test") for text in texts]
    for old, new in permutations(read, 2):
        yield from differences(old, new)
    for strategy in read:
        yield from map(sentence, strategy.steps)


@pytest.mark.parametrize("said", sorted(set(changed())))
def test_what_differs_between_strategies_is_said_in_chinese(said: str) -> None:
    assert is_known("zh", said), said
    told = said_in("zh", said)
    assert not ENGLISH.search(re.sub(r"条件 .*?(?=[，；。（]|$)", "", told)), told


def given() -> Iterator[str]:
    """The reasons of strategies, contacts and the lint, and what rules say of themselves."""
    details = {
        "later_step": "late-7 has come",
        "no_address": "no address by sms, email",
        "none_left": "failed on sms, email",
        "condition": "dpd > 3, where dpd is 2",
        "other_arm": "for kind; the person is in plain",
        "holdout": "tone",
        "promise": "the promise is kept",
    }
    around = Around("Europe/Berlin", AT, timedelta(days=4))
    for code, words in REASONS.items():
        yield words(No("strategy", code, details.get(code, ""), None), around)
    yield from CONTACT_CODES.values()
    yield NEUTRAL.strip()
    for code in ("unsayable", "unreadable", "nothing_owed", "address_closed", "expired", "rules", "paid"):
        yield meaning_of(code) or ""
    for code in ("not_registered", "may_not_carry", "rule_hours", *(f"lint_{one}" for one in SENTENCES)):
        yield meaning_of(code) or ""
    for pack in shipped_packs().values():
        yield from (rule["number"] for rule in page(pack)["rules"])


@pytest.mark.parametrize("said", sorted(set(given())))
def test_reasons_are_said_in_chinese(said: str) -> None:
    assert is_known("zh", said), said
    told = said_in("zh", said)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in told)
    assert not ENGLISH.search(re.sub(r'"[^"]*"|只在 .*', "", told)), told


def slipped() -> Iterator[str]:
    """What is wrong with a strategy that has something wrong in any of its lines."""
    right = shipped_strategies()["gentle"].splitlines()
    for at, line in enumerate(right):
        if not line.strip() or line.strip().startswith("#"):
            continue
        key = line.partition(":")[0]
        for wrong in (
            "",
            f"{line}x",
            f"{key}q: a",
            f"{key}: 12",
            f"{key}: [a, b]",
            f"{key}",
            f"{key}: '2 * x'",
        ):
            text = "\n".join([*right[:at], wrong, *right[at + 1 :]])
            yield from (
                slip.says
                for slip in slips(text, "gentle", {("late", "sms"), ("late", "email"), ("late", "chat")})
            )


def test_what_is_wrong_with_a_strategy_is_said_in_chinese() -> None:
    said = set(slipped())
    assert len(said) > 100
    for one in said:
        told = re.sub(r"[（：].*?column.*|[`'].*?[`']", "", said_in("zh", one))
        assert not ENGLISH.search(told), (one, told)


def of_tapes() -> Iterator[str]:
    """What the guard, a mapping's questions and refused rows say of tapes."""
    found = [
        "lacks 60 of 100 active loans (60%)",
        "amounts of 40 of 50 known loans are 100 times those of the book",
        "dates of 40 of 50 known loans moved by +30 days",
        "repeats the tape of 2026-03-09 to the last byte",
        "1,060 of 2,100 rows are rejected",
    ]
    yield f"loans.csv (loans, mapping kept): {'; '.join(found)}"
    yield NO_ROWS
    yield "a tape that has no more than what changed is imported with --delta"
    yield "17 of 20 active loans of core are not on this tape: its payments are known no later than before"
    yield from (f"which column is {words}?" for words in WORDS.values())
    yield ("2 of 9 active loans of core are not on this tape: its payments are known no later than before")
    yield "is principal the principal lent? it may be what was paid"
    yield "how are the dates of Made written? all its cells may be %d/%m/%Y or %m/%d/%Y"
    yield 'is no amount: digits, with "." before the decimals'
    yield 'is not written like "2026-11-30" (%Y-%m-%d)'
    yield "is no currency: an ISO 4217 code in capitals, such as NGN"


@pytest.mark.parametrize("said", sorted(of_tapes()))
def test_what_is_said_of_tapes_is_said_in_chinese(said: str) -> None:
    assert is_known("zh", said), said
    assert not ENGLISH.search(said_in("zh", said)), said_in("zh", said)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "Step late-3: it comes at due + 4d 08:00 instead of due + 3d 08:00.",
            "步骤 late-3：时间为 due + 4d 08:00，原为 due + 3d 08:00。",
        ),
        (
            "New: step call, at due + 9d 10:00: a call for the queue field; it lapses after 2 days.",
            "新增：步骤 call，due + 9d 10:00：field 队列的电话；2 天之后失效。",
        ),
        (
            "step broken, at broken 09:00: a call for the queue desk where promises_broken < 2; "
            "it lapses after 5 days.",
            "步骤 broken，broken 09:00：desk 队列的电话，条件 promises_broken < 2；5 天之后失效。",
        ),
        ("SMS is not stopped", "短信没有被停止"),
        (
            "strategy gentle v2: 3 messages within a day, and its guard is 1",
            "策略 gentle 第 2 版：一天内 3 条消息，而其上限为 1",
        ),
        ("strategy gentle v3, for 20% of the people", "策略 gentle 第 3 版，用于 20% 的人"),
        (
            "strategy gentle v3, for 20% of the people, as an experiment that needs 1,234 people under "
            "either version",
            "策略 gentle 第 3 版，用于 20% 的人；作为实验，两个版本各需 1,234 人",
        ),
        (
            "plan of K12: EUR 250.00 in 2 payments from 2026-11-28 to 2026-12-28",
            "案件 K12 的还款计划：EUR 250.00，分 2 次，2026-11-28 至 2026-12-28",
        ),
        (
            "An SMS was sent to B1 on Mon 9 Mar 2026 at 08:00 (Berlin) and was delivered.",
            "2026年3月9日（周一）08:00（Berlin） 向 B1 发送了短信，已送达。",
        ),
        (
            "EUR 250.00 of loan L-1 was 3 days late (due Fri 6 Mar 2026); every rule allowed it.",
            "贷款 L-1 有 EUR 250.00 逾期3 天（2026年3月6日（周五）到期）；所有规则都允许。",
        ),
        (
            "The limit is 1 contact a day, and 1 has been made or planned. "
            "The next day begins on Tue 10 Mar at 00:00 (Berlin). "
            "By then the step has lapsed (on Mon 9 Mar at 20:00 (Berlin)).",
            "上限为每日 1 次联系，已进行或计划 1 次。下一日从 3月10日（周二）00:00（Berlin） 开始。"
            "到那时该步骤已失效（3月9日（周一）20:00（Berlin））。",
        ),
    ],
)
def test_whole_sentences_with_what_stands_in_them(english: str, chinese: str) -> None:
    assert said_in("zh", english) == chinese
    assert said_in("en", english) == english


ROOM = Path(casework.said.__file__).parent
SAY_NO = [
    *(ROOM / f"{one}.py" for one in ("addresses", "consent", "experiments", "holds", "plans", "plan_words")),
    *(
        ROOM / f"{one}.py"
        for one in ("drafts", "previews", "promises", "publish", "roll_out", "say", "texts", "told")
    ),
    *(
        ROOM / "staff" / f"{one}.py"
        for one in ("at_case", "entrance", "passwords", "people", "settings", "trying")
    ),
]


@pytest.mark.parametrize("file", SAY_NO, ids=lambda file: file.stem)
def test_what_cannot_be_is_said_in_chinese(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CaseworkInputError":
            said = "".join(written(part) for part in node.args)
            assert said == "x" or is_known("zh", said), said


def test_the_channels_that_reasons_know_have_their_words() -> None:
    for channel in reasons.CHANNELS:
        told = said_in(
            "zh", f"{reasons.a(channel)[0].upper()}{reasons.a(channel)[1:]} to B1 failed on Mon 9 Mar."
        )
        assert not ENGLISH.search(told)
        assert "发给 B1 的" in told
