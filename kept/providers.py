"""The adapters in use: real where settings name a provider, the sandbox's outbox for every other channel."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kept.config import Settings
from notifiers.base import Channel, Notifier
from notifiers.only_to import OnlyTo
from notifiers.sandbox import Sandbox, Store

if TYPE_CHECKING:
    from notifiers.hook import HookPoster
    from notifiers.sms_twilio import Twilio

CHANNELS: tuple[Channel, ...] = ("sms", "email", "chat")


def twilio_of(settings: Settings) -> "Twilio | None":
    """The Twilio adapter, where its settings are given."""
    twilio = settings.twilio
    if not (twilio.account_sid and twilio.auth_token and twilio.sender):
        return None
    from notifiers.sms_twilio import Twilio

    return Twilio(
        twilio.account_sid,
        twilio.auth_token.get_secret_value(),
        twilio.sender,
        api_url=twilio.api_url,
        public_url=settings.http.configured_public_url,
    )


def poster_of(settings: Settings) -> "HookPoster":
    """What tells other systems. Close it with `close`."""
    from notifiers.hook import HookPoster

    return HookPoster(private=settings.http.webhooks_private)


def _real(settings: Settings, channel: Channel) -> Notifier | None:
    if channel == "sms":
        return twilio_of(settings)
    if channel == "email" and settings.smtp.server and settings.smtp.sender:
        from notifiers.email_smtp import Smtp

        return Smtp(settings.smtp.server, settings.smtp.sender)
    if channel == "chat" and settings.telegram.token:
        from notifiers.chat_telegram import Telegram

        return Telegram(settings.telegram.token.get_secret_value(), api_url=settings.telegram.api_url)
    return None


def notifiers_of(settings: Settings, outbox: Store) -> Mapping[str, Notifier]:
    """By channel. With KEPT_ONLY_TO nobody else is reached, whatever the adapter."""
    found: dict[str, Notifier] = {}
    for channel in CHANNELS:
        notifier = _real(settings, channel) or Sandbox(channel, outbox)
        if settings.pilot.only_to is not None:
            notifier = OnlyTo(notifier, settings.pilot.only_to)
        found[channel] = notifier
    return found


def askable_of(settings: Settings) -> "Mapping[str, Twilio]":
    """Providers that can be asked what became of a message, by channel. Close them."""
    twilio = twilio_of(settings)
    return {} if twilio is None else {twilio.channel: twilio}
