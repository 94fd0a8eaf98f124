"""A corpus of stored decisions, one file an engine: what each decided then, it decides today."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from casework.insight.replay import facts_of
from strategies.decide import decide
from strategies.rulebook import ENGINE, REPLAYED, Rulebook, decode, encode, read_rulebook

FOLDER = Path(__file__).parent / "golden"


class Line(msgspec.Struct):
    """A decision as it was stored, with the rulebook's digest; or a rulebook with its own."""

    rulebook: str
    written: str | None = None
    engine: int = 0
    at: datetime | None = None
    facts: str = ""
    decision: Any = None


def lines(engine: int) -> Iterator[Line]:
    for line in (FOLDER / f"engine-{engine}.jsonl").read_bytes().splitlines():
        yield msgspec.json.decode(line, type=Line)


def as_said(made: Any, stored: Any) -> Any:
    """What is made today, without the fields that an older engine did not know."""
    if isinstance(stored, dict) and isinstance(made, dict):
        return {name: as_said(made.get(name), value) for name, value in stored.items()}
    if isinstance(stored, list) and isinstance(made, list) and len(stored) == len(made):
        return [as_said(one, other) for one, other in zip(made, stored, strict=True)]
    return made


@pytest.mark.parametrize("engine", sorted(REPLAYED))
def test_every_stored_decision_replays_to_the_same_result(engine: int) -> None:
    books: dict[str, Rulebook] = {}
    replayed = 0
    for line in lines(engine):
        if line.written is not None:
            written = decode(line.written.encode())
            assert encode(written).decode() == line.written, "the bytes of a stored book have changed"
            books[line.rulebook] = read_rulebook(written)
            assert books[line.rulebook].digest == line.rulebook
            continue
        assert line.at is not None
        made = decide(facts_of(b64decode(line.facts)), books[line.rulebook], line.at)
        found = as_said(msgspec.json.decode(msgspec.json.encode(made)), line.decision)
        assert found == line.decision, f"the decision of engine {engine} at {line.at}"
        replayed += 1
    assert replayed > 100


def test_the_engine_of_today_has_its_corpus() -> None:
    assert ENGINE in REPLAYED
    assert {f"engine-{engine}.jsonl" for engine in REPLAYED} == {path.name for path in FOLDER.iterdir()}
