"""What somebody waits for is found among the planned contacts without reading the reminders before it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(
        "ix_contacts_texted",
        "contacts",
        ["not_before", "id"],
        postgresql_where=sa.text("state = 'planned' AND template IS NOT NULL"),
    )
