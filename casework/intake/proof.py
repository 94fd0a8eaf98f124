"""Columns of dates whose format is `auto`: proven from all their cells before anything is read."""

import msgspec

from casework.intake.dates import AUTO, Unproven, proven_format
from casework.intake.mapping import Formats, days_of
from casework.intake.rows import rows_of
from casework.intake.tape_file import TapeError, TapeFile, Typed


def with_proven_dates(file: TapeFile, formats: Formats) -> TapeFile:
    """The same file, knowing the formats of its columns of dates. Raises TapeError where one proves none."""
    columns = {
        day.column
        for day in days_of(file.part)
        if day.column in file.header
        and (day.date or (None if formats.days_from or day.days_from else formats.date)) == AUTO
    }
    proven: dict[str, str] = {}
    for column in sorted(column for column in columns if column):
        place = file.header.index(column)
        cells = (row[place] for _, row in rows_of(file) if place < len(row))
        written = (cell.strip() for cell in cells if type(cell) is not Typed and cell.strip())
        try:
            proven[column] = proven_format(text for text in written if text not in formats.empty)
        except Unproven as error:
            raise TapeError(
                f"{file.label}: the column {column} does not prove how its dates are written: {error}; "
                'say it, such as `date: "%d/%m/%Y"`'
            ) from None
    return msgspec.structs.replace(file, dates=proven) if proven else file
