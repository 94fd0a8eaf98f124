"""Which number was shown: what is entered of the call is about that one. Searches of who left are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.add_column("showings", sa.Column("address_id", sa.BigInteger, nullable=True))
    op.create_foreign_key(
        op.f("fk_showings_address_id_addresses"), "showings", "addresses", ["address_id"], ["id"]
    )
    op.execute("DELETE FROM filters f USING staff s WHERE s.id = f.staff_id AND s.removed_at IS NOT NULL")
