"""What is wrong with what was given to a use case, in words for the person who gave it."""


class CaseworkInputError(ValueError):
    """Input that casework refuses. One line: file, row, column or key, what is wrong, what would be right."""


class NotFoundError(CaseworkInputError):
    """What was named is not there: no such borrower, loan, case."""
