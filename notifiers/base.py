"""What every adapter has in common: the call is timed, counted and logged without personal data, and nothing
but a `SendError` leaves it."""

import time
from abc import ABC, abstractmethod
from types import TracebackType

import structlog
from prometheus_client import Histogram

from notifiers.errors import (
    DoorClosed,
    NeverBegan,
    OutcomeUnknown,
    Permanent,
    RecipientBlocked,
    SendError,
    Transient,
)
from notifiers.results import Channel, Found, Media, Outgoing, Receipt, ReceiptState, Reply, Sent, State

__all__ = [
    "Channel",
    "DoorClosed",
    "Found",
    "Media",
    "NeverBegan",
    "NothingHandedOver",
    "Notifier",
    "OutcomeUnknown",
    "Outgoing",
    "Permanent",
    "Receipt",
    "ReceiptState",
    "RecipientBlocked",
    "Reply",
    "SendError",
    "Sent",
    "State",
    "Transient",
]

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifiers")

_SECONDS = Histogram(
    "kept_send_seconds",
    "Time from handing a message to a provider until its answer",
    ["channel", "provider", "result"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class NothingHandedOver:
    """`with NothingHandedOver():` around what an adapter does before it talks to anybody. A slip there (a
    text that cannot be encoded, a header with a line break) ends as `Permanent("unsendable")`: the same
    message would fail again. Outside of it a slip is `OutcomeUnknown`, for it may have gone."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, SendError):
            log.error("unsendable", error=type(error).__name__, where=_where(trace))
            raise Permanent("unsendable") from None


class Notifier(ABC):
    """One provider on one channel.

    `can_report_delivery` says whether receipts of delivery may follow an `accepted`: where they cannot,
    waiting for one before a fallback makes no sense.
    """

    channel: Channel
    provider: str
    can_report_delivery: bool = False

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hand one message over. No transaction may be open meanwhile. Raises `Transient`, `Permanent`,
        `RecipientBlocked` or `OutcomeUnknown` and no other exception. Cancellation passes through; a
        cancelled send is unknown, but for a `NeverBegan`."""
        started = time.perf_counter()
        try:
            sent = await self._send(outgoing)
        except SendError as error:
            self._note(outgoing, error.result, started, error.code)
            raise
        except Exception as error:
            code = f"unexpected-{type(error).__name__}"
            # Neither its text nor its cause goes on: foreign exceptions carry addresses in both.
            where = _where(error.__traceback__)
            log.error("unexpected", provider=self.provider, code=code, where=where)  # noqa: TRY400
            self._note(outgoing, "outcome_unknown", started, code)
            raise OutcomeUnknown(code) from None
        self._note(outgoing, sent.state, started, None)
        return sent

    @abstractmethod
    async def _send(self, outgoing: Outgoing) -> Sent:
        """The adapter's part. An exception that is no `SendError` counts as `OutcomeUnknown`."""

    async def close(self) -> None:
        """Let go of connections. Sending again afterwards opens new ones or fails as `Transient`."""
        return

    def _note(self, outgoing: Outgoing, result: str, started: float, code: str | None) -> None:
        took = time.perf_counter() - started
        _SECONDS.labels(self.channel, self.provider, result).observe(took)
        # A success is counted and stored with its contact: a line for each would cost more than the sending.
        write = log.debug if code is None else log.warning
        write(
            "send",
            contact=outgoing.contact,
            channel=self.channel,
            provider=self.provider,
            result=result,
            code=code,
            ms=round(took * 1000, 1),
        )


def _where(trace: TracebackType | None) -> str:
    """The innermost place of our own code in a traceback: enough to find it, without what it was about."""
    place = "?"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("notifiers"):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
