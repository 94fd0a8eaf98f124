"""URLs of settings, read strictly: what each must look like is said where it does not."""

from ipaddress import ip_address
from urllib.parse import urlsplit


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


def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is this machine; nothing is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
