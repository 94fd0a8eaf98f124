"""What providers were asked about contacts that are unknown. A database made by this code has it already."""

from alembic import op

from storage.tables.doors import enquiries

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    enquiries.create(op.get_bind(), checkfirst=True)
    op.execute("CREATE INDEX IF NOT EXISTS ix_contacts_unknown ON contacts (sent_at) WHERE state = 'unknown'")
