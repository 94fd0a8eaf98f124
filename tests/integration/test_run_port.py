"""kept serve where its port is taken: one line that names the setting."""

import os
import socket
import subprocess
import sys
from pathlib import Path


def test_a_taken_port_is_said_in_one_line(tmp_path: Path, database_url: str, redis_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = subprocess.run(
            [sys.executable, "-m", "kept", "serve"],
            env={
                **os.environ,
                "KEPT_DATA_DIR": str(tmp_path / "data"),
                "KEPT_DATABASE_URL": database_url,
                "KEPT_REDIS_URL": redis_url,
                "KEPT_ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
                "KEPT_HTTP": listen,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"KEPT_HTTP {listen} cannot be listened on" in ended.stderr.splitlines()[-1]
