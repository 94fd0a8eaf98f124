"""What was written with a photo is a note of its own, of the same update."""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.drop_constraint(op.f("uq_notes_update_id"), "notes")
    op.create_unique_constraint(op.f("uq_notes_update_id_kind"), "notes", ["update_id", "kind"])
