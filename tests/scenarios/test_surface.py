"""What scripts rely on: one JSON document with the agreed keys, or one line that says what is wrong."""

import json
import re
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.builders.command import Kept
from tests.builders.eve import NINE, Imported, due_on_monday
from tests.builders.readings import Lent

STATES = {"accepted", "delivered", "failed", "unknown", "cancelled", "deferred"}
KEY = f"test:{b64encode(bytes(32)).decode()}"
AMOUNT = re.compile(r"\d+\.\d\d")


async def test_json_is_one_document_with_the_agreed_keys(kept: Kept, eve: Imported, lent: list[Lent]) -> None:
    late = next(one for one in due_on_monday(lent).values() if one.reminder.step == "late-7")

    assert set(eve.report) >= {
        "read", "loaded", "updated", "unchanged", "skipped", "rejected", "sums", "rejects_file",
        "held_for_approval",
    }  # fmt: skip
    looked = await _document(kept, "look", "--now", NINE)
    assert set(looked) >= {
        "cases", "occurrences", "messages", "contacts", "tasks", "suppressed", "superseded", "waiting",
        "by_reason",
    }  # fmt: skip
    sent = await _document(kept, "send", "--now", NINE)
    assert set(sent) == {"sms", "email", "chat"}
    assert all(set(counts) == STATES for counts in sent.values())

    book = await _document(kept, "portfolio", "--as-of", "2017-07-09")
    assert set(book) >= {
        "loans", "borrowers", "loans_in_arrears", "arrears", "outstanding", "credit", "by_bucket",
    }  # fmt: skip
    assert all(set(row) == {"bucket", "loans", "arrears", "outstanding"} for row in book["by_bucket"])
    assert AMOUNT.fullmatch(book["arrears"]["NGN"])

    loan = await _document(kept, "loan", "show", late.reminder.loan, "--as-of", "2017-07-10")
    assert (loan["dpd"], loan["bucket"], loan["arrears"]) == (7, "1-30", late.amount.replace(",", ""))
    assert loan["installments"]
    (contact,) = loan["contacts"]
    assert (contact["channel"], contact["state"]) == (late.channel, "accepted")
    assert datetime.fromisoformat(contact["sent_at"]) == datetime.fromisoformat(NINE)

    told = await _document(kept, "explain", "contact", str(contact["contact"]))
    assert (told["borrower"], told["contact"]) == (late.borrower, contact["contact"])
    assert set(told) >= {"headline", "why", "step", "rules", "next", "replay"}
    told = await _document(kept, "explain", "borrower", late.borrower, "--at", NINE)
    assert (told["borrower"], len(told["cases"])) == (late.borrower, 1)

    invariants = await _document(kept, "check")
    assert all(set(row) == {"name", "holds", "violations", "examples"} for row in invariants)


WRONG: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("import", "loans", "nosuch.csv", "--mapping", "superlender"), {}, "nosuch.csv"),
    (("import", "loans", "tape.csv", "--mapping", "nosuch"), {}, "superlender"),
    (("import", "loans", "tape.csv", "--mapping", "superlender"), {}, "customerid"),
    (("import", "loans", "tape.csv", "--mapping", "mine.yaml"), {}, "mine.yaml line 1, constants"),
    (("import", "loans", "tape.csv", "--mapping", "kept", "--as-of", "2017-13-01"), {}, "--as-of"),
    (("import", "loans", "tape.csv"), {}, "--mapping"),
    (("look", "--now", "2017-07-10T09:00"), {}, "has no zone"),
    (("look", "--now", "monday"), {}, "'monday' is no moment"),
    (("look", "--now", NINE), {"KEPT_SMTP_URL": "smtp://mail.example.com:25?starttls=0"}, "KEPT_SMTP_URL"),
    (("send", "--now", NINE), {"KEPT_TWILIO_API_URL": "https://api.example.com"}, "KEPT_TWILIO_API_URL"),
    (("look",), {"KEPT_MAIL_FROM": ""}, "KEPT_MAIL_FROM"),
    (("look",), {"KEPT_ONLY_TOO": "a@example.com"}, "KEPT_ONLY_TO?"),
    (("look",), {"KEPT_DATABASE_URL": "postgresql://127.0.0.1:1/kept"}, "KEPT_DATABASE_URL"),
    (("look",), {"KEPT_REDIS_URL": "redis://127.0.0.1:1/0"}, "KEPT_REDIS_URL"),
    (("look",), {"KEPT_DATA_DIR": "/proc/kept"}, "KEPT_DATA_DIR"),
    (("loan", "show", "nosuch"), {}, "'nosuch'"),
    (("portfolio", "--portfolio", "nosuch"), {}, "'nosuch'"),
    (("explain", "contact", "999999"), {}, "999999"),
    (("nosuch",), {}, "'nosuch'"),
]


@pytest.mark.parametrize(("arguments", "settings", "says"), WRONG)
async def test_what_is_wrong_is_one_line(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    arguments: tuple[str, ...],
    settings: dict[str, str],
    says: str,
) -> None:
    (tmp_path / "tape.csv").write_text("loan,amount\n1,2.00\n")
    (tmp_path / "mine.yaml").write_text("name: mine\nfiles:\n  loans: 7\n")
    kept = Kept(
        tmp_path,
        database_url,
        redis_url,
        KEPT_ENCRYPTION_KEYS=KEY,
        KEPT_SMTP_URL="smtp://127.0.0.1:1",
        KEPT_MAIL_FROM="post@example.com",
        KEPT_TWILIO_ACCOUNT_SID="AC0",
        KEPT_TWILIO_AUTH_TOKEN="invented",
        KEPT_TWILIO_FROM="+15005550006",
        KEPT_TWILIO_API_URL="http://127.0.0.1:1",
    ).with_settings(**settings)
    assert says in (await kept.run(*arguments)).complaint


async def test_a_send_does_not_go_back_in_time(copied: Kept) -> None:
    await copied.json("look", "--now", NINE)
    line = (await copied.run("send", "--now", "2017-07-10T08:59+01:00", "--json")).complaint
    assert "--now" in line
    assert (await copied.rows("SELECT count(*) FROM contacts WHERE state = 'planned'")) == [(293,)]


async def _document(kept: Kept, *arguments: str) -> Any:
    ran = await kept.run(*arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)
