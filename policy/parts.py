"""What the rules in force have a text say, before it is written: the parts of shipped texts that say it."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from policy.earliest import Rules
from policy.rules import Disclosure
from policy.rules.base import Dated
from policy.values import Ask, Situation


def parts_wanted(rules: Rules, asks: Iterable[Ask], situation: Situation, at: datetime) -> dict[str, bool]:
    """Each part that some rule asks for at `at`; True where it is what the first communication says.

    Asked with an empty text, which a rule that wants something said refuses.
    """
    found: dict[str, bool] = {}
    for ask in asks:
        if not rules.read_text(ask, situation):
            continue
        silent = msgspec.structs.replace(ask, text="")
        for _, bound in rules.bound(silent, situation):
            rule = bound.rule if isinstance(bound, Dated) else bound
            if not isinstance(rule, Disclosure) or not rule.part or bound.first(silent, situation, at) == at:
                continue
            found[rule.part] = found.get(rule.part, False) or rule.is_first(ask, situation, at)
    return found
