"""Every reason that the staff may read in their chat is there in their language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import casework.staff
from casework.said import is_known, said_in
from casework.staff.rights import Action, Actor, Denied, Role, require
from messages.lint import SENTENCES

CASEWORK = Path(next(iter(casework.staff.__path__))).parent
MODULES = [
    *(
        CASEWORK / "staff" / f"{name}.py"
        for name in (
            *("access", "alerts", "card", "desk", "digest", "entering", "finding", "keeping", "late"),
            *("noting", "numbers", "offering", "reaching", "route", "talking", "team"),
        )
    ),
    *(CASEWORK / f"{name}.py" for name in ("outcomes", "promises", "approvals")),
    *(CASEWORK.parent / "bot" / "staff" / f"{name}.py" for name in ("alerts", "day", "keeping", "leading")),
]
OF_OTHERS = ("hold ", "a hold until", "case x: there is none", "case x has no promise")
"""What the chat never asks: holds by their number."""


def sentences() -> Iterator[str]:
    """What CaseworkInputError is raised with, an x in each blank."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CaseworkInputError":
                yield "".join(written(part) for part in node.args)


def written(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(written(part) for part in node.values)
    if isinstance(node, ast.BinOp):  # what may follow it or not
        return written(node.left)
    return "x"


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_what_cannot_be_is_said_in_chinese(sentence: str) -> None:
    if sentence == "x" or sentence.startswith(OF_OTHERS):
        return
    assert is_known("zh", sentence), sentence
    assert any("\u4e00" <= sign <= "\u9fff" for sign in said_in("zh", sentence))


def test_there_are_sentences_to_ask() -> None:
    assert len(set(sentences())) > 30


@pytest.mark.parametrize("role", [Role.COLLECTOR, Role.FINANCE])
def test_who_may_not_is_told_so_in_chinese(role: Role) -> None:
    for action in (Action.ASSIGN_CASE, Action.TAKE_CASE, Action.SEE_LOAN):
        try:
            require(Actor("carl", role, frozenset({"acme"})), action, "south")
        except Denied as denied:
            told = said_in("zh", str(denied))
            assert "不得" in told
            assert "may not" not in told
            assert "the role" not in told


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "hours 08:00-21:00; it is 22:05 (Asia/Shanghai)",
            "允许时段 08:00-21:00；现在是 22:05（Asia/Shanghai）",
        ),
        ("3 of 3 this day", "本日已用 3 次，上限 3 次"),
        ("hold: dispute, hardship", "已暂停：异议、困难"),
        ("the person stopped sms", "对方已停止短信"),
        (f"{SENTENCES['threat_court']}: sue you", "以法院或律师相威胁：sue you"),
        (SENTENCES["amount"], "提到了金额，而该联系方式不得携带金额"),
        ("something nobody wrote down", "something nobody wrote down"),
    ],
)
def test_reasons_of_rules_and_of_the_lint(english: str, chinese: str) -> None:
    assert said_in("zh", english) == chinese
    assert said_in("en", english) == english.replace("3 of 3 this day", "3 of 3 contacts this day")
