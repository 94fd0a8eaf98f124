"""The page of a mail: MJML made into what mail programs of every age show, once for each language.

Only the frame is made by MJML, when a text is parsed; the words of a mail are put into it, each character
escaped already. Lines are broken between tags, so that none is longer than a mail may have.
"""

import re
from functools import cache
from html import escape
from typing import Any, Final

import mjml

_TITLE: Final = "kept-title-kept"
_WORDS: Final = "kept-words-kept"
_SOURCE: Final = f"""
<mjml lang="%s">
  <mj-head>
    <mj-title>{_TITLE}</mj-title>
    <mj-attributes>
      <mj-all font-family="system-ui, 'Segoe UI', 'Noto Sans', sans-serif" />
      <mj-text font-size="16px" line-height="1.5" color="#1a1a1a" padding="0 16px" />
      <mj-section padding="8px 0" />
    </mj-attributes>
  </mj-head>
  <mj-body width="600px">
    <mj-section><mj-column><mj-text>{_WORDS}</mj-text></mj-column></mj-section>
  </mj-body>
</mjml>
"""
_BETWEEN: Final = re.compile(r"><(?!!)")
_PLACES: Final = re.compile(f"({_TITLE}|{_WORDS})")

_compile: Final[Any] = mjml.mjml2html  # the package has no types


@cache
def frame(language: str) -> tuple[str, ...]:
    """The page in pieces: every other one says what stands there, `title` or `words`."""
    made = _BETWEEN.sub(">\n<", str(_compile(_SOURCE % escape(language))))
    made = made.replace('lang="und"', f'lang="{escape(language)}"')
    named = {_TITLE: "title", _WORDS: "words"}
    return tuple(named.get(piece, piece) for piece in _PLACES.split(made))


def page(language: str, subject: str, words: str) -> str:
    """A whole page. `words` is markup of ours, `subject` as people write it."""
    given = {"title": escape(subject), "words": words}
    pieces = frame(language)
    return "".join(given[piece] if number % 2 else piece for number, piece in enumerate(pieces))
