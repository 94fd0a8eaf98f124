"""What can be wrong with a text or with what it is asked to say. Sentences name no person and no amount."""


class MessageError(Exception):
    """A text cannot be had, or may not be said. Its sentence is meant for people."""


class UnknownTextError(MessageError):
    """There is no such text for this channel."""

    def __init__(self, name: str, channel: str) -> None:
        super().__init__(f"there is no text '{name}' for the channel '{channel}'")


class InvalidTextError(MessageError):
    """A text of the library cannot be used; `where` says which file, text and channel."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class UnknownVariableError(InvalidTextError):
    """A text asks for something that texts of its kind are not given."""


class MayNotCarryError(MessageError):
    """The address may carry nothing about a loan, and the text speaks of one (see PRODUCT.md, addresses)."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the text '{name}' speaks of a loan and the address may not carry that:"
            " only neutral texts may go there"
        )


class AddressClosedError(MessageError):
    """The address is suspended or detached: nothing may go there."""

    def __init__(self) -> None:
        super().__init__("the address is suspended or not the person's: nothing may go there")


class NothingOwedError(MessageError):
    """A reminder was asked for, with nothing to remind of."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the text '{name}' needs at least one loan on which something is owed")


class TextTooLongError(MessageError):
    """What came out is longer than the channel takes."""

    def __init__(self, name: str, channel: str, limit: int) -> None:
        super().__init__(
            f"the text '{name}' came out longer than the {limit} characters that {channel} may have"
        )


class NotApprovedError(MessageError):
    """Nobody approved a text of this name yet, so nothing can be sent by it."""

    def __init__(self, name: str, channel: str, language: str) -> None:
        super().__init__(
            f"no version of {language}/{name}/{channel} is approved: approve one before it is sent"
        )
