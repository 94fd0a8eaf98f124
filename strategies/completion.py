"""What may be written where in a strategy's file, for an editor that completes it: made from its schema."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from strategies.conditions import FACTS
from strategies.spec import EXAMPLES, ArmsSpec, SegmentSpec, StepSpec, StrategySpec

# By the key that they stand under; "" is the file itself, and a step is whatever stands under `steps`.
_PLACES: Final = {"": StrategySpec, "segment": SegmentSpec, "arms": ArmsSpec, "steps": StepSpec}

# Moments that most ladders have: shown where one is asked for, to be changed.
_MOMENTS: Final = (
    "due - 3d 08:00",
    "due 08:00",
    "due + 3d 08:00",
    "promise - 1d 10:00",
    "broken 09:00",
    "case + 2h",
)


def completions(texts: Collection[tuple[str, str]]) -> Mapping[str, Any]:
    """By place, its keys; by key, an example and the values it takes, where those are known.

    `texts`: (name, channel) of each text that a step may speak in.
    """
    names = sorted({name for name, _ in texts})
    return {
        place: {
            key: {"like": EXAMPLES.get(key, ""), "values": _values(key, shape, names)}
            for key, shape in model.model_json_schema()["properties"].items()
        }
        for place, model in _PLACES.items()
    }


def _values(key: str, shape: Any, texts: list[str]) -> list[str]:
    if key == "send":
        return texts
    if key == "at":
        return list(_MOMENTS)
    if key == "when":
        return sorted(FACTS)
    return list(_enumerated(shape))


def _enumerated(shape: Any) -> list[str]:
    """The closed list of words that a shape allows, or allows in a list."""
    if isinstance(shape, dict):
        parts: dict[str, Any] = {**shape}  # type: ignore[reportUnknownArgumentType]
        if "enum" in parts:
            return [str(one) for one in parts["enum"]]
        within = [parts.get("items"), *parts.get("anyOf", ()), *parts.get("prefixItems", ())]
        for one in within:
            if found := _enumerated(one):
                return found
    return []
