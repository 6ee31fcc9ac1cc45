"""Choice sets by decider, each alternative as its difference from the one chosen."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.covariance import cluster_codes


@dataclass(frozen=True)
class Panel:
    """Choices of N deciders among at most J + 1 alternatives with K attributes.

    Attributes:
        others: (sets, J, K) attributes of alternatives not chosen less those of the chosen one;
            0 where a set has fewer. Sets of one decider are neighbours.
        absent: (sets, J) whether there is no such alternative; None where all sets are full.
        starts: (N + 1,) first set of each decider, and the number of sets.
        order: (sets,) number in the data of each set.
        weights: (N,) weight of each decider.
    """

    others: Floats
    absent: NDArray[np.bool_] | None
    starts: Ints
    order: Ints
    weights: Floats

    @property
    def n_deciders(self) -> int:
        """Deciders."""
        return len(self.starts) - 1

    @cached_property
    def scales(self) -> Floats:
        """(K,) standard deviation of attributes between alternatives of a set."""
        there = slice(None) if self.absent is None else ~self.absent
        rows = self.others[there].reshape(-1, self.others.shape[2])
        size = np.sqrt((rows**2).mean(axis=0) / 2)
        return np.asarray(np.where(size > 0, size, 1.0))

    def counts(self) -> Ints:
        """Returns (N,) choice sets of each decider."""
        return np.diff(self.starts)


def panel(
    data: ChoiceData, deciders: ArrayLike | None = None, weights: ArrayLike | None = None
) -> Panel:
    """Returns choice sets by decider.

    Args:
        data: The choice sets; each has one choice.
        deciders: (rows,) whose choice it is, for a panel; each set has its own by default.
        weights: (rows,) weight, the same in all rows of a decider; 1 by default.

    Raises:
        EstimationError: If outcomes are probabilities, a set has several deciders, or weights
            differ within a decider or are not positive.
    """
    codes, order, starts = _by_decider(data, deciders)
    others, absent = _differences(data)
    return Panel(
        others=others[order],
        absent=absent[order] if absent.any() else None,
        starts=starts,
        order=order,
        weights=_weights(data, weights, codes, len(starts) - 1),
    )


def of_sets(data: ChoiceData, values: ArrayLike, what: str) -> NDArray[Any]:
    """Returns (sets,) the value that all rows of a choice set share.

    Raises:
        EstimationError: If they don't share one, or it is missing.
    """
    found = np.asarray(values)
    if found.shape != (len(data.y),):
        raise EstimationError(
            f"{what} must have one value per row, shape ({len(data.y)},); found {found.shape}."
        )
    found = found if data.order is None else found[data.order]
    first = found[data.starts]
    split = np.flatnonzero(found != np.repeat(first, data.sizes))
    if len(split):
        at = np.searchsorted(data.starts, split[0], side="right") - 1
        raise EstimationError(
            f"choice set {data.ids[at : at + 1].tolist()[0]!r} has more than one value of {what}, "
            "or none."
        )
    return found[data.starts]


def of_deciders(values: NDArray[Any], choices: Panel, what: str) -> NDArray[Any]:
    """Returns (N,) the value that all choice sets of a decider share.

    Args:
        values: (sets,) of each choice set.
        choices: The choice sets by decider.
        what: What they are, for messages.

    Raises:
        EstimationError: If a decider has several.
    """
    own = values[choices.order]
    first = own[choices.starts[:-1]]
    if (own != np.repeat(first, choices.counts())).any():
        raise EstimationError(f"a decider has more than one value of {what}.")
    return first


def clusters_of(
    data: ChoiceData, choices: Panel, clusters: ArrayLike | None
) -> tuple[Ints | None, int | None]:
    """Returns (N,) the cluster of each decider, and how many there are; None without clusters.

    Args:
        data: The choice sets.
        choices: The same by decider.
        clusters: (rows,) cluster of each row.

    Raises:
        EstimationError: If a decider is in two clusters, or there are fewer than 3.
    """
    if clusters is None:
        return None, None
    of_deciders(of_sets(data, clusters, "the cluster"), choices, "the cluster")
    codes, n_clusters = cluster_codes(data, np.asarray(clusters))
    return codes[choices.order[choices.starts[:-1]]], n_clusters


def _by_decider(data: ChoiceData, deciders: ArrayLike | None) -> tuple[Ints, Ints, Ints]:
    """Decider of each set, sets by decider, and where each decider begins."""
    if deciders is None:
        every = np.arange(data.n_sets)
        return every, every, np.arange(data.n_sets + 1)
    _, codes = np.unique(of_sets(data, deciders, "the panel"), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(codes)))
    return codes, order, starts


def _differences(data: ChoiceData) -> tuple[Floats, NDArray[np.bool_]]:
    """(sets, J, K) attributes less those of what was chosen, and (sets, J) which are absent."""
    most = int(data.sizes.max()) - (not data.outside)
    others = np.zeros((data.n_sets, max(most, 1), data.n_columns))
    absent = np.ones(others.shape[:2], dtype=bool)
    for block in data.blocks():
        if not np.isin(block.y, (0, 1)).all():
            raise EstimationError("outcomes must be choices, 0 or 1, here, not probabilities.")
        x = np.zeros((len(block.y), data.n_columns))
        x[:, block.columns] = block.x
        chosen = np.add.reduceat(block.y[:, None] * x, block.starts, axis=0)
        inside = np.add.reduceat(block.y, block.starts) > 0
        rows = np.flatnonzero(block.y == 0)
        sets = np.searchsorted(block.starts, rows, side="right") - 1
        place = rows - block.starts[sets]
        first = np.flatnonzero(block.y) if inside.any() else np.zeros(0, dtype=int)
        after = np.full(len(block.starts), len(block.y))
        after[inside] = first
        place -= rows > after[sets]
        others[block.first + sets, place] = x[rows] - chosen[sets]
        absent[block.first + sets, place] = False
        if data.outside:  # where it was not chosen it comes last
            bought = np.flatnonzero(inside)
            others[block.first + bought, block.sizes[bought] - 1] = -chosen[bought]
            absent[block.first + bought, block.sizes[bought] - 1] = False
    return others, absent


def _weights(data: ChoiceData, weights: ArrayLike | None, codes: Ints, n: int) -> Floats:
    if weights is None:
        return np.ones(n)
    own = of_sets(data, np.asarray(weights, dtype=float), "weights")
    if not (np.isfinite(own).all() and (own > 0).all()):
        raise EstimationError("weights must be positive numbers; leave rows of weight 0 out.")
    found = np.zeros(n)
    found[codes] = own
    if (found[codes] != own).any():
        raise EstimationError("weights differ between choice sets of one decider.")
    return found
