"""The embedded engines: started by themselves, shared, stopped with the last, usable after any kill."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from kept.embedded.account import server_account
from kept.embedded.errors import EngineError
from kept.embedded.folder import Folder
from tests.builders.holders import NOBODY, Holder, Running, open_folder

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can be another account")
SERVERS = ("postgres", "valkey")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder below one that every account may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="k-") as parent, open_folder(Path(parent)) as made:
        yield made


@pytest.fixture
def running(folder: Path) -> Running:
    return Running(folder)


@pytest.mark.parametrize("uid", [None, pytest.param(NOBODY, marks=needs_root)])
def test_they_start_by_themselves_for_root_and_for_others(
    folder: Path, running: Running, uid: int | None
) -> None:
    with Holder(folder, uid) as holder:
        assert holder.ask("SELECT current_setting('server_encoding')") == ["UTF8", True]
        assert holder.ask("SELECT current_user || rolsuper FROM pg_roles WHERE rolname = current_user") == [
            "keptfalse",
            True,
        ]
        for kind in SERVERS:
            server = running.server(kind)
            assert server.uids().effective != 0
            if uid is not None:
                assert server.uids().effective == uid
            assert not [c for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN], (
                "no TCP port"
            )
    running.wait_until_gone()


@pytest.mark.parametrize("uid", [None, pytest.param(NOBODY, marks=needs_root)])
def test_nobody_else_can_read_them(folder: Path, uid: int | None) -> None:
    with Holder(folder, uid) as holder:
        holder.ask()
        closed = {folder / "engines" / kind / "server" for kind in SERVERS}
        for path in [folder, *folder.rglob("*")]:
            mode = path.lstat().st_mode & 0o777
            if path in closed:
                assert mode == 0o700, path
            elif closed.isdisjoint(path.parents):
                # Root's own folders let the servers' group pass, and look at nothing.
                assert mode & (0o067 if path.is_dir() else 0o077) == 0, path


@needs_root
@pytest.mark.parametrize("uid", [None, NOBODY])
def test_nobody_else_can_connect(folder: Path, uid: int | None) -> None:
    with Holder(folder, uid) as holder:
        holder.ask()
        host = parse_qs(urlsplit(holder.up["database_url"]).query)["host"][0]
        for path in (f"{host}/.s.PGSQL.5432", urlsplit(holder.up["redis_url"]).path):
            reached = subprocess.run(
                ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "stat", path],
                capture_output=True, text=True, check=False, cwd="/",
            )  # fmt: skip
            assert "Permission denied" in reached.stderr


def test_no_setting_of_ours_reaches_the_keepers_or_servers(folder: Path, running: Running) -> None:
    with Holder(folder, KEPT_TELEGRAM_TOKEN="1:secret-token", PGOPTIONS="-c work_mem=1GB") as holder:
        holder.ask()
        for process in running.all():
            assert not {name for name in process.environ() if name.startswith(("KEPT_", "PG"))}


def test_two_share_and_the_last_one_stops_them(folder: Path, running: Running) -> None:
    with Holder(folder) as first, Holder(folder) as second:
        assert first.up == second.up
        server = running.server("postgres")
        first.leave()
        assert second.ask() == [1, True]
        assert running.server("postgres") == server
        second.leave()
    running.wait_until_gone()


def test_four_first_starts_at_once_share_one(folder: Path, running: Running) -> None:
    holders = [Holder(folder) for _ in range(4)]
    try:
        assert len({tuple(holder.up.items()) for holder in holders}) == 1
        assert all(holder.ask() == [1, True] for holder in holders)
        assert len(running.keepers()) == 2
    finally:
        for holder in holders:
            with holder:
                pass
    running.wait_until_gone()


def test_who_comes_while_they_stop_gets_them_again(folder: Path, running: Running) -> None:
    holder = Holder(folder)
    holder.ask("CREATE TABLE rounds (n int)")
    for number in range(5):
        following = Holder(folder)
        holder.ask(f"INSERT INTO rounds VALUES ({number})")
        with holder:
            pass
        holder = following
    with holder:
        assert holder.ask("SELECT count(*) FROM rounds") == [5, True]
    running.wait_until_gone()


@pytest.mark.parametrize("last", [True, False])
def test_kill_9_of_a_kept_process_lets_go_of_them(folder: Path, running: Running, last: bool) -> None:
    with Holder(folder) as other:
        other.ask()
        with Holder(folder) as killed:
            killed.ask()
            if last:
                other.leave()
            killed.kill()
        if not last:
            assert other.ask() == [1, True]
            other.leave()
    running.wait_until_gone()
    with Holder(folder) as again:
        assert again.ask() == [1, True]


@pytest.mark.parametrize("kind", SERVERS)
def test_kill_9_of_a_server_brings_it_back_with_what_was_committed(
    folder: Path, running: Running, kind: str
) -> None:
    with Holder(folder, quick=False) as holder:
        holder.ask("CREATE TABLE kept AS SELECT 7 AS n")
        killed = running.server(kind)
        killed.kill()
        psutil.wait_procs([killed], timeout=30)
        assert holder.ask("SELECT n FROM kept") == [7, True]
        assert running.server(kind) != killed
    running.wait_until_gone()


@pytest.mark.parametrize("kind", SERVERS)
def test_kill_9_of_a_keeper_and_the_server_is_adopted(folder: Path, running: Running, kind: str) -> None:
    with Holder(folder) as holder:
        holder.ask()
        server, keeper = running.server(kind), running.keeper(kind)
        keeper.kill()
        psutil.wait_procs([keeper], timeout=30)
        with Holder(folder) as second:
            assert second.ask() == [1, True]
        assert holder.ask() == [1, True]
        assert running.server(kind) == server
        assert running.keeper(kind) != keeper
        holder.leave()
    running.wait_until_gone()


def test_kill_9_of_keepers_and_kept_leaves_servers_that_the_next_one_adopts(
    folder: Path, running: Running
) -> None:
    with Holder(folder) as holder:
        holder.ask()
        servers = [running.server(kind) for kind in SERVERS]
        keepers = running.keepers()
        holder.process.kill()
        for keeper in keepers:
            keeper.kill()
        psutil.wait_procs(keepers, timeout=30)
    with Holder(folder) as following:
        assert following.ask() == [1, True]
        assert [running.server(kind) for kind in SERVERS] == servers
    running.wait_until_gone()


def test_kill_9_of_everything_and_the_next_one_starts_with_what_was_committed(
    folder: Path, running: Running
) -> None:
    with Holder(folder, quick=False) as holder:
        holder.ask("CREATE TABLE kept AS SELECT 7 AS n")
        holder.process.kill()
        running.kill_all()
    with Holder(folder, quick=False) as following:
        assert following.ask("SELECT n FROM kept") == [7, True]


def test_a_keeper_told_to_end_takes_its_server_along_and_users_get_another(
    folder: Path, running: Running
) -> None:
    with Holder(folder) as holder:
        holder.ask()
        keeper, server = running.keeper("postgres"), running.server("postgres")
        keeper.terminate()
        _, left = psutil.wait_procs([keeper, server], timeout=30)
        assert not left
        assert holder.ask() == [1, True]


def test_a_number_of_another_process_in_the_pid_file_is_no_obstacle(folder: Path, running: Running) -> None:
    """After a reboot that number may be anybody's."""
    with Holder(folder) as holder:
        holder.ask()
    running.wait_until_gone()
    data = folder / "engines" / "postgres" / "server" / "data"
    with subprocess.Popen(server_account().command("sleep", "600")) as other:
        (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n1\n5432\n/tmp\n\n0 0\nready\n")
        try:
            with Holder(folder) as holder:
                assert "error" not in holder.up
        finally:
            other.kill()


@pytest.mark.parametrize("name", ["x" * 120, 'it\'s, "odd" 名'])
def test_long_and_odd_paths(folder: Path, name: str) -> None:
    folder = folder / name
    running = Running(folder)
    with Holder(folder) as holder:
        assert holder.ask() == [1, True]
        host = Path(parse_qs(urlsplit(holder.up["database_url"]).query)["host"][0])
        assert len(str(host)) < 90
        assert host.stat().st_mode & 0o777 == 0o700
        running.keeper("postgres").kill()
        with Holder(folder) as second:
            assert second.up["database_url"] == holder.up["database_url"], "the adopted server's"
    running.wait_until_gone()
    assert not host.exists()


@needs_root
def test_a_closed_folder_above_stays_closed_and_is_no_obstacle(folder: Path, running: Running) -> None:
    """As /root is, of mode 0700, when root clones the project into its home."""
    folder.mkdir(mode=0o700)
    with Holder(folder / "deep" / "var") as holder:
        assert holder.ask() == [1, True]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder.stat().st_uid, folder.stat().st_gid) == (0, 0)
    running.wait_until_gone()


