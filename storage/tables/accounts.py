"""How the staff enter the console: a password, a second step, a mailbox that a single sign-on vouches for."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import metadata, moment

staff_accounts = Table(
    "staff_accounts",
    metadata,
    Column("staff_id", BigInteger, ForeignKey("staff.id"), primary_key=True),
    Column("password", Text),  # argon2id with its own salt; null: enters by single sign-on alone
    Column("totp", LargeBinary),  # sealed: the seed of the second step
    Column("totp_step", BigInteger),  # the last one used: none is taken twice
    Column("mailbox", LargeBinary, unique=True),  # keyed token of what single sign-on must vouch for
    Column("subject", LargeBinary, unique=True),  # keyed token of (issuer, subject), once it did
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    moment("changed_at"),
    CheckConstraint("password IS NULL OR totp IS NOT NULL", name="password_with_second_step"),
)
