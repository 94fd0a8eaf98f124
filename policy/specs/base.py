"""What every rule of a pack states, and whom it binds."""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from policy.rules import Binding, Rule
from policy.rules.base import ACTORS, STAGES
from policy.values import CHANNELS, Actor, Channel, Purpose, Stage

Sureness = Literal["P", "P/S", "S", "S/U", "U", "house"]


def words(names: Iterable[str], last: str = ", ") -> str:
    """Names of data as people read them: "no answer, busy"; `last` parts the last two."""
    said = [name.replace("_", " ") for name in names]
    return last.join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Binds(Strict):
    """Whom a pack or a rule binds. A rule's own go before its pack's, key by key; purposes are a rule's."""

    actors: tuple[Actor, ...] | None = None
    stages: tuple[Stage, ...] | None = None
    channels: tuple[Channel, ...] | None = None
    purposes: tuple[Purpose, ...] | None = None


class PackHead(Protocol):
    """What a rule takes over from its pack, where it does not say otherwise."""

    @property
    def binds(self) -> Binds: ...
    @property
    def effective_from(self) -> date | None: ...
    @property
    def effective_to(self) -> date | None: ...


class RuleSpec(Strict):
    """What every rule states: where it comes from, how sure that is, what is checked and what cannot be."""

    source: str
    sure: Sureness
    checks: str = ""
    cannot: str = ""
    binds: Binds = Binds()
    effective_from: date | None = None  # the first day in effect
    effective_to: date | None = None  # the last

    # Purposes that the kind binds where `binds` does not say.
    default_purposes: ClassVar[tuple[str, ...]] = ("dunning",)
    reads: ClassVar[str] = ""

    @abstractmethod
    def rule(self, name: str, pack: PackHead) -> Rule | None:
        """The rule; None where it only states what the machine does not check."""

    @abstractmethod
    def number(self) -> str:
        """What it demands, in words."""

    def binding(self, pack: PackHead) -> Binding:
        """What it binds, its own words before those of its pack."""
        own, packs = self.binds, pack.binds
        return Binding(
            channels=frozenset(self._channels(own.channels or packs.channels or CHANNELS)),
            purposes=frozenset(own.purposes or packs.purposes or self.default_purposes),
            actors=frozenset(own.actors or packs.actors or ACTORS),
            stages=frozenset(own.stages or packs.stages or STAGES),
            since=self.effective_from or pack.effective_from,
            until=self.effective_to or pack.effective_to,
            reads=self.reads,
        )

    def _channels(self, bound: Iterable[str]) -> Iterable[str]:
        return bound
