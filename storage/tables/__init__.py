"""Every table of Kept, on one MetaData."""

from storage.tables import (
    access,
    accounts,
    approvals,
    audit,
    book,
    casework,
    chat,
    doors,
    experiments,
    pauses,
    pins,
    staff,
    texts,
    work,
)
from storage.tables.base import metadata

__all__ = [
    "access",
    "accounts",
    "approvals",
    "audit",
    "book",
    "casework",
    "chat",
    "doors",
    "experiments",
    "metadata",
    "pauses",
    "pins",
    "staff",
    "texts",
    "work",
]
