"""Names found by keyed tokens; tags of the staff; filters that somebody keeps.

The tokens of people who are in the book by now are filled afterwards, a batch at a time (casework/staff/
tokens.py): only who has the keys can read a name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "person_tokens",
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", "person_id", name=op.f("pk_person_tokens")),
    )
    op.create_table(
        "case_tags",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_tags_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "tag", name=op.f("pk_case_tags")),
    )
    op.create_index("ix_case_tags_tag", "case_tags", ["tag"])
    op.create_table(
        "filters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wanted", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_filters_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filters")),
    )
    op.create_index(op.f("ix_filters_staff_id"), "filters", ["staff_id"])
    op.create_index("ix_loans_external_id_upper", "loans", [sa.text("upper(external_id)")])
    op.create_index(op.f("ix_persons_external_id"), "persons", ["external_id"])
    # How far the tokens of who is there by now are filled, and up to whom: "0:1000000".
    op.execute(
        "INSERT INTO marks (name, at, value) SELECT 'person_tokens', now(), convert_to('0:' || max(id), 'UTF8') "
        "FROM persons HAVING max(id) IS NOT NULL"
    )