@needs_root
def test_data_of_a_system_user_that_had_another_number_is_taken_over(folder: Path, running: Running) -> None:
    with Holder(folder) as holder:
        holder.ask("CREATE TABLE kept AS SELECT 7 AS n")
    running.wait_until_gone()
    for path in (server := folder / "engines" / "postgres" / "server", *server.rglob("*")):
        os.chown(path, 54321, 54321, follow_symlinks=False)
    with Holder(folder) as holder:
        assert holder.ask("SELECT n FROM kept") == [7, True]


@needs_root
def test_a_folder_of_another_account_is_refused_in_one_line(folder: Path, running: Running) -> None:
    with Holder(folder, NOBODY) as holder:
        holder.ask()
    running.wait_until_gone()
    with Holder(folder) as holder:
        assert (
            "made by another account (uid 65534): run kept as that one, or set KEPT_DATA_DIR"
            in holder.up["error"]
        )


def test_what_the_server_says_when_it_cannot_start_is_told(folder: Path, running: Running) -> None:
    with Holder(folder) as holder:
        holder.ask()
    running.wait_until_gone()
    (folder / "engines" / "postgres" / "server" / "data" / "PG_VERSION").write_text("17\n")
    with Holder(folder) as holder:
        assert "was made by PostgreSQL 17 and this Kept brings 18" in holder.up["error"]
    running.wait_until_gone()


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match=r"the data folder cannot be used: .*set KEPT_DATA_DIR"):
        Folder(tmp_path / "file" / "var" / "engines" / "postgres").make()


@needs_root
def test_root_without_setpriv_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EngineError, match=r"setpriv .* is missing: run kept as an ordinary user"):
        server_account()
