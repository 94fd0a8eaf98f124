"""What is wrong with what was given to a use case, in words for the person who gave it."""

from casework.staff.rights import Denied


class CaseworkInputError(ValueError):
    """Input that casework refuses. One line: file, row, column or key, what is wrong, what would be right.

    The line may repeat what was given, for whoever typed it. Another system is answered, and a log told, by
    `wrong`, which repeats nothing: what was given may be personal.

    field  of which thing given it is said: borrower, amount, due...; empty: of the whole
    right  what would be right there
    """

    def __init__(self, text: str, *, field: str = "", wrong: str = "", right: str | None = None) -> None:
        """`wrong`: the line without what was given; none is needed where that repeats nothing."""
        super().__init__(text)
        self.field = field
        self.right = right
        self.wrong: str = wrong or (text if field else "what was given cannot be taken as it stands")


class NotFoundError(CaseworkInputError):
    """What was named is not there: no such borrower, loan, case.

    denied  it is there, and not for whoever asked: to be written down, never to be told
    """

    denied: Denied | None = None
