"""From a mapping's expressions to functions of a row: compiled once for a file."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from string import Formatter
from typing import Final, Literal, TypeVar

from casework.intake.counts import Unit, read_count
from casework.intake.expressions import Amount, Day, Phone, Text, Whole
from casework.intake.formats import (
    amount_reader,
    date_reader,
    days_reader,
    read_phone,
    read_serial,
    read_whole,
)
from casework.intake.mapping import Formats
from casework.intake.tape_file import Typed
from ledger.schedule import due_dates

T = TypeVar("T")
Row = list[str]
Cell = Callable[[Row], str | None]
LookUps = Mapping[tuple[str, str], Mapping[str, str | None]]

LONGEST: Final = 400
_DATE_CELL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?= |$)")
# Area codes in use, four signs each; with 555-0100 to 555-0199 behind them, numbers set aside for examples.
_AREAS: Final = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227 228 229 "
    "231 234 235 239 240 248 251 252 253 254 256 260 262 267 269 270 272 274 276 279 281 283 301 302 "
    "303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 324 325 326 327 329 330 "
    "331 332 334 336 337 339 341 346 347 350 351 352 353 360 361 363 364 369 380 385 386 401 402 404 "
    "405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 430 432 434 435 440 442 443 445 447 "
    "448 458 463 464 469 470 472 475 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 "
    "516 517 518 520 530 531 534 539 540 541 551 557 559 561 562 563 564 567 570 571 572 573 574 575 "
    "580 582 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 628 "
    "629 630 631 636 640 641 645 646 650 651 656 657 659 660 661 662 667 669 678 680 681 682 686 689 "
    "701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 726 727 728 730 731 732 "
    "734 737 740 743 747 754 757 760 762 763 765 769 770 771 772 773 774 775 779 781 785 786 801 802 "
    "803 804 805 806 808 810 812 813 814 815 816 817 818 820 826 828 830 831 832 835 838 839 840 843 "
    "845 847 848 850 854 856 857 858 859 860 862 863 864 865 870 872 878 901 903 904 906 907 908 909 "
    "910 912 913 914 915 916 917 918 919 920 925 928 929 930 931 934 936 937 938 940 941 943 945 947 "
    "948 949 951 952 954 956 959 970 971 972 973 975 978 979 980 983 984 985 986 989 "
)


class CellError(ValueError):
    """A cell that cannot be read: column, its text, and why."""

    def __init__(self, column: str, text: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.text = text
        self.reason = reason


class Cells:
    """Compiles expressions for the columns of one file."""

    def __init__(
        self,
        header: Sequence[str],
        formats: Formats,
        look_ups: LookUps,
        *,
        typed: bool = False,
        dates: Mapping[str, str] | None = None,
    ) -> None:
        """`typed`: some cells are numbers or dates to their file; `dates`: proven formats by column."""
        self._typed = typed
        self._dates = dates or {}
        self._places = {column: index for index, column in enumerate(header)}
        self._formats = formats
        self._empty = frozenset(formats.empty)
        self._look_ups = look_ups

    def text(self, expression: Text | None, fallback: str | None = None) -> Cell:
        """The text of an expression, trimmed; `fallback` where there is none."""
        if expression is None:
            return lambda row: fallback
        plain = self._worded(expression)
        if fallback is None:
            return plain
        return lambda row: plain(row) or fallback

    def one_of(self, expression: Text | None, known: Iterable[str], fallback: str) -> Callable[[Row], str]:
        """A word of a closed list."""
        words = frozenset(known)

        def read(text: str) -> str:
            if text not in words:
                raise ValueError(f"is unknown: one of {', '.join(sorted(words))}")
            return text

        named = self.read(expression, read)
        return lambda row: named(row) or fallback

    def read(self, expression: Text | None, reader: Callable[[str], T]) -> Callable[[Row], T | None]:
        """What `reader` makes of the text of an expression; its ValueError becomes a CellError."""
        if expression is None:
            return lambda row: None
        plain = self._worded(expression)
        column = named_column(expression)

        def get(row: Row) -> T | None:
            text = plain(row)
            if text is None:
                return None
            try:
                return reader(text)
            except ValueError as error:
                raise CellError(column, text, str(error)) from None

        return get

    def needed(
        self, expression: Text | None, get: Callable[[Row], T | None], what: str
    ) -> Callable[[Row], T]:
        """The same, refused where there is nothing."""
        column = named_column(expression) if expression is not None else what

        def checked(row: Row) -> T:
            value = get(row)
            if value is None:
                raise CellError(column, "", f"is empty: {what} is needed")
            return value

        return checked

    def key(self, expression: Text | None, what: str) -> Callable[[Row], str]:
        """An id of the feed: needed, and short enough to be one."""
        return self.needed(expression, self.read(expression, short), what)

    def day(self, expression: Day | None) -> Callable[[Row], date | None]:
        """A date, by its own format or the mapping's."""
        if expression is None:
            return lambda row: None
        if expression.value is not None:
            fixed = expression.value
            return lambda row: fixed
        if expression.days_from is not None:
            reader = days_reader(expression.days_from)
        elif expression.date is None and self._formats.days_from is not None:
            reader = days_reader(self._formats.days_from)
        else:
            pattern = expression.date or self._formats.date or "%Y-%m-%d"
            century = expression.century if expression.date is not None else self._formats.century
            reader = date_reader(self._dates.get(expression.column or "", pattern), century)
        get = self.read(expression, _typed_days(reader) if self._typed else reader)
        months = expression.plus_months
        if not months:
            return get

        def later(row: Row) -> date | None:
            day = get(row)
            return None if day is None else due_dates(2, day, "months", months)[1]

        return later

    def amount(self, expression: Amount | None) -> Callable[[Row, str | None], int | None]:
        """An amount in minor units of the currency given with the row (None: in ten-thousandths)."""
        if expression is None:
            return lambda row, currency: None
        plain = self._worded(expression)
        column = named_column(expression)
        decimal = expression.decimal or self._formats.decimal
        thousands = expression.thousands or self._formats.thousands
        readers: dict[str | None, Callable[[str], int]] = {}
        plain_readers: dict[str | None, Callable[[str], int]] = {}  # of what the file knows to be a number

        def get(row: Row, currency: str | None) -> int | None:
            text = plain(row)
            if text is None:
                return None
            typed = type(text) is Typed
            known = plain_readers if typed else readers
            reader = known.get(currency)
            if reader is None:
                marks = (".", None) if typed else (decimal, thousands)
                reader = known[currency] = amount_reader(*marks, currency, self._formats.rounding)
            try:
                return reader(text)
            except ValueError as error:
                raise CellError(column, text, str(error)) from None

        return get

    def whole(self, expression: Whole | None, unit: Unit | None = None) -> Callable[[Row], int | None]:
        """A whole number, divided as the mapping says; a unit written behind it has to be `unit`."""
        if expression is None:
            return lambda row: None
        divide, rounding, suffix = expression.divide, expression.round, expression.suffix

        def read(text: str) -> int:
            if suffix:
                if not text.endswith(suffix):
                    raise ValueError(f'does not end in "{suffix}"')
                text = text[: -len(suffix)].strip()
            number = _counted(text, unit if divide == 1 else "any")
            if divide == 1:
                return number
            quotient, rest = divmod(number, divide)
            if rest and rounding == "exact":
                raise ValueError(f"cannot be divided by {divide}: say `round: up` or `round: down`")
            return quotient + 1 if rest and rounding == "up" else quotient

        return self.read(expression, read)

    def percent(self, expression: Text | None) -> Callable[[Row], Decimal | None]:
        """A rate in percent a year, as a fraction."""
        return self.read(expression, _read_percent)

    def phone(self, expression: Phone | None) -> Callable[[Row, str | None], str | None]:
        """A number in E.164, of a row and the country in whose form it is where the mapping names none."""
        if expression is None:
            return lambda row, country: None
        if expression.example_phone is not None:
            column = self._column(expression.example_phone)

            def example(row: Row, country: str | None) -> str | None:
                text = column(row)
                return None if text is None else example_phone(text)

            return example
        declared = expression.region or self._formats.phone_region
        plain, column = self._worded(expression), named_column(expression)

        def get(row: Row, country: str | None) -> str | None:
            text = plain(row)
            if text is None:
                return None
            try:
                return read_phone(text, declared or country)
            except ValueError as error:
                raise CellError(column, text, str(error)) from None

        return get

    def _worded(self, expression: Text) -> Cell:
        plain = self._plain(expression)
        words = expression.words
        if words is None:
            return plain
        column = named_column(expression)

        def translated(row: Row) -> str | None:
            text = plain(row)
            if text is None:
                return None
            if text not in words:
                raise CellError(column, text, f"is unknown: one of {', '.join(words)}")
            return words[text]

        return translated

    def _plain(self, expression: Text) -> Cell:
        if expression.column is not None:
            return self._column(expression.column)
        if expression.value is not None:
            fixed = str(expression.value)
            return lambda row: fixed
        if expression.compose is not None:
            return self._composed(expression.compose)
        assert expression.look_up is not None
        assert expression.by is not None
        table = self._look_ups[expression.look_up, expression.take or ""]
        file, key, column = expression.look_up, self._worded(expression.by), named_column(expression.by)

        def looked_up(row: Row) -> str | None:
            text = key(row)
            if text is None:
                return None
            value = table.get(text, "")
            if value is None:
                raise CellError(column, text, f"stands twice in {file}, with different values")
            if not value:
                raise CellError(column, text, f"is not in {file}")
            return value

        return looked_up

    def _column(self, name: str) -> Cell:
        index = self._places.get(name)
        if index is None:
            return lambda row: None
        place, empty = index, self._empty
        if self._typed:

            def typed(row: Row) -> str | None:
                text = row[place]
                text = text if type(text) is Typed else text.strip()
                return None if not text or text in empty else text

            return typed
        if not empty:
            return lambda row: row[place].strip() or None

        def get(row: Row) -> str | None:
            text = row[place].strip()
            return None if not text or text in empty else text

        return get

    def _composed(self, template: str) -> Cell:
        parts: list[tuple[str, Cell | None]] = []
        for literal, name, style, _ in Formatter().parse(template):
            parts.append((literal, self._part(name, style) if name else None))

        def compose(row: Row) -> str | None:
            text = ""
            for literal, cell in parts:
                text += literal
                if cell is not None:
                    value = cell(row)
                    if value is None:
                        return None
                    text += value
            return text

        return compose

    def _part(self, name: str, style: str | None) -> Cell:
        column = self._column(name)
        if not style:
            return column
        whole = self.read(Text(column=name), read_whole)
        return lambda row: None if (number := whole(row)) is None else str(number)


