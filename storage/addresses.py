"""What becomes of an address when somebody says whose it is not."""

from storage.consents import cases_of_token
from storage.raw import Raw


async def set_state(raw: Raw, person: int, address: int, state: str) -> list[int]:
    """Give the address of `person` a worse state, for everybody who has it on file; the cases concerned.

    What is detached stays so. Nothing happens where the person has no such address.
    """
    sql = "SELECT kind, token FROM addresses WHERE id = $1 AND person_id = $2"
    rows = await raw.rows(sql, address, person)
    if not rows:
        return []
    kind, token = rows[0]
    await raw.run(
        "UPDATE addresses SET state = $3 WHERE token = $1 AND kind = $2 "
        "AND state NOT IN ('detached', 'suspended')",
        token,
        kind,
        state,
    )
    return [case for _, case in await cases_of_token(raw, kind, token)]
