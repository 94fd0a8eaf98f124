"""Personal text at rest: sealed with AES-GCM, bound to its row, found again through keyed tokens.

A sealed value is `version | length of key id | key id | nonce (12) | ciphertext and tag (16)`. What is
authenticated beside the text is that header and `table.column.pk`, so a value copied to another row or column
does not open.

Tokens and digests come from the ring's oldest key, which is the first one named: they must stay equal over a
rotation, or nothing would be found again. docs/decisions/0004-encryption.md says what follows from that.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
TOKEN_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_VERSION: Final = 1
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


class CryptError(Exception):
    """Keys, or what they sealed, are wrong. Messages name places and key ids, never text or keys."""


class KeyringError(CryptError):
    """The ring itself is not usable: no key, a key of the wrong length, an id that is not one."""


class UnknownKeyError(CryptError):
    """A value was sealed with a key that the ring does not hold."""


class TamperedError(CryptError):
    """A value is not what was sealed at this place: altered, cut, or moved from another row or column."""


class Keyring:
    """Several keys by id: every one opens, the active one seals, the first one makes tokens and digests.

    `keys` are 32 random bytes each, oldest first, by ids of 1-32 ASCII letters, digits, `-` or `_`. `nonce`
    gives that many random bytes (os.urandom, wired in kept/). Raises KeyringError.
    """

    __slots__ = ("_active", "_bindings", "_ciphers", "_header", "_nonce", "_secrets", "_seed", "token_key")

    def __init__(self, keys: Mapping[str, bytes], active: str, nonce: Callable[[int], bytes]) -> None:
        if not keys:
            raise KeyringError("no encryption key is given; at least one is needed")
        for key_id, key in keys.items():
            _check_key(key_id, key)
        if len(set(keys.values())) != len(keys):
            raise KeyringError("two key ids name the same key; a rotation needs a new one")
        if active not in keys:
            raise KeyringError(f"the active key {active!r} is not among the keys {', '.join(keys)}")
        self.token_key: Final[str] = next(iter(keys))
        self._active = active
        self._nonce = nonce
        self._ciphers = {key_id: AESGCM(_derive(key, "seal")) for key_id, key in keys.items()}
        self._header = _header(active)
        self._seed = _derive(keys[self.token_key], "tokens")
        self._bindings: dict[tuple[str, str], bytes] = {}
        self._secrets: dict[tuple[str, str], bytes] = {}

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._ciphers)}; active {self._active}, tokens {self.token_key})"

    def seal(self, table: str, column: str, pk: int, text: str) -> bytes:
        """Encrypt `text` for the one place `table.column` of row `pk`. CryptError if it is not Unicode."""
        try:
            plain = text.encode()
        except UnicodeEncodeError:  # it carries the text, so it must not travel on
            plain = None
        if plain is None:
            raise CryptError(
                f"the text for {table}.{column} of row {pk} holds half a character and cannot be stored"
            )
        header = self._header
        nonce = self._nonce(_NONCE_BYTES)
        bound = header + self._binding(table, column) + b"%d" % pk
        return header + nonce + self._ciphers[self._active].encrypt(nonce, plain, bound)

    def open(self, table: str, column: str, pk: int, blob: bytes) -> str:
        """Decrypt what `seal` made for this place. Raises UnknownKeyError or TamperedError."""
        key_id, start = self._key_id(blob, f"{table}.{column} of row {pk}")
        text_start = start + _NONCE_BYTES
        bound = blob[:start] + self._binding(table, column) + b"%d" % pk
        try:
            return self._ciphers[key_id].decrypt(blob[start:text_start], blob[text_start:], bound).decode()
        except InvalidTag:
            raise TamperedError(
                f"{table}.{column} of row {pk} is not what was sealed there: altered, or moved here"
            ) from None

    def needs_rotation(self, blob: bytes) -> bool:
        """Whether another key than the active one sealed `blob`. Raises UnknownKeyError or TamperedError."""
        return self._key_id(blob, "a sealed value")[0] != self._active

    def token(self, kind: str, value: str) -> bytes:
        """The 16 bytes under which a normalised value is found: equal for equal values of a kind.

        `kind` (phone, email, chat, name...) separates domains: one text under two kinds has unrelated tokens.
        """
        return hmac.digest(self._secret("token", kind), value.encode("utf-8", "surrogatepass"), "sha256")[
            :TOKEN_BYTES
        ]

    def digest(self, kind: str, content: bytes) -> bytes:
        """16 bytes that tell whether `content` changed since last seen, and nothing to who has no key."""
        return hmac.digest(self._secret("digest", kind), content, "sha256")[:TOKEN_BYTES]

    def fingerprint(self) -> bytes:
        """Names the token key without telling it: stored with the data and compared at start, so that a ring
        whose oldest key was dropped or reordered is refused before a look-up silently finds nobody."""
        return hmac.digest(self._secret("fingerprint", self.token_key), b"", "sha256")[:TOKEN_BYTES]

    def _key_id(self, blob: bytes, place: str) -> tuple[str, int]:
        if len(blob) < 2 or blob[0] != _VERSION:
            raise TamperedError(f"{place} is no sealed value of version {_VERSION}")
        start = 2 + blob[1]
        if len(blob) < start + _NONCE_BYTES + _TAG_BYTES:
            raise TamperedError(f"{place} is shorter than a sealed value can be")
        key_id = blob[2:start].decode("ascii", "backslashreplace")
        if key_id not in self._ciphers:
            raise UnknownKeyError(
                f"{place} was sealed with the key {key_id!r}; the ring has {', '.join(self._ciphers)}"
            )
        return key_id, start

    def _binding(self, table: str, column: str) -> bytes:
        binding = self._bindings.get((table, column))
        if binding is None:
            if not (table.isidentifier() and column.isidentifier()):  # a dot would let two places look alike
                raise CryptError(f"{table!r}.{column!r} is no name of a table and a column")
            binding = self._bindings[table, column] = f"{table}.{column}.".encode()
        return binding

    def _secret(self, use: str, kind: str) -> bytes:
        secret = self._secrets.get((use, kind))
        if secret is None:
            secret = self._secrets[use, kind] = _derive(self._seed, f"{use} {kind}")
        return secret


def normal_email(text: str) -> str:
    """An email address as tokens know it: trimmed, lower case, its domain in ASCII. ValueError if none.

    The local part is lowered too: no provider in use tells `Ann@` from `ann@`, and two tapes seldom agree.
    """
    local, at, domain = unicodedata.normalize("NFC", text).strip().lower().rpartition("@")
    if not (local and at and domain) or any(sign.isspace() for sign in local + domain):
        raise ValueError("an email address is written name@domain")
    if domain.isascii():
        return f"{local}@{domain}"
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not domain:
        raise ValueError("the domain of the email address cannot be written in ASCII")
    return f"{local}@{domain}"


def normal_phone(text: str) -> str:
    """A number already in E.164 (`+`, 7 to 15 digits, no leading zero), unchanged; else ValueError."""
    if _E164.fullmatch(text):
        return text
    raise ValueError("a phone number is stored in E.164: + and 7 to 15 digits")


def _check_key(key_id: str, key: bytes) -> None:
    if not (
        1 <= len(key_id) <= 32 and key_id.isascii() and key_id.replace("-", "").replace("_", "").isalnum()
    ):
        raise KeyringError(f"the key id {key_id[:32]!r} is not 1 to 32 ASCII letters, digits, - or _")
    if len(key) != KEY_BYTES:
        raise KeyringError(f"the key {key_id!r} has {len(key)} bytes; {KEY_BYTES} are needed")


def _header(key_id: str) -> bytes:
    return bytes((_VERSION, len(key_id))) + key_id.encode("ascii")


def _derive(key: bytes, use: str) -> bytes:
    """A key of its own for each use (HKDF-SHA256, RFC 5869), so that none is ever used for two things."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"kept v1 {use}".encode()).derive(key)
