"""What a person's stop closes, and the one confirmation that it leaves open."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from policy.rules.base import Binding
from policy.values import Ask, Situation

# How the record calls an inbound message that revoked the channel.
_STOPS: Final[frozenset[str]] = frozenset({"stop", "opt_out", "revoked", "unsubscribe"})


class Stop(msgspec.Struct, frozen=True):
    """A channel that the person stopped is closed, except for answers, the one confirmation and statute."""

    name: str
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        return None if situation.consents.get(ask.channel) == "revoked" else at

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        return f"the person stopped {ask.channel}"


class Confirmation(msgspec.Struct, frozen=True):
    """One confirmation of a stop; within `minutes` of it, where a pack says so.

    The stop is the one on record, however it was told; where there is none, the last message from the person
    on the channel that is called one, else their last message there. Without any, when they stopped is not
    known, and the rule counts as met.
    """

    name: str
    minutes: int | None
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        stopped = _stopped(ask, situation, at)
        if stopped is None:
            return at
        if self._confirmed(ask, situation, stopped, at):
            return None
        late = self.minutes is not None and at - stopped > timedelta(minutes=self.minutes)
        return None if late else at

    def _confirmed(self, ask: Ask, situation: Situation, stopped: datetime, at: datetime) -> bool:
        return any(
            stopped <= one.at <= at and (one.message == 0 or one.message != ask.message)
            for one in situation.past
            if one.channel == ask.channel and not one.inbound
        )

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        stopped = _stopped(ask, situation, at)
        if stopped is None:
            return "when the person stopped is not known"
        if self._confirmed(ask, situation, stopped, at):
            return "something was said on the channel after the stop"
        return f"the stop is {int((at - stopped).total_seconds() // 60)} minutes old"


def _stopped(ask: Ask, situation: Situation, at: datetime) -> datetime | None:
    told = situation.stopped.get(ask.channel)
    if told is not None and told <= at:
        return told
    written = [one for one in situation.past if one.inbound and one.channel == ask.channel and one.at <= at]
    stops = [one for one in written if one.result in _STOPS]
    return max((one.at for one in stops or written), default=None)
