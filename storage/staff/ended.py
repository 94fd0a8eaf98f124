"""Who is to be left alone by everybody, whatever was agreed before: no call rings, no visit is on a route."""

from typing import Final

KINDS: Final = "('deceased', 'bankrupt', 'moratorium', 'represented', 'cease')"
"""Holds, and marks of a person, that end what was agreed too."""

SILENT: Final = "('deceased', 'bankrupt', 'represented', 'cease')"
"""Those after which not even what somebody asks in a conversation is answered there."""


def ended_by(kinds: str) -> str:
    """Whether the person of a case `c`, also by another record, is marked or held so at `{now}`."""
    return f"""
  EXISTS (SELECT 1 FROM persons z WHERE z.id = ANY(ARRAY(
            SELECT c.person_id UNION SELECT y.other_id FROM same_persons y
            WHERE y.person_id = c.person_id AND y.ended_at IS NULL))
          AND (EXISTS (SELECT 1 FROM unnest(z.flags) one WHERE one IN {kinds})
               OR EXISTS (SELECT 1 FROM holds h WHERE h.person_id = z.id AND h.loan_id IS NULL
                          AND h.kind IN {kinds}
                          AND h.starts_at <= {{now}} AND (h.ends_at IS NULL OR h.ends_at > {{now}}))))
"""  # noqa: S608, constants


ENDED: Final = ended_by(KINDS)
"""Whether the person of a case `c` is to be left alone at the moment `{now}`."""
