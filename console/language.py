"""In which language a page speaks: the reader's choice, else their browser's.

A language is texts/CODE.yaml with the general words, and texts/CODE/NAME.yaml with those of some pages, which
templates call `say.NAME.word`.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_datetime
from fastapi import Request
from ruamel.yaml import YAML

from casework.said import said_in

COOKIE: Final = "kept_lang"
FALLBACK: Final = "en"
LOCALES: Final = {"en": "en_GB", "zh": "zh_Hans_CN"}


class Speech(msgspec.Struct, frozen=True):
    """One language of the console. A text that is missing is a KeyError, and a test."""

    code: str
    texts: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.texts[key]

    def said(self, sentence: str) -> str:
        """What use cases, rules and strategies say, in this language."""
        return said_in(self.code, sentence)

    def moment(self, at: datetime, zone: str = "UTC") -> str:
        """A moment as the language writes it, in a zone (IANA name)."""
        return format_datetime(at, self.texts["moment"], tzinfo=ZoneInfo(zone), locale=LOCALES[self.code])


@cache
def speeches() -> Mapping[str, Speech]:
    """Every language there is, by code."""
    yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
    folder = files("console") / "texts"

    def texts(code: str) -> dict[str, Any]:
        """The general words, and under the name of its file what belongs to some pages."""
        parts = {
            part.name.removesuffix(".yaml"): yaml.load(part.read_text("utf-8"))
            for part in (folder / code).iterdir()
            if part.name.endswith(".yaml")
        }
        return {**yaml.load((folder / f"{code}.yaml").read_text("utf-8")), **parts}

    return {code: Speech(code, texts(code)) for code in LOCALES}


def speech_of(request: Request, settled: str | None = None) -> Speech:
    """By ?lang=; else as `settled` by who is signed in, an earlier ?lang= (a cookie), or the browser."""
    known = speeches()
    for chosen in (request.query_params.get("lang"), settled, request.cookies.get(COOKIE)):
        if chosen is not None and chosen in known:
            return known[chosen]
    return known[_accepted(request.headers.get("accept-language", ""))]


def _accepted(header: str) -> str:
    """The first of our languages in the order of RFC 9110's weights."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2]) if weight.strip() else 1.0
        except ValueError:
            quality = 0.0
        code = tag.strip().lower().partition("-")[0]
        if code in LOCALES and quality > 0:
            weighed.append((-quality, place, code))
    return min(weighed)[2] if weighed else FALLBACK
