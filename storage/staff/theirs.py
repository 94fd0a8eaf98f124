"""Whose work is a task of a case that is somebody's: theirs, or of those whose queue it is in."""

from typing import Final

THEIRS: Final = """
  EXISTS (SELECT 1 FROM assignments y JOIN staff z ON z.id = y.staff_id
          WHERE y.case_id = t.case_id
            AND (CASE WHEN coalesce(cardinality(z.queues), 0) = 0 THEN ({roles}::jsonb -> z.role) ? t.queue
                      ELSE t.queue = ANY(z.queues) END
                 OR y."by" <> z.name AND t.opened_at <= y.at))
"""
"""Of a task `t`: whoever has its case works its queue too, or was given the case with it by somebody else.
`roles`: the queues of roles, as JSON, for who has none of their own."""
