"""`kept policy` as a process: what it prints where, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

QUESTION: dict[str, Any] = {
    "now": "2026-11-28T10:30:00Z",
    "packs": ["ru-230fz"],
    "actor": "first_party",
    "stage": "collection",
    "channel": "sms",
    "purpose": "dunning",
    "loans": ["[A]"],
    "dpd": {"[A]": 20},
    "text": None,
    "borrower": {"zones": ["Asia/Vladivostok"], "country": "RU", "region": None},
}


def kept(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", "KEPT_DATA_DIR": str(folder / "var")}
    command = [sys.executable, "-m", "kept", "policy", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "question.json"
    path.write_text("\ufeff" + json.dumps(QUESTION), encoding="utf-8")  # as some editors save it
    return path


def test_check_is_one_document_and_nothing_else(file: Path) -> None:
    done = kept("check", file, "--json", folder=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "verdict": "defer",
        "until": "2026-11-28T23:00:00Z",
        "reasons": [
            {
                "pack": "ru-230fz",
                "rule": "hours",
                "detail": "hours 09:00-20:00; it is 20:30 (Asia/Vladivostok)",
                "source": "230-FZ art. 7",
            }
        ],
    }
    assert not (file.parent / "var").exists()  # no database, no data folder


def test_check_reads_as_a_sentence_a_line(file: Path) -> None:
    done = kept("check", file, folder=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "defer until 2026-11-28T23:00:00Z",
        "  ru-230fz hours: hours 09:00-20:00; it is 20:30 (Asia/Vladivostok) (230-FZ art. 7)",
    ]


def test_a_verdict_of_no_is_no_failure(file: Path) -> None:
    file.write_text(json.dumps({**QUESTION, "channel": "chat"}), encoding="utf-8")
    done = kept("check", file, "--json", folder=file.parent)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "deny")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (json.dumps({**QUESTION, "chanel": "sms"}), ["question.json", "chanel", "unknown key", "channel"]),
        (json.dumps({**QUESTION, "packs": ["ru"]}), ["question.json", "'ru' is no policy pack", "ru-230fz"]),
        ("{", ["question.json", "line 1", "JSON"]),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_2(file: Path, content: str, parts: list[str]) -> None:
    file.write_text(content, encoding="utf-8")
    done = kept("check", file, "--json", folder=file.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent = kept("check", tmp_path / "none.json", folder=tmp_path)
    assert (absent.returncode, absent.stdout) == (2, "")
    assert "none.json: cannot be read" in absent.stderr
    (tmp_path / "latin.json").write_bytes(b'{"now": "\xe9"}')
    latin = kept("check", tmp_path / "latin.json", folder=tmp_path)
    assert (latin.returncode, latin.stdout) == (2, "")
    assert "UTF-8" in latin.stderr


def test_list_names_every_pack_with_source_and_sureness(tmp_path: Path) -> None:
    done = kept("list", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    packs = json.loads(done.stdout)
    assert len(packs) >= 19
    for pack in packs:
        assert {"pack", "owner", "review_by", "note", "rules"} <= set(pack)
        assert all(rule["source"] and rule["sure"] for rule in pack["rules"])
    table = kept("list", folder=tmp_path)
    assert (table.returncode, table.stderr) == (0, "")
    for pack in packs:
        assert pack["pack"] in table.stdout.split()  # whole, also where it is piped
        assert pack["title"].split()[0] in table.stdout
    assert "have counsel confirm before use" in table.stdout


def test_show_is_a_page_that_a_compliance_officer_can_sign(tmp_path: Path) -> None:
    done = kept("show", "us-reg-f", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "# us-reg-f: Regulation F, debt collection"
    at = lines.index("## call_frequency")
    assert lines[at + 2 : at + 9] == [
        "At most 7 calls in 7 consecutive days per debt; not counted: busy, not in service.",
        "",
        "- Source: 12 CFR 1006.14(b)(2)-(4)",
        "- Sureness: S (secondary source)",
        "- Binds: call; dunning",
        "- Machine checks: calls in any 7 consecutive local dates, all numbers together, those entered as "
        "outcomes and reported from elsewhere too; a call about several debts counts for each",
        "- Machine cannot: count calls that nobody recorded",
    ]
    assert "have counsel confirm before use" in done.stdout
    # Whom it binds before due, and which text was signed.
    assert "held to it by house policy, unless their portfolio says otherwise" in lines[3]
    digest = json.loads(kept("show", "us-reg-f", "--json", folder=tmp_path).stdout)["digest"]
    assert f"Text: {digest}" in lines
    assert lines[-1].startswith("Read and confirmed by ____")
    document = json.loads(kept("show", "us-reg-f", "--json", folder=tmp_path).stdout)
    assert (document["pack"], document["actors"], document["stages"]) == (
        "us-reg-f",
        ["third_party"],
        ["collection"],
    )
    assert len(document["rules"]) == done.stdout.count("\n## ")


def test_a_pack_that_there_is_not(tmp_path: Path) -> None:
    done = kept("show", "atlantis", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "'atlantis' is no policy pack; there are: cl-19496" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["chek"], ["check"], ["show"]])
def test_bad_usage(arguments: list[str], tmp_path: Path) -> None:
    done = kept(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "--help" in done.stderr
