"""What is wrong with what was given to the ledger, in words for the person who gave it."""


class LedgerInputError(ValueError):
    """Input that the ledger refuses: which key (or file), what is wrong, what would be right, in one line."""
