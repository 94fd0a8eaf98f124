"""Loans found by the person: whoever asks what they owe, and every case's page, read all parties of the book."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_index("ix_parties_person_id", "parties", ["person_id"])
