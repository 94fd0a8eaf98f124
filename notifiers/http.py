"""What adapters over HTTP share: time limits, and what a failure of the network says about the message."""

from datetime import timedelta

from aiohttp import ClientConnectorError, ClientTimeout, ConnectionTimeoutError

from notifiers.base import OutcomeUnknown, SendError, Transient

# What is wrong with our account or set-up fails every message alike: all wait, none is burnt.
OURS = timedelta(minutes=5)


def limits(seconds: float) -> ClientTimeout:
    """`seconds` for the whole exchange, a third of them for a free connection, so that a server which cannot
    be reached is told from one that took the request and fell silent."""
    return ClientTimeout(total=seconds, connect=seconds / 3)


def network_failure(provider: str, error: Exception) -> SendError:
    """A connection that never stood carried nothing. On one that did, the request may have been read: aiohttp
    does not repeat a POST, and neither may we."""
    if isinstance(error, ClientConnectorError | ConnectionTimeoutError):
        return Transient(f"{provider}-connect")
    if isinstance(error, TimeoutError):
        return OutcomeUnknown(f"{provider}-timeout")
    return OutcomeUnknown(f"{provider}-dropped")


def wait_of(header: str | None) -> timedelta | None:
    """Retry-After in seconds. The form with a date is not used by the providers here: None."""
    if header is None or not header.strip().isdecimal():
        return None
    return timedelta(seconds=min(int(header), 86_400))
