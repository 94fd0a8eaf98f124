"""Ratio 1 with everything in place: conditions on each step, an experiment with its arms, three packs.

Everybody is drawn already, as after the first weeks of an experiment, and under the version that has it: what
a look writes is what it writes without, so the floor is the same.
"""

from datetime import timedelta

from casework.experiments import start
from casework.office import Office
from casework.publish import publish
from strategies.language import shipped_strategies
from tests.bench.book import NOW, OPERATIONS, tidy, under_packs

_BEFORE = NOW - timedelta(hours=20)
_ARMS = """
migrate: now
arms: {experiment: bench, split: {plain: 50, officer: 50}, horizon: 60d}
"""
_CONDITIONS = {
    "late-3": 'promises_broken < 2 && outstanding > 100 && currency == "EUR"',
    "late-7": 'missed < 3 && !("vip" in tags)',
    "late-15": 'bucket == "1-30" && product == "consumer" && days_since_contact > 2',
}


def strategy() -> str:
    """The shipped one, with a condition and both arms on each step that the book expects."""
    text = shipped_strategies()["gentle"].replace("\nsteps:", f"{_ARMS}steps:")
    for step, condition in _CONDITIONS.items():
        text = text.replace(f"  {step}:\n", f"  {step}:\n    when: {condition}\n    arm: [plain, officer]\n")
    return text


async def under_everything(office: Office, *packs: str) -> None:
    """The whole book under that strategy, drawn, and under so many packs; nothing is due yet by it."""
    await under_packs(office, *packs)
    version = (await publish(office, OPERATIONS, strategy(), "gentle.yaml", _BEFORE)).version
    await start(office, OPERATIONS, "bench", 0.4, 0.43, _BEFORE)
    async with office.transaction() as raw:
        await raw.run("UPDATE loans SET strategy_version_id = $1", version)
        await raw.run("UPDATE cases SET next_look_at = $1", NOW + timedelta(days=4))  # publishing touched all
        await raw.run(
            "INSERT INTO enrolments (experiment_id, person_id, arm, at, loan_id, installment_id) "
            "SELECT x.id, l.id, (ARRAY['plain', 'officer'])[1 + l.id % 2], $1, l.id, min(i.id) "
            "FROM experiments x, loans l JOIN installments i ON i.loan_id = l.id GROUP BY x.id, l.id "
            "ORDER BY l.id",
            _BEFORE,
        )
    await tidy(office)
