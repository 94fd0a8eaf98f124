"""`kept texts` as processes: written, submitted, approved, listed; and what is refused in one line."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.command import Kept

OURS = """
name: late
channel: sms
language: en
text: "{{ brand }}: {{ one.pay }} was due on {{ one.due }}. Reply STOP to stop texts."
"""


@pytest.fixture
async def kept(engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    assert engine
    return Kept(tmp_path, database_url, redis_url)


async def test_a_text_from_its_file_to_its_approval(kept: Kept) -> None:
    assert await kept.json("texts", "list") == []  # and the installation's keys are made, which says so once
    file = kept.folder / "late.yaml"
    file.write_text(
        OURS.replace(" Reply STOP", " {% if opt_out_url %}{{ opt_out_url }}{% endif %} Reply STOP")
    )
    assert "asks for a reply" in (await kept.run("texts", "write", file)).complaint
    file.write_text(
        OURS.replace(
            "Reply STOP to stop texts.",
            "{% if opt_out_url %}Stop: {{ opt_out_url }}{% else %}Reply STOP.{% endif %}",
        )
    )
    assert await kept.json("texts", "write", file) == {"text": 1, "approval": "draft"}
    assert await kept.json("texts", "submit", "1", "--register") == {"text": 1, "approval": "submitted"}
    refused = await kept.run("texts", "approve", "1", "--as", "operator", "--id", "11071")
    assert "somebody else approves it" in refused.complaint
    assert (await kept.json("texts", "approve", "1", "--as", "carla", "--id", "11071"))[
        "approval"
    ] == "approved"
    (row,) = await kept.json("texts", "list")
    assert (row["name"], row["approval"], row["external_id"], row["frozen"]) == (
        "late",
        "approved",
        "11071",
        True,
    )
    assert (row["written_by"], row["approved_by"]) == ("operator", "carla")
    assert "no text version 9" in (await kept.run("texts", "reject", "9", "--as", "carla")).complaint
    assert "cannot be read" in (await kept.run("texts", "write", kept.folder / "nothing.yaml")).complaint


async def test_the_shipped_way_to_stop_is_put_into_a_text_of_ones_own(
    kept: Kept, engine: AsyncEngine
) -> None:
    """Whoever forgets it is told what to write, and what they write is what is sent, digested and frozen."""
    assert await kept.json("texts", "list") == []
    file = kept.folder / "late.yaml"
    file.write_text(OURS)
    refused = await kept.run("texts", "write", file)
    assert "<<stop>> in its place" in refused.complaint
    file.write_text(OURS.replace("Reply STOP to stop texts.", "<<stop>>"))
    assert (await kept.json("texts", "write", file))["approval"] == "draft"
    async with engine.connect() as connection:
        (stored,) = await connection.scalars(text("SELECT source->>'text' FROM text_versions"))
    assert stored.endswith(
        "{% if opt_out_url %}To stop texts: {{ opt_out_url }}{% else %}Reply STOP to stop texts{% endif %}"
    )
    file.write_text(OURS.replace("Reply STOP to stop texts.", "<<halt>>"))
    assert "no part 'halt'; there are also, ask, bye," in (await kept.run("texts", "write", file)).complaint
