"""Where stops and holds stand among decisions: which claims had to know of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # What is there already gets numbers after all decisions so far: no earlier claim is judged by it.
    for table in ("consents", "holds"):
        op.add_column(
            table,
            sa.Column(
                "place",
                sa.BigInteger(),
                server_default=sa.text("nextval('decisions_id_seq')"),
                nullable=False,
            ),
        )
