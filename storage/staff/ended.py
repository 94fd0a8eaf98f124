"""Who is to be left alone by everybody, whatever was agreed before: no call rings, no visit is on a route."""

from typing import Final

KINDS: Final = "('deceased', 'bankrupt', 'moratorium', 'represented', 'cease')"
"""Holds, and marks of a person, that end what was agreed too."""

ENDED: Final = f"""
  EXISTS (SELECT 1 FROM persons z WHERE z.id = ANY(ARRAY(
            SELECT c.person_id UNION SELECT y.other_id FROM same_persons y
            WHERE y.person_id = c.person_id AND y.ended_at IS NULL))
          AND (EXISTS (SELECT 1 FROM unnest(z.flags) one WHERE one IN {KINDS})
               OR EXISTS (SELECT 1 FROM holds h WHERE h.person_id = z.id AND h.loan_id IS NULL
                          AND h.kind IN {KINDS}
                          AND h.starts_at <= {{now}} AND (h.ends_at IS NULL OR h.ends_at > {{now}}))))
"""  # noqa: S608, constants
"""Of a case `c`, at the moment `now`."""
