"""Texts that somebody of the staff sent to themselves to look at: begun once, so that none is said twice."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, text

from storage.tables.base import key, metadata, moment, one_of, ref

tried_texts = Table(
    "tried_texts",
    metadata,
    key(),
    ref("staff_id", "staff.id"),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("recipient", LargeBinary, nullable=False),  # sealed
    Column("body", LargeBinary, nullable=False),  # sealed, messages.body.Body
    moment("planned_at"),
    moment("begun_at", nullable=True),
    moment("handed_at", nullable=True),
    Column("code", Text),  # why the provider did not take it
    one_of("channel", "sms", "email", "chat"),
    Index("ix_tried_texts_of_staff", "staff_id", "planned_at"),
    Index("ix_tried_texts_waiting", "id", postgresql_where=text("begun_at IS NULL")),
)
