"""`explain`: why something was or was not said, as a clerk would tell it. Pure: the decision is made again.

The facts name no person; the caller labels loans and the borrower by their external ids.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from policy.calendar import DAY, local_day
from policy.values import Ask, No, Past, Situation
from strategies import reasons as say
from strategies.addresses import way_of
from strategies.ahead import coming
from strategies.asking import ask_about, asks_of
from strategies.decide import decide
from strategies.deciding import situation_of
from strategies.explanation import Contact, Explanation, Labels, RuleAnswer, Told
from strategies.owing import owed, owed_of
from strategies.reasons import CONTACT_CODES, Around, reason
from strategies.rule_answers import rule_answers
from strategies.rulebook import Rulebook
from strategies.timeline import anchors_of, state_of, timeline
from strategies.values import Decision, Ending, Facts, Key, Loan, Occurrence, Plan, Waiting

_SENT = frozenset({"sending", "accepted", "delivered", "unknown", "failed"})


def explain(
    facts: Facts, rulebook: Rulebook, now: datetime, labels: Labels, contact: Contact | None = None
) -> Explanation:
    """What was decided for the case at `now`, or what became of one of its contacts."""
    telling = _Telling(facts, rulebook, now, labels)
    said = telling.contact(contact) if contact else telling.case()
    told, rules = tuple(one.told for one in said), said[0].rules
    ahead = coming(facts, rulebook, now, labels)
    return Explanation(now, telling.zone, told, owed(facts, now, labels), rules, ahead)


def headline_of(contact: Contact, borrower: str, now: datetime, zone: str) -> str:
    """What became of a contact, in a sentence. `now`: where it has no moment of its own."""
    what = say.a(contact.channel)
    what = what[0].upper() + what[1:]
    at = say.moment(contact.sent_at or contact.settled_at or now, zone, year=True)
    match contact.state:
        case "accepted":
            return f"{what} was sent to {borrower} on {at}; the provider has accepted it."
        case "delivered":
            return f"{what} was sent to {borrower} on {at} and was delivered."
        case "failed":
            return f"{what} to {borrower} failed on {at}."
        case "unknown":
            return (
                f"{what} was handed over for {borrower} on {at}; nobody knows whether it arrived, "
                "and it is not sent again."
            )
        case "sending":
            return f"{what} was handed over for {borrower} on {at}; there is no answer yet."
        case "cancelled":
            return f"{what} that was planned for {borrower} was not sent: it was cancelled on {at}."
        case _:
            later = say.moment(contact.not_before, zone, year=True)
            return f"{what} is planned for {borrower}, not before {later}."


class _Said(msgspec.Struct, frozen=True):
    """Something told, of which occurrences, and what the rules said of it."""

    keys: tuple[Key, ...]
    told: Told
    rules: tuple[RuleAnswer, ...]


class _Telling:
    def __init__(self, facts: Facts, rulebook: Rulebook, now: datetime, labels: Labels) -> None:
        self.facts, self.rulebook, self.now, self.labels = facts, rulebook, now, labels
        self.zone = facts.situation.zones[0]
        self.decision: Decision = decide(facts, rulebook, now)
        self.governed = {one.loan: one for one in self.decision.governs}
        self.loans = {loan.id: self._under(loan) for loan in facts.loans}
        self.expected: dict[Key, Occurrence] = {}
        self.loan_of: dict[Key, Loan] = {}
        for loan in self.loans.values():
            strategy = rulebook.strategies[loan.strategy]
            anchors = anchors_of(facts, loan, strategy, now)
            for occurrence in timeline(loan, strategy, self.zone, anchors=anchors):
                self.expected[occurrence.key] = occurrence
                self.loan_of[occurrence.key] = loan
            self.loan_of.update(dict.fromkeys((*loan.waiting, *loan.ended), loan))

    def _under(self, loan: Loan) -> Loan:
        """The loan under the strategy that governs it by this decision."""
        governs = self.governed.get(loan.id)
        if governs is None:
            return loan
        return msgspec.structs.replace(
            loan, strategy=governs.strategy, since=governs.since, chosen=governs.since
        )

    # --- one contact -------------------------------------------------------------------------------

    def contact(self, contact: Contact) -> list[_Said]:
        """The contact first, then what else the decision did."""
        plan = self._plan_of(contact)
        keys = self._keys_of(contact, plan)
        sent = contact.state in _SENT
        why = self._why_sent(keys) if sent and plan else self._why_not(contact, plan, keys)
        why += say.NEUTRAL if plan and plan.neutral else ""
        if contact.code and contact.state in ("failed", "unknown"):
            known = contact.meaning or CONTACT_CODES.get(contact.code)
            why += " " + (known or f"The provider's code is {contact.code}.")
        if plan is not None:
            why += self._followed(contact) if sent else ""
            rules = self._rules_of_plan(plan)
        else:
            rules = self._rules_of(keys[:1])
        told = self._told(
            headline_of(contact, self.labels.borrower, self.now, self.zone), why, keys, contact.state
        )
        others = [one for one in self._outcomes() if not set(one.keys) & set(keys)]
        return [_Said(keys, told, rules), *others]

    def _followed(self, contact: Contact) -> str:
        """What was tried for the same message before, on other channels."""
        begun = next((begun for begun in self.facts.begun if begun.id == contact.message), None)
        said: list[str] = []
        for tried in begun.tried if begun else ():
            if tried.channel != contact.channel:
                how = "failed" if tried.state == "failed" else "was not confirmed in time"
                said.append(f" The {say.CHANNELS[tried.channel]} before it {how}.")
        return "".join(said)

    def _plan_of(self, contact: Contact) -> Plan | None:
        for plan in self.decision.plans:
            if plan.message in (0, contact.message):
                same = (plan.channel, plan.address) == (contact.channel, contact.address)
                if same or plan.message:
                    return plan
        return None

    def _keys_of(self, contact: Contact, plan: Plan | None) -> tuple[Key, ...]:
        begun = next((begun for begun in self.facts.begun if begun.id == contact.message), None)
        if plan is not None:
            return plan.keys
        return begun.keys if begun is not None else ()

    def _why_not(self, contact: Contact, plan: Plan | None, keys: tuple[Key, ...]) -> str:
        """Why a contact was cancelled, waits, or is planned."""
        for ending in self.decision.endings:
            if ending.key in keys:
                return self._why_ended(ending)
        for waiting in self.decision.waiting:
            if waiting.key in keys:
                return self._why_waiting(waiting)
        if contact.state == "cancelled":
            return CONTACT_CODES.get(contact.code or "", f"It was cancelled: {contact.code}.")
        return self._why_sent(plan.keys if plan else keys)

    # --- a whole case ------------------------------------------------------------------------------

    def case(self) -> list[_Said]:
        """What the decision did, the weightiest first; or why there was nothing to do."""
        outcomes = list(self._outcomes())
        if outcomes:
            return outcomes
        when = say.moment(self.now, self.zone, year=True)
        why = " ".join(self._silence(loan) for loan in self.facts.loans) or "Nothing is unpaid."
        headline = f"Nothing was to be said to {self.labels.borrower} on {when}."
        return [_Said((), Told(headline, why, "", "nothing"), ())]

    def _outcomes(self) -> Iterator[_Said]:
        when = say.moment(self.now, self.zone, year=True)
        for plan in self.decision.plans:
            what = say.a(plan.channel)
            headline = f"{what[0].upper()}{what[1:]} to {self.labels.borrower} was planned on {when}."
            rules = self._rules_of_plan(plan)
            why = self._why_sent(plan.keys) + (say.NEUTRAL if plan.neutral else "")
            told = self._told(headline, why, plan.keys, "planned")
            yield _Said(plan.keys, told, rules)
        for work in self.decision.tasks:
            by = say.moment(work.finish_by, self.zone)
            name = self._name(work.key)
            headline = f"On {when} a {work.kind} about {name} became work for a person, by {by}."
            yield self._one(work.key, headline, self._why_sent((work.key,)), "tasked")
        for waiting in self.decision.waiting:
            expected = self.expected.get(waiting.key)
            lapses = expected is not None and waiting.until >= expected.expires
            until = say.moment(waiting.until, self.zone, year=True)
            end = f"until news comes, and lapses on {until}" if lapses else f"until {until}"
            headline = f"Step {waiting.key.step} of {self._name(waiting.key)} waits {end}."
            yield self._one(waiting.key, headline, self._why_waiting(waiting), "waiting")
        for ending in sorted(self.decision.endings, key=lambda ending: ending.how != "suppressed"):
            done = "was not said" if ending.how == "suppressed" else "was passed over"
            headline = self._not_made(ending) or (
                f"Step {ending.key.step} of {self._name(ending.key)} {done} on {when}."
            )
            asked = any(no.pack != "strategy" for no in ending.noes)
            yield self._one(ending.key, headline, self._why_ended(ending), ending.how, asked=asked)

    def _not_made(self, ending: Ending) -> str | None:
        """Of a call or a visit that a hold stopped: that it was not made, and when it would have been."""
        loan, expected = self.loan_of.get(ending.key), self.expected.get(ending.key)
        if loan is None or expected is None or not any(no.rule == "hold" for no in ending.noes):
            return None
        step = self.rulebook.strategies[loan.strategy].step(ending.key.step)
        if step.task not in ("call", "visit"):
            return None
        at = say.moment(expected.at, self.zone, year=True)
        return f"No {step.task} about {self._name(ending.key)} was made on {at}."

    def _one(self, key: Key, headline: str, why: str, how: str, *, asked: bool = True) -> _Said:
        """`asked`: whether any rule was, or the strategy itself had said no before."""
        return _Said((key,), self._told(headline, why, (key,), how), self._rules_of((key,)) if asked else ())

    def _told(self, headline: str, why: str, keys: tuple[Key, ...], how: str) -> Told:
        step = "; ".join(self._step(key, how) for key in keys)
        return Told(headline, why, step, how, tuple(key.step for key in keys))

    def _silence(self, loan: Loan) -> str:
        """Why nothing new was to be said about a loan."""
        name = self.labels.loans[loan.id].loan
        if loan.status != "active":
            return f"Loan {name} is {loan.status.replace('_', ' ')}."
        if not loan.unpaid:
            return f"Nothing of loan {name} is unpaid."
        strategy = self.rulebook.strategies[loan.strategy]
        come = list(timeline(loan, strategy, self.zone, self.now))
        if not come:
            return f"No step of loan {name} had come yet."
        return f"All about loan {name} had been dealt with by then, up to step {come[-1].key.step}."

    # --- what both tell ----------------------------------------------------------------------------

    def _name(self, key: Key) -> str:
        loan = self.loan_of.get(key)
        return f"loan {self.labels.loans[loan.id].loan}" if loan else "a loan"

    def _step(self, key: Key, how: str) -> str:
        loan = self.loan_of.get(key)
        version = self.labels.versions.get(loan.strategy, key.strategy) if loan else key.strategy
        expected = self.expected.get(key)
        at = f", {say.moment(expected.at, self.zone)}" if expected else ""
        return f"{key.step} ({version}) of {self._name(key)}{at}: {how}"

    def _why_sent(self, keys: tuple[Key, ...]) -> str:
        loans = {loan.id: loan for loan in (self.loan_of[key] for key in keys)}
        words = [owed_of(loan, self.now, self.labels).words for loan in loans.values()]
        return f"{'; '.join(words)}; every rule allowed it."

    def _sentences(self, noes: Iterable[No], keys: tuple[Key, ...]) -> str:
        """Every no as a sentence, each once."""
        loan = next((self.loan_of[key] for key in keys if key in self.loan_of), None)
        strategy = self.rulebook.strategies[loan.strategy] if loan else None
        rules = {(pack, rule.name): rule for pack, rule in self.rulebook.rules[self.facts.portfolio].each}
        said = [
            reason(
                no,
                Around(
                    self.zone,
                    loan.fed_at if loan else None,
                    strategy.stale_after if strategy else None,
                    rules.get((no.pack, no.rule)),
                    self._promised(no, loan),
                ),
            )
            for no in say.together(noes)
        ]
        return " ".join(dict.fromkeys(said))

    def _promised(self, no: No, loan: Loan | None) -> str:
        """What was promised for the loan, where that is why it says no."""
        if loan is None or no.rule != "hold" or "promise" not in no.detail:
            return ""
        found = [
            one
            for one in self.facts.promises
            if one.pauses and loan.id in one.loans and state_of(one, self.facts, self.now) == "open"
        ]
        if not found:
            return ""
        last = max(found, key=lambda one: one.until)
        currency = self.labels.loans[loan.id].terms.currency
        waited = local_day(last.until, self.zone) - DAY
        if last.plan:
            parts = [one for one in found if one.plan == last.plan]
            return (
                f"{say.amount(sum(one.amount for one in parts), currency)} is agreed in {len(parts)} more "
                f"payments, the last by {say.day(last.due)}; we wait while they are kept."
            )
        return (
            f"{say.amount(last.amount, currency)} is promised by {say.day(last.due)}; "
            f"we wait until {say.day(waited)}."
        )

    def _why_waiting(self, waiting: Waiting) -> str:
        """What it waits for: not the channels that were passed over on the way."""
        passing = tuple(no for no in waiting.noes if no.until)
        return self._sentences(passing or waiting.noes, (waiting.key,))

    def _why_ended(self, ending: Ending) -> str:
        """Every no; and where waiting for its end would have been too late, that. A promise says it all."""
        loan = self.loan_of.get(ending.key)
        for no in ending.noes:
            promised = self._promised(no, loan)
            if promised:
                return promised
        why = self._sentences(ending.noes, (ending.key,))
        expected = self.expected.get(ending.key)
        if expected is not None and any(no.until and no.until >= expected.expires for no in ending.noes):
            why += f" By then the step has lapsed (on {say.moment(expected.expires, self.zone)})."
        return why

    # --- the rules ---------------------------------------------------------------------------------

    def _rules_of(self, keys: tuple[Key, ...]) -> tuple[RuleAnswer, ...]:
        """What the rules said on every channel of the step, or of the task."""
        found: list[RuleAnswer] = []
        for key in keys:
            loan = self.loan_of.get(key)
            if loan is None or key not in self.expected:
                continue
            step = self.rulebook.strategies[loan.strategy].step(key.step)
            for channel in step.by or (step.task or "",):
                if step.by and way_of(self.facts.addresses, step, channel) is None:
                    words = f"no address that may carry {say.a(channel)}"
                    found.append(
                        RuleAnswer(
                            channel, "addresses", "no_address", "no", words, "PRODUCT.md, addresses", None
                        )
                    )
                elif step.by or step.task in ("call", "visit"):
                    way = way_of(self.facts.addresses, step, channel) if step.by else None
                    ask = ask_about(
                        loan,
                        self.facts,
                        self.rulebook,
                        channel,
                        self.now,
                        address=way.address.id if way else 0,
                    )
                    found.extend(self._rules([ask], self._beside((key,))))
        return tuple(found)

    def _beside(self, keys: tuple[Key, ...]) -> Situation:
        """The situation with what is planned besides `keys`: a cap counts that."""
        planned = tuple(
            Past(self.now, plan.channel, "planned", plan.loans, plan.message or -index, address=plan.address)
            for index, plan in enumerate(self.decision.plans, 1)
            if not set(plan.keys) & set(keys)
        )
        reminds = any(key.anchor == "promise" for key in keys)
        situation = self.facts.situation if reminds else situation_of(self.facts, self.now)
        return msgspec.structs.replace(situation, past=situation.past + planned)

    def _rules_of_plan(self, plan: Plan) -> tuple[RuleAnswer, ...]:
        return self._rules(asks_of(plan, self.facts, self.rulebook, self.now), self._beside(plan.keys))

    def _rules(self, asks: Iterable[Ask], situation: Situation) -> tuple[RuleAnswer, ...]:
        return rule_answers(self.rulebook, self.facts.portfolio, asks, situation, self.now)
