"""Tapes that were uploaded on a page: where each stands on its way into the book."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, Table, Text, text

from storage.tables.base import key, metadata, moment, one_of, ref

uploads = Table(
    "uploads",
    metadata,
    key(),
    ref("staff_id", "staff.id", index=True),
    Column("name", Text, nullable=False),  # of the file
    Column("folder", Text, nullable=False),  # where it waits, in the data folder
    Column("size", BigInteger, nullable=False),  # bytes
    Column("kind", Text, nullable=False),
    moment("at"),
    Column("mapping", Text),  # YAML, as it is to be read
    Column("portfolio", Text),
    Column("as_of", Date),
    Column("whole", Boolean, nullable=False, server_default=text("false")),
    Column("changes", Boolean, nullable=False, server_default=text("false")),
    # new | queued | running | tried | loaded | held | failed | gone
    Column("state", Text, nullable=False),
    Column("dry", Boolean, nullable=False, server_default=text("true")),  # of what is queued or was done last
    Column("step", Text),  # what is being done
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("total", Integer, nullable=False, server_default=text("0")),
    moment("beat_at", nullable=True),  # when who works it was heard last
    Column("report", Text),  # JSON
    Column("error", Text),
    ref("approval_id", "approvals.id", nullable=True),
    one_of("kind", "loans", "payments"),
    one_of("state", "new", "queued", "running", "tried", "loaded", "held", "failed", "gone"),
    Index("ix_uploads_open", "id", postgresql_where=text("state IN ('queued', 'running')")),
)
