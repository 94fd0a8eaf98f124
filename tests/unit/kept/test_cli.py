import resource
import subprocess
import sys
from typing import Annotated

import pytest
import typer

from kept.cli import app as cli
from kept.cli import arguments, errors, output
from ledger.errors import LedgerInputError


def _kept(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kept", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["--no-such-option"]])
def test_bad_usage_is_one_line_on_stderr_and_exit_2(arguments: list[str]) -> None:
    done = _kept(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "kept --help" in done.stderr


def test_help_and_version_are_on_stdout() -> None:
    assert "Usage: kept" in _kept("--help").stdout
    assert _kept("--version").stdout.startswith("kept 0.")


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from kept.cli.app import run; run(['--help']); "
        "print([m for m in ('sqlalchemy','asyncpg','pydantic','redis','arq','aiogram','fastapi')"
        " if m in sys.modules], file=sys.stderr)"
    )
    best = 9.0
    for _ in range(3):
        began = _worked()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        best = min(best, _worked() - began)
    assert done.stderr.strip() == "[]"
    assert best < 1.0, "about 0.15 s"


def _worked() -> float:
    """Seconds that finished children computed: those they waited for others on the machine do not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    def register(app: typer.Typer) -> None:
        @app.command()
        def trial(
            how: str, now: arguments.Now = None, day: arguments.AsOf = None, as_json: output.AsJson = False
        ) -> None:
            if how == "bad-row":
                raise LedgerInputError(
                    "tape.csv row 3,\n column due_date: '31/31/2026' is no date; write 2026-12-31"
                )
            if how == "bad-word":
                raise errors.BadInput("--full needs a folder")
            if how == "defect":
                raise ZeroDivisionError
            if how == "broken":
                raise typer.Exit(output.EXIT_FAILED)
            if as_json:
                output.print_json({"how": how, "now": now, "day": day})

        @app.command()
        def other(count: Annotated[int, typer.Option(min=1)] = 1) -> None:
            output.print_json({"count": count})

    monkeypatch.setitem(
        sys.modules, "kept.cli.trial", type("Trial", (), {"register": staticmethod(register)})()
    )
    monkeypatch.setattr(cli, "GROUPS", ("trial",))


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["trial", "bad-row"],
            "kept: tape.csv row 3, column due_date: '31/31/2026' is no date; write 2026-12-31",
        ),
        (["trial", "bad-word"], "kept: --full needs a folder"),
        (["trial"], "kept trial: Missing argument 'how'. (kept trial --help says what it takes)"),
        (
            ["other", "--count", "0"],
            "kept other: Invalid value for '--count': Input should be greater than or equal to 1 (",
        ),
        (["trial", "x", "--now", "yesterday"], "'yesterday' is no moment; write it as"),
        (["trial", "x", "--now", "2026-11-23T09:00"], "has no zone"),
        (["trial", "x", "--as-of", "23.11.2026"], "'23.11.2026' is no date; write it as 2026-11-23"),
    ],
)
def test_bad_input_is_one_line_on_stderr(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert line in err


@pytest.mark.usefixtures("command")
def test_a_failed_check_is_1_and_a_defect_keeps_its_traceback() -> None:
    assert cli.run(["trial", "broken"]) == 1
    with pytest.raises(ZeroDivisionError):
        cli.run(["trial", "defect"])


@pytest.mark.usefixtures("command")
def test_json_is_one_document(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.run(["trial", "x", "--now", "2026-11-23T09:00+01:00", "--as-of", "2026-11-22", "--json"]) == 0
    assert capfdbinary.readouterr().out.decode().split() == [
        "{", '"how":', '"x",', '"now":', '"2026-11-23T09:00:00+01:00",', '"day":', '"2026-11-22"', "}",
    ]  # fmt: skip


def test_now_is_refused_where_it_would_reach_people(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from kept.config import load

    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert arguments.clock_for(now, load(None)).now() == now
    monkeypatch.setenv("KEPT_TELEGRAM_TOKEN", "1:a")
    assert arguments.clock_for(None, load(None)).now() > now.replace(year=2000)
    with pytest.raises(errors.BadInput, match="--now is refused: KEPT_TELEGRAM_API_URL"):
        arguments.clock_for(now, load(None))


def test_every_listed_error_class_of_a_room_that_exists_is_there() -> None:
    from importlib import import_module, util

    for module, name in errors.BAD_INPUT:
        if util.find_spec(module) is not None:
            assert issubclass(getattr(import_module(module), name), Exception), f"{module}.{name}"
