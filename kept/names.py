"""Names that no two running parts share."""

import os
import secrets
import socket


def deliverer() -> str:
    """This deliverer's name among all on all machines: for leases."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
