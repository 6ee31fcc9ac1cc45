"""Two buyers, interfaces or runs on the same worlds, trial against trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError, UserError
from aces.stats.intervals import critical_value, p_values
from aces.stats.shares import wilson_interval
from aces.terms import matrix
from analysis.checks.position import slots_taken
from analysis.choice_model import ConditionalLogit
from analysis.display import counted, percent
from analysis.frame import trials_of

PAIR = ["world_id", "repeat"]


@dataclass(frozen=True)
class Comparison:
    """How two arms differ on the worlds that both met.

    Attributes:
        first: Name of one arm.
        second: Name of the other; differences are second - first.
        pairs: Trials compared.
        equal: Pairs with the same outcome: both the same product, or both ended the same way.
        agreement: Share of equal pairs with its 95 % Wilson limits.
        coefficients: term, first, second, difference, std_error, ci_low, ci_high, p_value.
        shares: The same by product.
        note: Why there are no coefficients, where there are none.
    """

    first: str
    second: str
    pairs: int
    equal: int
    agreement: tuple[float, float, float]
    coefficients: pd.DataFrame
    shares: pd.DataFrame
    note: str = ""

    @property
    def identical(self) -> bool:
        """Whether all outcomes are equal."""
        return self.equal == self.pairs

    @property
    def verdict(self) -> str:
        """The finding, in a sentence."""
        both = f"{self.first} and {self.second}"
        if self.identical:
            return f"{both} are identical: all {counted(self.pairs, 'paired outcome')} are equal."
        share, low, high = map(percent, self.agreement)
        return (
            f"{both} agree in {share} of {counted(self.pairs, 'paired outcome')} "
            f"(95 % interval {low} to {high})."
        )


def compare(
    table: pd.DataFrame,
    first: Mapping[str, str],
    second: Mapping[str, str],
    terms: Sequence[str],
    *,
    position_lock: float | None = None,
) -> Comparison:
    """Compares two arms of a long table, paired by world and repeat.

    The difference of coefficients comes from one fit to both arms in which each term also stands
    multiplied by being in the second: with errors clustered by world, its covariance allows for
    the two arms having met the same worlds and, planted buyers, the same noise.

    Args:
        table: The long table, of several runs where they share worlds.
        first: Column -> value, such as `{"buyer": "planted", "interface": "json"}`.
        second: The same for the other arm.
        terms: Terms whose coefficients are compared, beside product effects of each arm's own.
        position_lock: Share of purchases above which an arm is locked to a slot, so that its
            coefficients are withheld; None for none.

    Raises:
        UserError: If an arm is empty, ambiguous, or they share no world.
    """
    arms = [_arm(table, first), _arm(table, second)]
    names = (_name(first, second), _name(second, first))
    ended = pd.concat([outcomes(arm) for arm in arms], axis=1, join="inner", keys=[0, 1])
    if ended.empty:
        raise UserError(f"{names[0]} and {names[1]} have no world in common")
    equal = int((ended[0] == ended[1]).sum())
    low, high = wilson_interval([equal], len(ended))
    shares = _shares([arm[_paired(arm).isin(ended.index)] for arm in arms])
    coefficients, note = pd.DataFrame(), ""
    locked = [
        f"{name} is {one.why}: coefficients are withheld"
        for name, arm in zip(names, arms, strict=True)
        for one in slots_taken(arm, position_lock)
        if one.locked
    ]
    try:
        if not locked:
            coefficients = _coefficients(arms, terms, identical=equal == len(ended))
    except EstimationError as error:
        note = str(error)
    note = note or "; ".join(locked)
    agreement = (equal / len(ended), float(low[0]), float(high[0]))
    return Comparison(*names, len(ended), equal, agreement, coefficients, shares, note)


def compare_all(
    table: pd.DataFrame, terms: Sequence[str], *, position_lock: float | None = None
) -> list[Comparison]:
    """Compares every buyer, interface, run, and persona or prompt, with the first of them.

    Args:
        table: The long table.
        terms: Terms whose coefficients are compared.
        position_lock: As of `compare`.

    Raises:
        UserError: If there is only one arm, or they share no world.
    """
    names = ["run", "buyer", "interface", *crossed(table)]
    arms = [
        dict(zip(names, values, strict=True)) for values in table[names].drop_duplicates().values
    ]
    if len(arms) < 2:
        raise UserError("there is only one buyer and interface; a comparison needs two")
    return [
        compare(table, arms[0], other, terms, position_lock=position_lock) for other in arms[1:]
    ]


def crossed(table: pd.DataFrame) -> list[str]:
    """Returns personas and prompts where some world met several of one buyer's."""
    met = ["run", "buyer", "interface", *PAIR]
    trials = table.drop_duplicates("trial_id")
    known = [name for name in ("persona", "prompt") if name in table]
    return [name for name in known if trials.groupby(met)[name].nunique().max() > 1]


def _arm(table: pd.DataFrame, chosen: Mapping[str, str]) -> pd.DataFrame:
    keep = np.logical_and.reduce([table[name] == value for name, value in chosen.items()])
    rows = table[keep]
    if rows.empty:
        raise UserError(f"no trial has {_name(chosen, {})}")
    if rows.drop_duplicates("trial_id").duplicated(PAIR).any():
        raise UserError(f"{_name(chosen, {})} met a world several times; name one arm exactly")
    return rows


