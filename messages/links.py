"""Links in a text, with or without a scheme, and whose they are."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_SIGN: Final = "a-z0-9\u00df-\u024f\u0370-\u04ff"  # Latin, Greek, Cyrillic
_LABEL: Final = rf"[{_SIGN}](?:[{_SIGN}-]*[{_SIGN}])?"
# Where one writes them without a scheme: these domains, or any with a path.
_KNOWN: Final = (
    "com|net|org|info|biz|xyz|top|site|online|app|link|click|shop|live|club|store|loan|money|pro|dev|io|ly|ru"
    "|рф|рус|cn|su|kz|uk|eu"
)
_LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]*:[/\\]{2}[^\s<>\"'“”，。；：！？、）】]*"
    rf"|(?<![@{_SIGN}.-])(?:{_LABEL}\.)+"
    rf"(?:(?:{_KNOWN})(?![{_SIGN}-]|\.[{_SIGN}])(?:[/:?#][^\s<>\"']*)?|[a-z]{{2,}}/[^\s<>\"']*)"
)


def hosts_in(text: str) -> list[str]:
    """The host of each link in `text`, in lower case; '' where it cannot be read."""
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = (
        "".join(sign for sign in plain if unicodedata.category(sign) != "Cf") if not text.isascii() else plain
    )
    return [_host(link) for link in _LINK.findall(plain)]


def hosts_of(*lines: str | None) -> frozenset[str]:
    """The hosts of the lender's own lines: how to pay, where to stop, where to reply."""
    return frozenset(host for line in lines if line for host in hosts_in(line) if host)


def is_own(host: str, own: Collection[str]) -> bool:
    """Whether `host` is one of `own` or below it."""
    return any(host == one or host.endswith(f".{one}") for one in own)


def _host(link: str) -> str:
    link = link.replace("\\", "/")
    whole = link if "://" in link else f"//{link}"
    path = whole.find("/", whole.index("//") + 2)
    return _host_at(whole if path < 0 else whole[:path])


@lru_cache(maxsize=4096)  # everybody's own link is to the same few
def _host_at(link: str) -> str:
    try:
        return (urlsplit(link).hostname or "").rstrip(".")
    except ValueError:
        return ""
