"""Records of several sources that are one person, as somebody said who saw both; languages people chose."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column(
        "persons",
        sa.Column("language_chosen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("person_id < other_id", name=op.f("ck_merges_two_in_order")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_merges_ended_by_somebody")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_merges_person_id_persons")),
        sa.ForeignKeyConstraint(["other_id"], ["persons.id"], name=op.f("fk_merges_other_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    for name in ("person_id", "other_id"):
        op.create_index(op.f(f"ix_merges_{name}"), "merges", [name], unique=False)
    op.create_table(
        "same_persons",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "place", sa.BigInteger(), server_default=sa.text("nextval('decisions_id_seq')"), nullable=False
        ),
        sa.Column("ended_place", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("person_id <> other_id", name=op.f("ck_same_persons_two")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_place IS NULL)", name=op.f("ck_same_persons_ended_with_its_place")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_same_persons_person_id_persons")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["persons.id"], name=op.f("fk_same_persons_other_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_persons")),
    )
    for table in ("merges", "same_persons"):
        op.create_index(
            op.f(f"ix_{table}_standing"),
            table,
            ["person_id", "other_id"],
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        )
