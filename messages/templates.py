"""The texts: read from the library, held to what a text may use, parsed once and kept.

messages/library/ has one file a language, named by it (`es.yaml`): text -> channel -> `text` and, for mail,
a `subject`, as Liquid; for chat, `buttons` by their action, labelled once for the whole file. `parts` are
pieces that several texts share; `<<piece>>` puts one in when the file is read, so what is parsed, digested
and frozen is always the whole text. Adding a language is adding a file.

Liquid has neither attributes nor calls on objects; of its tags and filters only those below are left, none of
which reads a clock, a file or another text.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec
from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from messages.errors import InvalidTextError, UnknownTextError, UnknownVariableError
from messages.locales import HOME, plural_form
from messages.mail_page import frame
from messages.segments import encoding_of

Kind = Literal["due", "late", "promise", "neutral"]
"""'due' speaks of what is owed, 'late' of what is past due, 'promise' of that where there is any and else of
what is owed, 'neutral' of nothing: for every address."""

KINDS: Final[Mapping[str, Kind]] = {
    "upcoming": "due",
    "due-today": "due",
    "late-early": "late",
    "late": "late",
    "late-firm": "late",
    "more-time": "late",
    "promise-tomorrow": "promise",
    "get-in-touch": "neutral",
    "how-was-it": "neutral",
    "stop-confirmed": "neutral",
    "start-confirmed": "neutral",
    "help": "neutral",
    "link-unknown": "neutral",
    "sms-figures": "due",
    "sms-nothing": "neutral",
    "sms-pin": "neutral",
    "sms-pin-wrong": "neutral",
    "sms-pin-locked": "neutral",
    "sms-passed-on": "neutral",
    "sms-distress": "neutral",
    "sms-real": "neutral",
    "sms-unclear": "neutral",
    "sms-stop": "neutral",
    "sms-wrong": "neutral",
    "sms-paid": "neutral",
    "sms-promise": "neutral",
    "sms-promise-when": "neutral",
    "sms-promise-limits": "neutral",
    "sms-promise-noted": "neutral",
    "sms-promise-small": "neutral",
    "sms-promise-left": "neutral",
    "sms-promise-changed": "neutral",
    "chat-code": "neutral",
    "chat-link": "neutral",
    "validation": "due",
    "agent-identity": "due",
}
"""The texts there are."""

NOTICES: Final[Mapping[str, str]] = {"validation": "validation", "agent_identity": "agent-identity"}
"""The text of each notice of the law, by the name that packs call it."""

OWN_WORDS: Final = "own-words"
"""Stands where a text's name would, for what somebody of the staff wrote themselves."""

CHANNELS: Final = frozenset({"sms", "email", "chat"})

NEUTRAL_NAMES: Final = frozenset(
    {"brand", "reply_to", "opt_out_url", "code", "link", "promised", "promised_on"}
)
ALL_NAMES: Final = NEUTRAL_NAMES | {
    "name",
    "payment_line",
    "owed",  # what the text is about: in a late text the loans past due, else all; each as ITEM_NAMES
    "one",  # the first of them
    "also",  # in a late text, the loans on which something is owed and nothing is late; None without any
    "count",
    "more",  # how many of the loans are too many to list; None where all are
    "total",  # over `owed`, by currency
    "same_due",
    "collector",  # a pack has whoever collects for others say so
    "first_time",  # and this is the first communication
    "creditor",  # whose debt it is, where somebody else collects
    "dispute_by",  # of a validation notice: the last day to dispute the debt
}
ITEM_NAMES: Final = frozenset(
    {"loan", "product", "due", "long_due", "today", "pay", "outstanding", "days_late"}
)

ACTIONS: Final = frozenset({"pay", "paid", "promise", "cannot", "human", "stop", "feedback"})
"""What a button of a chat may ask for."""
NEUTRAL_ACTIONS: Final = frozenset({"human", "stop", "feedback"})
"""Those whose labels need not speak of a loan: for every address."""

OUTPUT_LIMIT: Final = 20_000  # bytes
LOOP_LIMIT: Final = 200

