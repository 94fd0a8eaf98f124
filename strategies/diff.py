"""What changes from one strategy to another, in plain words: for whom, step by step, and how it moves."""

from collections.abc import Iterator
from datetime import timedelta

from strategies.language import Step, Strategy
from strategies.reasons import span
from strategies.segment import NUMBERS, Segment

_MIGRATE = {
    "next_step": "what is in flight is finished first",
    "at_cure": "a loan that is late moves when it is current again",
    "now": "what is in flight moves at once",
}


def differences(old: Strategy, new: Strategy) -> tuple[str, ...]:
    """Each change as one sentence; none: they mean the same."""
    return tuple(_differences(old, new))


def _differences(old: Strategy, new: Strategy) -> Iterator[str]:
    if old.name != new.name:
        yield f"It is another strategy: {new.name} instead of {old.name}."
    if old.segment != new.segment:
        yield f"It is for {segment(new.segment)}; before, for {segment(old.segment)}."
    if old.priority != new.priority:
        yield f"Its priority among strategies is {new.priority}; before, {old.priority}."
    if old.stale_after != new.stale_after:
        yield (
            f"Steps after the due date wait when payments are older than {span(new.stale_after)}; "
            f"before, {span(old.stale_after)}."
        )
    if old.guard != new.guard:
        yield f"Publishing waits for approval above {_guard(new.guard)}; before, {_guard(old.guard)}."
    if old.migrate != new.migrate:
        yield f"At a new version {_MIGRATE[new.migrate]}; before, {_MIGRATE[old.migrate]}."
    if old.arms != new.arms:
        yield f"{_arms(new)} Before: {_arms(old)[:1].lower()}{_arms(old)[1:]}"
    before = {step.id: step for step in old.steps}
    for step in new.steps:
        known = before.pop(step.id, None)
        if known is None:
            yield f"New: {sentence(step)}"
        elif known != step:
            yield f"Step {step.id}: {'; '.join(_changes(known, step))}."
    for step in before.values():
        yield f"Gone: {sentence(step)}"


def sentence(step: Step) -> str:
    """A step in one sentence."""
    what = (
        f"a {step.task} for the queue {step.queue}"
        if step.task
        else f"the text {step.template} by {', then '.join(step.by)}"
    )
    when = f" where {step.when.text}" if step.when else ""
    arm = f" (arm {', '.join(step.arm)})" if step.arm else ""
    return f"step {step.id}, at {step.at.text}: {what}{when}{arm}; it lapses {_expires(step.expires)}."


def segment(of: Segment) -> str:
    """Whom a segment takes in."""
    parts: list[str] = []
    if of.buckets:
        names = ["current" if not one.low else f"{one.text} days late" for one in of.buckets]
        parts.append("loans that are " + " or ".join(names))
    parts.extend(
        f"{name} of {' or '.join(one.text for one in getattr(of, name))}"
        for name in NUMBERS
        if getattr(of, name)
    )
    texts = ("product", "risk", "tags", "language", "country", "contactable")
    parts.extend(f"{name} {' or '.join(getattr(of, name))}" for name in texts if getattr(of, name))
    parts.extend(f"{name} {' or '.join(values)}" for name, values in of.attributes)
    return ", ".join(parts) or "every loan"


def _changes(old: Step, new: Step) -> Iterator[str]:
    """Each thing that differs, as "what it is instead of what it was"."""
    if old.at != new.at:
        yield f"it comes at {new.at.text} instead of {old.at.text}"
    if old.when != new.when:
        yield f"it is for {_when(new)} instead of {_when(old)}"
    if old.arm != new.arm:
        yield f"it is for {_arm(new)} instead of {_arm(old)}"
    if (old.template, old.task) != (new.template, new.task):
        yield f"it is {_what(new)} instead of {_what(old)}"
    if old.by != new.by:
        yield f"it goes by {_by(new)} instead of {_by(old)}"
    if old.fallback_after != new.fallback_after:
        yield f"the next channel is tried {_fallback(new)} instead of {_fallback(old)}"
    if old.spread != new.spread:
        yield f"it is spread over {_span(new.spread)} instead of {_span(old.spread)}"
    if old.queue != new.queue:
        yield f"its work goes to the queue {new.queue or 'of nobody'} instead of {old.queue or 'of nobody'}"
    if old.priority != new.priority:
        yield f"its priority is {new.priority} instead of {old.priority}"
    if old.deadline != new.deadline:
        yield f"its work is due within {_span(new.deadline)} instead of {_span(old.deadline)}"
    if old.expires != new.expires:
        yield f"it lapses {_expires(new.expires)} instead of {_expires(old.expires)}"


def _when(step: Step) -> str:
    return f"those where {step.when.text}" if step.when else "everybody"


def _arm(step: Step) -> str:
    return f"the arm {', '.join(step.arm)}" if step.arm else "every arm"


def _what(step: Step) -> str:
    return f"a {step.task}" if step.task else f"the text {step.template}"


def _by(step: Step) -> str:
    return ", then ".join(step.by) or "no channel"


def _fallback(step: Step) -> str:
    """When the next channel is taken; one that fails is always followed by the next."""
    if step.fallback_after is None:
        return "only where one fails"
    return f"where none is known to have arrived after {span(step.fallback_after)}"


def _expires(after: timedelta | None) -> str:
    return "with the day it counts from" if after is None else f"after {span(after)}"


def _span(length: timedelta | None) -> str:
    return "no time" if length is None else span(length)


def _guard(guard: int | None) -> str:
    return f"{guard} messages a day" if guard else "no number of messages"


def _arms(of: Strategy) -> str:
    if of.arms is None:
        return "Everybody hears the same."
    shares = ", ".join(f"{name} {share}%" for name, share in of.arms.split)
    return f"The experiment {of.arms.experiment} has the arms {shares} and a holdout of {of.arms.holdout}%."
