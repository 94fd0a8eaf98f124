"""One contact ready to be handed over, every field replaceable."""

from datetime import UTC, datetime
from typing import Any

from messages.body import Body
from notifiers.base import Outgoing

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def outgoing(
    to: str = "+12025550123",
    text: str = "Hello Ann, 250.00 USD is due on 5 March.",
    *,
    contact: int = 7,
    subject: str | None = None,
    html: str | None = None,
    buttons: tuple[tuple[str, str], ...] = (),
    **fields: Any,
) -> Outgoing:
    return Outgoing(
        **{
            "contact": contact,
            "key": f"kept-test-{contact}",
            "to": to,
            "body": Body(text=text, subject=subject, html=html, buttons=buttons, segments=1),
            "sender": None,
            "language": "en",
            "opt_out_url": None,
            "at": AT,
            **fields,
        }
    )
