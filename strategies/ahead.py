"""What comes next, as far as the facts of now can tell.

By the strategy that governs from now on, which may have been published since the last look; of an experiment
only what is meant for the person, who is drawn as the first step of it comes.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec.structs import replace

from policy.earliest import earliest
from policy.values import No
from strategies import reasons as say
from strategies.addresses import way_of
from strategies.arms import HOLDOUT
from strategies.asking import ask_about
from strategies.decide import decide
from strategies.deciding import situation_of
from strategies.enrol import arm_of, draw
from strategies.explanation import Labels, Next
from strategies.language import Step, Strategy
from strategies.play import governed
from strategies.rulebook import Rulebook
from strategies.timeline import Anchors, anchors_of, timeline
from strategies.values import Facts, Loan, Occurrence

_MOST = 4  # moments ahead that are told


def coming(facts: Facts, rulebook: Rulebook, now: datetime, labels: Labels) -> tuple[Next, ...]:
    """What the strategy brings next if nothing is paid and nothing is said meanwhile, the soonest first."""
    names = {loan.id: labels.loans[loan.id].loan for loan in facts.loans}
    decision = decide(facts, rulebook, now)
    found = [
        Next(
            now,
            ", ".join(names[loan] for loan in plan.loans),
            plan.step,
            f"{say.CHANNELS[plan.channel]} {plan.step}: it may go now",
        )
        for plan in decision.plans
    ]
    found.extend(_fallbacks(facts, rulebook, now, names))
    until = {waiting.key: waiting.until for waiting in decision.waiting}
    facts = governed(facts, decision)
    ended = {*facts.ended, *(key for loan in facts.loans for key in loan.ended)}
    for loan in facts.loans:
        strategy = rulebook.strategies[loan.strategy]
        anchors = _anchors(facts, loan, strategy, now)
        for occurrence in timeline(loan, strategy, facts.situation.zones[0], anchors=anchors):
            at = until.get(occurrence.key, occurrence.at)
            if not now < at < occurrence.expires or occurrence.key in ended:
                continue
            if loan.leads and occurrence.key not in loan.waiting:
                drawn = draw(facts, strategy, rulebook, at, at)
                if drawn is not None:
                    facts = replace(facts, drawn=(*facts.drawn, drawn))
            if _meant(facts, strategy, strategy.step(occurrence.key.step), rulebook):
                found.append(_next(facts, rulebook, loan, occurrence, at, names[loan.id], now))
    return tuple(sorted(found, key=lambda one: (one.at, one.loan))[:_MOST])


def _meant(facts: Facts, strategy: Strategy, step: Step, rulebook: Rulebook) -> bool:
    """Whether a step is for the person's arm; the holdout hears no message."""
    if strategy.arms is None:
        return True
    arm = arm_of(facts, strategy.arms, rulebook)
    return (not step.arm or arm in step.arm) and (step.task is not None or arm != HOLDOUT)


def _fallbacks(facts: Facts, rulebook: Rulebook, now: datetime, names: dict[int, str]) -> Iterator[Next]:
    """The next channel of a message that is not confirmed yet."""
    for begun in facts.begun:
        last = begun.tried[-1] if begun.tried else None
        if last is None or last.state != "accepted" or last.confirm_by is None or last.confirm_by <= now:
            continue
        tried = {one.channel for one in begun.tried}
        step = rulebook.strategies[begun.strategy].step(begun.step)
        for channel in step.by:
            if channel not in tried and way_of(facts.addresses, step, channel) is not None:
                anchors = {key.anchor_id for key in begun.keys}
                loans = [
                    names[loan.id]
                    for loan in facts.loans
                    if any(unpaid.installment in anchors for unpaid in loan.unpaid)
                ]
                what = (
                    f"{say.CHANNELS[channel]} {step.id}, if the {say.CHANNELS[last.channel]} "
                    "is not known to be delivered by then"
                )
                yield Next(last.confirm_by, ", ".join(loans), step.id, what)
                break


def _anchors(facts: Facts, loan: Loan, strategy: Strategy, now: datetime) -> Anchors:
    """What its steps count from, and what they will if nobody keeps the promises that are open."""
    over = max((one.until for one in facts.promises if one.until > now), default=now)
    loans = tuple(replace(one, fed_at=max(one.fed_at, over)) for one in facts.loans)
    unpaid = anchors_of(replace(facts, loans=loans), loan, strategy, over)
    return replace(anchors_of(facts, loan, strategy, now), broken=unpaid.broken)


def _next(
    facts: Facts,
    rulebook: Rulebook,
    loan: Loan,
    occurrence: Occurrence,
    at: datetime,
    name: str,
    now: datetime,
) -> Next:
    """When and by what a step would fire by the facts of now."""
    step = rulebook.strategies[loan.strategy].step(occurrence.key.step)
    rules = rulebook.rules[facts.portfolio]
    situation = facts.situation if occurrence.key.anchor == "promise" else situation_of(facts, now)
    unpaid = "if unpaid"
    if step.when is not None and occurrence.key not in loan.waiting:  # it is asked once, as it comes
        unpaid += f", where {step.when.text}"
    if step.task is not None:
        what = f"{step.id} ({step.task} by a person), {unpaid}"
        if step.task not in ("call", "visit"):
            return Next(at, name, step.id, what)
        ask = ask_about(loan, facts, rulebook, step.task, at)
        answer = earliest(rules, ask, situation, at)
        if answer.at is not None and answer.at < occurrence.expires:
            return Next(answer.at, name, step.id, what)
        why = _held(answer.noes) or "as things are"
        return Next(at, name, step.id, f"{step.id}: the rules allow no {step.task} {why}")
    noes: list[No] = []
    for channel in step.by:
        way = way_of(facts.addresses, step, channel)
        if way is None:
            continue
        ask = ask_about(loan, facts, rulebook, channel, at, address=way.address.id)
        answer = earliest(rules, ask, situation, at)
        if answer.at is not None and answer.at < occurrence.expires:
            what = f"{say.CHANNELS[channel]} {step.id}, {unpaid}"
            return Next(answer.at, name, step.id, f"{what}{say.NEUTRALLY if way.neutral else ''}")
        noes.extend(answer.noes)
    return Next(at, name, step.id, f"{step.id}: no channel is open {_held(noes) or 'as things are'}")


def _held(noes: Iterable[No]) -> str:
    """By which hold, where it is one that says no."""
    held = next((no.detail for no in noes if no.rule == "hold"), "")
    return f"while there is a {held.replace(': ', ' (', 1).replace('_', ' ')})" if held else ""
