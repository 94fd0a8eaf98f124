"""Log lines without personal data: JSON for machines, coloured text on a terminal, always on stderr.

What is redacted: values under the keys of PERSONAL and SECRET, and whatever looks like a mail address, an
international phone number or a URL's password in any other text, tracebacks and lines of libraries included.
Ids are fine to log.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import structlog
from structlog.typing import EventDict, Processor

REDACTED: Final = "[redacted]"
PERSONAL: Final = frozenset(
    [
        "address",
        "addresses",
        "alias",
        "body",
        "chat",
        "contact_name",
        "display_name",
        "email",
        "first_name",
        "from",
        "full_name",
        "last_name",
        "mail",
        "message_body",
        "mobile",
        "msisdn",
        "name",
        "note",
        "notes",
        "person",
        "phone",
        "phone_number",
        "recipient",
        "recipients",
        "sender",
        "subject",
        "text",
        "to",
        "username",
    ]
)
SECRET: Final = frozenset(
    [
        "api_key",
        "auth_token",
        "authorization",
        "cookie",
        "database_url",
        "dsn",
        "keys",
        "password",
        "redis_url",
        "secret",
        "token",
        "url",
    ]
)

_SENSITIVE: Final = PERSONAL | SECRET
_MAIL: Final = re.compile(r"[^\s@<>\"'(),;:=\[\]{}]+@[^\s@<>\"'(),;:\[\]{}]+\.[^\s@<>\"'(),;:\[\]{}.]+")
_PHONE: Final = re.compile(r"\+\d(?:[\s().-]{0,2}\d){6,14}")
# name:secret@ of a URL
_USERINFO: Final = re.compile(r"(?<=://)[^\s/@]*:[^\s/@]*@")


def configure(json: bool | None = None, level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's log lines through one formatter to stderr.

    `json` None: JSON unless stderr is a terminal.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # They tell of every wake-up, update and start, whether or not anything came of it.
    for chatty in ("aiogram", "alembic", "arq", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The structlog processor that takes personal data and secrets out of a line, last before rendering."""
    return {key: REDACTED if _is_sensitive(key, value) else _clean(value) for key, value in event.items()}


def _is_sensitive(key: str, value: object) -> bool:
    return key.lower() in _SENSITIVE and value is not None and not isinstance(value, bool)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _PHONE.sub(REDACTED, _MAIL.sub(REDACTED, _USERINFO.sub(f"{REDACTED}@", value)))
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {
            str(key): REDACTED if _is_sensitive(str(key), inner) else _clean(inner) for key, inner in pairs
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in cast("Iterable[object]", value)]
    if value is None or isinstance(value, bool | int | float):
        return value
    # an exception, a URL object, a struct: only its text could be printed, so its text is what is read
    return _clean(str(value))
