"""`kept send` killed in the middle: what was in the air is unknown, the rest goes, nobody hears twice."""

import signal
from collections import Counter

from casework.delivery.deliver import GROUP
from tests.builders.command import Kept, until
from tests.builders.eve import NINE, by_address, counted, due_on_monday, texts
from tests.builders.readings import Lent
from tests.sinks.smtp import SmtpSink
from tests.sinks.twilio import TwilioSink

IN_ONE_GROUP = GROUP  # as many may be unknown after a crash


async def test_a_send_that_is_killed(kept: Kept, lent: list[Lent], sms: TwilioSink, mail: SmtpSink) -> None:
    expected = by_address(due_on_monday(lent).values())
    await kept.json("look", "--now", NINE)

    # The hundredth SMS is taken, and no answer comes: with it, its group hangs in the air.
    sms.faults.every.append((100, "take-hang"))
    process = await kept.start("send", "--now", NINE, "--json")
    await until(lambda: len(sms.record.taken) >= 100, process)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    sms.faults.clear()
    before = await _states(kept)
    assert before["accepted"] > IN_ONE_GROUP
    assert 1 <= before["sending"] <= IN_ONE_GROUP
    assert before["claimed"] > 0
    assert before.total() == len(expected)

    # Another send at once takes none of what the dead one holds, and knows nothing of its end.
    left = before["planned"]
    sent = counted(await kept.json("send", "--now", NINE))
    assert sum(counts.get("accepted", 0) for counts in sent.values()) == left
    assert (await _states(kept))["sending"] == before["sending"]

    # Its lease ends by the clock on the wall, in two minutes: here by hand.
    await kept.rows("UPDATE contacts SET leased_until = now() - interval '1 s' WHERE leased_until > now()")
    sent = counted(await kept.json("send", "--now", NINE))
    assert sum(counts.get("accepted", 0) for counts in sent.values()) == before["claimed"]
    after = await _states(kept)
    assert after == {"accepted": len(expected) - before["sending"], "unknown": before["sending"]}

    said = texts(sms, mail)
    assert {len(each) for each in said.values()} == {1}, "nobody heard twice"
    unknown = await kept.rows(
        "SELECT p.external_id FROM contacts c JOIN persons p ON p.id = c.person_id WHERE c.state = 'unknown'"
    )
    unheard = {one.borrower for address, one in expected.items() if address not in said}
    assert unheard <= {row[0] for row in unknown}, "whoever heard nothing is on record as unknown"

    looked = await kept.json("look", "--now", NINE)
    assert looked["contacts"] == 0, "from unknown nothing falls back"
    assert all(row["holds"] for row in await kept.json("check"))


async def _states(kept: Kept) -> Counter[str]:
    return Counter(dict(await kept.rows("SELECT state, count(*) FROM contacts GROUP BY 1")))
