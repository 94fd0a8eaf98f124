"""Which version of a text a played contact would say, in how many segments, and whether it may be said.

Each text is composed once as the claim composes it, for the first whom it goes to, with an invented name: no
personal data is opened for a simulation.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from casework.delivery.compose import (
    RefusedError,
    check_rules,
    compose,
    disclosing,
    receives,
    saying_of,
)
from casework.office import Office
from casework.simulation.candidate import Candidate
from messages.body import Body
from policy.calendar import local_day
from policy.earliest import Rules
from policy.parts import parts_wanted
from policy.values import Ask
from storage.sayings import LoanFigures, Recipient
from strategies.addresses import NEUTRAL
from strategies.asking import asks_of
from strategies.rulebook import Rulebook
from strategies.values import Facts, Plan

_NAME: Final = "Maria Example"
_LOAN: Final = "L-1001"


class Spoken(msgspec.Struct, frozen=True):
    """A text: its name, the digest of its content, its language and segments. `refused`: why it cannot be."""

    text: str
    digest: str | None
    language: str | None
    segments: int
    refused: str | None = None


class Voice:
    """What contacts say, remembered by all that a text depends on but the figures."""

    def __init__(self, office: Office, candidate: Candidate, rulebook: Rulebook) -> None:
        self.office, self.candidate, self.rulebook = office, candidate, rulebook
        self._known: dict[tuple[object, ...], tuple[Spoken, Body | None]] = {}
        # Where a rule reads texts, each contact is asked about.
        self._reading = {key for key, rules in rulebook.rules.items() if _reads_texts(rules)}

    def says(self, plan: Plan, facts: Facts, at: datetime) -> Spoken:
        """What the contact of a plan says."""
        step = self.rulebook.strategies[plan.strategy].step(plan.step)
        name = NEUTRAL if plan.neutral else step.template or ""
        country = facts.situation.country
        reads = facts.portfolio in self._reading and not plan.neutral
        asks = asks_of(plan, facts, self.rulebook, at) if reads else []
        rules = self.rulebook.rules[facts.portfolio]
        # What a rule has it say of who writes differs between the first time and later ones.
        wants = tuple(parts_wanted(rules, asks, facts.situation, at).items())
        key = (name, plan.channel, facts.portfolio, facts.language, country, len(plan.loans) > 1, wants)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._composed(name, plan, facts, asks, at)
        spoken, body = known
        if body is not None and reads:
            try:
                check_rules(body, rules, asks, facts.situation, at)
            except RefusedError as refusal:
                return msgspec.structs.replace(spoken, refused=refusal.code)
        return spoken

    def _composed(
        self, name: str, plan: Plan, facts: Facts, asks: Sequence[Ask], at: datetime
    ) -> tuple[Spoken, Body | None]:
        spec = self.candidate.portfolios[facts.portfolio]
        state = next(one.state for one in facts.addresses if one.id == plan.address)
        person = Recipient(_NAME, facts.language, facts.situation.country, "", state, plan.neutral)
        figures = [
            LoanFigures(
                loan.id,
                _LOAN,
                loan.traits.product if loan.traits else None,
                loan.traits.currency if loan.traits else spec.currency,
                loan.zone,
                loan.unpaid,
            )
            for loan in facts.loans
            if loan.id in plan.loans
        ]
        today = local_day(at, facts.situation.zones[0])
        told = saying_of(self.office, spec, person, plan.channel, 1, today, figures, at)
        told = disclosing(told, self.rulebook.rules[facts.portfolio], asks, facts.situation, at)
        heard = receives(self.office, spec, plan.channel)
        try:
            said = compose(self.candidate.texts, name, plan.channel, told, person, spec, receives=heard)
        except RefusedError as refusal:
            return Spoken(name, None, None, 0, refusal.code), None
        segments = said.body.segments or 1
        return Spoken(said.template, said.digest, said.language, segments), said.body


def _reads_texts(rules: Rules) -> bool:
    return any(rule.binding.reads == "text" for _, rule in rules.each)
