"""Numbers from which the staff sends late entries by SMS, and what goes to them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "staff_numbers",
        _id(),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        _moment("made_at"),
        _moment("expires_at"),
        sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _moment("confirmed_at", nullable=True),
        _moment("ended_at", nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_numbers_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_numbers")),
    )
    op.create_index(op.f("ix_staff_numbers_staff_id"), "staff_numbers", ["staff_id"])
    op.create_index(
        "ix_staff_numbers_token",
        "staff_numbers",
        ["token"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_index(
        "ix_staff_numbers_open",
        "staff_numbers",
        ["staff_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "staff_texts",
        _id(),
        sa.Column("number_id", sa.BigInteger(), nullable=False),
        sa.Column("reply_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("asks", sa.LargeBinary(), nullable=True),
        sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _moment("planned_at"),
        _moment("begun_at", nullable=True),
        _moment("handed_at", nullable=True),
        _moment("settled_at", nullable=True),
        sa.CheckConstraint("kind IN ('code', 'echo', 'answer')", name=op.f("ck_staff_texts_kind_known")),
        sa.CheckConstraint(
            "handed_at IS NULL OR begun_at IS NOT NULL", name=op.f("ck_staff_texts_begun_before_handed")
        ),
        sa.CheckConstraint("(kind = 'echo') = (asks IS NOT NULL)", name=op.f("ck_staff_texts_an_echo_asks")),
        sa.ForeignKeyConstraint(
            ["number_id"], ["staff_numbers.id"], name=op.f("fk_staff_texts_number_id_staff_numbers")
        ),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_staff_texts_reply_id_replies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_texts")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_staff_texts_reply_id")),
    )
    op.create_index("ix_staff_texts_number_id", "staff_texts", ["number_id", "id"])
    op.create_index(
        "ix_staff_texts_waiting", "staff_texts", ["id"], postgresql_where=sa.text("begun_at IS NULL")
    )
    # An SMS to somebody of the staff is no contact; the sandbox shows it all the same.
    op.alter_column("outbox", "contact_id", nullable=True)
