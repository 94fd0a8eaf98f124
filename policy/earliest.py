"""`earliest`: the one gate. Every rule is asked; the first moment at which all accept is the answer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from policy.rules.base import HORIZON, Binding, Rule, dated
from policy.rules.grounds import Flagged
from policy.rules.holds import Held, Overdue
from policy.rules.hours import OwnHours
from policy.rules.stops import Confirmation, Stop
from policy.values import Answer, Ask, No, Situation

_Kind = tuple[str, str, str, str, bool, bool, bool]


class Rules(msgspec.Struct, frozen=True, eq=False):
    """The rules in force for somebody: (pack, rule) in the order in which they speak.

    `reminders_too`: a reminder before due is held to what binds collection, as house policy has it; except
    for the first days after due, which speak of nothing before.
    """

    each: tuple[tuple[str, Rule], ...]
    reminders_too: bool = False
    memo: dict[_Kind, tuple[tuple[str, Rule], ...]] = {}  # an empty one of its own each

    def bound(self, ask: Ask, situation: Situation) -> tuple[tuple[str, Rule], ...]:
        """Those that speak to what is asked: by channel, purpose, actor, stage, and what there is to read."""
        kind = (
            ask.channel,
            ask.purpose,
            ask.actor,
            ask.stage,
            ask.text is None,
            not situation.flags,
            not situation.windows,
        )
        found = self.memo.get(kind)
        if found is None:
            found = tuple(
                (pack, dated(rule)) for pack, rule in self.each if self._binds(rule, ask, situation)
            )
            self.memo[kind] = found
        return found

    def read_text(self, ask: Ask, situation: Situation) -> bool:
        """Whether some of them reads what is to be said: else the text changes nothing."""
        silent = self.bound(msgspec.structs.replace(ask, text=None), situation)
        return len(silent) < len(self.bound(msgspec.structs.replace(ask, text=""), situation))

    def _binds(self, rule: Rule, ask: Ask, situation: Situation) -> bool:
        if rule.binding.covers(ask, situation):
            return True
        if not self.reminders_too or ask.stage != "reminder" or isinstance(rule, Overdue):
            return False
        return rule.binding.covers(msgspec.structs.replace(ask, stage="collection"), situation)


ALWAYS_SOURCE: Final = "always in force; no pack lifts it"

# What no pack can lift: the person's own stop and hours, holds, and marks (PRODUCT.md, outcome codes).
ALWAYS: tuple[tuple[str, Rule], ...] = (
    ("always", Stop("stop", Binding())),
    ("always", Confirmation("confirmation", None, Binding(purposes=frozenset({"opt_out_confirmation"})))),
    (
        "always",
        Flagged(
            "marked",
            frozenset({"represented", "cease", "refusal", "deceased", "bankrupt"}),
            Binding(reads="flags"),
        ),
    ),
    ("always", Held("hold", Binding())),
    ("always", OwnHours("own_hours", Binding(reads="windows"))),
)


def in_force(
    packs: Mapping[str, Sequence[Rule]], names: Sequence[str], *, reminders_too: bool = False
) -> Rules:
    """The rules of the named packs, after those that always hold. `reminders_too`: see Rules."""
    return Rules(ALWAYS + tuple((name, rule) for name in names for rule in packs[name]), reminders_too)


def earliest(rules: Rules, ask: Ask, situation: Situation, at: datetime) -> Answer:
    """The first moment at or after `at` when every rule accepts, with each no met on the way.

    `Answer.at == at`: allowed now. Later: deferred until then, if nothing else changes. None: denied.
    """
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    bound = rules.bound(ask, situation)
    moment = at
    noes: dict[tuple[str, str], No] = {}
    moved = True
    while moved:
        moved = False
        for pack, rule in bound:
            accepted = rule.first(ask, situation, moment)
            if accepted is moment or accepted == moment:
                continue
            beyond = accepted is None or accepted - at > HORIZON
            until = None if beyond else accepted
            noes[pack, rule.name] = No(pack, rule.name, rule.detail(ask, situation, moment), until)
            if accepted is None or beyond:
                return Answer(None, tuple(noes.values()))
            moment, moved = accepted, True
    return Answer(moment, tuple(noes.values()))


def earliest_of(rules: Rules, asks: Sequence[Ask], situation: Situation, at: datetime) -> Answer:
    """The first moment at which all of `asks` are allowed, with every no on the way; see `earliest`."""
    noes: dict[No, None] = {}
    moment = at
    while True:
        begun = moment
        for ask in asks:
            answer = earliest(rules, ask, situation, moment)
            noes.update(dict.fromkeys(answer.noes))
            if answer.at is None:
                return Answer(None, tuple(noes))
            moment = answer.at
        if moment == begun:
            return Answer(moment, tuple(noes))
