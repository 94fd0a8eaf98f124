"""Chats: updates, whose chat it is, proofs of identity, conversations, files; an address may be linked."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_addresses_state_known"), "addresses")
    op.create_check_constraint(
        op.f("ck_addresses_state_known"),
        "addresses",
        "state IN ('attested', 'confirmed', 'linked', 'unverified', 'suspended', 'detached')",
    )
    op.create_table(
        "chat_updates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("chat", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(worked_at IS NULL) = (outcome IS NULL)", name=op.f("ck_chat_updates_worked_with_its_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_updates")),
        sa.UniqueConstraint("bot", "number", name=op.f("uq_chat_updates_bot_number")),
    )
    op.create_index(
        "ix_chat_updates_unworked",
        "chat_updates",
        ["chat", "id"],
        unique=False,
        postgresql_where=sa.text("worked_at IS NULL"),
    )
    op.create_table(
        "chats",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("address_id", sa.BigInteger(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_id", sa.BigInteger(), nullable=True),
        sa.Column("numbers", sa.ARRAY(sa.LargeBinary()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) = (address_id IS NULL) AND (person_id IS NULL) = (linked_at IS NULL)",
            name=op.f("ck_chats_linked_whole"),
        ),
        sa.ForeignKeyConstraint(["address_id"], ["addresses.id"], name=op.f("fk_chats_address_id_addresses")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_chats_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
        sa.UniqueConstraint("token", name=op.f("uq_chats_token")),
    )
    op.create_index(op.f("ix_chats_person_id"), "chats", ["person_id"], unique=False)
    op.create_table(
        "chat_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_chat_files_chat_id_chats")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_chat_files_person_id_persons")),
        sa.ForeignKeyConstraint(
            ["update_id"], ["chat_updates.id"], name=op.f("fk_chat_files_update_id_chat_updates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_files")),
        sa.UniqueConstraint("update_id", name=op.f("uq_chat_files_update_id")),
    )
    op.create_index(op.f("ix_chat_files_chat_id"), "chat_files", ["chat_id"], unique=False)
    op.create_index(op.f("ix_chat_files_person_id"), "chat_files", ["person_id"], unique=False)
    op.create_table(
        "chat_proofs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("number_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind = 'link' OR (chat_id IS NOT NULL AND number_id IS NOT NULL)",
            name=op.f("ck_chat_proofs_code_of_a_chat"),
        ),
        sa.CheckConstraint("kind IN ('link', 'code')", name=op.f("ck_chat_proofs_kind_known")),
        sa.CheckConstraint("outcome IN ('used', 'replaced')", name=op.f("ck_chat_proofs_outcome_known")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_chat_proofs_ended_with_its_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_chat_proofs_address_id_addresses")
        ),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_chat_proofs_chat_id_chats")),
        sa.ForeignKeyConstraint(
            ["number_id"], ["addresses.id"], name=op.f("fk_chat_proofs_number_id_addresses")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_chat_proofs_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_proofs")),
    )
    op.create_index(op.f("ix_chat_proofs_chat_id"), "chat_proofs", ["chat_id"], unique=False)
    op.create_index(op.f("ix_chat_proofs_person_id"), "chat_proofs", ["person_id"], unique=False)
    op.create_table(
        "talks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(taken_by IS NULL) = (taken_at IS NULL)", name=op.f("ck_talks_taken_by_somebody")
        ),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_talks_chat_id_chats")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_talks_person_id_persons")),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name=op.f("fk_talks_portfolio_id_portfolios")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talks")),
    )
    op.create_index(op.f("ix_talks_chat_id"), "talks", ["chat_id"], unique=False)
    op.create_index(
        "ix_talks_open", "talks", ["chat_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(op.f("ix_talks_person_id"), "talks", ["person_id"], unique=False)
    op.create_table(
        "talk_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("talk_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("side IN ('borrower', 'staff')", name=op.f("ck_talk_lines_side_known")),
        sa.CheckConstraint(
            "handed_at IS NULL OR begun_at IS NOT NULL", name=op.f("ck_talk_lines_begun_before_handed")
        ),
        sa.ForeignKeyConstraint(["talk_id"], ["talks.id"], name=op.f("fk_talk_lines_talk_id_talks")),
        sa.ForeignKeyConstraint(
            ["update_id"], ["chat_updates.id"], name=op.f("fk_talk_lines_update_id_chat_updates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk_lines")),
        sa.UniqueConstraint("update_id", name=op.f("uq_talk_lines_update_id")),
    )
    op.create_index(op.f("ix_talk_lines_talk_id"), "talk_lines", ["talk_id"], unique=False)
    op.create_index(
        "ix_talk_lines_waiting",
        "talk_lines",
        ["id"],
        unique=False,
        postgresql_where=sa.text("side = 'staff' AND begun_at IS NULL"),
    )
