"""A pack as a page that a compliance officer can sign, and as one line of a list. Plain values, then text."""

from hashlib import sha256
from typing import TypedDict, get_args

from policy.pack import Pack
from policy.rules.base import ACTORS, STAGES, Binding
from policy.specs import AnyRule
from policy.values import CHANNELS, Actor, Channel, Purpose, Stage

SURE = {
    "P": "primary or official text seen",
    "S": "secondary source",
    "U": "general knowledge, unconfirmed",
    "house": "our own rule",
}
"""What the marks of sureness mean."""


class Bound(TypedDict):
    """What a rule or a pack binds."""

    actors: list[str]
    stages: list[str]
    channels: list[str]
    purposes: list[str]


class RulePage(TypedDict):
    """One rule of the page; dates ISO, or null."""

    rule: str
    kind: str
    number: str
    source: str
    sure: str
    checks: str
    cannot: str
    binds: Bound
    effective_from: str | None
    effective_to: str | None


class PackPage(TypedDict):
    """The whole page; dates ISO, or null."""

    pack: str
    title: str
    jurisdiction: str
    owner: str
    review_by: str
    note: str
    actors: list[str]
    stages: list[str]
    effective_from: str | None
    effective_to: str | None
    digest: str  # of all that the pack states: what was signed can be found again
    rules: list[RulePage]


def page(pack: Pack) -> PackPage:
    """All that a pack states, in the order of its file."""
    spec = pack.spec
    rules = [_rule(name, rule, rule.binding(spec)) for name, rule in spec.rules.items()]
    return PackPage(
        pack=spec.pack,
        title=spec.title,
        jurisdiction=spec.jurisdiction,
        owner=spec.owner,
        review_by=spec.review_by.isoformat(),
        note=spec.note,
        actors=_order(get_args(Actor), frozenset(spec.binds.actors or ACTORS)),
        stages=_order(get_args(Stage), frozenset(spec.binds.stages or STAGES)),
        effective_from=spec.effective_from.isoformat() if spec.effective_from else None,
        effective_to=spec.effective_to.isoformat() if spec.effective_to else None,
        digest=sha256(spec.model_dump_json().encode()).hexdigest()[:16],
        rules=rules,
    )


def _rule(name: str, spec: AnyRule, binding: Binding) -> RulePage:
    return RulePage(
        rule=name,
        kind=spec.kind,
        number=spec.number(),
        source=spec.source,
        sure=spec.sure,
        checks=spec.checks,
        cannot=spec.cannot,
        binds=Bound(
            actors=_order(get_args(Actor), binding.actors),
            stages=_order(get_args(Stage), binding.stages),
            channels=_order(get_args(Channel), binding.channels),
            purposes=_order(get_args(Purpose), binding.purposes),
        ),
        effective_from=binding.since.isoformat() if binding.since else None,
        effective_to=binding.until.isoformat() if binding.until else None,
    )


def _order(known: tuple[str, ...], chosen: frozenset[str]) -> list[str]:
    return [name for name in known if name in chosen]


def text(shown: PackPage) -> str:
    """The page as text that reads as it is and is Markdown as well."""
    lines = [
        f"# {shown['pack']}: {shown['title']}",
        "",
        f"Jurisdiction: {shown['jurisdiction']}  ",
        f"Binds: {_names(shown['actors'])}; {_names(shown['stages'])}{_before_due(shown)}  ",
        f"In effect: {_effect(shown['effective_from'], shown['effective_to'])}  ",
        f"Owner: {shown['owner']}; to be reviewed by {shown['review_by']}  ",
        f"Text: {shown['digest']}",
        "",
        shown["note"],
    ]
    for rule in shown["rules"]:
        lines += ["", f"## {rule['rule']}", "", f"{rule['number'][:1].upper()}{rule['number'][1:]}.", ""]
        lines += [f"- {name}: {value}" for name, value in _told(rule, shown)]
    lines += ["", "Read and confirmed by ______________________  on ______________", ""]
    return "\n".join(lines)


def _before_due(shown: PackPage) -> str:
    """What its reach means for reminders: house policy, which a portfolio may lift."""
    if "reminder" in shown["stages"]:
        return ""
    return " (reminders before due are held to it by house policy, unless their portfolio says otherwise)"


def _told(rule: RulePage, shown: PackPage) -> list[tuple[str, str]]:
    told = [
        ("Source", rule["source"]),
        ("Sureness", f"{rule['sure']} ({', '.join(SURE[mark] for mark in rule['sure'].split('/'))})"),
        ("Machine checks", rule["checks"]),
        ("Machine cannot", rule["cannot"]),
    ]
    if rule["kind"] != "unchecked":
        binds = rule["binds"]
        channels = "every channel" if len(binds["channels"]) == len(CHANNELS) else _names(binds["channels"])
        told.insert(2, ("Binds", f"{channels}; {_names(binds['purposes'])}"))
    own = (rule["effective_from"], rule["effective_to"])
    if own != (shown["effective_from"], shown["effective_to"]):
        told.insert(2, ("In effect", _effect(*own)))
    if rule["binds"]["actors"] != shown["actors"]:
        told.insert(2, ("Binds only", _names(rule["binds"]["actors"])))
    return told


def _effect(since: str | None, until: str | None) -> str:
    if since is None and until is None:
        return "now, no end stated"
    return " ".join([*([f"from {since}"] if since else []), *([f"through {until}"] if until else [])])


def _names(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
