"""A strategy as it is written: the keys of the file, their shapes, and the JSON schema made of them."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from strategies.conditions import FACTS, Condition, condition
from strategies.moments import Moment, read_moment, span
from strategies.segment import Range, read_bucket, read_range

NAME: Final = r"^[a-z0-9][a-z0-9-]{0,40}$"
CHANNELS: Final = ("chat", "sms", "email")
TASKS: Final = ("call", "visit", "review", "reconcile", "trace")

_Name = Annotated[str, Field(pattern=NAME)]
_Channel = Literal["chat", "sms", "email"]


def _shape(description: str, pattern: str | None = None, **more: Any) -> WithJsonSchema:
    shape = {"type": "string", "description": description, **more}
    return WithJsonSchema(shape | ({"pattern": pattern} if pattern else {}))


def _expiry(text: object) -> timedelta | str:
    return str(text) if text in ("due", "promise") else span(text)


def _condition(text: object) -> Condition:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no condition; write it like `promises_broken < 2`")  # noqa: TRY004
    return condition(text)


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, (str, int)) and not isinstance(value, bool) else value


_Span = Annotated[
    timedelta, BeforeValidator(span), _shape("a length of time: 4d, 36h or 30m", r"^\d{1,4}[dhm]$")
]
_At = Annotated[
    Moment,
    BeforeValidator(read_moment),
    PlainSerializer(lambda moment: moment.text),
    _shape(
        "due - 3d 10:00, due + 15d, promise - 1d 10:00, broken 09:00, case + 2h",
        r"^(due|promise|broken|case)( *[+-] *\d{1,4}[dhm])?( +\d\d:\d\d)?$",
    ),
]
_Expires = Annotated[
    timedelta | str,
    BeforeValidator(_expiry),
    _shape("when it has lost its sense: so long after its moment, or the end of the due or promised day"),
]
_When = Annotated[
    Condition,
    BeforeValidator(_condition),
    PlainSerializer(lambda when: when.text),
    _shape("a condition (CEL) over: " + "; ".join(f"{name} ({kind})" for name, (kind, _) in FACTS.items())),
]


def _text_of(one: Range) -> str:
    return one.text


_Bucket = Annotated[
    Range,
    BeforeValidator(read_bucket),
    PlainSerializer(_text_of),
    _shape("current, or days late: 1-30, 91+", r"^(current|\d+(\+|-\d+)?)$"),
]
_Range = Annotated[
    Range,
    BeforeValidator(read_range),
    PlainSerializer(_text_of),
    _shape("a range: 1-30, 91+ or 5", r"^\d+(\+|-\d+)?$"),
]
_Buckets = Annotated[tuple[_Bucket, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
_Ranges = Annotated[tuple[_Range, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
_Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SegmentSpec(_Spec):
    """The loans that a strategy is for: every key that is given has to fit."""

    bucket: _Buckets | None = None
    missed: _Ranges | None = None
    arrears: _Ranges | None = None
    outstanding: _Ranges | None = None
    product: _Texts | None = None
    risk: _Texts | None = None
    tags: _Texts | None = None
    language: _Texts | None = None
    country: _Texts | None = None
    contactable: Annotated[tuple[_Channel, ...], BeforeValidator(_one_or_more)] | None = None
    attributes: dict[str, _Texts] | None = None


class ArmsSpec(_Spec):
    """An experiment: who is in which arm follows from a salted hash of the person."""

    experiment: _Name
    split: Annotated[dict[_Name, Annotated[int, Field(gt=0, le=100)]], Field(min_length=1)]
    holdout: Annotated[int, Field(ge=0, le=50)] = 0
    horizon: _Span

    @model_validator(mode="after")
    def _whole(self) -> "ArmsSpec":
        if "holdout" in self.split:
            raise ValueError("`holdout` is a key of its own beside `split`, not an arm in it")
        total = sum(self.split.values()) + self.holdout
        if total != 100:
            raise ValueError(f"`split` and `holdout` are {total} percent together; make them 100")
        return self


class StepSpec(_Spec):
    """A step as written."""

    at: _At
    when: _When | None = None
    arm: Annotated[tuple[_Name, ...], BeforeValidator(_one_or_more), Field(min_length=1)] | None = None
    send: _Name | None = None
    by: Annotated[tuple[_Channel, ...], Field(min_length=1)] | None = None
    fallback_after: _Span | None = None
    spread: _Span | None = None
    task: Literal["call", "visit", "review", "reconcile", "trace"] | None = None
    queue: _Name | None = None
    priority: Annotated[int, Field(ge=1, le=9)] | None = None
    deadline: _Span | None = None
    expires: _Expires

    @model_validator(mode="after")
    def _message_or_task(self) -> "StepSpec":
        if (self.send is None) == (self.task is None):
            raise ValueError("a step has either `send` (a message's text) or `task`")
        if (self.send is None) != (self.by is None):
            raise ValueError("`send` goes with `by`, the channels in order; a task has neither")
        if self.by is not None and len(set(self.by)) != len(self.by):
            raise ValueError("`by` names a channel twice")
        if self.task is not None and self.fallback_after is not None:
            raise ValueError("`fallback_after` is for messages; a task has no next channel")
        if self.send is not None:
            for name in ("queue", "priority", "deadline"):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` is for tasks; a message has none")
        return self

    @model_validator(mode="after")
    def _ends(self) -> "StepSpec":
        if isinstance(self.expires, str):
            anchor = self.expires
            if self.at.anchor != anchor or self.at.days > 0:
                until = "the due date" if anchor == "due" else "the promised day"
                raise ValueError(
                    f"`expires: {anchor}` is for steps up to {until}; write a length of time like 4d"
                )
        return self


class StrategySpec(_Spec):
    """A strategy as written."""

    strategy: _Name
    segment: SegmentSpec | None = None
    priority: Annotated[int, Field(ge=0, le=1000)] = 0
    stale_after: _Span
    guard: Annotated[int, Field(gt=0)] | None = None
    migrate: Literal["next_step", "at_cure", "now"] = "next_step"
    arms: ArmsSpec | None = None
    steps: Annotated[dict[_Name, StepSpec], Field(min_length=1)]


# How each key is written, for those who wrote it otherwise.
EXAMPLES: Final = {
    "strategy": "strategy: gentle",
    "segment": "segment: {bucket: [current, 1-30], product: installment}",
    "bucket": "bucket: [current, 1-30]",
    "missed": "missed: [1, 2-3]",
    "arrears": "arrears: 100+",
    "outstanding": "outstanding: 100-5000",
    "product": "product: [installment, card]",
    "contactable": "contactable: [sms, email]",
    "attributes": "attributes: {branch: [north, south]}",
    "priority": "priority: 5",
    "stale_after": "stale_after: 4d",
    "guard": "guard: 5000",
    "migrate": "migrate: next_step, at_cure or now",
    "arms": "arms: {experiment: officer-names, split: {plain: 45, officer: 45}, holdout: 10, horizon: 60d}",
    "experiment": "experiment: officer-names",
    "split": "split: {plain: 50, officer: 50}",
    "holdout": "holdout: 10",
    "horizon": "horizon: 60d",
    "steps": "steps: a mapping of step ids to their keys",
    "at": "at: due - 3d 08:00",
    "when": "when: promises_broken < 2",
    "arm": "arm: officer",
    "send": "send: upcoming",
    "by": "by: [chat, sms, email]",
    "fallback_after": "fallback_after: 4h",
    "spread": "spread: 2h",
    "task": "task: call, visit, review, reconcile or trace",
    "queue": "queue: field",
    "deadline": "deadline: 2d",
    "expires": "expires: 4d",
}


def schema() -> dict[str, Any]:
    """The JSON schema of a strategy's file, for editors."""
    found = StrategySpec.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "Strategy of Kept",
        "description": "One file is one strategy: whom it is for, and what comes when.",
    }
