"""How what fires goes out: as work, or as a message on the first channel that may carry it now.

What may be said now on one channel is one message. What may not be is deferred to the first moment that the
rules accept, with every no, or ends where its step has lost its sense by then.
"""

import msgspec

from policy.earliest import earliest
from policy.values import No, Past, Situation
from strategies.addresses import asks_to_get_in_touch, way_of
from strategies.asking import ask_about
from strategies.deciding import Candidate, Deciding, failed, gone_over
from strategies.values import Begun, Plan, Work


def task(made: Deciding, candidate: Candidate, kind: str) -> None:
    """Hand a step out as work; a call or a visit is contact, so the rules are asked about it."""
    occurrence = candidate.occurrence
    if kind in ("call", "visit"):
        ask = ask_about(made.loans[occurrence.loan], made.facts, made.rulebook, kind, made.now)
        answer = earliest(made.rules, ask, _of(made, candidate), made.now)
        if answer.at is None or answer.at >= occurrence.expires:
            made.suppress(occurrence.key, *answer.noes)
            return
        if answer.at > made.now:
            made.defer(occurrence.key, answer.at, occurrence.expires, answer.noes)
            return
    step = candidate.step
    finish_by = occurrence.expires if step.deadline is None else made.now + step.deadline
    made.tasks.append(Work(occurrence.key, occurrence.loan, kind, finish_by, step.queue, step.priority))


def _of(made: Deciding, candidate: Candidate) -> Situation:
    """What the rules read for it: a promise pauses all but what reminds of it."""
    return made.facts.situation if candidate.step.at.anchor == "promise" else made.situation


def messages(made: Deciding) -> None:
    """Latest loan first: its text leads, and what can be said on its channel joins it."""
    made.candidates.sort(key=_order)
    for candidate in made.candidates:
        if not _join(made, candidate):
            _choose(made, candidate)


def _order(candidate: Candidate) -> tuple[int, int]:
    return -candidate.days_late, candidate.occurrence.loan


def _join(made: Deciding, candidate: Candidate) -> bool:
    """Into a message that is planned anyway, on a channel that the step knows and the rules allow.

    What was said once is only repeated as itself: it joins nothing else, and nothing joins what left.
    """
    begun = candidate.begun
    alone = candidate.occurrence.key in made.ended
    over = gone_over(begun)
    apart = candidate.occurrence.key.anchor == "promise"  # it thanks rather than asks
    for index, plan in enumerate(made.plans):
        if plan.channel not in candidate.step.by or apart or plan.keys[0].anchor == "promise":
            continue
        if plan.neutral != asks_to_get_in_touch(made.facts.addresses, candidate.step):
            continue
        own = begun is not None and plan.message == begun.id
        if not own and (alone or plan.message in made.left or plan.channel in over):
            continue
        loan = made.loans[candidate.occurrence.loan]
        ask = ask_about(
            loan,
            made.facts,
            made.rulebook,
            plan.channel,
            made.now,
            message=plan.message,
            address=plan.address,
        )
        answer = earliest(made.rules, ask, made.situation, made.now)
        if answer.at == made.now:
            message = plan.message or _free(made, begun)
            made.plans[index] = msgspec.structs.replace(
                plan,
                message=message,
                keys=(*plan.keys, candidate.occurrence.key),
                loans=(*plan.loans, candidate.occurrence.loan),
                expires=min(plan.expires, candidate.occurrence.expires),
            )
            if message:
                made.followed.add(message)
            return True
    return False


def _free(made: Deciding, begun: Begun | None) -> int:
    """The message that was begun, where nothing else is planned in it; 0: a new one."""
    if begun is None or any(plan.message == begun.id for plan in made.plans):
        return 0
    return begun.id


def _choose(made: Deciding, candidate: Candidate) -> None:
    """The first channel, in the order of the step, on which it may be said; now, or when."""
    occurrence, begun = candidate.occurrence, candidate.begun
    message = _free(made, begun)
    said = occurrence.key in made.ended
    if said and not message:
        return  # it goes again with the rest of its message, on a channel that is not of its step
    over = gone_over(begun)
    situation = _with_plans(made, _of(made, candidate))
    noes: list[No] = []
    for channel in candidate.step.by:
        if channel in over:
            continue
        way = way_of(made.facts.addresses, candidate.step, channel)
        if way is None:
            noes.append(No("addresses", "no_address", f"none on file that may carry it by {channel}"))
            continue
        ask = ask_about(
            made.loans[occurrence.loan],
            made.facts,
            made.rulebook,
            channel,
            made.now,
            message=message,
            address=way.address.id,
        )
        answer = earliest(made.rules, ask, situation, made.now)
        noes.extend(answer.noes)
        if answer.at is None:
            continue
        if answer.at >= occurrence.expires:
            continue
        if answer.at > made.now:
            made.defer(occurrence.key, answer.at, occurrence.expires, tuple(noes))
        else:
            made.plans.append(
                Plan(
                    message,
                    (occurrence.key,),
                    (occurrence.loan,),
                    channel,
                    way.address.id,
                    candidate.strategy,
                    candidate.step.id,
                    occurrence.expires,
                    way.neutral,
                )
            )
        if message:
            made.followed.add(message)
        return
    if said:
        return  # there is only no further channel to confirm it on
    if begun is not None and failed(begun):
        noes.append(No("channels", "none_left", "failed on " + ", ".join(t.channel for t in begun.tried)))
    made.suppress(occurrence.key, *noes)


def _with_plans(made: Deciding, situation: Situation) -> Situation:
    """The situation as it will be when what is planned so far has been said."""
    if not made.plans:
        return situation
    # Ids below zero: messages that have no row yet, each counted as one.
    planned = tuple(
        Past(made.now, plan.channel, "planned", plan.loans, plan.message or -index, address=plan.address)
        for index, plan in enumerate(made.plans, 1)
    )
    return msgspec.structs.replace(situation, past=situation.past + planned)
