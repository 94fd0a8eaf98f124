"""The language of strategies: one YAML file is one strategy, checked with the line of each error.

A step is a moment (`due - 3d 08:00`: days from the due date, and an hour of the borrower's day; without
an hour, the first of that day), and a message (`send`, `by`, `fallback_after`) or a `task`; `expires`
says when it has lost its sense: a time after its moment (`4d`, `36h`), or `due`, the end of the due date.
"""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any, Literal, cast

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from strategies.errors import StrategyInputError

_MOMENT = re.compile(
    r"due(?: *(?P<sign>[+-]) *(?P<days>\d{1,4})d)?(?: +(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d))?"
)
_SPAN = re.compile(r"(\d{1,4})([dhm])")
_NAME = r"^[a-z0-9][a-z0-9-]{0,40}$"
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Step(msgspec.Struct, frozen=True):
    """One rung of the ladder."""

    id: str
    days: int  # from the due date, in the borrower's zone
    hour: time
    expires: timedelta | None  # after its moment; None: at the end of the due date
    template: str | None  # a message, or
    task: str | None  # work for a person
    by: tuple[str, ...] = ()
    fallback_after: timedelta | None = None

    @property
    def post_due(self) -> bool:
        """After the due date: anchored to the oldest unpaid installment, and held by a stale feed."""
        return self.days > 0


class Strategy(msgspec.Struct, frozen=True, eq=False):
    """A ladder, as one version of its file gives it; steps by moment.

    Compared by identity, so that what is remembered per strategy costs no comparison of ladders.
    """

    name: str
    stale_after: timedelta
    steps: tuple[Step, ...]
    digest: str  # of the file's meaning, not of its comments

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)


def span(text: object) -> timedelta:
    """ "4d", "36h" or "30m" -> timedelta."""
    found = _SPAN.fullmatch(str(text))
    if not found or not int(found[1]):
        raise ValueError(f"{text!r} is no length of time; write one like 4d, 36h or 30m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _moment(text: object) -> tuple[int, time]:
    """ "due - 3d 08:00" -> (-3, 08:00)."""
    found = _MOMENT.fullmatch(str(text).strip())
    if not found:
        raise ValueError(
            f"{text!r} is no moment; write one like 'due - 3d 08:00', 'due 08:00' or 'due + 15d'"
        )
    days = int(found["days"] or 0) * (-1 if found["sign"] == "-" else 1)
    return days, time(int(found["hour"] or 0), int(found["minute"] or 0))


def _expiry(text: object) -> timedelta | None:
    return None if text == "due" else span(text)


class StepSpec(BaseModel):
    """A step as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: Annotated[tuple[int, time], BeforeValidator(_moment)]
    expires: Annotated[timedelta | None, BeforeValidator(_expiry)]
    send: Annotated[str, Field(pattern=_NAME)] | None = None
    by: Annotated[tuple[Literal["chat", "sms", "email"], ...], Field(min_length=1)] | None = None
    fallback_after: Annotated[timedelta, BeforeValidator(span)] | None = None
    task: Literal["call", "visit", "review"] | None = None

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
        if self.expires is None and self.at[0] > 0:
            raise ValueError("`expires: due` is for steps up to the due date; write a length of time like 4d")
        return self


class StrategySpec(BaseModel):
    """A strategy as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    strategy: Annotated[str, Field(pattern=_NAME)]
    stale_after: Annotated[timedelta, BeforeValidator(span)]
    steps: Annotated[dict[Annotated[str, Field(pattern=_NAME)], StepSpec], Field(min_length=1)]


def read_strategy(text: str, name: str) -> Strategy:
    """The strategy written in `text` (YAML).

    StrategyInputError says: `name`, line, what is wrong, what would be right.
    """
    yaml: Any = YAML()  # its methods have no types
    try:
        tree: Any = yaml.load(text)
    except MarkedYAMLError as error:
        slip = cast("Any", error)
        line = slip.problem_mark.line + 1 if slip.problem_mark else 1
        problem = str(slip.problem).partition(" with value ")[0]  # a doubled key comes with all below it
        raise StrategyInputError(f"{name}, line {line}: {problem}") from error
    except YAMLError as error:
        raise StrategyInputError(f"{name}: {error}") from error
    if not isinstance(tree, CommentedMap):
        raise StrategyInputError(
            f"{name}, line 1: a strategy is a YAML mapping with `strategy`, `stale_after`, `steps`"
        )
    try:
        spec = StrategySpec.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(part for part in first["loc"] if part != "[key]")
        where = ".".join(str(part) for part in path)
        raise StrategyInputError(f"{name}, line {_line(tree, path)}: {where}: {_remedy(first)}") from error
    steps = [_step(step_id, written) for step_id, written in spec.steps.items()]
    steps.sort(key=lambda step: (step.days, step.hour))
    digest = sha256(spec.model_dump_json().encode()).hexdigest()
    return Strategy(spec.strategy, spec.stale_after, tuple(steps), digest)


# How each key is written, for those who wrote it otherwise.
_EXAMPLES = {
    "strategy": "strategy: gentle",
    "stale_after": "stale_after: 4d",
    "steps": "steps: a mapping of step ids to their keys",
    "at": "at: due - 3d 08:00",
    "expires": "expires: 4d",
    "send": "send: upcoming",
    "by": "by: [chat, sms, email]",
    "fallback_after": "fallback_after: 4h",
    "task": "task: call",
}


def _remedy(slip: ErrorDetails) -> str:
    """What is wrong and what would be right, in our words where the checker's say only what is wrong."""
    path = slip["loc"]
    key = next((str(part) for part in reversed(path) if str(part) in _EXAMPLES), "")
    match slip["type"]:
        case "value_error":
            return slip["msg"].removeprefix("Value error, ")
        case "extra_forbidden":
            known = StrategySpec.model_fields if len(path) == 1 else StepSpec.model_fields
            return f"is no key here; the keys are {', '.join(known)}"
        case "missing":
            return f"is missing; write it like `{_EXAMPLES[key]}`"
        case "string_pattern_mismatch":
            return "is no name; write small letters, digits and hyphens, like late-3"
        case "model_type" if len(path) > 1:
            return "is no step; give it `at`, `expires`, and either `send` with `by`, or `task`"
        case _:
            return f"{slip['msg']}; write it like `{_EXAMPLES[key]}`"


def _step(step_id: str, written: StepSpec) -> Step:
    days, hour = written.at
    return Step(
        step_id,
        days,
        hour,
        written.expires,
        written.send,
        written.task,
        written.by or (),
        written.fallback_after,
    )


def _line(tree: CommentedMap, path: tuple[str | int, ...]) -> int:
    """The line of the deepest key of `path` that stands in the file."""
    line = 1
    node: Any = tree
    for part in path:
        if not hasattr(node, "lc") or part not in node:
            break
        line = node.lc.key(part)[0] + 1
        node = node[part]
    return line


@cache
def shipped_strategies() -> Mapping[str, str]:
    """The text of each strategy that ships with Kept, by name."""
    folder = files("strategies").joinpath("library")
    texts = (entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return {read_strategy(text, "library").name: text for text in texts}
