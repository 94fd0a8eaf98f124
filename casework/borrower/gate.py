"""The gate, asked for the answers of the chat: what a pack binds answers to holds there as in every message.

Where no pack does, nothing is read: an answer is to take no longer than it must.
"""

from collections.abc import Mapping
from datetime import datetime

from casework.delivery.answer import asks_to_say
from casework.office import Book
from messages.values import Collector
from policy.earliest import Rules, earliest_of
from policy.parts import parts_wanted
from storage.facts import load_facts
from storage.raw import Raw

_ALWAYS = "always"


class NotAnsweredError(Exception):
    """A rule says that this person is not answered: they are represented, say. `rule` is its code."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


Heard = Collector | NotAnsweredError | None
"""What a pack has whoever collects for others say first; or that nothing may be said."""


async def ask_the_gate(
    raw: Raw, book: Book, portfolio_of: Mapping[int, int], now: datetime
) -> dict[int, Heard]:
    """What the rules say of an answer about each case: nothing of those that no rule binds.

    `portfolio_of`: of each case that is asked about.
    """
    bound = {key for key in set(portfolio_of.values()) if _binds_answers(book.rulebook.rules[key])}
    cases = sorted(case for case, portfolio in portfolio_of.items() if portfolio in bound)
    said: dict[int, Heard] = {}
    if not cases:
        return said
    for facts in await load_facts(raw, cases, now, book.tolerance, book.needs, at_claim=True):
        rules = book.rulebook.rules[facts.portfolio]
        loans = [loan.id for loan in facts.loans]
        asks = asks_to_say(book.rulebook, facts, loans, "chat", now, purpose="answer")
        answer = earliest_of(rules, asks, facts.situation, now)
        if answer.at != now:
            said[facts.case] = NotAnsweredError(answer.noes[-1].rule)
            continue
        wanted = parts_wanted(rules, asks, facts.situation, now)
        if "collector" in wanted:
            said[facts.case] = "first" if wanted["collector"] else "later"
    return said


def _binds_answers(rules: Rules) -> bool:
    return any(pack != _ALWAYS and "answer" in rule.binding.purposes for pack, rule in rules.each)