_TAGS: Final = frozenset({"if", "unless", "case", "for", "comment", "#", "output", "content", "illegal"})
_LIBRARY: Final = Path(__file__).parent / "library"
_PART: Final = re.compile(r"<<([a-z-]+)>>")
_DEPTH: Final = 6


Buttons = tuple[tuple[str, str], ...]
"""(label, action) pairs, in the order they are shown."""


class Source(msgspec.Struct, frozen=True):
    """What somebody wrote, its parts put in: Liquid; a subject for mail, buttons for chat."""

    text: str
    subject: str | None = None
    buttons: Buttons = ()


class Template(msgspec.Struct, frozen=True):
    """One text of one channel in one language, parsed. `digest` names its exact content."""

    name: str
    channel: str
    language: str
    kind: Kind
    digest: str
    source: Source
    gsm7: bool  # its own words fit the GSM alphabet, so that an SMS should stay in it
    text: BoundTemplate
    subject: BoundTemplate | None


def parse(
    name: str, channel: str, language: str, text: str, subject: str | None = None, buttons: Buttons = ()
) -> Template:
    """A text ready to be rendered. Raises InvalidTextError with the reason."""
    where = f"{language}/{name}/{channel}"
    kind = KINDS.get(name)
    if kind is None:
        raise InvalidTextError(where, f"there is no text of this name; there are {', '.join(sorted(KINDS))}")
    if channel not in CHANNELS:
        raise InvalidTextError(where, f"there is no such channel; there are {', '.join(sorted(CHANNELS))}")
    if (subject is not None) != (channel == "email"):
        raise InvalidTextError(where, "a mail has a subject, and nothing else has")
    _check_buttons(buttons, channel, kind, where)
    if channel == "email":
        frame(language)  # made now, not at the first mail
    labelled = [f"{action}={label}" for label, action in buttons]
    content = "\x00".join((name, channel, language, subject or "", text, *labelled))
    return Template(
        name=name,
        channel=channel,
        language=language,
        kind=kind,
        digest=sha256(content.encode()).hexdigest()[:16],
        source=Source(text, subject, buttons),
        gsm7=channel == "sms" and encoding_of(text) == "gsm7",
        text=_liquid(text, language, kind, where),
        subject=None if subject is None else _liquid(subject, language, kind, where),
    )


def _check_buttons(buttons: Buttons, channel: str, kind: Kind, where: str) -> None:
    if buttons and channel != "chat":
        raise InvalidTextError(where, "a chat has buttons, and nothing else has")
    allowed = NEUTRAL_ACTIONS if kind == "neutral" else ACTIONS
    actions = [action for _, action in buttons]
    for label, action in buttons:
        if action not in allowed:
            what = f"no button here may ask for '{action}'; there are {', '.join(sorted(allowed))}"
            raise InvalidTextError(where, what)
        if not label.strip() or label != " ".join(label.split()) or "{" in label:
            raise InvalidTextError(
                where, f"the label of the button '{action}' is not plain words on one line"
            )
    if len(set(actions)) < len(actions):
        raise InvalidTextError(where, "two buttons ask for the same")


class _Limited(Environment):
    loop_iteration_limit = LOOP_LIMIT
    output_stream_limit = OUTPUT_LIMIT


def _plural(language: str) -> Callable[..., str]:
    """The filter `plural`: `{{ count | plural: one: "payment", other: "payments" }}`."""
    locale = HOME.get(language, language)

    def plural(count: object, **forms: str) -> str:
        if not isinstance(count, int):
            raise LiquidError("plural wants a count", token=None)
        form = plural_form(count, locale)
        chosen = forms.get(form) or forms.get("other")
        if chosen is None:
            raise LiquidError(f"plural has no form '{form}' and no 'other'", token=None)
        return chosen

    return plural


@cache
def _environment(language: str) -> Environment:
    environment = _Limited(undefined=StrictUndefined)
    environment.tags = {name: tag for name, tag in environment.tags.items() if name in _TAGS}
    environment.filters = {"plural": _plural(language)}
    return environment


