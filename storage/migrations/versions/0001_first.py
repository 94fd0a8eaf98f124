"""The first tables."""

from alembic import op

from storage.tables import metadata
from storage.tables.audit import GUARDS

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    for statement in GUARDS:
        op.execute(statement)
