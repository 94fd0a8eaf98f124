"""What the rules say of a wish, as it is told to whoever asked: allow, defer or deny, and every reason."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypedDict

from policy.earliest import ALWAYS_SOURCE, Rules, earliest_of
from policy.pack import Pack
from policy.values import Answer, Ask, No, Situation


class Reason(TypedDict):
    """One rule's no, and where it comes from."""

    pack: str
    rule: str
    detail: str
    source: str


class Verdict(TypedDict):
    """What `kept policy check` says; `until` is a moment as text, or null."""

    verdict: Literal["allow", "defer", "deny"]
    until: str | None
    reasons: list[Reason]


def verdict(
    rules: Rules, packs: Mapping[str, Pack], asks: Sequence[Ask], situation: Situation, at: datetime
) -> tuple[Answer, Verdict]:
    """The answer of the gate to all of `asks` at `at`, and the same in words. `packs`: for their sources."""
    answer = earliest_of(rules, asks, situation, at)
    if answer.at == at:
        return answer, Verdict(verdict="allow", until=None, reasons=[])
    noes: dict[tuple[str, str], No] = {}
    for no in (*noes_now(rules, asks, situation, at), *answer.noes):
        noes.setdefault((no.pack, no.rule), no)  # as it stands now, before what is met on the way
    reasons = [
        Reason(pack=no.pack, rule=no.rule, detail=no.detail, source=_source(packs, no))
        for no in noes.values()
    ]
    if answer.at is None:
        return answer, Verdict(verdict="deny", until=None, reasons=reasons)
    return answer, Verdict(verdict="defer", until=as_text(answer.at), reasons=reasons)


def as_text(at: datetime) -> str:
    """A moment as ISO 8601 in UTC: "2026-11-23T13:00:00Z"."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def noes_now(rules: Rules, asks: Iterable[Ask], situation: Situation, at: datetime) -> list[No]:
    """What each rule by itself says no to now: the gate ends at the first that never accepts."""
    asked = (
        (pack, rule, ask, rule.first(ask, situation, at))
        for ask in asks
        for pack, rule in rules.bound(ask, situation)
    )
    return [
        No(pack, rule.name, rule.detail(ask, situation, at), until)
        for pack, rule, ask, until in asked
        if until != at
    ]


def _source(packs: Mapping[str, Pack], no: No) -> str:
    pack = packs.get(no.pack)
    return ALWAYS_SOURCE if pack is None else pack.source(no.rule)
