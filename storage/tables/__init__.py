"""Every table of Kept, on one MetaData."""

from storage.tables import audit, book, doors, work
from storage.tables.base import metadata

__all__ = ["audit", "book", "doors", "metadata", "work"]
