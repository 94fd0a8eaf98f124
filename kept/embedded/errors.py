"""What can be wrong with the engines, in words for whoever starts Kept."""


class EngineError(Exception):
    """An engine cannot be used: which, why, and what setting or folder to change; one line, no password."""
