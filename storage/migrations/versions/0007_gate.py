"""What the gate reads of a person: marks, hours, contacts made elsewhere, notices, since when a basis holds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    none = sa.text("'{}'")
    op.add_column(
        "persons", sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default=none, nullable=False)
    )
    op.add_column(
        "persons", sa.Column("hours_agreed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "persons", sa.Column("own_hours", postgresql.ARRAY(sa.Text()), server_default=none, nullable=False)
    )
    for name in ("flags", "own_hours"):
        op.create_check_constraint(
            op.f(f"ck_persons_{name}_whole"), "persons", f"array_position({name}, NULL) IS NULL"
        )
    op.add_column("addresses", sa.Column("basis_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_replies_token_received_at", "replies", ["token", "received_at"], unique=False)
    op.create_table(
        "contacts_elsewhere",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("inbound", sa.Boolean(), nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("loan_ids", postgresql.ARRAY(sa.BigInteger()), server_default=none, nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('sms', 'email', 'chat', 'call', 'visit')",
            name=op.f("ck_contacts_elsewhere_channel_known"),
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_contacts_elsewhere_address_id_addresses")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_contacts_elsewhere_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_elsewhere")),
        sa.UniqueConstraint(
            "person_id",
            "at",
            "channel",
            "inbound",
            name=op.f("uq_contacts_elsewhere_person_id_at_channel_inbound"),
        ),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_notices_person_id_persons")),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name=op.f("fk_notices_portfolio_id_portfolios")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "person_id",
            "portfolio_id",
            "name",
            "at",
            name=op.f("uq_notices_person_id_portfolio_id_name_at"),
        ),
    )
