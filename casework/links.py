"""The signed link by which a person stops what they were sent: of a mail, or a sender that cannot receive.

It names the contact and nothing else; only who has the keys can make one. It does not expire: a person may
open a mail years later.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from casework.office import Office

PATH = "/stop/"
_MAC = 12  # bytes
_LONGEST = 40  # characters of a token


def stop_link(office: Office, contact: int) -> str | None:
    """Where `contact` can be stopped; None where nobody outside can reach this installation."""
    base = office.doors.public_url
    return None if base is None else f"{base.rstrip('/')}{PATH}{_token(office, contact)}"


def contact_of_link(office: Office, token: str) -> int | None:
    """The contact that a link was made for; None where we did not make it."""
    if not token.isascii() or len(token) > _LONGEST:
        return None
    try:
        read = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    contact = int.from_bytes(read[_MAC:])
    made = _token(office, contact)
    return contact if contact and hmac.compare_digest(made, token) else None


def _token(office: Office, contact: int) -> str:
    number = contact.to_bytes((contact.bit_length() + 7) // 8)
    mac = office.keyring.digest("stop_link", number)[:_MAC]
    return urlsafe_b64encode(mac + number).decode().rstrip("=")
