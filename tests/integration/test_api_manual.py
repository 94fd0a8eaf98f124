"""docs/api.md as it stands: every curl of it is run, in order, against a server with an empty book."""

import asyncio
import re
import shlex
import shutil
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from console.api.problem import TITLES
from tests.builders.programs import Programs

MANUAL = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_every_curl_of_the_manual_does_what_it_says(engine: AsyncEngine, tmp_path: Path) -> None:
    programs = Programs(engine)
    await programs.open()
    token = await programs.token()
    commands = _curls()
    assert len(commands) >= 9
    # What is read and told is of a loan that was pushed.
    commands.sort(key=lambda one: "/api/v1/loans -H" not in one or "-d" not in one)
    async with programs.calling(token, pushed=tmp_path) as client:
        known = {"KEPT": str(client.base_url).rstrip("/"), "TOKEN": token}
        for command in commands:
            for name, value in known.items():
                command = command.replace(f"${name}", value)
            words = [*shlex.split(command), "-w", "\n%{http_code}", "--max-time", "60"]
            ran = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
            said = (await ran.communicate())[0].decode()
            assert said.endswith("\n200"), (command, said)


def _curls() -> list[str]:
    blocks = re.findall(r"```\n(.*?)```", MANUAL.read_text("utf-8"), re.DOTALL)
    found = [part for block in blocks for part in re.split(r"^(?=curl )", block, flags=re.MULTILINE)]
    return [part.strip().replace("\\\n", " ") for part in found if part.startswith("curl ")]


def test_every_kind_of_problem_has_its_place_in_the_manual() -> None:
    text = MANUAL.read_text("utf-8")
    assert set(re.findall(r'<a id="([a-z-]+)">', text)) == set(TITLES)
