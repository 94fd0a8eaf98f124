"""Which work of a case is open is asked at each look."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.create_index("ix_tasks_open_of_case", "tasks", ["case_id"], postgresql_where=sa.text("state = 'open'"))
