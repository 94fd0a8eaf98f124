"""A table as a file: CSV and XLSX. A cell that a spreadsheet would take for a formula is made text."""

import asyncio
import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any, Final

import xlsxwriter
from fastapi import Response

Row = Sequence[str | int]

# What begins a formula in Excel, LibreOffice or Google Sheets (OWASP: CSV injection).
_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: str | int) -> str | int:
    """The value, with an apostrophe before what would be a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS) else value


async def csv_of(name: str, head: Sequence[str], rows: Sequence[Row]) -> Response:
    """Comma-separated, in UTF-8 with the mark by which Excel knows it."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([safe(one) for one in head])
    writer.writerows([safe(one) for one in row] for row in rows)
    return _file(("\ufeff" + text.getvalue()).encode(), f"{name}.csv", "text/csv; charset=utf-8")


async def xlsx_of(name: str, head: Sequence[str], rows: Sequence[Row]) -> Response:
    """A workbook of one sheet, its head fixed."""
    made = await asyncio.to_thread(_workbook, head, rows)
    return _file(made, f"{name}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def _workbook(head: Sequence[str], rows: Sequence[Row]) -> bytes:
    file = BytesIO()
    book: Any = xlsxwriter.Workbook(  # its types are open in part
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    for column, text in enumerate(head):
        sheet.write_string(0, column, str(safe(text)), bold)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, column, value)
            else:
                sheet.write_string(number, column, str(safe(value)))
    sheet.freeze_panes(1, 0)
    sheet.autofit()
    book.close()
    return file.getvalue()


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