def _typed_days(declared: Callable[[str], date]) -> Callable[[str], date]:
    """Dates of a sheet: as the mapping says; else a cell's own date, or its number of days."""

    def read(text: str) -> date:
        try:
            return declared(text)
        except ValueError:
            if type(text) is not Typed:
                raise
            found = _DATE_CELL.match(text)
            return date.fromisoformat(found[0]) if found else read_serial(text)

    return read


def _counted(text: str, unit: Unit | Literal["any"] | None) -> int:
    try:
        return read_whole(text)
    except ValueError:
        number, written = read_count(text)
        if written is not None and unit not in (written, "any"):
            wanted = f"{unit} are wanted" if unit else "a number alone is wanted"
            raise ValueError(f"says {written}, and {wanted}") from None
        return number


def named_column(expression: Text) -> str:
    """The column to name when the value is wrong."""
    return ", ".join(sorted(expression.columns())) or "value"


def example_phone(text: str) -> str:
    """A number set aside for examples, the same for the same text; different texts may share one."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    place = number // 100 % (len(_AREAS) // 4) * 4
    return f"+1{_AREAS[place : place + 3]}55501{number % 100:02}"


def short(text: str) -> str:
    """The text itself, if it may be an id. ValueError if it is too long for one."""
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} signs")
    return text


def _read_percent(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ValueError("is no rate: percent a year, such as 18.5") from None
    if not rate.is_finite() or not 0 <= rate <= 10_000:
        raise ValueError("is no rate: percent a year, such as 18.5")
    return rate / 100
