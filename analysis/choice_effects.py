"""What coefficients mean: changes of choice probability, and prices that offset a term.

Reference: Train (2009), Discrete Choice Methods with Simulation, section 3.6 (derivatives);
Krinsky and Robb (1986), Review of Economics and Statistics 68, 715-719.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice import ChoiceFit
from aces.stats.choice_data import Block, ChoiceData, Floats
from aces.stats.intervals import RatioSet, critical_value, fieller, p_values

Kind = Literal["compensating", "equivalent"]
Scale = Literal["log", "linear"]


@dataclass(frozen=True)
class MarginalEffect:
    """Average change of an alternative's own choice probability.

    Attributes:
        term: What changes.
        baseline: From what to what: `derivative`, or the columns set to 0 before this one is 1.
        estimate: Average over alternatives and choice sets.
        gradient: (K,) its derivative with respect to the coefficients.
    """

    term: str
    baseline: str
    estimate: float
    gradient: Floats


@dataclass(frozen=True)
class PriceChange:
    """The price change that offsets a term, or that is worth it.

    Attributes:
        term: The term, raised by 1.
        kind: `compensating`: with term and price change utility is what it was; `equivalent`: the
            price change alone is worth the term.
        scale: `log`: the change is a share of the price (0.1 is 10 % more); `linear`: in the
            price column's unit.
        level: Confidence level.
        change: The estimate.
        ci_low: Lower limit of the Fieller set.
        ci_high: Upper limit; infinite limits say that the price's own effect may be 0.
        gap: Where the set is unbounded on both sides: the open interval that is not in it.
        krinsky_robb: Limits from simulated quantiles, if asked for and the price term significant.
        note: What the reader should know.
    """

    term: str
    kind: Kind
    scale: Scale
    level: float
    change: float
    ci_low: float
    ci_high: float
    gap: tuple[float, float] | None = None
    krinsky_robb: tuple[float, float] | None = None
    note: str = ""

    @property
    def bounded(self) -> bool:
        """Whether the confidence set is an interval."""
        return self.gap is None and bool(np.isfinite([self.ci_low, self.ci_high]).all())

    def __str__(self) -> str:
        said = f"{self.kind} price change of '{self.term}': {self._format(self.change)}"
        limits = f"{100 * self.level:g} % Fieller set {self._set()}"
        return f"{said}, {limits}" + (f"; {self.note}" if self.note else "")

    def _set(self) -> str:
        if self.gap is not None:
            return f"unbounded: all but ({self._format(self.gap[0])}, {self._format(self.gap[1])})"
        if not self.bounded:
            return "unbounded: every change"
        return f"[{self._format(self.ci_low)}, {self._format(self.ci_high)}]"

    def _format(self, value: float) -> str:
        return f"{100 * value:+.1f} %" if self.scale == "log" else f"{value:+.4g}"


def marginal_effects(fit: ChoiceFit) -> list[MarginalEffect]:
    """Returns the average marginal effect of each term, other alternatives as they are.

    Columns of 0 and 1 are contrasts, 0 -> 1: columns that are never 1 together with them (other
    tags, other columns of the shelf) are set to 0 on the same alternative. Others are derivatives.
    Averages are over the rows that were fitted (levels never chosen do not count), by weight.
    """
    exclusive = _exclusive_columns(fit.data)
    effects = []
    for k in range(fit.data.n_terms):
        if exclusive[k, k]:
            others = np.flatnonzero(exclusive[k])
            effects.append(_contrast(fit, k, others))
        else:
            effects.append(_derivative(fit, k))
    return effects


def price_change(
    fit: ChoiceFit,
    term: str,
    price: str,
    kind: Kind,
    *,
    scale: Scale = "log",
    level: float = 0.95,
    krinsky_robb: int = 0,
    seed: int = 0,
) -> PriceChange:
    """Returns the price change that offsets a term (compensating) or is worth it (equivalent).

    With r = b / b_price, compensating is exp(-r) - 1 and equivalent exp(r) - 1 on the log scale, -r
    and r on the linear. The interval is Fieller's for r, carried over.

    Args:
        fit: The estimates.
        term: The term, raised by 1.
        price: The price term.
        kind: `compensating` or `equivalent`.
        scale: Whether the price term is a logarithm.
        level: Confidence level.
        krinsky_robb: Draws for limits from simulated quantiles; 0 for none.
        seed: Of those draws.
    """
    both = [_index(fit, term), _index(fit, price)]
    b, v = fit.params[both], fit.covariance.matrix[np.ix_(both, both)]
    asked = Asked(term, price, kind, scale, level, krinsky_robb, seed)
    return offset(asked, b, v, fit.covariance.df)


@dataclass(frozen=True)
class Asked:
    """Which price change; attributes are the arguments of `price_change`."""

    term: str
    price: str
    kind: Kind
    scale: Scale = "log"
    level: float = 0.95
    krinsky_robb: int = 0
    seed: int = 0


def offset(asked: Asked, b: Floats, v: Floats, df: float) -> PriceChange:
    """Returns the price change of a term.

    Args:
        asked: Which.
        b: (2,) coefficients of term and price.
        v: (2, 2) their covariance.
        df: Degrees of freedom of t.
    """
    kind, scale, level = asked.kind, asked.scale, asked.level
    critical = critical_value(level, df)
    found = fieller(b[0], b[1], (v[0, 0], v[1, 1]), v[0, 1], critical)
    significant = bool(abs(b[1]) > critical * np.sqrt(v[1, 1]))
    simulated = None
    if asked.krinsky_robb and significant:
        draws = np.random.default_rng(asked.seed).multivariate_normal(b, v, asked.krinsky_robb)
        changes = to_price(draws[:, 0] / draws[:, 1], kind, scale)
        simulated = _pair(np.quantile(changes, [0.5 - level / 2, 0.5 + level / 2]))
    ends = _pair(np.sort(to_price(np.array([found.low, found.high]), kind, scale)))
    every = _pair(np.sort(to_price(np.array([-np.inf, np.inf]), kind, scale)))
    limits = ends if found.shape == "interval" else every
    return PriceChange(
        term=asked.term,
        kind=kind,
        scale=scale,
        level=level,
        change=float(to_price(b[0] / b[1], kind, scale)),
        ci_low=limits[0],
        ci_high=limits[1],
        gap=ends if found.shape == "rays" else None,
        krinsky_robb=simulated,
        note=_note(found, asked.price, wanted=bool(asked.krinsky_robb), significant=significant),
    )


def inference(fit: ChoiceFit, effect: MarginalEffect, level: float) -> tuple[float, ...]:
    """Returns standard error (delta method), lower and upper limit, and p-value of an effect."""
    error = float(np.sqrt(effect.gradient @ fit.covariance.matrix @ effect.gradient))
    half = critical_value(level, fit.covariance.df) * error
    p_value = float(p_values(effect.estimate / error, fit.covariance.df)) if error > 0 else np.nan
    return error, effect.estimate - half, effect.estimate + half, p_value


def to_price(ratio: Floats, kind: Kind, scale: Scale) -> Floats:
    """Returns the price change that a ratio b / b_price stands for."""
    signed = -ratio if kind == "compensating" else ratio
    with np.errstate(over="ignore"):
        return np.expm1(signed) if scale == "log" else signed


def _pair(values: Floats) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _note(found: RatioSet, price: str, *, wanted: bool, significant: bool) -> str:
    notes = []
    if found.shape != "interval":
        notes.append(f"the effect of '{price}' does not differ from 0")
    if wanted and not significant:
        notes.append("Krinsky-Robb limits are withheld")
    return "; ".join(notes)


def _index(fit: ChoiceFit, term: str) -> int:
    names = fit.data.names
    if term not in names:
        raise EstimationError(f"there is no term '{term}'. Terms: {', '.join(names)}")
    return names.index(term)


def _exclusive_columns(data: ChoiceData) -> NDArray[np.bool_]:
    """(terms, terms) which columns of 0 and 1 are never 1 together; diagonal: which are 0/1."""
    together = np.zeros((data.n_terms, data.n_terms))
    binary = np.ones(data.n_terms, dtype=bool)
    for block in data.blocks():
        x = block.x[:, : data.n_terms]
        binary &= ((x == 0) | (x == 1)).all(axis=0)
        together += x.T @ x
    exclusive = (together == 0) | np.eye(data.n_terms, dtype=bool)
    return np.asarray(exclusive & np.outer(binary, binary))


def _derivative(fit: ChoiceFit, k: int) -> MarginalEffect:
    """Mean of p (1 - p) b_k."""
    slope, rows = 0.0, 0.0
    gradient = np.zeros(fit.data.n_columns)
    for block in fit.data.blocks():
        p, _ = block.probabilities(fit.params)
        weight = block.weighted(np.ones(len(p)))
        slope += float((weight * p * (1 - p)).sum())
        rows += float(weight.sum())
        centred = block.x - block.to_rows(block.set_sums(p))
        gradient[block.columns] += (weight * p * (1 - 2 * p)) @ centred
    gradient *= fit.params[k]
    gradient[k] += slope
    estimate = fit.params[k] * slope / rows
    return MarginalEffect(fit.data.names[k], "derivative", float(estimate), gradient / rows)


def _contrast(fit: ChoiceFit, k: int, cleared: NDArray[np.int64]) -> MarginalEffect:
    """Mean of P(own column k is 1) - P(own column k is 0), the `cleared` columns 0 in both."""
    total, rows = 0.0, 0.0
    gradient = np.zeros(fit.data.n_columns)
    for block in fit.data.blocks():
        p, _ = block.probabilities(fit.params)
        rest = _rest_means(block, p)
        own = block.x.copy()
        own[:, cleared] = 0.0
        shift = (own - block.x) @ fit.params[block.columns]
        odds = np.log(np.maximum(p, 1e-300)) - np.log(np.maximum(1 - p, 1e-16)) + shift
        without, having = _logistic(odds), _logistic(odds + fit.params[k])
        weight = block.weighted(np.ones(len(p)))
        total += float((weight * (having - without)).sum())
        rows += float(weight.sum())
        having, without = weight * having * (1 - having), weight * without * (1 - without)
        gradient[block.columns] += (having - without) @ (own - rest)
        gradient[k] += having.sum()
    names = [fit.data.names[m] for m in cleared]
    baseline = "0 -> 1, with " + " = ".join([*names, "0"]) + " before"
    return MarginalEffect(fit.data.names[k], baseline, total / rows, gradient / rows)


def _rest_means(block: Block, p: Floats) -> Floats:
    """(rows, columns) expected attributes of the choice among the alternatives besides this one."""
    means = block.to_rows(block.set_sums(p))
    return np.asarray((means - p[:, None] * block.x) / np.maximum(1 - p, 1e-16)[:, None])


def _logistic(odds: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(odds))
