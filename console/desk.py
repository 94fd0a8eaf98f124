"""What the doors of HTTP are handed by kept/."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from casework.office import Clock, Office
from casework.seal import Head
from casework.staff.entrance import Entrance
from casework.staff.rights import Actor, Role
from casework.staff.single_sign_on import SingleSignOn
from casework.turnstile import Turnstile
from notifiers.base import Receipt, Reply
from notifiers.sms_twilio import Form


class SmsDoor(Protocol):
    """What checks and reads the webhooks of the SMS provider: notifiers.sms_twilio.Twilio."""

    def verify(self, url: str, params: Form, signature: str | None) -> bool: ...
    def read_status(self, form: Form, key: str | None = None) -> Receipt: ...
    def read_reply(self, form: Form) -> Reply: ...


class ChatDoor(msgspec.Struct, frozen=True):
    """What hears the messenger's webhook: the secret it shows, and who stores an update and wakes the bot."""

    secret: str
    take: Callable[[Mapping[str, Any]], Awaitable[None]]


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that pages and webhooks need.

    public_url      where providers and readers reach us, without a slash at its end
    listens_on      the host that the server is bound to: pages with personal data need a loopback one
    twilio          None where SMS is not by Twilio
    chat            None where there is no bot
    turnstile       how often a token may ask of the API; None: as often as it likes
    wake            wakes a job ("look", "hear"); what it raises is logged, for the sweep finds what it missed
    queue_answers   whether Redis does
    entrance        who signs in, and is known again; None: there are no pages
    single          who asks an issuer whom it vouches for; None: single sign-on is not set up
    anchored        the heads of the audit chain that were kept outside the database; reads a file
    demo            by role, whom a visitor of the demo may be; None, as everywhere else, where it is none
    pushed          the folder for what is pushed while it is worked: gone with the answer
    uploads         the folder where tapes wait that were uploaded; a worker must have the same one
    """

    office: Office
    clock: Clock
    public_url: str
    listens_on: str
    twilio: SmsDoor | None
    wake: Callable[[str], Awaitable[None]]
    queue_answers: Callable[[], Awaitable[bool]]
    chat: ChatDoor | None = None
    turnstile: Turnstile | None = None
    entrance: Entrance | None = None
    single: SingleSignOn | None = None
    anchored: Callable[[], Sequence[Head]] | None = None
    demo: Mapping[Role, int] | None = None
    pushed: Path = Path("var/pushed")
    uploads: Path = Path("var/uploads")
    webhooks: Actor = Actor("webhook", Role.SYSTEM)
