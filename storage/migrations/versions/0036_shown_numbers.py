"""Messages that show a number in a chat of the staff: they are taken away when the turn ends."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "shown_numbers",
        sa.Column("turn_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_shown_numbers_turn_id_turns")),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_shown_numbers_chat_id_chats")),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_shown_numbers")),
    )
