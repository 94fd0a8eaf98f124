"""What each rule in force says of a wish: its answer, in a few words, and where it comes from."""

from collections.abc import Iterable
from datetime import datetime

from policy.earliest import ALWAYS_SOURCE
from policy.rules import Rule
from policy.values import Ask, Situation
from strategies import reasons as say
from strategies.explanation import RuleAnswer
from strategies.rulebook import Rulebook

_WORSE = {"yes": 0, "later": 1, "no": 2}


def rule_answers(
    rulebook: Rulebook, portfolio: int, asks: Iterable[Ask], situation: Situation, at: datetime
) -> tuple[RuleAnswer, ...]:
    """What each rule of the portfolio says at `at`; of one that is asked several things, what is worst."""
    found: dict[tuple[str, str], RuleAnswer] = {}
    for ask in asks:
        for pack, rule in rulebook.rules[portfolio].bound(ask, situation):
            answer = _answer(rulebook, pack, rule, ask, situation, at)
            if _WORSE[answer.answer] >= _WORSE[found.get((pack, rule.name), answer).answer]:
                found[pack, rule.name] = answer
    return tuple(found.values())


def _answer(
    rulebook: Rulebook, pack: str, rule: Rule, ask: Ask, situation: Situation, now: datetime
) -> RuleAnswer:
    zone = situation.zones[0]
    at = rule.first(ask, situation, now)
    detail = rule.detail(ask, situation, now)
    if at == now:
        answer, words, until = "yes", say.accepted(rule, detail, ask.channel, zone), None
    else:
        answer, until = ("no", None) if at is None else ("later", at)
        words = detail.replace(f"({zone})", f"({say.city(zone)})")
    return RuleAnswer(ask.channel, pack, rule.name, answer, words, _source(rulebook, pack, rule), until)


def _source(rulebook: Rulebook, pack: str, rule: Rule) -> str:
    known = rulebook.packs.get(pack)
    return ALWAYS_SOURCE if known is None else known.source(rule.name)
