"""What goes to a provider and what comes back: small frozen values, the same for every provider."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from messages.body import Body

Channel = Literal["sms", "email", "chat"]
State = Literal["accepted", "delivered"]
ReceiptState = Literal["accepted", "delivered", "failed"]


class Outgoing(Struct, frozen=True, kw_only=True):
    """One contact, ready to be handed over.

    `key` is stable for the contact ("kept-<installation>-<contact id>", ASCII without spaces or angle
    brackets): a mail carries it as its Message-ID, so that a repeat would be the same mail. `to` is what the
    channel addresses: an E.164 phone number, a mail address, a chat id. `sender` replaces the adapter's own
    sender (a portfolio has its own); None takes the adapter's. `opt_out_url` becomes List-Unsubscribe.
    `at` is the moment of the claim (aware); a mail carries it as its Date. `may_still_go` is asked where an
    adapter has waited (for a connection, for a slow server), before it gives anything of the message away:
    hours may have ended meanwhile.
    """

    contact: int
    key: str
    to: str
    body: Body
    language: str
    at: datetime
    sender: str | None = None
    opt_out_url: str | None = None
    may_still_go: Callable[[], bool] = lambda: True


class Sent(Struct, frozen=True):
    """The provider took it. `accepted` is not delivered: only where the adapter itself saw the message arrive
    does it say `delivered`. `provider_id` is what receipts and later questions name."""

    provider: str
    provider_id: str
    state: State


class Receipt(Struct, frozen=True, kw_only=True):
    """What a provider reported later about a message.

    `event_key` is the same for the same report said twice. `state` is None where the provider's word is not
    in the adapter's table: store it, alert, change nothing. `code` is the provider's own code. `address_dead`
    and `blocked` mean what `Permanent.address_dead` and `RecipientBlocked` mean. `at` is when it happened
    according to the provider, None where it does not say. `key` is the `Outgoing.key` of the message where
    the provider gives it back: it tells whose receipt it is although the answer to the send was lost.
    """

    provider: str
    event_key: str
    provider_id: str
    state: ReceiptState | None
    code: str | None = None
    address_dead: bool = False
    blocked: bool = False
    at: datetime | None = None
    key: str | None = None


class Media(Struct, frozen=True):
    """A picture or file that came with a reply: where the provider keeps it, and its MIME type."""

    url: str
    kind: str


class Reply(Struct, frozen=True, kw_only=True):
    """What somebody wrote to us. `provider_id` is the same for the same reply delivered twice. `keyword` is
    what the provider itself took the text for (it already acts on `stop`); None where it does not say."""

    provider: str
    provider_id: str
    channel: Channel
    sender: str
    recipient: str
    text: str
    media: tuple[Media, ...] = ()
    keyword: Literal["stop", "start", "help"] | None = None


class Found(Struct, frozen=True, kw_only=True):
    """A message that the provider has on record, found by asking (see `sms_twilio.look_up`). `at`: when it
    was made. The rest is as in a `Receipt`."""

    provider: str
    provider_id: str
    text: str
    state: ReceiptState | None
    code: str | None
    at: datetime | None
    address_dead: bool = False
    blocked: bool = False
