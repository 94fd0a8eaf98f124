"""Every setting, typed, from the environment or `.env`; one class per integration.

`load()` is the only way in. A bad value raises SettingsError: one line with the setting's name, what is wrong
and what would be right, never the value, for it may hold a secret.
"""

import difflib
import logging
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from kept.keys import KEY_FILE, KeyRow, made_keys
from kept.sections import (
    PREFIX,
    Data,
    Database,
    Encryption,
    Http,
    Oidc,
    Pilot,
    Redis,
    Section,
    Smtp,
    Telegram,
    Twilio,
    Work,
)
from kept.urls import is_loopback

ENV_FILE: Final = Path(".env")


class SettingsError(ValueError):
    """A setting is wrong: its name, what is wrong, what would be right; one line, without its value."""


class Settings(BaseModel):
    """All settings. Secrets are SecretStr: they print as stars."""

    model_config = ConfigDict(frozen=True)

    data: Data
    database: Database
    redis: Redis
    twilio: Twilio
    smtp: Smtp
    telegram: Telegram
    http: Http
    oidc: Oidc
    encryption: Encryption
    work: Work
    pilot: Pilot

    @property
    def data_dir(self) -> Path:
        """Absolute; it may not exist yet."""
        return self.data.folder


def load(env_file: Path | None = ENV_FILE) -> Settings:
    """The settings of this process: its environment, then `env_file` where that exists.

    Raises SettingsError.
    """
    file = env_file if env_file is not None and env_file.is_file() else None
    _refuse_misspelt(file)
    parts: dict[str, Section] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        assert isinstance(section, type)
        assert issubclass(section, Section)
        try:
            # pydantic-settings takes it, but the constructor that pydantic declares to type checkers does not
            parts[name] = section(_env_file=file, _env_file_encoding="utf-8")  # pyright: ignore[reportCallIssue]
        except ValidationError as error:
            raise SettingsError(_line(error)) from None
    return Settings.model_validate(parts)


def setting_names() -> tuple[str, ...]:
    """Every KEPT_ name there is, as `.env.example` lists them."""
    sections = (field.annotation for field in Settings.model_fields.values())
    return tuple(
        str(field.validation_alias)
        for section in sections
        if isinstance(section, type) and issubclass(section, Section)
        for field in section.model_fields.values()
    )


def providers_elsewhere(settings: Settings) -> tuple[str, ...]:
    """The settings of configured providers whose host is not loopback: those that reach real people."""
    server = settings.smtp.server
    hosts = {
        "KEPT_TWILIO_API_URL": urlsplit(settings.twilio.api_url).hostname
        if settings.twilio.configured
        else None,
        "KEPT_SMTP_URL": server.host if server else None,
        "KEPT_TELEGRAM_API_URL": urlsplit(settings.telegram.api_url).hostname
        if settings.telegram.configured
        else None,
    }
    return tuple(name for name, host in hosts.items() if host is not None and not is_loopback(host))


def real_providers_are_loopback(settings: Settings) -> bool:
    """Whether a virtual `now` may be played: every configured provider is on this machine (or none is)."""
    return not providers_elsewhere(settings)


def _refuse_misspelt(env_file: Path | None) -> None:
    """A name one letter off would silently be no setting: fatal for KEPT_ONLY_TO, say."""
    from dotenv import dotenv_values

    known = setting_names()
    given = {**os.environ, **(dotenv_values(env_file) if env_file else {})}
    for name in given:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.88)
        if name.startswith(PREFIX) and name not in known and near:
            raise SettingsError(f"{name} is no setting of Kept; did you mean {near[0]}?")


def _line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    names = [part for part in first["loc"] if isinstance(part, str) and part.startswith(PREFIX)]
    text = first["msg"].removeprefix("Value error, ")
    return f"{names[0]} {text}" if names else text


def encryption_keys(settings: Settings) -> tuple[KeyRow, ...]:
    """(key id, 32 bytes) of what seals personal text, the active one first.

    Where KEPT_ENCRYPTION_KEYS is unset they are those of the data folder, made at the first call, which says
    so in the log. Raises SettingsError.
    """
    if settings.encryption.rows is not None:
        return settings.encryption.rows
    try:
        rows, made = made_keys(settings.data_dir)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"KEPT_ENCRYPTION_KEYS is unset, and {settings.data_dir / KEY_FILE} cannot be used: {reason}"
        ) from None
    if made:
        logging.getLogger(__name__).warning(
            "KEPT_ENCRYPTION_KEYS is unset: a key was made in %s. Keep a copy of it apart from the "
            "database's backups: without it, names, addresses and messages stay unreadable.",
            settings.data_dir / KEY_FILE,
        )
    return rows
