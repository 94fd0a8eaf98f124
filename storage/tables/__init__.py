"""Every table of Kept, on one MetaData."""

from storage.tables import (
    access,
    accounts,
    alerts,
    approvals,
    audit,
    book,
    casework,
    chat,
    doors,
    experiments,
    finding,
    insight,
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
    "alerts",
    "approvals",
    "audit",
    "book",
    "casework",
    "chat",
    "doors",
    "experiments",
    "finding",
    "insight",
    "metadata",
    "pauses",
    "pins",
    "staff",
    "texts",
    "work",
]
