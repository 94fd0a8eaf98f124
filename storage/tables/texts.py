"""The registry of texts: versions by text, channel and language, the newest last.

What an outside register was handed is frozen: a trigger refuses to change its words.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import key, metadata, moment, one_of

text_versions = Table(
    "text_versions",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("source", JSONB, nullable=False),  # messages.templates.Source
    Column("digest", Text, nullable=False),
    Column("approval", Text, nullable=False),
    Column("external_id", Text),  # what an outside register calls it
    Column("frozen", Boolean, nullable=False, server_default=text("false")),
    moment("written_at"),
    Column("written_by", Text, nullable=False),
    moment("approved_at", nullable=True),
    Column("approved_by", Text),
    one_of("approval", "draft", "submitted", "approved", "rejected"),
    one_of("channel", "sms", "email", "chat"),
    CheckConstraint(
        "(external_id IS NOT NULL) = (frozen AND approval = 'approved')", name="registered_whole"
    ),
    CheckConstraint(
        "(approval = 'approved') = (approved_at IS NOT NULL AND approved_by IS NOT NULL)",
        name="approved_by_somebody",
    ),
    Index("ix_text_versions_of_a_text", "name", "channel", "language", "id"),
)
