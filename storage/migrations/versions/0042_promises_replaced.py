"""Which promise took another's place: who takes the newer one back has the older one again."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("promises", sa.Column("replaced_by_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_promises_replaced_by_id_promises"), "promises", "promises", ["replaced_by_id"], ["id"]
    )
    op.create_index(op.f("ix_promises_replaced_by_id"), "promises", ["replaced_by_id"])
