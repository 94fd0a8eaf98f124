"""Publishing strategies: a version is made once, never changed, and named by the digest of its meaning."""

from datetime import datetime

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.rulebooks import publish_version
from strategies.language import read_strategy, shipped_strategies


async def publish(office: Office, actor: Actor, text: str, file_name: str, now: datetime) -> tuple[int, bool]:
    """Publish the strategy written in `text`; (version id, whether it is new).

    Raises Denied, and StrategyInputError where the text is no strategy.
    """
    require(actor, Action.PUBLISH_STRATEGY)
    strategy = read_strategy(text, file_name)
    async with office.transaction() as raw:
        version, new = await publish_version(raw, strategy.name, strategy.digest, text, now, actor.name)
        if new:
            event = Event(now, actor.name, actor.role, "publish_strategy", "strategy_version", version)
            await write(raw.connection, [event])
    return version, new


async def publish_shipped(office: Office, actor: Actor, now: datetime) -> None:
    """Publish what ships with Kept and is not published yet; what a lender published under a name stays."""
    for name, text in shipped_strategies().items():
        async with office.transaction() as raw:
            known = await raw.value("SELECT count(*) FROM strategy_versions WHERE name = $1", name)
        if not known:
            await publish(office, actor, text, f"{name}.yaml", now)
