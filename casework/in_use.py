"""Which version of a text is sent: the last approved one of the registry, else that of the library."""

from collections.abc import Iterable, Mapping

from messages.errors import NotApprovedError
from messages.locales import best_language
from messages.registry import TextVersion, template_of
from messages.render import FALLBACK
from messages.templates import Template, languages, template

Key = tuple[str, str, str]  # name, channel, language


class Texts:
    """The texts in use, parsed once."""

    def __init__(self, approved: Iterable[TextVersion] = ()) -> None:
        """`approved`: the approved versions, the oldest first."""
        last: dict[Key, TextVersion] = {(v.name, v.channel, v.language): v for v in approved}
        self._versions: Mapping[Key, TextVersion] = last
        self._templates = {key: template_of(version) for key, version in last.items()}
        self.languages = languages() | {key[2] for key in last}

    def of(self, name: str, channel: str, language: str, *, registered: bool = False) -> Template:
        """The text for who reads `language` ('es-MX'), in the nearest language that there is.

        `registered`: an outside register must have approved it. Raises UnknownTextError, NotApprovedError.
        """
        spoken = best_language(language, self.languages, FALLBACK)
        key = (name, channel, spoken)
        version = self._versions.get(key)
        if registered and (version is None or not version.frozen):
            raise NotApprovedError(*key)
        return self._templates[key] if version is not None else self._shipped(*key)

    def _shipped(self, name: str, channel: str, language: str) -> Template:
        if language in languages():
            return template(name, channel, language)
        known = self._templates.get((name, channel, FALLBACK))  # a language with some texts and not this one
        return known or template(name, channel, FALLBACK)
