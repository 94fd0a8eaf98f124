"""One run: the book is built or found, everything is measured on copies of it, medians are taken."""

import gc
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from tests.bench import growth, nothing_due, reminder, tape
from tests.bench.book import build, make_due
from tests.bench.look_floor import facts_size, time_floor, time_look, written
from tests.bench.place import Place
from tests.bench.report import Line

US = 1e6
MS = 1e3


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


class Looks(msgspec.Struct):
    """Seconds a due case: of the look, of its floor, of the look where a tenth of the others is."""

    look: list[float] = msgspec.field(default_factory=list[float])
    floor: list[float] = msgspec.field(default_factory=list[float])
    small: list[float] = msgspec.field(default_factory=list[float])
    passes: list[float] = msgspec.field(default_factory=list[float])
    probes: list[float] = msgspec.field(default_factory=list[float])


async def measure(place: Place, sizes: Sizes, folder: Path) -> list[Line]:
    """Ratios 1, 2, 3, 8 and 10; progress is said on the way."""
    book = await _book(place, "book", sizes.loans)
    small = await _book(place, "small", sizes.due + (sizes.loans - sizes.due) // 10)
    looks = await _looks(place, sizes, book, small)
    place.say("looking at few and at many")
    few, many = await growth.measure(place, book, sizes.few, sizes.many)
    seconds = await _reminders(place, book, sizes.lines)
    imported = await tape.measure(place, folder, sizes.tape)
    return _lines(sizes, looks, few, many, seconds, imported)


def _lines(
    sizes: Sizes, looks: Looks, few: float, many: float, seconds: float, imported: tape.Imported
) -> list[Line]:
    look, floor, less = median(looks.look), median(looks.floor), median(looks.small)
    passed, probe = median(looks.passes), median(looks.probes)
    rows = imported.rows
    of_look = f"look, {sizes.due:,} due of {sizes.loans:,} / INSERT..SELECT + UPDATE"
    of_pass = f"a pass over {sizes.loans:,} loans, nothing due / an index probe"
    return [
        Line("1", of_look, look * US, "us", floor * US, _paired(looks.look, looks.floor), 6, 2),
        Line("2", f"look + send to the sandbox, a due line of {sizes.lines:,}", seconds * US, "us"),
        Line(
            "3", f"look, {sizes.many:,} due / {sizes.few:,}", many * US, "us", few * US, many / few, 1.2, 1.05
        ),
        Line(
            "3",
            "look, 10x the loans not due / 1x",
            look * US,
            "us",
            less * US,
            _paired(looks.look, looks.small),
            1.2,
            1.05,
        ),
        Line("8", of_pass, passed * MS, "ms", probe * MS, passed * MS, 5, 1, "{:.2f} ms"),
        Line(
            "10",
            f"import, {rows:,} rows / COPY of them",
            imported.seconds / rows * US,
            "us",
            imported.floor / rows * US,
            imported.seconds / imported.floor,
            8,
            3,
            "1/{:.1f}",
        ),
    ]


def _paired(ours: list[float], floor: list[float]) -> float:
    """The median of the ratios of each run: what else the machine does changes from run to run."""
    return median(mine / least for mine, least in zip(ours, floor, strict=True))


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


async def run(place: Place, sizes: Sizes) -> list[Line]:
    with TemporaryDirectory(prefix="kept-bench-") as folder:
        return await measure(place, sizes, Path(folder))
