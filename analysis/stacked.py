"""Conditional logits of several arms on shared worlds, with the covariance between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces import terms as term_columns
from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import Floats, choice_data
from aces.stats.covariance import cluster_influence
from aces.stats.intervals import critical_value, p_values
from aces.stats.joint import WaldTest, joint_covariance, wald_test
from analysis.choice_sample import choice_sample, require_column

ROUNDING = 1e-20
"""Variance, relative to the greatest, that is none."""


@dataclass(frozen=True)
class ArmFit:
    """The conditional logit of one arm, product effects of its own beside the terms.

    Attributes:
        params: (K,) estimates of the terms.
        worlds: (G,) worlds.
        influence: (G, K) what each world adds to the estimates.
        trials: Choice sets.
        left_out: Status -> trials without a purchase.
    """

    params: Floats
    worlds: NDArray[np.generic]
    influence: Floats
    trials: int
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Contrast:
    """Estimates of combinations of coefficients, with what is known of them.

    Attributes:
        value: (q,) estimates.
        error: (q,) standard errors, clustered by world.
        low: (q,) lower limits of the 95 % intervals.
        high: (q,) upper limits.
        p: (q,) p-values.
        joint: Test that all are 0.
    """

    value: Floats
    error: Floats
    low: Floats
    high: Floats
    p: Floats
    joint: WaldTest


@dataclass(frozen=True)
class Stacked:
    """The same terms estimated in several arms.

    Attributes:
        terms: (K,) names.
        arms: The fits, in order.
    """

    terms: tuple[str, ...]
    arms: Sequence[ArmFit]

    @cached_property
    def _joint(self) -> tuple[Floats, int]:
        return joint_covariance(
            [arm.worlds for arm in self.arms], [arm.influence for arm in self.arms]
        )

    @property
    def n_clusters(self) -> int:
        """Worlds that any arm met."""
        return self._joint[1]

    def contrast(self, weights: Floats, which: Sequence[int] | None = None) -> Contrast:
        """Returns combinations of arms for some terms, such as one arm less another.

        Args:
            weights: (c, arms) weights of each combination.
            which: Indices of the terms; all by default.

        Returns:
            q = c x terms contrasts, those of the first combination first.
        """
        chosen = np.arange(len(self.terms)) if which is None else np.asarray(which)
        full = np.kron(np.atleast_2d(weights), np.eye(len(self.terms))[chosen])
        covariance, clusters = self._joint
        value = full @ np.concatenate([arm.params for arm in self.arms])
        return infer(value, full @ covariance @ full.T, clusters - 1.0)


def infer(value: Floats, covariance: Floats, df: float) -> Contrast:
    """Returns estimates with errors, limits and tests; what has no variance and is 0 is sure."""
    variance = np.diag(covariance)
    floor = ROUNDING * max(float(variance.max(initial=0.0)), 1.0)
    error = np.sqrt(np.where(variance > floor, variance, 0.0))
    half = critical_value(0.95, df) * error
    known = error > 0
    t = np.divide(value, error, out=np.zeros_like(value), where=known)
    p = np.where(known, p_values(t, df), np.where(value == 0, 1.0, np.nan))
    joint = wald_test(value, np.where(np.outer(known, known), covariance, 0.0), df)
    return Contrast(value, error, value - half, value + half, p, joint)


def fit_arm(
    rows: pd.DataFrame, terms: Sequence[str], *, effects: str | None = "product_id"
) -> ArmFit:
    """Fits one arm's choices given a purchase.

    Args:
        rows: The arm's long table.
        terms: Columns and products of columns.
        effects: Column with a coefficient for each level; None for none.

    Raises:
        EstimationError: If there is nothing to estimate, or a term can't be.
    """
    require_column(rows, "world_id")
    sample = choice_sample(rows, "chosen", "trial_id", effects=effects)
    data = choice_data(
        term_matrix(sample.frame, terms),
        sample.y,
        sample.sets,
        names=terms,
        effects=None if sample.effects is None else sample.effects.codes,
        effect_names=() if sample.effects is None else sample.effects.names,
    )
    at = estimate(data)
    worlds, influence = cluster_influence(data, at, sample.frame["world_id"].to_numpy(str))
    k = len(terms)
    return ArmFit(at.params[:k], worlds, influence[:, :k], data.n_sets, sample.left_out)


def term_matrix(frame: pd.DataFrame, terms: Sequence[str]) -> Floats:
    """Returns (rows, K) the terms' columns.

    Raises:
        EstimationError: If there are none, or a column is not there.
    """
    if not terms:
        raise EstimationError("nothing varies between worlds: there is no effect to compare")
    try:
        return term_columns.matrix(terms, frame)  # type: ignore[arg-type]
    except KeyError as error:
        raise EstimationError(f"there is no column {error}") from None
