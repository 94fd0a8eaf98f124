"""The rates of the providers that settings name, counted in Redis with every other process."""

from redis.asyncio import Redis

from casework.delivery.rates import Limits, Rates
from casework.delivery.windows import Rate
from kept.config import Settings

# Redis is near, or it counts as gone: deliverers go on without it.
_SECONDS = 1.0
# A chat's own limit is Telegram's, whatever was agreed for the bot as a whole.
_A_CHAT = Rate(1)


def rates_of(settings: Settings, redis_url: str) -> Rates:
    """By provider, as settings say; the sandbox has none. Close it with `close`."""
    limits: dict[str, Limits] = {}
    if settings.twilio.configured:
        limits["twilio"] = Limits(_rate(settings.twilio.rate))
    if settings.smtp.configured:
        limits["smtp"] = Limits(_rate(settings.smtp.rate))
    if settings.telegram.configured:
        limits["telegram"] = Limits(_rate(settings.telegram.rate), each=_A_CHAT)
    redis: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - redis leaves its options untyped
        redis_url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    return Rates(limits, redis)


def _rate(given: tuple[int, int] | None) -> Rate | None:
    return None if given is None else Rate(*given)
