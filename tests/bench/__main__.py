"""`make bench`: the ratios of docs/performance.md, each beside its floor. N in the environment: loans."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console

from kept import logs
from kept.config import load, setting_names
from kept.embedded import engines
from kept.memory import keep_what_is_loaded
from tests.bench import pages
from tests.bench.lines import lines_of
from tests.bench.place import Place
from tests.bench.report import show
from tests.bench.run import Sizes, run

FOLDER = Path(__file__).parents[2] / "var" / "bench"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--loans", type=int, default=int(os.environ.get("N") or 100_000), help="of the book")
    parser.add_argument("--runs", type=int, default=5, help="of look and floor, whose medians are taken")
    parser.add_argument("--pages", action="store_true", help="the console's pages alone, nothing else")
    asked = parser.parse_args()
    # Always on engines of its own: a database of the settings may be one that people work with.
    for name in setting_names():
        os.environ.pop(name, None)
    os.environ["KEPT_DATA_DIR"] = str(FOLDER)
    logs.configure()
    console = Console(stderr=True)
    began = perf_counter()

    def say(what: str) -> None:
        line = f"{perf_counter() - began:5.0f} s  {what}"
        if console.is_terminal:
            console.print(line.ljust(console.width)[: console.width], end="\r", highlight=False)
        else:
            sys.stderr.write(f"{line}\n")

    with engines(load(None)) as running:
        keep_what_is_loaded()  # as `assembled` does
        place = Place(running.database_url, say)
        if asked.pages:
            pages.show(asyncio.run(pages.measure(place, running.redis_url, asked.loans, 4 * asked.runs)))
            return
        sizes = Sizes(asked.loans, asked.runs)
        found = asyncio.run(run(place, running.redis_url, sizes))
    say("done")
    show(lines_of(found, sizes), f"Medians of {asked.runs} runs on {os.cpu_count()} cores; us and ms a row")


if __name__ == "__main__":
    main()
