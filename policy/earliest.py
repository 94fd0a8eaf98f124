"""`earliest`: the one gate. Every rule is asked; the first moment at which all accept is the answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from policy.rules import HORIZON, Held, Rule, Stop
from policy.values import Answer, Ask, No, Situation


class Rules(msgspec.Struct, frozen=True):
    """The rules in force for somebody: (pack, rule) in the order in which they speak."""

    each: tuple[tuple[str, Rule], ...]


# What no pack can lift: the person's own stop, and holds.
ALWAYS: tuple[tuple[str, Rule], ...] = (("always", Stop("stop")), ("always", Held("hold")))


def in_force(packs: Mapping[str, Sequence[Rule]], names: Sequence[str]) -> Rules:
    """The rules of the named packs, after those that always hold."""
    return Rules(ALWAYS + tuple((name, rule) for name in names for rule in packs[name]))


def earliest(rules: Rules, ask: Ask, situation: Situation, at: datetime) -> Answer:
    """The first moment at or after `at` when every rule accepts, with each no met on the way.

    `Answer.at == at`: allowed now. Later: deferred until then, if nothing else changes. None: denied.
    """
    moment = at
    noes: dict[tuple[str, str], No] = {}
    moved = True
    while moved:
        moved = False
        for pack, rule in rules.each:
            accepted = rule.first(ask, situation, moment)
            if accepted == moment:
                continue
            beyond = accepted is None or accepted - at > HORIZON
            until = None if beyond else accepted
            noes[pack, rule.name] = No(pack, rule.name, rule.detail(ask, situation, moment), until)
            if accepted is None or beyond:
                return Answer(None, tuple(noes.values()))
            moment, moved = accepted, True
    return Answer(moment, tuple(noes.values()))
