"""Do purchases follow choice probabilities that were read elsewhere, world by world?

A forced choice without reasoning need not be what a buyer does who reasons and acts. Purchases of
one buyer are held against probabilities of another on the same worlds: where these are the chances
of those, the coefficient of ln p in a conditional logit of the purchases is 1, nothing else on the
shelf explains them, and of all listings with probability p a share of p is bought.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces import terms as columns
from aces.errors import CollinearityError, EstimationError, nearest
from aces.stats.choice_data import Floats, Ints
from aces.stats.intervals import critical_value, p_values
from aces.stats.joint import wald_test
from aces.types import Estimate
from analysis.choice_model import ConditionalLogit
from analysis.display import Plot, Table, counted, interval, number, p_equals, p_value

FEWEST_PAIRS = 500
"""Pairs below which agreement says little."""
LEAST = 1e-12
"""Stands for a probability of 0, whose logarithm is no number."""
PAIRED_BY = ("interface", "persona", "prompt")


@dataclass(frozen=True)
class Pairs:
    """Purchases beside probabilities, a row per alternative of each purchase.

    Attributes:
        rows: Of the buyer that bought, with the other's `p`.
        y: (rows,) 1 for what was bought.
        p: (rows,) probability given a purchase, summing to 1 in each set.
        sets: (rows,) which purchase a row belongs to.
        worlds: (rows,) cluster of each row.
    """

    rows: pd.DataFrame
    y: Floats
    p: Floats
    sets: Ints
    worlds: Ints

    @property
    def n(self) -> int:
        """Purchases."""
        return int(self.sets.max()) + 1


@dataclass(frozen=True)
class Line:
    """One number of the bridge with the value that equality predicts.

    Attributes:
        term: What it is.
        expected: Under equality.
        estimate: What was found; of a joint test its F statistic.
        std_error: Its standard error; None of a joint test.
        p_value: Of the test of equality.
        limits: 95 % interval.
    """

    term: str
    expected: float
    estimate: float
    std_error: float | None
    p_value: float
    limits: tuple[float, float] | None


@dataclass(frozen=True)
class Bridge:
    """What was found.

    Attributes:
        name: Of the analysis.
        purchases: Buyer whose purchases they are.
        probabilities: Buyer whose probabilities they are.
        interface: Through which was bought.
        pairs: Purchases held against probabilities.
        worlds: On which they were made.
        lines: Slopes, intercept, joint tests.
        warnings: What must be said beside them.
    """

    name: str
    purchases: str
    probabilities: str
    interface: str
    pairs: int
    worlds: int
    lines: tuple[Line, ...]
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The finding, in a sentence."""
        slope, joint = self.lines[0], self.lines[-1]
        return (
            f"{counted(self.pairs, 'purchase')} of {self.purchases} on "
            f"{counted(self.worlds, 'world')} against probabilities of {self.probabilities}: "
            f"slope {number(slope.estimate)} {interval(*(slope.limits or (None, None)))}, "
            f"1 under equality; {joint.term}: {p_equals(joint.p_value)}"
        )

    @property
    def notes(self) -> list[str]:
        """What is said beside the estimates."""
        return [f"{self.name}: {text}" for text in (self.verdict, *self.warnings)]

    @property
    def table(self) -> Table:
        """What the console shows."""
        rows = tuple(
            (
                line.term,
                number(line.expected, 0),
                number(line.estimate),
                number(line.std_error),
                interval(*(line.limits or (None, None))),
                p_value(line.p_value),
            )
            for line in self.lines
        )
        heads = ("", "if equal", "estimate", "s.e.", "95 % interval", "p")
        title = f"{self.name} · purchases of {self.purchases}, probabilities of "
        said = (self.verdict, *self.warnings)
        note = " ".join(f"{text[0].upper()}{text[1:]}." for text in said)
        return Table(title + self.probabilities, heads, rows, note)

    @property
    def plots(self) -> list[Plot]:
        """None: the table says it all."""
        return []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`; p-values are of what equality predicts."""
        return [
            Estimate(
                analysis=self.name,
                estimand=f"{'F statistic, about ' if line.limits is None else ''}"
                f"{line.expected:g} where purchases follow the probabilities of "
                f"{self.probabilities}; given a purchase",
                buyer=self.purchases,
                interface=self.interface,
                estimator="bridge",
                term=line.term,
                estimate=line.estimate,
                std_error=line.std_error,
                ci_low=None if line.limits is None else line.limits[0],
                ci_high=None if line.limits is None else line.limits[1],
                p_value=line.p_value,
                n_trials=self.pairs,
                n_clusters=self.worlds,
            )
            for line in self.lines
        ]


def bridge(
    table: pd.DataFrame,
    purchases: str,
    probabilities: str,
    *,
    terms: Sequence[str] = (),
    cluster: str = "world_id",
    name: str = "bridge",
) -> Bridge:
    """Holds purchases of one buyer against probabilities of another on the same worlds.

    Args:
        table: The long table.
        purchases: Buyer whose purchases are explained.
        probabilities: Buyer whose stored probabilities explain them.
        terms: Columns of the shelf that must explain nothing beside the probability.
        cluster: Column with the unit of randomisation.
        name: Of the analysis.

    Raises:
        EstimationError: If the two share no world, or nothing can be estimated.
    """
    pairs = paired(table, purchases, probabilities, cluster)
    lines, df = _slope(pairs)
    lines += _linear(pairs, df)
    warnings = []
    if terms:
        try:
            lines.append(_beside(pairs, terms))
        except CollinearityError:
            warnings.append("the terms make up the probabilities, so that neither is beside them")
    if pairs.n < FEWEST_PAIRS:
        warnings.append(
            f"only {counted(pairs.n, 'pair')}: at least {FEWEST_PAIRS} are needed before "
            "probabilities may stand for purchases"
        )
    if (pairs.p < LEAST).any():
        warnings.append(f"{(pairs.p < LEAST).sum():,} probabilities of 0 count as {LEAST:g}")
    through = ", ".join(pairs.rows["interface"].unique()) if "interface" in pairs.rows else ""
    worlds = int(df) + 1
    return Bridge(
        name, purchases, probabilities, through, pairs.n, worlds, tuple(lines), tuple(warnings)
    )


def paired(table: pd.DataFrame, purchases: str, probabilities: str, cluster: str) -> Pairs:
    """Returns each purchase with the probabilities of its alternatives.

    A world is met alike where interface, persona and prompt are the same, too; what only one
    value of each buyer has (a planted shopper has no persona) need not be. Probabilities read
    several times on a world are averaged.

    Raises:
        EstimationError: If a buyer has none, or the two share no world.
    """
    bought = _rows_of(table, purchases)
    bought = bought[bought.groupby("trial_id")["chosen"].transform("sum") == 1]
    read = _rows_of(table, probabilities)
    read = read[read["probability"].notna()]
    for rows, what in ((bought, f"purchases of '{purchases}'"),
                       (read, f"probabilities of '{probabilities}'")):  # fmt: skip
        if rows.empty:
            raise EstimationError(f"there are no {what} to hold against each other.")
    keys = ["world_id", *_shared(bought, read), "product_id"]
    p = read.groupby(keys, sort=False)["probability"].mean().rename("p").reset_index()
    rows = bought.merge(p, on=keys, how="inner")
    whole = rows.groupby("trial_id")["p"].transform("size").to_numpy()
    rows = rows[whole == bought.groupby("trial_id").size()[rows["trial_id"]].to_numpy()]
    if rows.empty:
        raise EstimationError(f"'{purchases}' and '{probabilities}' have no world in common.")
    given = rows["p"] / rows.groupby("trial_id")["p"].transform("sum")
    return Pairs(
        rows=rows,
        y=rows["chosen"].to_numpy(float),
        p=given.to_numpy(float),
        sets=rows["trial_id"].factorize()[0],
        worlds=rows[cluster].factorize()[0],
    )


def _rows_of(table: pd.DataFrame, buyer: str) -> pd.DataFrame:
    rows = table[table["buyer"] == buyer]
    if rows.empty:
        hint = nearest(buyer, map(str, table["buyer"].unique()))
        raise EstimationError(f"no trial of a buyer '{buyer}'{hint}")
    return rows


def _shared(bought: pd.DataFrame, read: pd.DataFrame) -> list[str]:
    """The columns by which trials of a world are paired."""
    shared = []
    for name in PAIRED_BY:
        if name not in bought or name not in read:
            continue
        values = [set(rows[name].dropna()) for rows in (bought, read)]
        if values[0] & values[1]:
            shared.append(name)
        elif max(map(len, values)) > 1:
            raise EstimationError(
                f"the two buyers have no {name} in common, and one has several: purchases can't "
                "be told which probabilities are theirs."
            )
    return shared


def _slope(pairs: Pairs) -> tuple[list[Line], float]:
    """Coefficient of ln p in a conditional logit of the purchases; degrees of freedom."""
    X = np.log(np.maximum(pairs.p, LEAST))[:, None]
    fit = ConditionalLogit(X, pairs.y, pairs.sets, pairs.worlds).fit()
    estimate, error = float(fit.params[0]), float(fit.bse[0])
    return [_line("slope in the logit", 1.0, estimate, error, fit.df)], fit.df


def _linear(pairs: Pairs, df: float) -> list[Line]:
    """Share bought on probability: slope, intercept, and both together.

    From 20 worlds it rejects a truth in 10 % (`benchmarks/results/coverage-grid.md`); a warning
    asks for 500 pairs.
    """
    X = np.column_stack([pairs.p, np.ones_like(pairs.p)])
    gram = X.T @ X
    found = np.linalg.solve(gram, X.T @ pairs.y)
    scores = X * (pairs.y - X @ found)[:, None]
    totals = np.column_stack([np.bincount(pairs.worlds, score) for score in scores.T])
    bread = np.linalg.inv(gram)
    covariance = (df + 1) / df * bread @ totals.T @ totals @ bread
    errors = np.sqrt(covariance.diagonal())
    lines = [
        _line(f"linear {what}", expected, float(value), float(error), df)
        for what, expected, value, error in zip(
            ("slope", "intercept"), (1.0, 0.0), found, errors, strict=True
        )
    ]
    return [*lines, _joint("linear slope 1 and intercept 0", found - [1.0, 0.0], covariance, df)]


def _beside(pairs: Pairs, terms: Sequence[str]) -> Line:
    """Whether the terms explain purchases beside ln p, or its coefficient is not 1."""
    table: Mapping[str, object] = pairs.rows  # type: ignore[assignment]
    made = columns.matrix(terms, table)
    X = np.column_stack([np.log(np.maximum(pairs.p, LEAST)), made])
    fit = ConditionalLogit(X, pairs.y, pairs.sets, pairs.worlds).fit()
    away = fit.params - np.eye(1, X.shape[1])[0]
    what = f"slope 1 and nothing left to {counted(len(terms), 'term')}"
    return _joint(what, away, fit.cov_params(), fit.df)


def _line(term: str, expected: float, estimate: float, error: float, df: float) -> Line:
    half = critical_value(0.95, df) * error
    p = float(p_values((estimate - expected) / error, df))
    return Line(term, expected, estimate, error, p, (estimate - half, estimate + half))


def _joint(what: str, away: Floats, covariance: Floats, df: float) -> Line:
    """Hotelling's test that `away` is 0, of perhaps fewer directions than it has rows.

    On shelves of one size the linear slope determines the intercept.
    """
    test = wald_test(away, covariance, df)
    return Line(f"{what} (F)", 1.0, test.statistic, None, test.p_value, None)
