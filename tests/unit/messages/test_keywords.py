"""Stop is heard in every shipped language, however kindly it is wrapped, and in nothing else."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from messages.keywords import keyword_of
from messages.templates import languages

WRITTEN: dict[str, dict[str, list[str]]] = YAML(typ="safe").load(
    (files("messages") / "keywords.yaml").read_text("utf-8")
)
STOPS = [phrase for spoken in WRITTEN.values() for phrase in spoken["stop"]]
COURTESIES = [phrase for spoken in WRITTEN.values() for phrase in spoken["courtesy"]]


def test_every_shipped_language_has_its_keywords():
    assert set(WRITTEN) == set(languages())


# FAILURES.md 10
@pytest.mark.parametrize(
    "text",
    [
        "Stop. Thank you",
        "STOP PLEASE",
        "stop",
        "  StOp!!! ",
        "stop stop STOP",
        "S\u200dTOP",
        "ＳＴＯＰ",
        "STOP ✋🏽",
        *("No more!", "enough already", "fuck off", "st0p", "🛑", "🛑🛑 please", "滚"),
        "STOPP",
        "stoppppp please",
        "s t o p",
        "S.T.O.P",
        "S-T-O-P, thanks",
        "arrêt",
        "arrete",
        "ARRÊTEZ",
        "停 止",
        "请 停止 发送",
        "Please STOP, thanks.",
        "Hi, please stop texting me. Thank you",
        "Don't text me",
        "don’t text me please",
        "pls leave me alone, no more msgs",
        "UNSUBSCRIBE",
        "End",
        "QUIT",
        "STOPALL",
        "stop all",
        "REVOKE",
        "optout",
        "Opt-out",
        "OPT OUT",
        "CANCEL",
        "help STOP",
        "退订",
        "退订，谢谢！",
        "请退订",
        "您好，请不要再发短信了",
        "回复TD退订",
        "ＴＤ",
        "t",
        "取消訂閱",
        "BAJA",
        "¡No más mensajes, por favor!",
        "Cancelar. Gracias",
        "कृपया बंद करें",
        "मैसेज मत भेजो",
        "Band karo please",
        "СТОП",
        "Отпишите меня, пожалуйста",
        "Больше не присылайте!",
        "Berhenti",
        "tolong berhenti, terima kasih",
        "UNREG",
        "jangan kirim lagi",
    ],
)
def test_failure_10_stop_in_normal_language_is_heard(text: str):
    assert keyword_of(text) == "stop"


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("START", "start"),
        ("unstop please", "start"),
        ("opt-in", "start"),
        ("恢复", "start"),
        ("取消退订", "start"),
        ("ALTA", "start"),
        ("शुरू करें", "start"),
        ("Возобновите, пожалуйста", "start"),
        ("mulai", "start"),
        ("HELP", "help"),
        ("Info?", "help"),
        ("帮助", "help"),
        ("Ayuda", "help"),
        ("मदद", "help"),
        ("помощь!", "help"),
        ("tolong", "help"),
        ("help, start", "start"),
    ],
)
def test_start_and_help(text: str, keyword: str):
    assert keyword_of(text) == keyword


@pytest.mark.parametrize(
    "text",
    [
        "I cannot stop by today",
        "I will stop by the office to pay",
        "don't stop",
        "when does it end",
        "the end of the month",
        "cancel my card please",
        "Can I start paying next week?",
        "this will not help me",
        "nonstop",
        "a b c",
        "s t o p p e d",
        "不要 停止",
        "stopped",
        "restart",
        "I paid, thank you",
        "ok",
        "yes",
        "thanks",
        "",
        "   ...  ",
        "👍",
        "12",
        "我今天不能停车",
        "取消了吗",
        "已经付了，谢谢",
        "拒绝还款",
        "ya pagué",
        "no puedo parar a pagar hoy",
        "मैंने पैसे दे दिए",
        "дайте отсрочку, пожалуйста",
        "saya sudah bayar",
        "stop " * 200,
    ],
)
def test_other_words_are_left_to_a_person(text: str):
    assert keyword_of(text) is None


_SHAPES: list[Callable[[str], str]] = [str, str.upper, str.title, lambda text: text.replace(" ", "\u00a0")]


@given(
    st.sampled_from(STOPS),
    st.lists(st.sampled_from(COURTESIES), max_size=3),
    st.sampled_from(_SHAPES),
    st.sampled_from([" ", ". ", "!\n", ", ", " - ", " 🙏 "]),
    st.integers(0, 3),
)
def test_any_stop_among_courtesies_is_a_stop(
    phrase: str, around: list[str], shape: Callable[[str], str], between: str, at: int
):
    parts = [*around[:at], shape(phrase), *around[at:]]
    assert keyword_of(between.join(parts) + between) == "stop"


@given(st.text(max_size=600))
def test_no_text_is_too_strange(text: str):
    assert keyword_of(text) in {None, "stop", "start", "help"}


@given(
    st.sampled_from(STOPS), st.sampled_from(["zebra", "Donnerstag", "斑马", "зебра", "ज़ेबरा"]), st.booleans()
)
def test_one_word_of_anything_else_and_it_is_no_keyword(phrase: str, word: str, first: bool):
    parts: Any = [word, phrase] if first else [phrase, word]
    assert keyword_of(" ".join(parts)) is None
