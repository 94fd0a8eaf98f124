"""`kept ledger` as a process: what it prints where, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOAN = {
    "currency": "KWD",
    "zone": "Asia/Kuwait",
    "installments": [
        {"number": 1, "due_date": "2023-10-01", "principal": "250.000", "interest": "1.234"},
        {"number": 2, "due_date": "2023-11-01", "principal": "250.000"},
    ],
    "payments": [{"id": "[p1]", "received_on": "2023-10-03", "amount": "1.500"}],
    "pauses": [{"from": "2023-10-06", "to": "2023-10-30"}],
}


def kept(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", "KEPT_DATA_DIR": str(folder / "var")}
    command = [sys.executable, "-m", "kept", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "loan.json"
    path.write_text("\ufeff" + json.dumps(LOAN), encoding="utf-8")  # as some editors save it
    return path


def test_json_is_one_document_and_nothing_else(file: Path) -> None:
    done = kept("ledger", file, "--as-of", "2023-10-31", "--json", folder=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "as_of": "2023-10-31",
        "arrears": "249.734",
        "outstanding": "499.734",
        "credit": "0.000",
        "dpd": 30,
        "delinquent_days": 6,
        "bucket": "4-30",
        "installments": [
            {
                "number": 1,
                "due_date": "2023-10-01",
                "due": "251.234",
                "paid": "1.500",
                "outstanding": "249.734",
                "dpd": 30,
                "bucket": "4-30",
            },
            {
                "number": 2,
                "due_date": "2023-11-01",
                "due": "250.000",
                "paid": "0.000",
                "outstanding": "250.000",
                "dpd": 0,
                "bucket": "current",
            },
        ],
        "allocations": [
            {
                "payment": "[p1]",
                "installment": 1,
                "penalties": "0.000",
                "fees": "0.000",
                "interest": "1.234",
                "principal": "0.266",
            }
        ],
    }
    assert not (file.parent / "var").exists()  # no database, no data folder


def test_without_json_the_same_facts_are_readable(file: Path) -> None:
    done = kept("ledger", file, "--as-of", "2023-10-31", folder=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert "As of 2023-10-31, in KWD: 30 days past due, 6 of them delinquent; bucket 4-30" in done.stdout
    assert ["arrears", "249.734"] in rows
    assert ["outstanding", "499.734"] in rows
    assert ["credit", "0.000"] in rows
    assert ["1", "2023-10-01", "251.234", "1.500", "249.734", "30", "4-30"] in rows
    assert ["2", "2023-11-01", "250.000", "0.000", "250.000", "0", "current"] in rows
    assert ["[p1]", "1", "0.000", "0.000", "1.234", "0.266"] in rows


@pytest.mark.parametrize(
    ("changes", "as_of", "parts"),
    [
        ({"tolerence": "1"}, "2023-10-31", ["loan.json", "tolerence", "tolerance"]),
        ({"currency": "XYZ"}, "2023-10-31", ["loan.json", "XYZ", "ISO 4217"]),
        ({}, "31/10/2023", ["--as-of", "31/10/2023", "2023-10-31"]),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_2(
    file: Path, changes: dict[str, str], as_of: str, parts: list[str]
) -> None:
    file.write_text(json.dumps({**LOAN, **changes}), encoding="utf-8")
    done = kept("ledger", file, "--as-of", as_of, "--json", folder=file.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent = kept("ledger", tmp_path / "none.json", "--as-of", "2023-10-31", folder=tmp_path)
    assert (absent.returncode, absent.stdout) == (2, "")
    assert "none.json: cannot be read" in absent.stderr
    (tmp_path / "latin.json").write_bytes(b'{"currency": "\xe9"}')
    latin = kept("ledger", tmp_path / "latin.json", "--as-of", "2023-10-31", folder=tmp_path)
    assert (latin.returncode, latin.stdout) == (2, "")
    assert "UTF-8" in latin.stderr


def test_the_date_is_asked_for(file: Path) -> None:
    done = kept("ledger", file, folder=file.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--as-of" in done.stderr
