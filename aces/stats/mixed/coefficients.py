"""How the coefficients of deciders follow from parameters and standard draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from aces.errors import EstimationError, nearest
from aces.stats.choice_data import Floats, Ints

Shape: TypeAlias = Literal["normal", "lognormal", "negative lognormal", "triangular"]

SHAPES = ("normal", "lognormal", "negative lognormal", "triangular")
FIRST_SPREAD = 0.5
"""Where spreads begin, as that of utility between two alternatives."""
TRIANGLE = np.sqrt(6)
"""Half the base of a triangle with standard deviation 1."""


@dataclass(frozen=True)
class Coefficients:
    """Parameters of K coefficients, Q - 1 of them random.

    The index of coefficient k is a sum of parameters times standard draws, of which draw 0 is
    always 1: b_k = t_k0 + t_k1 z_1 + ...; a lognormal coefficient is the exponential of its index.

    Attributes:
        names: Name of each parameter.
        column: (P,) coefficient that each parameter belongs to.
        draw: (P,) standard draw that it multiplies; 0 for means.
        shapes: Shape of each random coefficient, in the order of draws.
        random: Coefficient of each draw.
        signs: (K,) 1 or -1 where a coefficient is lognormal (its sign), else 0.
    """

    names: tuple[str, ...]
    column: Ints
    draw: Ints
    shapes: tuple[str, ...]
    random: tuple[int, ...]
    signs: Floats

    @property
    def n_columns(self) -> int:
        """Coefficients."""
        return len(self.signs)

    @property
    def n_draws(self) -> int:
        """Rows of standard draws, that of ones included."""
        return 1 + len(self.random)

    @property
    def lognormal(self) -> Ints:
        """Which coefficients are lognormal."""
        return np.flatnonzero(self.signs)

    @property
    def diagonal(self) -> Ints:
        """(Q - 1,) the parameter that is the spread of each random coefficient."""
        own = np.array(self.random, dtype=int)
        at = [
            np.flatnonzero((self.column == own[k]) & (self.draw == k + 1))[0]
            for k in range(len(own))
        ]
        return np.array(at, dtype=int)

    def matrix(self, params: Floats) -> Floats:
        """Returns (K, Q) parameters by coefficient and draw."""
        found = np.zeros((self.n_columns, self.n_draws))
        found[self.column, self.draw] = params
        return found

    def of_draws(self, matrix: Floats, draws: Floats) -> Floats:
        """Returns (K, R) coefficients at draws (Q, R)."""
        found = matrix @ draws
        for k in self.lognormal:
            found[k] = self.signs[k] * np.exp(np.minimum(found[k], 50.0))
        return found

    def start(self, fixed: Floats, scales: Floats) -> Floats:
        """Returns (P,) where to begin.

        Args:
            fixed: (K,) estimates of the conditional logit.
            scales: (K,) standard deviation of attributes within choice sets.
        """
        params = np.zeros(len(self.names))
        params[self.draw == 0] = fixed
        spreads = FIRST_SPREAD / scales
        for k, column in enumerate(self.random):
            spread = spreads[column] * (TRIANGLE if self.shapes[k] == "triangular" else 1.0)
            if self.signs[column]:  # a coefficient of the other sign begins near 0
                size = max(self.signs[column] * fixed[column], 0.1 * spreads[column])
                params[column], spread = np.log(size), 0.5
            params[self.diagonal[k]] = spread
        return params


def coefficients(
    names: Sequence[str], random: Mapping[str, str], *, correlated: bool = False
) -> Coefficients:
    """Returns the parameters: a mean per coefficient, then spreads.

    Args:
        names: Names of the coefficients.
        random: Name -> its shape in the population, for those that vary between deciders.
        correlated: Whether random coefficients have a full covariance matrix: the parameters are
            then the rows of its Cholesky factor.

    Raises:
        EstimationError: If a name or shape is unknown, or triangles are to be correlated.
    """
    for name, shape in random.items():
        _check(name, shape, names, correlated)
    order = [k for k, name in enumerate(names) if name in random]
    labels, column, draw = list(names), list(range(len(names))), [0] * len(names)
    for i, k in enumerate(order):
        for j in range(0 if correlated else i, i + 1):
            labels.append(_label(names[k], names[order[j]], random[names[k]]))
            column.append(k)
            draw.append(1 + j)
    signs = np.zeros(len(names))
    for k in order:
        signs[k] = {"lognormal": 1.0, "negative lognormal": -1.0}.get(random[names[k]], 0.0)
    return Coefficients(
        names=tuple(labels),
        column=np.array(column),
        draw=np.array(draw),
        shapes=tuple(random[names[k]] for k in order),
        random=tuple(order),
        signs=signs,
    )


def _check(name: str, shape: str, names: Sequence[str], correlated: bool) -> None:
    if name not in names:
        raise EstimationError(f"random: there is no term '{name}'{nearest(name, names)}")
    if shape not in SHAPES:
        raise EstimationError(
            f"random: '{name}' can't be '{shape}'; known are {', '.join(SHAPES)}."
        )
    if correlated and shape == "triangular":
        raise EstimationError(
            f"random: '{name}' is triangular and can't be correlated with others: sums of "
            "triangles are none. Make it normal, or leave correlated out."
        )


def _label(name: str, other: str, shape: str) -> str:
    if name == other:
        return f"{'spread' if shape == 'triangular' else 'sd'}.{name}"
    return f"chol.{name}.{other}"
