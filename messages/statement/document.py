"""The statement as a document: words of the reader's language, amounts and dates as they write them."""

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import typst
from ruamel.yaml import YAML

from messages.locales import best_language, locale_for, long_date, money
from messages.statement.values import LoanStatement, Statement

_HERE: Final = Path(str(files("messages.statement")))
_FALLBACK: Final = "en"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of words/: every language has them all."""

    title: str
    as_of: str
    for_: str = msgspec.field(name="for")
    from_: str = msgspec.field(name="from")
    made: str
    loan: str
    summary: str
    outstanding: str
    arrears: str
    late: str
    nothing_late: str
    next: str
    next_on: str
    credit: str
    settled: str
    schedule: str
    number: str
    due_on: str
    due: str
    paid: str
    left: str
    payments: str
    received_on: str
    amount: str
    note: str
    returned: str
    no_payments: str
    pay: str
    wrong: str
    reach: str
    collector_first: str
    collector_later: str
    page: str


@cache
def statement_words() -> dict[str, Words]:
    """By language."""
    found: dict[str, Words] = {}
    for file in sorted((_HERE / "words").glob("*.yaml")):
        loaded: object = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
        found[file.stem] = msgspec.convert(loaded, Words)
    return found


def statement_pdf(statement: Statement, language: str) -> bytes:
    """The statement as a PDF, in the language nearest to `language` ('zh-CN'). The same twice is the same."""
    return _pages(statement, language, "pdf")[0]


def statement_pictures(statement: Statement, language: str) -> list[bytes]:
    """Its pages as PNG."""
    return _pages(statement, language, "png")


def _pages(statement: Statement, language: str, form: Literal["pdf", "png"]) -> list[bytes]:
    # The system's fonts come after ours, for what ours do not have.
    compiler = typst.Compiler(root=_HERE, font_paths=[_HERE / "fonts"])
    made = compiler.compile(
        (_HERE / "page.typ").read_bytes(),
        format=form,
        ppi=110,
        sys_inputs={"told": json.dumps(told(statement, language), ensure_ascii=False)},
        timestamp=_midnight(statement.made_on),
    )
    return made if isinstance(made, list) else [made or b""]


def _midnight(day: date) -> int:
    """Seconds since 1970 at which the day begins, in UTC."""
    return (day - date(1970, 1, 1)).days * 86400


def told(statement: Statement, language: str) -> dict[str, Any]:
    """Everything the page says, as text."""
    spoken = best_language(language, frozenset(statement_words()), _FALLBACK)
    words, locale = statement_words()[spoken], locale_for(language, spoken)
    collector = {"first": words.collector_first, "later": words.collector_later}

    def day(on: date) -> str:
        return long_date(on, locale)

    return {
        "language": spoken,
        "words": msgspec.to_builtins(words),
        "brand": statement.brand,
        "lender": words.from_.replace("{lender}", statement.lender),
        "name": words.for_.replace("{name}", statement.name) if statement.name else None,
        "as_of": words.as_of.replace("{day}", day(statement.as_of)),
        "collector": collector[statement.collector] if statement.collector else None,
        "made": words.made.replace("{day}", day(statement.made_on)),
        "reach": words.reach.replace("{reach}", statement.reach) if statement.reach else None,
        "loans": [_loan(loan, words, locale, day) for loan in statement.loans],
    }


def _loan(loan: LoanStatement, words: Words, locale: str, day: Callable[[date], str]) -> dict[str, Any]:
    def amount(minor: int) -> str:
        return money(minor, loan.currency, locale)

    summary = [(words.outstanding, amount(loan.outstanding)), (words.arrears, amount(loan.arrears))]
    if loan.next_on:
        following = words.next_on.replace("{amount}", amount(loan.next_amount))
        summary.append((words.next, following.replace("{day}", day(loan.next_on))))
    if loan.credit:
        summary.append((words.credit, amount(loan.credit)))
    if not loan.outstanding:
        sentence = words.settled
    elif loan.late_since:
        sentence = words.late.replace("{day}", day(loan.late_since))
    else:
        sentence = words.nothing_late
    title = words.loan.replace("{loan}", loan.loan)
    return {
        "title": f"{title} ({loan.product})" if loan.product else title,
        "summary": summary,
        "sentences": [sentence],
        "schedule": [
            (str(one.number), day(one.due_on), amount(one.due), amount(one.paid), amount(one.due - one.paid))
            for one in loan.schedule
        ],
        "payments": [
            (
                day(one.on),
                words.returned.replace("{day}", day(one.returned_on)) if one.returned_on else "",
                amount(one.amount),
            )
            for one in loan.payments
        ],
        "pay": loan.pay,
    }
