"""The kinds of rules as a pack's YAML writes them, each with the rule it makes and its number in words.

docs/policy.md tells what each kind reads. Whom a rule binds is what its pack says under `binds`, unless the
rule says otherwise.
"""

from typing import Annotated, Final, get_args

from pydantic import Field

from policy.specs.base import Binds, RuleSpec
from policy.specs.counts import CapSpec, CooldownSpec, OneChannelSpec, OverdueSpec, SpacingSpec
from policy.specs.grounds import (
    AgeSpec,
    BasisSpec,
    ConfirmationSpec,
    ConsentSpec,
    DisclosureSpec,
    FlaggedSpec,
    HoldSpec,
    PartySpec,
    PreconditionSpec,
    UncheckedSpec,
)
from policy.specs.hours import CalendarSpec, WindowSpec

__all__ = ["KINDS", "AnyRule", "Binds", "RuleSpec"]

AnyRule = Annotated[
    WindowSpec
    | CalendarSpec
    | CapSpec
    | CooldownSpec
    | SpacingSpec
    | OneChannelSpec
    | OverdueSpec
    | ConsentSpec
    | BasisSpec
    | AgeSpec
    | PartySpec
    | PreconditionSpec
    | FlaggedSpec
    | HoldSpec
    | ConfirmationSpec
    | DisclosureSpec
    | UncheckedSpec,
    Field(discriminator="kind"),
]

KINDS: Final[frozenset[str]] = frozenset(
    get_args(spec.model_fields["kind"].annotation)[0] for spec in get_args(get_args(AnyRule)[0])
)
"""The kinds of rules, as packs name them."""