def _liquid(source: str, language: str, kind: Kind, where: str) -> BoundTemplate:
    environment = _environment(language)
    try:
        template = environment.from_string(source)
        used = template.analyze()
    except LiquidError as error:
        raise InvalidTextError(where, str(error.message)) from error
    allowed = NEUTRAL_NAMES if kind == "neutral" else ALL_NAMES
    unknown = sorted(set(used.globals) - allowed)
    if unknown:
        raise UnknownVariableError(
            where, f"'{unknown[0]}' is nothing this text is given; it has {', '.join(sorted(allowed))}"
        )
    items = {
        str(variable.segments[-1])
        for variables in used.variables.values()
        for variable in variables
        if len(variable.segments) > 1
    }
    if not items <= ITEM_NAMES:
        raise UnknownVariableError(where, f"a loan has no '{min(items - ITEM_NAMES)}'")
    filters = sorted(set(used.filters) - set(environment.filters))
    if filters:
        raise InvalidTextError(where, f"there is no filter '{filters[0]}'; there is 'plural'")
    return template


@cache
def languages() -> frozenset[str]:
    """The languages of the library."""
    return frozenset(file.stem for file in _LIBRARY.glob("*.yaml"))


@cache
def library(language: str) -> Mapping[tuple[str, str], Template]:
    """All texts of one language by (name, channel); read once. `language` is one of `languages()`."""
    return read(_LIBRARY / f"{language}.yaml")


def read(file: Path) -> Mapping[tuple[str, str], Template]:
    """The texts of one file of the library, by (name, channel). Raises InvalidTextError."""
    language, content = file.stem, _content(file)
    texts: dict[tuple[str, str], Template] = {}
    for name, channels in content.texts.items():
        for channel, text in channels.items():
            where = f"{language}/{name}/{channel}"
            subject = None if text.subject is None else _joined(text.subject, content.parts, where)
            body = _joined(text.text, content.parts, where)
            missing = [action for action in text.buttons if action not in content.buttons]
            if missing:
                raise InvalidTextError(where, f"the file has no label for the button '{missing[0]}'")
            buttons = tuple((content.buttons[action], action) for action in text.buttons)
            texts[name, channel] = parse(name, channel, language, body, subject, buttons)
    return texts


def with_parts(source: Source, language: str, where: str) -> Source:
    """A text of one's own with the shipped pieces of its language (`<<stop>>`) put in. InvalidTextError."""
    parts = _parts(language)
    subject = None if source.subject is None else _joined(source.subject, parts, where)
    return Source(_joined(source.text, parts, where), subject, source.buttons)


@cache
def _parts(language: str) -> Mapping[str, str]:
    """Those of the library; a language that it does not have has none."""
    return _content(_LIBRARY / f"{language}.yaml").parts if language in languages() else {}


def _content(file: Path) -> "_File":
    try:
        loaded: object = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
        return msgspec.convert(loaded, _File)
    except (YAMLError, msgspec.ValidationError) as error:
        raise InvalidTextError(file.name, str(error)) from error


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    subject: str | None = None
    buttons: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    parts: dict[str, str]
    texts: dict[str, dict[str, _Text]]
    buttons: dict[str, str] = {}


def _joined(text: str, parts: Mapping[str, str], where: str) -> str:
    """`text` with its pieces put in; a piece may hold others."""

    def piece(match: re.Match[str]) -> str:
        try:
            return parts[match[1]]
        except KeyError:
            raise InvalidTextError(
                where, f"there is no part '{match[1]}'; there are {', '.join(sorted(parts)) or 'none'}"
            ) from None

    for _ in range(_DEPTH):
        text = _PART.sub(piece, text)
    if _PART.search(text):
        raise InvalidTextError(where, "its parts hold each other without end")
    return text


def template(name: str, channel: str, language: str) -> Template:
    """The text of the library. Raises UnknownTextError."""
    found = library(language).get((name, channel))
    if found is None:
        raise UnknownTextError(name, channel)
    return found
