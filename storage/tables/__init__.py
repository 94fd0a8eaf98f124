"""Every table of Kept, on one MetaData."""

from storage.tables import book, doors, work
from storage.tables.base import metadata

__all__ = ["book", "doors", "metadata", "work"]
