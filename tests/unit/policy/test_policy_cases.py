"""Each pack at both edges of each number: tests/unit/policy/cases/PACK.yaml, asked as the command asks.

`now`, `history` and what is deferred to are by the clock of the borrower's first zone. A line of history:
"[in] DATE HOUR CHANNEL RESULT LOANS [xTIMES]", each a minute after the other.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from policy.document import Verdict, check, read
from policy.pack import shipped_packs

FOLDER = Path(__file__).parent / "cases"


def _load(file: Path) -> Any:
    return YAML(typ="safe").load(file.read_text("utf-8"))


FILES = {file.stem: _load(file) for file in sorted(FOLDER.glob("*.yaml"))}
CASES = [
    pytest.param(name, written["base"], case, id=f"{name}: {case['it']}")
    for name, written in FILES.items()
    for case in written["cases"]
]


def document(pack: str, base: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The document that a case stands for."""
    own = {key: value for key, value in case.items() if key not in ("it", "expect", "by", "says")}
    borrower = {**base["borrower"], **own.pop("borrower", {})}
    zone = borrower["zones"][0]
    history = [contact for line in own.pop("history", []) for contact in _contacts(line, zone)]
    return {
        "packs": [pack],
        "purpose": "dunning",
        "text": None,
        **base,
        **own,
        "now": _moment(own["now"], zone),
        "borrower": borrower,
        "history": history,
    }


def _moment(local: str, zone: str) -> str:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).isoformat()


def _contacts(line: str, zone: str) -> list[dict[str, Any]]:
    words = line.split()
    direction = words.pop(0) if words[0] == "in" else "out"
    day, hour, channel, result, loans, *times = words
    began = datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=ZoneInfo(zone))
    return [
        {
            "at": (began + timedelta(minutes=n)).isoformat(),
            "channel": channel,
            "direction": direction,
            "result": result,
            "loans": loans.split(","),
        }
        for n in range(int(times[0][1:]) if times else 1)
    ]


@pytest.mark.parametrize(("pack", "base", "case"), CASES)
def test_case(pack: str, base: Mapping[str, Any], case: Mapping[str, Any]) -> None:
    written = document(pack, base, case)
    said: Verdict = check(read(json.dumps(written)))
    verdict, _, until = case["expect"].partition(" ")
    assert said["verdict"] == verdict, said
    if until:
        zone = ZoneInfo(written["borrower"]["zones"][0])
        assert said["until"] is not None
        assert datetime.fromisoformat(said["until"]) == datetime.fromisoformat(until).replace(tzinfo=zone), (
            said
        )
    else:
        assert said["until"] is None
    assert (said["reasons"] == []) == (verdict == "allow")
    assert set(case.get("by", [])) <= {reason["rule"] for reason in said["reasons"]}, said
    assert case.get("says", "") in " ".join(reason["detail"] for reason in said["reasons"])
    for reason in said["reasons"]:
        assert list(reason) == ["pack", "rule", "detail", "source"]
        assert all(reason.values())


def test_every_pack_has_its_cases() -> None:
    """Four at least, and each rule that the machine checks of a situation says no in one of them."""
    assert set(FILES) == set(shipped_packs())
    # What no document can state: to whom, by which address, what was sent before.
    unstated = {"party", "age", "basis", "precondition"}
    for name, pack in shipped_packs().items():
        cases = FILES[name]["cases"]
        assert len(cases) >= 4, name
        stated = {rule.name for rule in pack.rules if pack.spec.rules[rule.name].kind not in unstated}
        met = {rule for case in cases for rule in case.get("by", [])}
        assert stated <= met, (name, stated - met)
