"""Choice probabilities from a model that answers with the label of an alternative.

A model likes some labels better than others. Each alternative therefore gets each label once, in
J cyclic shifts, while everything else stays where it is: in the mean of log-probabilities over all
shifts every alternative carries the same sum of label biases, which renormalising takes away
exactly. In a mean of probabilities, or over some shifts only, the bias stays.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LABELS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Labels are letters, since each has to be one token."""

IMPOSSIBLE = -100.0
"""Log-probabilities below it stand for minus infinity: servers write -9999 for what they mask."""

_LEADING = " \t\n▁Ġ"
"""How tokenizers write the space before a word."""


def cyclic_shifts(alternatives: int) -> Ints:
    """Returns (shifts, alternatives) the index of each alternative's label in each shift.

    Raises:
        EstimationError: If there are more alternatives than labels.
    """
    if not 1 <= alternatives <= len(LABELS):
        raise EstimationError(
            f"{alternatives} alternatives can't be labelled: there are {len(LABELS)} letters."
        )
    steps = np.arange(alternatives)
    return np.asarray((steps[None, :] + steps[:, None]) % alternatives)


@dataclass(frozen=True)
class LabelReading:
    """What one answer says of the labels.

    Attributes:
        log_probability: (labels,) log-probability of each; of one that was not listed, the most
            that it can be.
        truncated: (labels,) whether it was not listed.
        mass: Probability of all labels listed: what the renormalisation divides by.
    """

    log_probability: Floats
    truncated: NDArray[np.bool_]
    mass: float


def read_labels(listed: Mapping[str, float], labels: Sequence[str], top: int) -> LabelReading:
    """Returns the labels' log-probabilities from the most probable tokens of an answer's start.

    A label that is not listed is no more probable than the least of the `top` that are, nor than
    what all listed tokens leave.

    Args:
        listed: Token -> log-probability, of the `top` most probable and maybe the one drawn.
        labels: The labels in use.
        top: How many were asked for.

    Raises:
        EstimationError: If no label is listed, so that the answer says nothing.
    """
    possible = _possible(listed, top)
    found = _found(possible, labels)
    if not found.any():
        begins = ", ".join(map(repr, list(listed)[:5])) or "nothing"
        raise EstimationError(
            f"the answer begins with none of the labels {labels[0]} to {labels[-1]}, but with "
            f"{begins}"
        )
    truncated = found == 0.0
    log_probability = np.full(len(labels), _bound(list(possible.values())))
    log_probability[~truncated] = np.log(found[~truncated])
    return LabelReading(log_probability, truncated, float(found.sum()))


def label_mass(listed: Mapping[str, float], labels: Sequence[str], top: int) -> float:
    """Returns the probability that an answer begins with a label; arguments as above."""
    return float(_found(_possible(listed, top), labels).sum())


def _possible(listed: Mapping[str, float], top: int) -> dict[str, float]:
    """The `top` most probable tokens, without those that are masked.

    The token drawn may be listed beside them; whether it is must not depend on the draw.
    """
    likely = sorted(listed.items(), key=lambda pair: -pair[1])[:top]
    return {token: value for token, value in likely if value > IMPOSSIBLE}


def _found(possible: Mapping[str, float], labels: Sequence[str]) -> Floats:
    """(labels,) probability listed. With a space before it or without, a letter is one answer."""
    probability = dict.fromkeys(labels, 0.0)
    for token, value in possible.items():
        label = token.strip(_LEADING)
        if label in probability:
            probability[label] += math.exp(value)
    return np.array([probability[label] for label in labels])


def _bound(listed: Sequence[float]) -> float:
    """The greatest log-probability that a token can have that is not listed."""
    least = min(listed)
    left = 1.0 - math.fsum(map(math.exp, listed))
    # rounded log-probabilities may add up to more than 1; then only the least is a bound
    return max(min(least, math.log(left)) if left > 0 else least, IMPOSSIBLE)


def combine_shifts(log_probability: ArrayLike, *, temperature: float = 1.0) -> Floats:
    """Returns (..., alternatives) choice probabilities: the geometric mean over shifts, made to 1.

    Args:
        log_probability: (..., shifts, alternatives) log-probability of the label that stood for
            the alternative in the shift. They need not be normalised.
        temperature: At which choices are drawn from the model.
    """
    mean = np.asarray(log_probability, dtype=float).mean(axis=-2) / temperature
    weight = np.exp(mean - mean.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))
