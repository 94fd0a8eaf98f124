"""Whether there is a database to work with: for whoever asks before sending work here."""

from casework.office import Office
from storage.migrate import is_current


async def database_is_current(office: Office) -> bool:
    """Whether it has the tables of this code. Raises what the driver raises where it cannot be reached."""
    return await is_current(office.engine)
