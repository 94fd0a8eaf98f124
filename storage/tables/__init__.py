"""Every table of Kept, on one MetaData."""

from storage.tables import approvals, audit, book, doors, pauses, work
from storage.tables.base import metadata

__all__ = ["approvals", "audit", "book", "doors", "metadata", "pauses", "work"]
