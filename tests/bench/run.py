"""One run: the book is built or found, everything is measured on copies of it, medians are taken."""

import gc
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from notifiers.base import Channel
from tests.bench import ahead, chat, delivery, growth, nothing_due, queue, reminder, side_by_side, tape
from tests.bench import memory as peak_memory
from tests.bench.book import build, make_due, under_packs
from tests.bench.look_floor import facts_size, time_floor, time_look, written
from tests.bench.place import Place
from tests.bench.ruled import under_everything

THREE = ("house", "us-reg-f", "us-ma")
CHANNELS: tuple[Channel, ...] = ("email", "sms", "chat")


class Sizes(msgspec.Struct, frozen=True):
    """Of what is measured. By default the tenth part of the loans is due."""

    loans: int
    runs: int

    @property
    def due(self) -> int:
        return max(1, self.loans // 10)

    @property
    def few(self) -> int:
        """Due at once, in ratio 3."""
        return min(max(1, self.loans // 100), 1_000)

    @property
    def many(self) -> int:
        return min(self.loans, 100_000)

    @property
    def tape(self) -> int:
        """Loans of the tape: some twenty rows each."""
        return max(10, self.many // 5)

    @property
    def lines(self) -> int:
        """The due lines of ratio 2."""
        return min(self.due, 10_000)

    @property
    def sent(self) -> int:
        """Contacts of a run of ratios 5 and 6."""
        return max(1, min(self.loans // (self.runs + 1), 1_280))

    @property
    def asking(self) -> int:
        """Borrowers who ask what they owe, in ratio 7."""
        return min(self.loans // 4, 1_000)

    @property
    def carried(self) -> int:
        """Contacts of a run of one deliverer, and of two."""
        return max(1, min(self.loans // 7, 1_280))

    @property
    def remembered(self) -> int:
        """Due at once, the few of ratio 9; the many are all."""
        return min(max(1, self.loans // 10), 10_000)


class Looks(msgspec.Struct):
    """Seconds a due case: of the look, of its floor, of the look where a tenth of the others is."""

    look: list[float] = msgspec.field(default_factory=list[float])
    floor: list[float] = msgspec.field(default_factory=list[float])
    small: list[float] = msgspec.field(default_factory=list[float])
    packed: list[float] = msgspec.field(default_factory=list[float])  # under three packs
    ruled: list[float] = msgspec.field(default_factory=list[float])  # and conditions, and an experiment
    passes: list[float] = msgspec.field(default_factory=list[float])
    probes: list[float] = msgspec.field(default_factory=list[float])


class Found(msgspec.Struct):
    """Everything that was measured: seconds a case, contact, line or row; bytes of memory."""

    looks: Looks
    few: float
    many: float
    line: float
    queued: tuple[list[float], list[float]]
    sendings: dict[Channel, delivery.Sendings]
    deliverers: tuple[list[float], list[float]]
    memory: tuple[int, int]
    imported: tape.Imported
    ahead: ahead.Ahead
    replies: chat.Replies


async def measure(place: Place, redis_url: str, sizes: Sizes, folder: Path) -> Found:
    """Everything, one after the other; progress is said on the way."""
    book = await _book(place, "book", sizes.loans)
    small = await _book(place, "small", sizes.due + (sizes.loans - sizes.due) // 10)
    looks = await _looks(place, sizes, book, small)
    place.say("looking at few and at many")
    few, many = await growth.measure(place, book, sizes.few, sizes.many)
    line = await _reminders(place, book, sizes.lines)
    place.say("wake-ups and jobs")
    queued = await queue.measure(redis_url, 1_000, 1_000, sizes.runs)
    sendings: dict[Channel, delivery.Sendings] = {}
    for channel in CHANNELS:
        sendings[channel] = await delivery.measure(place, book, channel, sizes.sent, sizes.runs, folder)
    deliverers = await side_by_side.measure(place, book, sizes.carried, 3, folder)
    memory = (
        await peak_memory.measure(place, book, sizes.remembered),
        await peak_memory.measure(place, book, sizes.loans),
    )
    imported = await tape.measure(place, folder, sizes.tape)
    simulated = await ahead.measure(place, book, sizes.due, min(sizes.runs, 3))
    replies = await chat.measure(place, book, redis_url, sizes.asking, sizes.runs, folder)
    return Found(looks, few, many, line, queued, sendings, deliverers, memory, imported, simulated, replies)


async def _book(place: Place, kind: str, loans: int) -> str:
    place.say(f"a book of {loans:,} loans")
    return await place.template(kind, lambda office: build(office, loans, place.say), str(loans))


async def _looks(place: Place, sizes: Sizes, book: str, small: str) -> Looks:
    found = Looks()
    for run in range(1, sizes.runs + 1):
        place.say(f"look and floor, run {run} of {sizes.runs}")
        async with place.copy(book) as office:
            await make_due(office, sizes.due)
            gc.collect()
            seconds, report = await time_look(office)
            assert report.contacts == sizes.due
            found.look.append(seconds / sizes.due)
            async with office.transaction() as raw:
                facts, ours = await facts_size(raw), await written(raw)
            passed, probe = await nothing_due.measure(office)
            found.passes.append(passed)
            found.probes.append(probe)
        async with place.copy(book) as office:
            await make_due(office, sizes.due)
            found.floor.append(await time_floor(office, facts) / sizes.due)
            async with office.transaction() as raw:
                assert await written(raw) == ours, "the floor did not write the rows of the look"
        async with place.copy(small) as office:
            await make_due(office, sizes.due)
            gc.collect()
            seconds, _ = await time_look(office)
            found.small.append(seconds / sizes.due)
        async with place.copy(book) as office:
            await make_due(office, sizes.due)
            await under_packs(office, *THREE)
            gc.collect()
            seconds, report = await time_look(office)
            assert report.contacts == sizes.due
            found.packed.append(seconds / sizes.due)
        async with place.copy(book) as office:
            await under_everything(office, *THREE)
            await make_due(office, sizes.due)
            gc.collect()
            seconds, report = await time_look(office)
            assert report.contacts == sizes.due
            found.ruled.append(seconds / sizes.due)
    return found


async def _reminders(place: Place, book: str, lines: int) -> float:
    """Seconds a due line, looked at and sent."""
    place.say(f"looking at {lines:,} due lines and sending them")
    async with place.copy(book) as office:
        await make_due(office, lines)
        gc.collect()
        looked, _ = await time_look(office)
        sent, delivered = await reminder.time_send(office)
        assert delivered == lines
    return (looked + sent) / lines


async def run(place: Place, redis_url: str, sizes: Sizes) -> Found:
    with TemporaryDirectory(prefix="kept-bench-") as folder:
        return await measure(place, redis_url, sizes, Path(folder))
