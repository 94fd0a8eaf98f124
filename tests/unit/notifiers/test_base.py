"""Nothing but a SendError leaves an adapter, and nothing personal goes into logs, errors or metrics."""

import asyncio
from datetime import timedelta

import pytest
import structlog
from prometheus_client import REGISTRY

from notifiers.base import (
    NothingHandedOver,
    Notifier,
    OutcomeUnknown,
    Outgoing,
    Permanent,
    RecipientBlocked,
    SendError,
    Sent,
    Transient,
)
from tests.builders.outgoing import outgoing

ANN = "+12025550123"


class Scripted(Notifier):
    channel = "sms"
    provider = "scripted"

    def __init__(self, end: BaseException | None, before: BaseException | None = None) -> None:
        self.end = end
        self.before = before

    async def _send(self, outgoing: Outgoing) -> Sent:
        with NothingHandedOver():
            if self.before is not None:
                raise self.before
        if self.end is not None:
            raise self.end
        return Sent("scripted", "1", "accepted")


def counted(result: str) -> float:
    labels = {"channel": "sms", "provider": "scripted", "result": result}
    return REGISTRY.get_sample_value("kept_send_seconds_count", labels) or 0.0


@pytest.mark.parametrize(
    "error", [ValueError(ANN), KeyError(ANN), TimeoutError(), OSError(ANN), RuntimeError(), StopIteration()]
)
async def test_a_slip_that_may_have_sent_is_unknown(error: Exception):
    with structlog.testing.capture_logs() as lines, pytest.raises(OutcomeUnknown) as caught:
        await Scripted(error).send(outgoing(ANN))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert ANN not in f"{lines}{caught.value!r}"
    assert [line["event"] for line in lines] == ["unexpected", "send"]
    assert lines[0]["log_level"] == "error"


@pytest.mark.parametrize("error", [ValueError(ANN), TypeError(ANN), KeyError(ANN)])
async def test_a_slip_before_anything_was_handed_over_is_final(error: Exception):
    with structlog.testing.capture_logs() as lines, pytest.raises(Permanent) as caught:
        await Scripted(None, before=error).send(outgoing(ANN))
    assert (caught.value.code, caught.value.address_dead) == ("unsendable", False)
    assert ANN not in f"{lines}{caught.value!r}"


ERRORS = [
    Transient("later", timedelta(seconds=3)),
    Permanent("never", address_dead=True),
    RecipientBlocked("blocked"),
    OutcomeUnknown("silent"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
@pytest.mark.parametrize("stage", ["before", "after"])
async def test_what_an_adapter_says_itself_stays(error: SendError, stage: str):
    scripted = Scripted(None, before=error) if stage == "before" else Scripted(error)
    already = counted(error.result)
    with pytest.raises(SendError) as caught:
        await scripted.send(outgoing(ANN))
    assert caught.value is error
    assert counted(error.result) == already + 1


async def test_a_success_is_counted_and_not_written_of_above_debug():
    already = counted("accepted")
    with structlog.testing.capture_logs() as lines:
        await Scripted(None).send(outgoing(ANN))
    assert counted("accepted") == already + 1
    assert [line["log_level"] for line in lines] == ["debug"]


async def test_cancellation_passes_through():
    with pytest.raises(asyncio.CancelledError):
        await Scripted(asyncio.CancelledError()).send(outgoing(ANN))
