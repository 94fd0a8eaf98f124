"""What can be wrong with a strategy's file."""


class StrategyInputError(ValueError):
    """A strategy cannot be read; the message says which line, what is wrong and what would be right."""
