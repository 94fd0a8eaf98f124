"""One class per integration: what each setting must look like, and what would be right where it does not.

The values come from the environment or `.env` (kept.config.load). Messages begin after the setting's name and
never hold its value.
"""

import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kept.keys import KeyRow, read_keys
from kept.urls import is_loopback, port_of, web_url
from notifiers.mail_server import Server

PREFIX: Final = "KEPT_"

_RATE: Final = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,2})?(s|min|h)")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600}


def _rate(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "none":
        return None
    found = _RATE.fullmatch(value.replace(" ", ""))
    if found is None:
        raise ValueError("is no rate; write it as 10/s, 20/2s, 100/min, or none for as fast as it goes")
    messages, count, unit = found.groups()
    return int(messages), int(count or 1) * _SECONDS[unit]


PerSeconds = Annotated[tuple[int, int] | None, NoDecode, BeforeValidator(_rate)]
"""Messages in any so many seconds, as one installation sends them; None: as fast as the provider takes them.
20 in 2 seconds is 10 a second and 20 at once."""


_SPAN: Final = re.compile(r"([1-9]\d{0,3})(s|min)")


def _span(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _SPAN.fullmatch(value.replace(" ", ""))
    if found is None:
        raise ValueError("is no length of time; write it as 30s or 2min")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


Span = Annotated[timedelta, NoDecode, BeforeValidator(_span)]


class Section(BaseSettings):
    """A group of settings, frozen, from the environment and a file that the caller names."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True, env_prefix=PREFIX
    )


class Database(Section):
    """PostgreSQL 15 or newer. `url` unset: the embedded one."""

    url: SecretStr | None = Field(None, validation_alias="KEPT_DATABASE_URL")

    @field_validator("url")
    @classmethod
    def _as_asyncpg(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        right = "write it as postgresql://name:secret@host:5432/kept"
        scheme, separator, rest = url.get_secret_value().partition("://")
        if not separator or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
            raise ValueError(f"is no PostgreSQL URL; {right}")
        port_of(f"postgresql://{rest}", right)
        if not urlsplit(f"postgresql://{rest}").path.strip("/"):
            raise ValueError(f"names no database; {right}")
        # libpq's word for it; asyncpg knows it as `ssl`
        return SecretStr(f"postgresql+asyncpg://{rest.replace('sslmode=', 'ssl=')}")


class Redis(Section):
    """Redis 6.2 or newer, or Valkey. `url` unset: the embedded Valkey."""

    url: SecretStr | None = Field(None, validation_alias="KEPT_REDIS_URL")

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        right = "write it as redis://host:6379/0, rediss://... for TLS, or unix:///path/of/socket?db=0"
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError(f"is no Redis URL; {right}")
        if parts.scheme != "unix":
            port_of(url.get_secret_value(), right)
        return url


class Twilio(Section):
    """SMS through Twilio, or what speaks its protocol at `api_url`: account, token and sender, or none."""

    account_sid: str | None = Field(None, validation_alias="KEPT_TWILIO_ACCOUNT_SID")
    auth_token: SecretStr | None = Field(None, validation_alias="KEPT_TWILIO_AUTH_TOKEN")
    sender: str | None = Field(None, validation_alias="KEPT_TWILIO_FROM")
    api_url: str = Field("https://api.twilio.com", validation_alias="KEPT_TWILIO_API_URL")
    rate: PerSeconds = Field((10, 1), validation_alias="KEPT_TWILIO_RATE")

    @property
    def configured(self) -> bool:
        return self.account_sid is not None

    @field_validator("api_url")
    @classmethod
    def _web(cls, url: str) -> str:
        return web_url(url, "https://api.twilio.com")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _all_or_none(
            KEPT_TWILIO_ACCOUNT_SID=self.account_sid,
            KEPT_TWILIO_AUTH_TOKEN=self.auth_token,
            KEPT_TWILIO_FROM=self.sender,
        )
        return self


class Smtp(Section):
    """Mail by SMTP: a server and the address it sends from, or neither."""

    url: SecretStr | None = Field(None, validation_alias="KEPT_SMTP_URL")
    sender: str | None = Field(None, validation_alias="KEPT_MAIL_FROM")
    rate: PerSeconds = Field((20, 1), validation_alias="KEPT_SMTP_RATE")

    @property
    def configured(self) -> bool:
        return self.url is not None

    @cached_property
    def server(self) -> Server | None:
        return None if self.url is None else Server.read(self.url.get_secret_value())

    @field_validator("url")
    @classmethod
    def _readable(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            Server.read(url.get_secret_value())
        return url

    @field_validator("sender")
    @classmethod
    def _mailbox(cls, sender: str | None) -> str | None:
        if sender is not None and "@" not in sender.strip("@<> "):
            raise ValueError(
                "is no mail address; write it as post@example.com or Example Bank <post@example.com>"
            )
        return sender

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _all_or_none(KEPT_SMTP_URL=self.url, KEPT_MAIL_FROM=self.sender)
        return self


class Telegram(Section):
    """The bot. `webhook` unset: long polling. Telegram itself allows 30 a second, and 1 to one chat:
    https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""

    token: SecretStr | None = Field(None, validation_alias="KEPT_TELEGRAM_TOKEN")
    api_url: str = Field("https://api.telegram.org", validation_alias="KEPT_TELEGRAM_API_URL")
    webhook: str | None = Field(None, validation_alias="KEPT_TELEGRAM_WEBHOOK")
    rate: PerSeconds = Field((25, 1), validation_alias="KEPT_TELEGRAM_RATE")
    payments: SecretStr | None = Field(None, validation_alias="KEPT_TELEGRAM_PAYMENTS")

    @property
    def configured(self) -> bool:
        return self.token is not None

    @field_validator("token")
    @classmethod
    def _shaped(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None:
            number, _, secret = token.get_secret_value().partition(":")
            if not number.isdigit() or not secret:
                raise ValueError(
                    "is no bot token; it looks like 123456:letters-and-digits, as BotFather gives it"
                )
        return token

    @field_validator("api_url")
    @classmethod
    def _web(cls, url: str) -> str:
        return web_url(url, "https://api.telegram.org")

    @field_validator("webhook")
    @classmethod
    def _web_or_none(cls, url: str | None) -> str | None:
        return None if url is None else web_url(url, "https://kept.example.com/webhooks/telegram")


class Http(Section):
    """Where the API, the webhooks and the console listen, and how the world reaches them."""

    listen: str = Field("127.0.0.1:8080", validation_alias="KEPT_HTTP")
    configured_public_url: str | None = Field(None, validation_alias="KEPT_PUBLIC_URL")
    webhooks_private: bool = Field(False, validation_alias="KEPT_WEBHOOKS_PRIVATE")

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def public_url(self) -> str:
        """Without a slash at its end; where providers' callbacks come in and links in messages lead."""
        return self.configured_public_url or f"http://{self.listen}"

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("is no host:port; write it as 127.0.0.1:8080")
        return listen

    @field_validator("configured_public_url")
    @classmethod
    def _web(cls, url: str | None) -> str | None:
        return None if url is None else web_url(url, "https://kept.example.com")


class Oidc(Section):
    """Single sign-on by OpenID Connect: issuer, client and its secret, or none of the three."""

    issuer: str | None = Field(None, validation_alias="KEPT_OIDC_ISSUER")
    client_id: str | None = Field(None, validation_alias="KEPT_OIDC_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, validation_alias="KEPT_OIDC_CLIENT_SECRET")

    @field_validator("issuer")
    @classmethod
    def _web(cls, url: str | None) -> str | None:
        if url is None:
            return None
        right = "https://login.example.com/realms/bank"
        host = urlsplit(web_url(url, right)).hostname or ""
        if not url.startswith("https://") and not is_loopback(host):
            raise ValueError(f"is no https address, and who signs in would be read on the way; write {right}")
        return url  # as it is: what the issuer calls itself must be the same to the letter

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _all_or_none(
            KEPT_OIDC_ISSUER=self.issuer,
            KEPT_OIDC_CLIENT_ID=self.client_id,
            KEPT_OIDC_CLIENT_SECRET=self.client_secret,
        )
        return self


class Encryption(Section):
    """Keys for what is stored sealed. Unset: kept.keys makes one in the data folder."""

    keys: SecretStr | None = Field(None, validation_alias="KEPT_ENCRYPTION_KEYS")

    @property
    def rows(self) -> tuple[KeyRow, ...] | None:
        """(key id, 32 bytes), the active one first; None when unset."""
        return None if self.keys is None else read_keys(self.keys.get_secret_value())

    @field_validator("keys")
    @classmethod
    def _readable(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            read_keys(keys.get_secret_value())
        return keys


class Work(Section):
    """`lease`: what a worker took is its own for so long; if it dies, others wait so long for it. `sweep`:
    how often is looked for what no wake-up reached."""

    lease: Span = Field(timedelta(minutes=2), validation_alias="KEPT_LEASE")
    sweep: Span = Field(timedelta(seconds=10), validation_alias="KEPT_SWEEP")

    @field_validator("lease")
    @classmethod
    def _long_enough(cls, lease: timedelta) -> timedelta:
        if lease < timedelta(seconds=2):
            raise ValueError("is too short to send anything in; 2s is the least, and 2min is right")
        return lease

    @field_validator("sweep")
    @classmethod
    def _within_a_minute(cls, sweep: timedelta) -> timedelta:
        if sweep > timedelta(minutes=1):
            raise ValueError("is too long; 1min is the most, and 10s is right")
        return sweep


class Pilot(Section):
    """`only_to`: nobody but these addresses is sent to; None: everybody who is due."""

    only_to: Annotated[tuple[str, ...] | None, NoDecode] = Field(None, validation_alias="KEPT_ONLY_TO")

    @field_validator("only_to", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        addresses = tuple(part.strip() for part in value.split(",") if part.strip())
        if not addresses:
            raise ValueError("lists no address; write +14155550100,someone@example.com, or leave it unset")
        return addresses


class Data(Section):
    """The folder of everything Kept keeps on this machine."""

    folder: Path = Field(Path("var"), validation_alias="KEPT_DATA_DIR")

    @field_validator("folder")
    @classmethod
    def _a_folder(cls, folder: Path) -> Path:
        if folder.exists() and not folder.is_dir():
            raise ValueError("is a file; name a folder, or leave it unset for var/")
        return folder.expanduser().absolute()


def _all_or_none(**given: object) -> None:
    missing = [name for name, value in given.items() if value is None]
    if missing and len(missing) < len(given):
        there = next(name for name in given if name not in missing)
        raise ValueError(f"{missing[0]} is missing: {there} is set, and needs it beside it")
