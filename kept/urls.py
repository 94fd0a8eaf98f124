"""URLs of settings, read strictly: what each must look like is said where it does not."""

from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr


class SmtpServer(BaseModel):
    """A mail server. `tls` is TLS from the first byte (smtps), `starttls` an upgrade that must succeed."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int
    name: str | None
    secret: SecretStr | None
    tls: bool
    starttls: bool


def web_url(url: str, example: str) -> str:
    """The URL without a slash at its end. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"is no web address; write it as {example}")
    return url.rstrip("/")


def port_of(url: str, right: str) -> int | None:
    """The port that a URL names, if any. Raises ValueError, ending in `right`."""
    try:
        return urlsplit(url).port
    except ValueError:
        raise ValueError(f"has a port that is no number up to 65535; {right}") from None


def smtp_server(url: str) -> SmtpServer:
    """`smtp://name:secret@host:587?starttls=1` taken apart; all but the host is optional.

    Raises ValueError.
    """
    right = "write it as smtp://name:secret@host:587?starttls=1, or smtps://... for TLS from the start"
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError(f"is no SMTP URL; {right}")
    tls = parts.scheme == "smtps"
    options = parse_qs(parts.query, keep_blank_values=True)
    starttls = options.pop("starttls", ["0"])
    if options or starttls not in (["0"], ["1"]) or (tls and starttls == ["1"]):
        raise ValueError(f"has options other than starttls=1 or starttls=0; {right}")
    return SmtpServer(
        host=parts.hostname,
        port=port_of(url, right) or (465 if tls else 587),
        name=unquote(parts.username) if parts.username else None,
        secret=SecretStr(unquote(parts.password)) if parts.password else None,
        tls=tls,
        starttls=starttls == ["1"],
    )


def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is this machine; nothing is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
