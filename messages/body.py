"""What is sent: the rendered body of one contact."""

import msgspec


class Body(msgspec.Struct, frozen=True):
    """A body ready to hand to a notifier.

    `text` is always there and says everything; `subject` and `html` are for mail alone; `buttons` are
    (label, data) pairs for chat; `segments` is what an SMS is billed as, and 0 on every other channel.
    """

    text: str
    subject: str | None = None
    html: str | None = None
    buttons: tuple[tuple[str, str], ...] = ()
    segments: int = 0
