"""What `kept unknown` prints is read by a person who then searches a log for it."""

from datetime import UTC, datetime

import pytest

from casework.delivery.by_hand import Unknown
from kept.cli import unknown

MAIL = "kept-0123456789ab-200001@mail.acme-credit.example.com"


def test_a_message_id_is_shown_whole_on_a_narrow_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    unknown._print_table(
        [
            Unknown(
                contact=200001,
                portfolio="acme",
                borrower="B-000001",
                loans=("L-000001",),
                channel="email",
                provider="smtp",
                message_id=MAIL,
                sent_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
                code="smtp-timeout",
                asked_at=None,
                finding=None,
                why="the provider's answer was lost; look for the Message-ID in the mail server's log",
            )
        ]
    )
    assert MAIL in "".join(capsys.readouterr().out.split())
