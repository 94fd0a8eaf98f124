"""Migrations stand in one line: two that were written side by side must not have one number."""

from pathlib import Path

from alembic.script import ScriptDirectory

from storage.migrate import migrations


def test_each_migration_has_a_number_of_its_own_and_follows_the_one_before() -> None:
    script = ScriptDirectory.from_config(migrations())
    assert len(script.get_heads()) == 1
    line = list(script.walk_revisions())[::-1]
    assert [one.revision for one in line] == [f"{number:04}" for number in range(1, len(line) + 1)]
    written = [path.name for path in sorted(Path(script.versions).glob("0*.py"))]
    assert [name[:4] for name in written] == [one.revision for one in line]
