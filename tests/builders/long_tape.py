"""Tapes of many rows, written without holding them; and importing one in a process that tells its peak."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from tests.builders.command import Kept

ROWS_A_LOAN: Final = 10  # the loan, six installments, three payments
_PAID = ("2026-03-01", "2026-04-01", "2026-05-01")
_HEADS = {
    "loans": "source,borrower_id,loan_id,portfolio,product,currency,principal,made_on,status,name,language,"
    "zone,country,phone,phone_state,email,email_state,branch",
    "installments": "loan_id,number,due_date,principal,interest,fees,penalties",
    "payments": "loan_id,payment_id,received_on,amount",
}
_RUN = (
    "import resource, sys; from kept.cli.app import run; code = run(sys.argv[1:]); "
    "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
)


def long_tape(folder: Path, rows: int) -> Path:
    """A folder of the `kept` format with so many rows: invented people, each with a loan."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: (folder / f"{name}.csv").open("w", encoding="utf-8") for name in _HEADS}
    for name, head in _HEADS.items():
        files[name].write(head + "\n")
    for n in range(rows // ROWS_A_LOAN):
        phone = f"+4477009{n % 100_000:05}" if n % 3 else ""
        files["loans"].write(
            f"core,B{n},L{n},long,term,GBP,{600 + n % 97}.00,2026-02-0{n % 9 + 1},active,Ann {n:x} Example,"
            f"en,Europe/London,GB,{phone},attested,b{n}@example.org,attested,branch {n % 41}\n"
        )
        for k in range(1, 7):
            files["installments"].write(f"L{n},{k},2026-{k + 2:02}-01,{100 + n % 13}.00,{n % 7}.5{k},,\n")
        for k, day in enumerate(_PAID, 1):
            files["payments"].write(f"L{n},P{n}-{k},{day},{100 + n % 11}.00\n")
    for file in files.values():
        file.close()
    return folder


async def import_telling_its_peak(
    kept: Kept, *arguments: str | Path, seconds: float = 3600
) -> tuple[int, str]:
    """Run `kept import ...` in a process: (the most memory it took, in kB; what it printed)."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", _RUN, "import", *map(str, arguments)),
        cwd=kept.folder,
        env={**bare, **{name: value for name, value in kept.settings.items() if value}, "COLUMNS": "120"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(seconds):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    peak = next(line for line in err.decode().splitlines() if line.startswith("peak "))
    return int(peak.split()[1]), out.decode()
