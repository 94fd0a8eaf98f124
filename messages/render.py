"""Rendering a text: at the claim only, with the figures of that moment."""

import msgspec

from messages.body import Body
from messages.values import Saying


class Rendered(msgspec.Struct, frozen=True):
    """A body, and what it was made of: the text's name, the digest of its content, the language it is in."""

    body: Body
    template: str
    digest: str
    language: str


def render(name: str, channel: str, language: str, saying: Saying) -> Rendered:
    """The text `name` for `channel` ('sms', 'email', 'chat').

    `language` is what the person wants, best with their country ('es-MX', 'en-IN'): figures and dates are
    then written as there. The text is in the nearest language there is (`Rendered.language`). Raises
    MessageError: UnknownTextError, MayNotCarryError, NothingOwedError, TextTooLongError.
    """
    raise NotImplementedError
