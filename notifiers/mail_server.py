"""Where mail goes, as KEPT_SMTP_URL says it. Apart from the adapter: reading settings needs no library."""

from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

_NEAR = ("localhost", "127.0.0.1", "::1")
_RIGHT = "write it as smtp://name:secret@host:587?starttls=1, or smtps://... for TLS from the start"


class Server(Struct, frozen=True):
    """A mail server: `smtp://name:secret@host:587?starttls=1` or `smtps://name:secret@host:465`.

    `starttls`: True demands it, False never, None (not stated) takes it where offered; with a secret, None
    demands it unless the host is this machine.
    """

    host: str
    port: int
    tls: bool
    starttls: bool | None
    username: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"

    @classmethod
    def read(cls, url: str) -> "Server":
        """Raises ValueError: what is wrong, what would be right, never the secret."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(f"is no SMTP URL; {_RIGHT}")
        try:
            port = parts.port
        except ValueError:
            raise ValueError(f"has a port that is no number up to 65535; {_RIGHT}") from None
        tls = parts.scheme == "smtps"
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        starttls = {None: None, "1": True, "0": False}.get(options.pop("starttls", None), "?")
        if isinstance(starttls, str) or options or (tls and starttls):
            raise ValueError(f"has options other than starttls=1 or starttls=0; {_RIGHT}")
        username = unquote(parts.username) if parts.username else None
        if username and not tls and starttls is None and parts.hostname not in _NEAR:
            starttls = True
        return cls(
            host=parts.hostname,
            port=port or (465 if tls else 587 if starttls else 25),
            tls=tls,
            starttls=False if tls else starttls,
            username=username,
            password=unquote(parts.password or "") if username else None,
        )
