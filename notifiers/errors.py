"""The only exceptions that leave an adapter. What the caller does is in each docstring.

`code` is the provider's own code ("21211", "smtp-550-5.1.1", "telegram-403") or one of ours; it holds no
personal data and is fit for logs and metrics.
"""

import asyncio
from datetime import timedelta
from typing import ClassVar


class SendError(Exception):
    """A message was not known to be taken; the kind says what follows. `result` names it in metrics."""

    result: ClassVar[str] = "outcome_unknown"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Transient(SendError):  # noqa: N818 - the word callers read
    """Certainly not taken, and a later attempt may succeed: plan the same contact again, at the earliest
    after `retry_after` (None: by the caller's own backoff). A `retry_after` binds every sender to this
    provider."""

    result = "transient"

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.retry_after = retry_after


class Permanent(SendError):  # noqa: N818 - the word callers read
    """Certainly not taken, and no later attempt would be: the contact failed; the next channel is taken. With
    `address_dead` the address itself is no good: suspend it for every loan of the person."""

    result = "permanent"

    def __init__(self, code: str, address_dead: bool = False) -> None:
        super().__init__(code)
        self.address_dead = address_dead


class RecipientBlocked(SendError):  # noqa: N818 - the word callers read
    """Certainly not taken: the recipient has opted out at the provider or blocked our sender. The contact
    failed; record the opt-out for this address and channel. The address is alive."""

    result = "recipient_blocked"


class DoorClosed(SendError):  # noqa: N818 - the word callers read
    """Certainly not taken: `Outgoing.may_still_go` said no while the adapter waited for its provider."""

    result = "door_closed"

    def __init__(self) -> None:
        super().__init__("door_closed")


class NeverBegan(asyncio.CancelledError):
    """Cancelled before the provider had anything of the message: it can be planned again at once."""


class OutcomeUnknown(SendError):  # noqa: N818 - the word callers read
    """Nobody can say whether it was taken. Never send again and never fall back: ask the provider, wait for a
    receipt, or let a person settle it."""
