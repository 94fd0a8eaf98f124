"""Why something may not or cannot be, in the reader's language.

Use cases and rules say it in English, in sentences that are part of the record. Here the sentences are found
again, with what stands in their blanks; one that is not in the list is given as it is.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

_FOLDER: Final = Path(__file__).parent.parent / "locales" / "staff" / "said"
_BLANK: Final = re.compile(r"\{(\w+)\}")


def said_in(language: str, sentence: str) -> str:
    """`sentence` in `language`."""
    sentences, words = _list_of(language)
    return _said(sentence, sentences, words)


def is_known(language: str, sentence: str) -> bool:
    """Whether the language has the sentence."""
    sentences, words = _list_of(language)
    return sentence in words or any(one.fullmatch(sentence) for one, _ in sentences)


def _said(sentence: str, sentences: tuple[tuple[re.Pattern[str], str], ...], words: Mapping[str, str]) -> str:
    whole = words.get(sentence)
    if whole is not None:
        return whole
    for pattern, text in sentences:
        found = pattern.fullmatch(sentence)
        if found is not None:
            given = {name: _said_of(value, sentences, words) for name, value in found.groupdict().items()}
            return text.format_map(given)
    return sentence


def _said_of(value: str, sentences: tuple[tuple[re.Pattern[str], str], ...], words: Mapping[str, str]) -> str:
    """What stands in a blank: a sentence or word of its own, several of them, or what it is."""
    if value in words:
        return words[value]
    parts = value.split(", ")
    if len(parts) > 1 and all(part in words for part in parts):
        return "、".join(words[part] for part in parts)
    return _said(value, sentences, words) if " " in value else value


@cache
def _list_of(language: str) -> tuple[tuple[tuple[re.Pattern[str], str], ...], Mapping[str, str]]:
    """Sentences as patterns, those with the most of their own first; words as they are."""
    file = _FOLDER / f"{language}.yaml"
    if not file.exists():
        return (), {}
    yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
    loaded = yaml.load(file.read_text("utf-8"))
    ordered = sorted(loaded["sentences"].items(), key=lambda one: -len(_BLANK.sub("", one[0])))
    return tuple((_pattern(english), text) for english, text in ordered), loaded["words"]


def _pattern(english: str) -> re.Pattern[str]:
    parts = _BLANK.split(english)
    made = [re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)
