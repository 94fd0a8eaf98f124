"""What a kind of approval is: who may answer, and what an answer does."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from casework.office import Office
from casework.staff.rights import Action, Actor
from storage.approvals import Approval
from storage.raw import Raw

# What a yes does, in the transaction in which it is written down; what it returns is told to who approved.
Yes = Callable[[Office, Raw, Actor, Approval, datetime], Awaitable[Mapping[str, Any]]]
No = Callable[[Office, Raw, Actor, Approval, datetime], Awaitable[None]]


class Kind(msgspec.Struct, frozen=True):
    """A kind of question: the right to answer it, whether its author has that too, what an answer does."""

    action: Action
    four_eyes: bool
    yes: Yes
    no: No
