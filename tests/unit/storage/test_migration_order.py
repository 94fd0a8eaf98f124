"""Migrations follow one another in one line: of two with one number one would be left out, unsaid."""

import re
from pathlib import Path

import storage.migrate

VERSIONS = Path(storage.migrate.__file__).parent / "migrations" / "versions"


def test_each_migration_has_a_number_of_its_own_and_comes_after_the_one_before() -> None:
    files = sorted(VERSIONS.glob("*.py"))
    numbers = [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [file.name[:4] for file in files] == numbers
    for file, number, before in zip(files, numbers, [None, *numbers], strict=False):
        text = file.read_text()
        assert re.search(rf'^revision = "{number}"$', text, re.MULTILINE), file.name
        after = "None" if before is None else f'"{before}"'
        assert re.search(rf"^down_revision = {after}$", text, re.MULTILINE), file.name
