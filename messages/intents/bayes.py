"""A naive Bayes classifier, trained in a second from a few thousand phrases, the same every time.

A feature says for each intent how much likelier it is there than on average over all intents. A text's sum
is divided by the root of how many features it has: without that, a long text would be sure of anything, and
a text of unknown words would be as sure as one that is known to the last.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from messages.intents.features import features

_FLOOR: Final = 0.02  # what a feature counts where it was never met


class Bayes:
    """Trained on (label, variants of one phrase); all variants of a phrase count as the root of their number.

    `labels` in the order in which shares are given.
    """

    def __init__(self, labels: Sequence[str], phrases: Iterable[tuple[str, Sequence[str]]]) -> None:
        self.labels: Final = tuple(labels)
        self._weights: Final = _weigh(_counts(self.labels, phrases))

    def shares(self, text: str) -> list[float]:
        """How likely each label is, in all 1; all equally where nothing of `text` was ever met."""
        sums = [0.0] * len(self.labels)
        found = features(text)
        for feature, counts in found.items():
            weights = self._weights.get(feature)
            if weights is not None:
                sums = [total + counts * weight for total, weight in zip(sums, weights, strict=True)]
        scale = math.sqrt(len(found)) or 1.0
        highest = max(sums)
        powers = [math.exp((total - highest) / scale) for total in sums]
        whole = sum(powers)
        return [power / whole for power in powers]


def _counts(labels: Sequence[str], phrases: Iterable[tuple[str, Sequence[str]]]) -> dict[str, list[float]]:
    """How often each feature was met under each label."""
    place = {label: index for index, label in enumerate(labels)}
    counts: dict[str, list[float]] = {}
    for label, variants in phrases:
        column, weight = place[label], 1 / math.sqrt(len(variants))
        for variant in variants:
            for feature in features(variant):
                row = counts.get(feature)
                if row is None:
                    row = counts[feature] = [_FLOOR] * len(labels)
                row[column] += weight
    return counts


def _weigh(counts: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, ...]]:
    """The logarithm of each feature's share under each label, less its mean over the labels."""
    totals = [math.log(sum(column)) for column in zip(*counts.values(), strict=True)]
    weights: dict[str, tuple[float, ...]] = {}
    for feature, row in counts.items():
        shares = [math.log(count) - total for count, total in zip(row, totals, strict=True)]
        mean = sum(shares) / len(shares)
        weights[feature] = tuple(share - mean for share in shares)
    return weights
