"""Packs as data: reads a pack's YAML, checks it, and makes its rules.

A pack is `policy/packs/NAME.yaml`; docs/policy.md tells how one reads. Each rule has an id, a kind with its
numbers, a source, how sure we are of it (P primary text seen, S secondary source, U unconfirmed, house), what
the machine checks and what it cannot. Unknown keys are errors.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, cast

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from policy.errors import PolicyInputError
from policy.rules import Rule
from policy.specs import KINDS, AnyRule, Binds

COUNSEL: Final = "have counsel confirm before use"
"""What every pack that ships says in its note: the packs are facts, not legal advice."""


class PackSpec(BaseModel):
    """A pack's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pack: str
    title: str
    jurisdiction: str
    owner: str
    review_by: date
    note: str
    effective_from: date | None = None  # of rules that do not say otherwise
    effective_to: date | None = None
    binds: Binds = Binds()
    rules: dict[str, AnyRule]


class Pack(msgspec.Struct, frozen=True):
    """A pack in force: its rules in the order of the file, and the file as read."""

    name: str
    rules: tuple[Rule, ...]
    spec: PackSpec

    def review_past(self, today: date) -> bool:
        """Whether somebody should have read it again by now: it stays in force, and operations are told."""
        return today > self.spec.review_by

    def source(self, rule: str) -> str:
        """Where a rule of the pack comes from."""
        spec = self.spec.rules.get(rule)
        return spec.source if spec else self.spec.title


def read_pack(text: str, name: str) -> Pack:
    """The pack written in `text` (YAML); PolicyInputError names the key that is wrong."""
    return _pack_in(text, name)


@lru_cache(maxsize=64)  # a book reads all of its packs again whenever one thing changes
def _pack_in(text: str, name: str) -> Pack:
    yaml: Any = YAML(typ="safe")  # its methods have no types
    try:
        spec = PackSpec.model_validate(yaml.load(text))
    except MarkedYAMLError as error:
        slip = cast("Any", error)
        line = slip.problem_mark.line + 1 if slip.problem_mark else 1
        problem = str(slip.problem).partition(" with value ")[0]  # a doubled key comes with all below it
        raise PolicyInputError(f"pack {name}, line {line}: {problem}") from error
    except YAMLError as error:
        raise PolicyInputError(f"pack {name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        # The kind of a rule is no key of the file: rules.daily.cap.most is rules.daily.most there.
        path = [str(part) for n, part in enumerate(first["loc"]) if n != 2 or part not in KINDS]
        where = ".".join(path) or "the file"
        message = first["msg"].removeprefix("Value error, ")
        raise PolicyInputError(f"pack {name}: {where}: {message}") from error
    rules = (rule.rule(key, spec) for key, rule in spec.rules.items())
    return Pack(spec.pack, tuple(rule for rule in rules if rule is not None), spec)


@cache
def shipped_texts() -> Mapping[str, str]:
    """The text of each pack that ships with Kept, by name."""
    found = (entry for entry in files("policy").joinpath("packs").iterdir() if entry.name.endswith(".yaml"))
    texts = {entry.name.removesuffix(".yaml"): entry.read_text("utf-8") for entry in found}
    return dict(sorted(texts.items()))


@cache
def shipped_pack(name: str) -> Pack:
    """One pack that ships with Kept. PolicyInputError lists those that do, where there is no such."""
    text = shipped_texts().get(name)
    if text is None:
        raise PolicyInputError(f"{name!r} is no policy pack; there are: {', '.join(shipped_texts())}")
    return read_pack(text, name)


def shipped_packs() -> Mapping[str, Pack]:
    """The packs that ship with Kept, by name."""
    return {name: shipped_pack(name) for name in shipped_texts()}
