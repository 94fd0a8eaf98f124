"""What is sent: the rendered body of one contact."""

from typing import Final

import msgspec

LENGTH: Final = {"sms": 1_000, "email": 20_000, "chat": 4_000}
"""The most characters a channel may have. Telegram takes 4,096."""


class Body(msgspec.Struct, frozen=True):
    """A body ready to hand to a notifier.

    `text` is always there and says everything; `subject` and `html` are for mail alone; `buttons` are
    (label, action) pairs for chat, the action one of `templates.ACTIONS`; `segments` is what an SMS is
    billed as, and 0 on every other channel.
    """

    text: str
    subject: str | None = None
    html: str | None = None
    buttons: tuple[tuple[str, str], ...] = ()
    segments: int = 0