def _name(arm: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The arm by what sets it apart from the other."""
    apart = [value for name, value in arm.items() if other.get(name) != value]
    return " · ".join(apart or arm.values())


def _paired(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[PAIR])


def outcomes(arm: pd.DataFrame) -> "pd.Series[str]":
    """Returns the product bought, or how the trial ended without one, by world and repeat."""
    trials = trials_of(arm).set_index(PAIR)
    return trials["product_id"].astype(object).fillna("(" + trials["status"].astype(object) + ")")


def _coefficients(
    arms: Sequence[pd.DataFrame], terms: Sequence[str], *, identical: bool
) -> pd.DataFrame:
    if not terms:
        raise EstimationError("no analysis has estimates, so that there are no terms to compare")
    made = [_with_outcome(arm) for arm in arms]
    designs = [_design(rows, terms) for rows in made]
    if identical:
        return _no_difference(made[0], designs[0], terms)
    k, (own, other) = len(terms), (design.shape[1] for design in designs)
    X = np.zeros((sum(map(len, made)), own + other))
    # the second arm's terms stand in the first arm's columns too: theirs are differences
    X[: len(made[0]), :own] = designs[0]
    X[len(made[0]) :, own:] = designs[1]
    X[len(made[0]) :, :k] = designs[1][:, :k]
    both = pd.concat(made)
    sets = np.concatenate([rows["trial_id"].factorize()[0] for rows in made])
    sets[len(made[0]) :] += len(made[0])  # the arms of two runs may share trial ids
    fit = ConditionalLogit(X, both["chosen"].to_numpy(), sets, both["world_id"].to_numpy()).fit()
    difference = slice(own, own + k)
    error = fit.choice_fit.bse[difference]
    found = fit.choice_fit.params
    columns = {"term": list(terms), "first": found[:k], "second": found[:k] + found[difference]}
    return _with_inference(columns, found[difference], error, fit.df)


def _with_outcome(rows: pd.DataFrame) -> pd.DataFrame:
    """Trials with a purchase, without the products never chosen in this arm."""
    bought = rows.groupby("trial_id")["chosen"].transform("sum") == 1
    ever = rows.groupby("product_id")["chosen"].transform("sum") > 0
    return rows[bought & ever]


def _design(rows: pd.DataFrame, terms: Sequence[str]) -> np.ndarray:
    """Terms, and dummies of all products but one per connected group of shelves."""
    from analysis.choice_sample import choice_sample

    effects = choice_sample(rows, "chosen", "trial_id", effects="product_id").effects
    names = () if effects is None else effects.names
    code = pd.Index(names).get_indexer(pd.Index(rows["product_id"]))
    dummies = (code[:, None] == np.arange(len(names))).astype(float)
    return np.column_stack([matrix(terms, rows), dummies])  # type: ignore[arg-type]


def _no_difference(rows: pd.DataFrame, design: np.ndarray, terms: Sequence[str]) -> pd.DataFrame:
    """Equal outcomes on equal worlds: the difference is 0 and not in doubt."""
    fit = ConditionalLogit(design, rows["chosen"].to_numpy(), rows["trial_id"].to_numpy()).fit()
    own, zero = fit.choice_fit.params[: len(terms)], np.zeros(len(terms))
    columns = {"term": list(terms), "first": own, "second": own}
    return _with_inference(columns, zero, zero, np.inf)


def _shares(arms: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Differences of product shares of all paired trials, errors clustered by world."""
    taken = [arm.set_index([*PAIR, "product_id"])["chosen"] for arm in arms]
    both = pd.concat(taken, axis=1, keys=["first", "second"]).reset_index()
    # a product's share is of the trials whose shelf held it
    groups = both.groupby("product_id", sort=False)
    mean = groups[["first", "second"]].mean()
    both["difference"] = both["second"] - both["first"]
    centred = both["difference"] - groups["difference"].transform("mean")
    worlds = centred.groupby([both["product_id"], both["world_id"]], sort=False).sum()
    squares = (worlds**2).groupby(level=0, sort=False).sum()
    clusters = worlds.groupby(level=0, sort=False).size()
    factor = clusters / (clusters - 1).clip(lower=1)
    error = np.sqrt(factor * squares) / groups.size()
    columns = {"product_id": list(mean.index), "first": mean["first"], "second": mean["second"]}
    return _with_inference(
        columns,
        (mean["second"] - mean["first"]).to_numpy(),
        error.reindex(mean.index).to_numpy(),
        float(clusters.min()) - 1,
    )


def _with_inference(
    columns: Mapping[str, object], difference: np.ndarray, error: np.ndarray, df: float
) -> pd.DataFrame:
    """The columns with difference, standard error, 95 % limits and p-value."""
    half = critical_value(0.95, df) * error
    known = error > 0
    statistic = np.divide(difference, error, out=np.zeros_like(difference), where=known)
    found = pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})
    return found.assign(
        difference=difference,
        std_error=error,
        ci_low=difference - half,
        ci_high=difference + half,
        p_value=np.where(known, p_values(statistic, df), np.where(difference == 0, 1.0, np.nan)),
    )
