"""Loans found by their tags and attributes: an index of each, of those loans alone that have any."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_index(
        "ix_loans_tags", "loans", ["tags"], postgresql_using="gin", postgresql_where=sa.text("tags <> '{}'")
    )
    op.create_index(
        "ix_loans_attributes",
        "loans",
        [sa.text("(lower(attributes::text)::jsonb) jsonb_path_ops")],
        postgresql_using="gin",
        postgresql_where=sa.text("attributes <> '{}'"),
    )
