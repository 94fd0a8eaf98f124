"""What can be wrong with a policy pack or a question put to it."""


class PolicyInputError(ValueError):
    """A pack or a question cannot be read; the message says where, what is wrong and what would be right."""
