"""How the bytes of a file are text: marked, declared, or found out from the whole of it."""

import codecs
import re
from pathlib import Path
from typing import Final, Literal

import msgspec

Encoding = Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "latin-1", "cp1252"]
HEAD_BYTES: Final = 1 << 16
_CHUNK: Final = 1 << 20
# Two or four bytes that GB18030 takes for one sign, else a single byte above ASCII.
_TOKENS: Final = re.compile(
    rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]", re.DOTALL
)
# The 3,755 commonest characters and the punctuation of Chinese; letters of Latin-1 with a following one are
# hardly ever among them, since small letters stand above 0xE0.
_COMMON: Final = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]", re.DOTALL)
_MOSTLY: Final = 0.6
_UTF_8: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


class Found(msgspec.Struct, frozen=True):
    """The encoding, and how it is known: by its `mark`, as `declared`, or `sniffed`."""

    name: str
    by: Literal["mark", "declared", "sniffed"]


def encoding_of(path: Path, declared: str | None) -> Found:
    """What `path` is written in. Every file is something: what is neither UTF nor Chinese is Latin-1."""
    with path.open("rb") as content:
        head = content.read(HEAD_BYTES)
    if head.startswith(codecs.BOM_UTF8):
        return Found("utf-8-sig", "mark")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Found("utf-16", "mark")
    if declared is not None:
        return Found(declared, "declared")
    wide = _wide(head)
    if wide is not None:
        return Found(wide, "sniffed")
    if _decodes(path, "utf-8"):
        return Found("utf-8", "sniffed")
    return Found(_of_single_bytes(path), "sniffed")


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: digits, delimiters and ends of lines have a zero on one side."""
    half = len(head) // 2
    if half < 2:
        return None
    even, odd = head[0 : 2 * half : 2].count(0) / half, head[1 : 2 * half : 2].count(0) / half
    if max(even, odd) < 0.1 or min(even, odd) > 0.02:
        return None
    name = "utf-16-be" if even > odd else "utf-16-le"
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return None
    return name


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as content:
        try:
            while chunk := content.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _of_single_bytes(path: Path) -> str:
    """GB18030 where most signs above ASCII are common Chinese ones, else Latin-1 or Windows-1252; UTF-8 where
    most of them are that: a file that is broken somewhere is refused there, not read as something else."""
    tokens = common = whole = 0
    controls = False
    with path.open("rb") as content:
        for line in content:
            if line.isascii():
                continue
            whole += len(_UTF_8.findall(line))
            for token in _TOKENS.findall(line):
                tokens += 1
                common += _COMMON.fullmatch(token) is not None
                controls = controls or 0x80 <= token[0] < 0xA0
    if 2 * whole > tokens:
        return "utf-8"
    if common >= _MOSTLY * tokens and _decodes(path, "gb18030"):
        return "gb18030"
    return "cp1252" if controls and _decodes(path, "cp1252") else "latin-1"
