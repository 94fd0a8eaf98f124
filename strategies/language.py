"""The language of strategies: one YAML file is one strategy, checked with the line of each error.

A step is a moment (strategies/moments.py), an optional `when` (strategies/conditions.py), and a message
(`send`, `by`, `fallback_after`, `spread`) or a `task`; `expires` says when it has lost its sense. The whole
has a segment, a priority among the strategies of a portfolio, arms, a guard, and says how what is in flight
moves to a new version. The keys are in strategies/spec.py.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import time, timedelta
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, cast

import msgspec
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from strategies.arms import Arms
from strategies.conditions import Condition
from strategies.errors import StrategyInputError
from strategies.mistakes import Slip, line_of, no_text, slips_of
from strategies.moments import Moment, span
from strategies.segment import Segment
from strategies.spec import SegmentSpec, StepSpec, StrategySpec

__all__ = ["Slip", "Step", "Strategy", "read_strategy", "shipped_strategies", "slips", "span"]

# Where work goes, unless its step says otherwise.
_QUEUES: Final = {
    "call": "desk",
    "visit": "field",
    "review": "supervisor",
    "reconcile": "back-office",
    "trace": "trace",
}
_PRIORITY: Final = 5


class Step(msgspec.Struct, frozen=True):
    """One rung of the ladder."""

    id: str
    at: Moment
    expires: timedelta | None  # after its moment; None: at the end of the day of its anchor
    template: str | None  # a message, or
    task: str | None  # work for a person
    by: tuple[str, ...] = ()
    fallback_after: timedelta | None = None
    when: Condition | None = None
    arm: tuple[str, ...] = ()  # empty: for every arm
    spread: timedelta | None = None
    queue: str = ""
    priority: int = _PRIORITY  # 1 comes first
    deadline: timedelta | None = None  # of the work, after it was handed out; None: until it expires

    @property
    def days(self) -> int:
        """From the anchor's date, in the borrower's zone."""
        return self.at.days

    @property
    def hour(self) -> time:
        return self.at.hour

    @property
    def post_due(self) -> bool:
        """It speaks of what should have been paid, or was promised: held by a stale feed."""
        return self.at.anchor in ("promise", "broken") or (self.at.anchor == "due" and self.at.days > 0)


class Strategy(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A ladder, as one version of its file gives it; steps by anchor and moment.

    Compared by identity, so that what is remembered per strategy costs no comparison of ladders.
    """

    name: str
    stale_after: timedelta
    steps: tuple[Step, ...]
    digest: str  # of the file's meaning, not of its comments
    segment: Segment = Segment()
    priority: int = 0  # among the strategies that take a loan in, the highest governs
    guard: int | None = None  # contacts a day that a publish may bring without approval
    migrate: str = "next_step"  # next_step | at_cure | now
    arms: Arms | None = None

    def step(self, step_id: str) -> Step:
        return self._by_id[step_id]

    def has(self, step_id: str) -> bool:
        return step_id in self._by_id

    @cached_property
    def _by_id(self) -> dict[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def names(self) -> frozenset[str]:
        """The facts that its conditions and its segment read."""
        conditions = [step.when.names for step in self.steps if step.when is not None]
        return self.segment.names.union(*conditions, {"arm"} if self.arms is not None else ())

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What its steps count from: due, promise, broken, case."""
        return frozenset(step.at.anchor for step in self.steps)

    @cached_property
    def plain(self) -> bool:
        """Whether its steps come at one moment for everybody: those of one due date are remembered."""
        return all(step.spread is None for step in self.steps)


def read_strategy(text: str, name: str) -> Strategy:
    """The strategy written in `text` (YAML).

    StrategyInputError says: `name`, line, what is wrong, what would be right.
    """
    read = _strategy_in(text)
    if isinstance(read, Slip):
        raise StrategyInputError(f"{name}, line {read.line}: {read.says}")
    return read


@lru_cache(maxsize=2048)  # a book reads all of its versions again whenever one thing changes: 30 ms each
def _strategy_in(text: str) -> Strategy | Slip:
    """What is written, or the most telling slip."""
    read = _read(text)
    return read.slips[0] if read.spec is None else _strategy(read.spec)


def slips(text: str, name: str, texts: Collection[tuple[str, str]]) -> tuple[Slip, ...]:
    """Everything that is wrong with a file, line by line; none: it is a strategy that may be published.

    name    the strategy that it has to be
    texts   (name, channel) of each text that a step may speak in
    """
    read = _read(text)
    found = list(read.slips)
    if read.spec is not None and read.tree is not None:
        if read.spec.strategy != name:
            line, where = line_of(read.tree, ("strategy",))
            found.append(Slip(line, f"{where}it is {name} that is written here; write `strategy: {name}`"))
        for step_id, written in read.spec.steps.items():
            line, where = line_of(read.tree, ("steps", step_id, "send"))
            found.extend(
                Slip(line, where + no_text(written.send, channel, texts))
                for channel in written.by or ()
                if (written.send, channel) not in texts
            )
    return tuple(sorted(found))


class _Read(msgspec.Struct, frozen=True):
    """A file as far as it can be read; `spec` None: its slips say why, the most telling first."""

    tree: Any  # a CommentedMap, whose methods have no types; None: it is no mapping
    spec: StrategySpec | None
    slips: tuple[Slip, ...] = ()


def _read(text: str) -> _Read:
    yaml: Any = YAML()  # its methods have no types
    try:
        tree: Any = yaml.load(text)
    except MarkedYAMLError as error:
        slip = cast("Any", error)
        line = slip.problem_mark.line + 1 if slip.problem_mark else 1
        problem = str(slip.problem).partition(" with value ")[0]  # a doubled key comes with all below it
        says = f"{problem}; write each key once, two spaces deeper than what it is of"
        return _Read(None, None, (Slip(line, says),))
    except YAMLError as error:
        return _Read(None, None, (Slip(1, " ".join(str(error).split())),))
    if not isinstance(tree, CommentedMap):
        says = "a strategy is a YAML mapping with `strategy`, `stale_after`, `steps`"
        return _Read(None, None, (Slip(1, says),))
    try:
        spec = StrategySpec.model_validate(tree)
    except ValidationError as error:
        return _Read(tree, None, tuple(slips_of(tree, error.errors())))
    wrong = tuple(_no_arms(tree, spec))
    return _Read(tree, None if wrong else spec, wrong)


def _no_arms(tree: CommentedMap, spec: StrategySpec) -> Iterator[Slip]:
    """Each arm that a step is for and the file has not."""
    arms = set(spec.arms.split) if spec.arms else set[str]()
    there = f"the arms are {', '.join(sorted(arms))}" if arms else "add `arms` to the file"
    for step_id, written in spec.steps.items():
        line, where = line_of(tree, ("steps", step_id, "arm"))
        for arm in written.arm or ():
            if arm not in arms:
                yield Slip(line, f"{where}{arm!r} is no arm: {there}")


def _strategy(spec: StrategySpec) -> Strategy:
    steps = [_step(step_id, written) for step_id, written in spec.steps.items()]
    steps.sort(key=lambda step: (step.at.days, step.at.hour))
    digest = sha256(spec.model_dump_json(exclude_defaults=True).encode()).hexdigest()
    return Strategy(
        spec.strategy,
        spec.stale_after,
        tuple(steps),
        digest,
        _segment(spec.segment),
        spec.priority,
        spec.guard,
        spec.migrate,
        None
        if spec.arms is None
        else Arms(spec.arms.experiment, tuple(spec.arms.split.items()), spec.arms.holdout, spec.arms.horizon),
    )


def _step(step_id: str, written: StepSpec) -> Step:
    return Step(
        step_id,
        written.at,
        None if isinstance(written.expires, str) else written.expires,
        written.send,
        written.task,
        written.by or (),
        written.fallback_after,
        written.when,
        written.arm or (),
        written.spread,
        written.queue or _QUEUES.get(written.task or "", ""),
        written.priority or _PRIORITY,
        written.deadline,
    )


def _segment(written: SegmentSpec | None) -> Segment:
    if written is None:
        return Segment()
    return Segment(
        buckets=tuple(written.bucket or ()),
        missed=tuple(written.missed or ()),
        arrears=tuple(written.arrears or ()),
        outstanding=tuple(written.outstanding or ()),
        product=written.product or (),
        risk=written.risk or (),
        tags=written.tags or (),
        language=written.language or (),
        country=written.country or (),
        contactable=written.contactable or (),
        attributes=tuple(sorted((written.attributes or {}).items())),
    )


@cache
def shipped_strategies() -> Mapping[str, str]:
    """The text of each strategy that ships with Kept, by name."""
    folder = files("strategies").joinpath("library")
    texts = (entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return {read_strategy(text, "library").name: text for text in texts}
