"""The rates of the providers that settings name, counted in Redis with every other process."""

from redis.asyncio import Redis

from casework.delivery.rates import Limits, Rates
from casework.delivery.windows import Rate
from casework.turnstile import Turnstile
from kept.config import Settings, providers_elsewhere
from kept.sections import Smtp, Telegram, Twilio

# Redis is near, or it counts as gone: deliverers go on without it.
_SECONDS = 1.0
# A chat's own limit is Telegram's, whatever was agreed for the bot as a whole.
_A_CHAT = Rate(1)


def rates_of(settings: Settings, redis_url: str) -> Rates:
    """By provider, as settings say; the sandbox has none. Close it with `close`.

    What stands in for a provider on this machine has no rate of its own, unless its setting gives one.
    """
    elsewhere = providers_elsewhere(settings)
    limits: dict[str, Limits] = {}
    if settings.twilio.configured:
        limits["twilio"] = _limits(settings.twilio, "KEPT_TWILIO_API_URL" in elsewhere)
    if settings.smtp.configured:
        limits["smtp"] = _limits(settings.smtp, "KEPT_SMTP_URL" in elsewhere)
    if settings.telegram.configured:
        limits["telegram"] = _limits(settings.telegram, "KEPT_TELEGRAM_API_URL" in elsewhere, _A_CHAT)
    return Rates(limits, _redis(redis_url))


def turnstile_of(redis_url: str) -> Turnstile:
    """How often tokens may ask, counted with all who serve. Close it with `close`."""
    return Turnstile(_redis(redis_url))


def _redis(url: str) -> Redis:
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - redis leaves its options untyped
        url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )


def _limits(section: Twilio | Smtp | Telegram, elsewhere: bool, each: Rate | None = None) -> Limits:
    if not elsewhere and "rate" not in section.model_fields_set:
        return Limits()
    return Limits(None if section.rate is None else Rate(*section.rate), each)
