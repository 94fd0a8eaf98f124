"""Rows that are refused for what other rows say: with their loan, or because there is no such loan."""

from collections.abc import AsyncIterator
from typing import Any, Final

from storage.raw import Raw

_PARTIES: Final = """
CREATE TEMP TABLE i_parties ON COMMIT DROP AS
SELECT DISTINCT ON (f.id, s.person_ext) s.file_no, s.row_no, f.id AS loan_id, l.source, s.person_ext, s.role,
       p.role AS known_role
FROM s_parties s JOIN i_refs f USING (source, ext) JOIN i_loans l ON l.id = f.id
LEFT JOIN persons o ON o.source = l.source AND o.external_id = s.person_ext
LEFT JOIN parties p ON p.loan_id = l.known_id AND p.person_id = o.id
ORDER BY f.id, s.person_ext, s.file_no, s.row_no;
INSERT INTO s_rejects
SELECT s.file_no, s.row_no, '', 'the person has another role on this loan: ' || i.role, '', NULL, false, 1
FROM s_parties s JOIN i_refs f USING (source, ext)
JOIN i_parties i ON i.loan_id = f.id AND i.person_ext = s.person_ext WHERE i.role <> s.role;
INSERT INTO s_rejects
SELECT i.file_no, i.row_no, '', CASE WHEN i.role = 'borrower'
    THEN 'the borrower of the loan is another person: a second one is a co-borrower'
    ELSE 'the person is the borrower of this loan' END, '', NULL, false, 1
FROM i_parties i JOIN i_loans l ON l.id = i.loan_id
LEFT JOIN parties p JOIN persons o ON o.id = p.person_id ON p.loan_id = l.known_id AND p.role = 'borrower'
WHERE (i.role = 'borrower') <> (i.person_ext = coalesce(l.person_ext, o.external_id));
DELETE FROM i_parties i USING s_rejects r WHERE r.file_no = i.file_no AND r.row_no = i.row_no;
"""
_WITH_THEIR_LOAN: Final = """
UPDATE i_loans SET bad = true WHERE id IN (SELECT loan_id FROM b_loans);
CREATE TEMP TABLE b_first ON COMMIT DROP AS
SELECT DISTINCT ON (b.loan_id) b.loan_id,
       'its loan is refused: ' || f.name || ' row ' || b.row_no || ': ' || b.reason AS reason
FROM b_loans b JOIN s_files f USING (file_no) ORDER BY b.loan_id, b.file_no, b.row_no;
INSERT INTO s_rejects SELECT file_no, row_no, '', reason, '', NULL, false, 1 FROM b_loans;
INSERT INTO s_rejects
SELECT s.file_no, s.row_no, '', b.reason, '', NULL, false, 2
FROM s_loans s JOIN i_refs f USING (source, ext) JOIN b_first b ON b.loan_id = f.id;
INSERT INTO s_rejects
SELECT s.file_no, s.row_no, '', b.reason, '', NULL, false, 2
FROM i_installments s JOIN b_first b USING (loan_id);
INSERT INTO s_rejects
SELECT s.file_no, s.row_no, '', b.reason, '', NULL, false, 2 FROM i_payments s JOIN b_first b USING (loan_id);
INSERT INTO s_rejects
SELECT s.file_no, s.row_no, '', b.reason, '', NULL, false, 2
FROM s_parties s JOIN i_refs f USING (source, ext) JOIN b_first b ON b.loan_id = f.id;
DELETE FROM i_installments USING b_first b WHERE i_installments.loan_id = b.loan_id;
DELETE FROM i_payments USING b_first b WHERE i_payments.loan_id = b.loan_id;
DELETE FROM i_parties USING b_first b WHERE i_parties.loan_id = b.loan_id;
"""
_WITHOUT_A_LOAN: Final = """
CREATE TEMP TABLE b_lost ON COMMIT DROP AS
SELECT s.file_no, s.row_no, s.source, s.ext FROM {table} s
WHERE NOT EXISTS (SELECT 1 FROM i_refs f WHERE f.source = s.source AND f.ext = s.ext);
ANALYZE b_lost;
INSERT INTO s_skips SELECT l.* FROM b_lost l JOIN i_later k USING (source, ext);
INSERT INTO s_rejects
SELECT l.file_no, l.row_no, '', CASE
    WHEN r.row_no IS NOT NULL THEN
      'its loan is refused: ' || r.name || ' row ' || r.row_no || ': ' || r.reason
    WHEN l.ext IN (SELECT ext FROM i_loans) THEN 'two sources have a loan of this id: which is meant?'
    ELSE 'no loan of this id is on the tape or in the book' END, '', NULL, false, 2
FROM b_lost l
LEFT JOIN i_later k USING (source, ext)
LEFT JOIN (SELECT DISTINCT ON (s.ext) s.ext, s.row_no, s.reason, f.name
           FROM s_rejects s JOIN s_files f USING (file_no) WHERE s.breaks_loan AND s.rank = 0
           ORDER BY s.ext, s.file_no, s.row_no) r ON r.ext = l.ext
WHERE k.ext IS NULL;
DROP TABLE b_lost;
"""
# A payment that is moved is said of two loans in one row: where one of them is not there, neither is taken.
_MOVED_WITH_IT: Final = """
DELETE FROM i_payments p USING s_rejects r WHERE r.file_no = p.file_no AND r.row_no = p.row_no;
DELETE FROM i_payments p USING s_skips s WHERE s.file_no = p.file_no AND s.row_no = p.row_no
"""


async def refuse(raw: Raw, *, many_files: bool) -> None:
    """Refuse the rows of loans that cannot be taken; refuse or skip those of loans that are not there."""
    await raw.run(_PARTIES)
    if await raw.value("SELECT EXISTS (SELECT 1 FROM b_loans)"):
        await raw.run(_WITH_THEIR_LOAN)
    if many_files:
        for table in ("s_installments", "s_payments", "s_parties"):
            await raw.run(_WITHOUT_A_LOAN.format(table=table))
    await raw.run(_MOVED_WITH_IT)


def rejects(raw: Raw) -> AsyncIterator[list[Any]]:
    """(file, row, column, reason), one for each row refused, in order of the tape, in batches."""
    return raw.batches(
        "SELECT DISTINCT ON (file_no, row_no) file_no, row_no, column_name, reason "
        "FROM s_rejects ORDER BY file_no, row_no, rank, reason"
    )
