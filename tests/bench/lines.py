"""What was measured as ratios, in the order of PERFORMANCE.md."""

from statistics import median

from tests.bench.ahead import DAYS
from tests.bench.report import Line
from tests.bench.run import CHANNELS, THREE, Found, Sizes

US = 1e6
MS = 1e3
MB = 1e-6

_ASKED = {"email": ("5", 1.6, 1.1), "sms": ("6", 2.0, 1.2), "chat": ("6", 2.0, 1.2)}
_BARE = {"email": "aiosmtplib, prebuilt", "sms": "aiohttp post", "chat": "aiohttp JSON"}


def lines_of(found: Found, sizes: Sizes) -> list[Line]:
    """A line a ratio, beside its floor."""
    return [*_of_looks(found, sizes), *_of_queue(found), *_of_sendings(found), *_of_size(found, sizes)]


def paired(ours: list[float], floor: list[float]) -> float:
    """The median of the ratios of each run: what else the machine does changes from run to run."""
    return median(mine / least for mine, least in zip(ours, floor, strict=True))


def _of_looks(found: Found, sizes: Sizes) -> list[Line]:
    looks = found.looks
    look, floor, less = median(looks.look), median(looks.floor), median(looks.small)
    few, many = found.few, found.many
    of_look = f"look, {sizes.due:,} due of {sizes.loans:,} / INSERT..SELECT + UPDATE"
    packed, of_packs = median(looks.packed), f"the same under {', '.join(THREE)}"
    ruled, of_ruled = median(looks.ruled), paired(looks.ruled, looks.floor)
    of_many = f"look, {sizes.many:,} due / {sizes.few:,}"
    over = paired(looks.look, looks.small)
    return [
        Line("1", of_look, look * US, "us", floor * US, paired(looks.look, looks.floor), 6, 2),
        Line("1", of_packs, packed * US, "us", floor * US, paired(looks.packed, looks.floor), 6, 2),
        Line("1", "and with conditions and arms", ruled * US, "us", floor * US, of_ruled, 6, 2),
        Line("2", f"look + send to the sandbox, a due line of {sizes.lines:,}", found.line * US, "us"),
        Line("3", of_many, many * US, "us", few * US, many / few, 1.2, 1.05),
        Line("3", "look, 10x the loans not due / 1x", look * US, "us", less * US, over, 1.2, 1.05),
    ]


def _of_queue(found: Found) -> list[Line]:
    ours, floor = found.queued
    what = "queue, a contact: wake-ups for 1,000 / a job each"
    share = paired(floor, ours)
    # Of a part, more is better: counted the other way round, as it is written.
    return [
        Line("4", what, median(ours) * US, "us", median(floor) * US, share, 20, 50, "1/{:.0f}", least=True)
    ]


def _of_sendings(found: Found) -> list[Line]:
    lines: list[Line] = []
    for channel in CHANNELS:
        sending, (number, asked, aim) = found.sendings[channel], _ASKED[channel]
        ours, what = sending.ours, f"{channel} from outbox to provider / {_BARE[channel]}"
        for floor, how in ((sending.alone, "one by one"), (sending.beside, "side by side")):
            ratio = paired(ours, floor)
            lines.append(
                Line(number, f"{what}, {how}", median(ours) * US, "us", median(floor) * US, ratio, asked, aim)
            )
    return lines


def _of_size(found: Found, sizes: Sizes) -> list[Line]:
    one, two = found.deliverers
    few, many = found.memory
    rows = found.imported.rows
    passed, probe = median(found.looks.passes), median(found.looks.probes)
    of_pass = f"a pass over {sizes.loans:,} loans, nothing due / an index probe"
    of_memory = f"peak memory of look + send, {sizes.loans:,} due / {sizes.remembered:,}"
    ahead = found.ahead
    ours, floor = found.imported.seconds / rows, found.imported.floor / rows
    return [
        Line(
            "7",
            "balance by chat, from update to answer / a bare aiogram echo",
            median(found.replies.ours) * US,
            "us",
            median(found.replies.floor) * US,
            paired(found.replies.ours, found.replies.floor),
            2.0,
            1.3,
        ),
        Line("8", of_pass, passed * MS, "ms", probe * MS, passed * MS, 5, 1, "{:.2f} ms"),
        Line("9", of_memory, many * MB, "MB", few * MB, many / few, 1.3, 1.05),
        Line(
            "10",
            f"import, {rows:,} rows / COPY of them",
            ours * US,
            "us",
            floor * US,
            ours / floor,
            8,
            3,
            "1/{:.1f}",
        ),
        Line(
            "11",
            f"{DAYS} days of {sizes.loans:,} loans simulated / {DAYS} looks, {sizes.due:,} due",
            median(ahead.simulated),
            "s",
            DAYS * median(ahead.looked),
            paired(ahead.simulated, ahead.looked) / DAYS,
            0.5,
            0.2,
        ),
        Line(
            "-",
            "a contact by two deliverers / by one, 100 ms a message",
            median(two) * US,
            "us",
            median(one) * US,
            paired(one, two),
            1.6,
            1.9,
            "{:.2f} x",
            least=True,
        ),
    ]
