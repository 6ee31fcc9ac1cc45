"""A fitted choice model that can be asked about shelves other than those it was fitted on.

Shares are simulated over the run's own worlds: each world's shelf counts once, whatever became of
its trials, so that lost trials move no average.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces import terms as term_columns
from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints, choice_data
from aces.stats.functionals import Function, Values, delta, simulated
from aces.stats.population import Chances, Population, chances
from analysis.choice_effects import Scale
from analysis.choice_sample import ProductEffects, choice_sample, require_column
from analysis.decisions.models import Conditional, Fit, Fitted, Model, Sample, fitted
from analysis.model_settings import UtilitySettings

BASELINE, UNKNOWN = -1, -2
"""Codes of a baseline product, whose effect is 0, and of one never chosen, whose share is 0."""

PRICES: dict[str, Scale] = {"log_price": "log", "price": "linear"}
"""Terms that are the price, and their scale."""
CELLS = 2**17
"""Listings times types of shoppers computed at a time: what fits into a cache is fastest."""

SOURCES = {"log_price": "price_cents", "price": "price_cents"}
SOURCES |= {"log_review_count": "review_count", "fee": "fee_cents"}


class DemandConfig(UtilitySettings):
    """Parameters of the utility behind a decision."""

    outcome: str = "chosen"
    """`chosen`, or `probability` where the model's own choice probabilities were read;
    without `outside` these are taken given a purchase."""


class ModelConfig(DemandConfig):
    """Parameters of a decision that any choice model may stand behind."""

    model: Model = Conditional()
    """Or `mixed_logit`, `nested_logit`, `latent_class` with what they take, such as
    `{use: mixed_logit, random: {log_price: negative lognormal}}`."""


@dataclass(frozen=True)
class Shelves:
    """Shelves whose shares are asked for.

    Attributes:
        frame: One row per alternative, those of a shelf neighbours.
        X: (rows, terms) attributes.
        codes: (rows,) product effect of each; -1 for a baseline.
        alive: (rows,) whether it can be bought at all.
        starts: (shelves,) first row of each.
        nests: (rows,) nest of each, the last number for those in none; None without nests.
    """

    frame: pd.DataFrame
    X: Floats
    codes: Ints
    alive: NDArray[np.bool_]
    starts: Ints
    nests: Ints | None = None

    @cached_property
    def shelf(self) -> Ints:
        """(rows,) which shelf each alternative stands on."""
        return np.repeat(np.arange(len(self.starts)), self.sizes)

    @cached_property
    def sizes(self) -> Ints:
        """(shelves,) alternatives of each."""
        return np.diff(self.starts, append=len(self.X))

    @cached_property
    def place(self) -> Ints:
        """(rows,) how many of its shelf come before each alternative."""
        return np.asarray(np.arange(len(self.X)) - self.starts[self.shelf])

    def blocks(self, cells: int) -> Iterator[tuple[slice, slice]]:
        """Yields slices of shelves and of their rows, with at most about so many rows."""
        step = max(1, cells // int(self.sizes.max()))
        for first in range(0, len(self.starts), step):
            last = min(first + step, len(self.starts))
            end = len(self.X) if last == len(self.starts) else int(self.starts[last])
            yield slice(first, last), slice(int(self.starts[first]), end)

    def laid(self, values: NDArray[Any], fill: Any, rows: slice | None = None) -> NDArray[Any]:  # noqa: ANN401
        """Returns (shelves, places, ...) values of rows, `fill` where a shelf has fewer.

        Args:
            values: (rows, ...) values.
            fill: What stands where there is nothing.
            rows: Which rows they are of, those of whole shelves; all by default.
        """
        which = rows or slice(None)
        shelf, place = self.shelf[which], self.place[which]
        shape = (int(shelf[-1] - shelf[0]) + 1, int(self.sizes.max()), *values.shape[1:])
        found = np.full(shape, fill, dtype=values.dtype)
        found[shelf - shelf[0], place] = values
        return found

    def take(self, which: NDArray[np.bool_]) -> "Shelves":
        """Returns some of the shelves."""
        rows = which[self.shelf]
        sizes = self.sizes[which]
        starts = np.cumsum(sizes) - sizes
        frame = self.frame[rows].reset_index(drop=True)
        nests = None if self.nests is None else self.nests[rows]
        return Shelves(frame, self.X[rows], self.codes[rows], self.alive[rows], starts, nests)

    def every(self, most: int) -> "Shelves":
        """Returns at most so many shelves, spread evenly over the run."""
        step = -(-len(self.starts) // most)
        return self.take(np.arange(len(self.starts)) % step == 0) if step > 1 else self


@dataclass(frozen=True)
class Demand:
    """The model and the shelves of the run.

    Attributes:
        model: The fitted model.
        spec: How formula terms become columns, as fitted.
        names: Names of the terms.
        variables: Columns that the terms are made of.
        effects: Effects by level; None without.
        shelves: Every world's shelf once.
        outside: Whether buying nothing is an alternative.
        left_out: Why trials were not fitted -> how many.
    """

    model: Fitted
    spec: Any
    names: tuple[str, ...]
    variables: frozenset[str]
    effects: ProductEffects | None
    shelves: Shelves
    outside: bool
    left_out: Mapping[str, int]

    @property
    def fit(self) -> Fit:
        """The estimates."""
        return self.model.fit

    @property
    def params(self) -> Floats:
        """(P,) estimates."""
        return self.model.fit.params

    @property
    def df(self) -> float:
        """Degrees of freedom of t."""
        return self.fit.covariance.df

    def population(self, params: Floats) -> Population:
        """Returns the shoppers that parameters tell of."""
        return self.model.population(params)

    def utilities(
        self, population: Population, shelves: Shelves, rows: slice, X: Floats | None = None
    ) -> Floats:
        """Returns (rows, types) utilities; minus infinity for what can't be bought."""
        terms = len(self.names)
        own = (shelves.X if X is None else X)[rows] @ population.coefficients[:terms]
        effects = population.coefficients[terms:]
        if len(effects):
            own = own + np.append(effects, np.zeros((1, own.shape[1])), axis=0)[shelves.codes[rows]]
        return np.asarray(np.where(shelves.alive[rows, None], own, -np.inf))

    def utility(self, params: Floats, shelves: Shelves, X: Floats | None = None) -> Floats:
        """Returns (rows,) utilities where all shoppers are of one type."""
        return self.utilities(self.population(params), shelves, slice(None), X)[:, 0]

    def chances(
        self, params: Floats, shelves: Shelves, *, outside: bool | None = None
    ) -> Iterator[tuple[slice, slice, Chances]]:
        """Yields shelves, their rows, and what each type of shopper would buy from them.

        Args:
            params: (P,) parameters of the model.
            shelves: The shelves.
            outside: Whether buying nothing counts; as the model has it by default.
        """
        people = self.population(params)
        counts = self.outside if outside is None else outside
        for sets, rows in shelves.blocks(CELLS // len(people.weights)):
            utility = shelves.laid(self.utilities(people, shelves, rows), -np.inf, rows)
            nests = None
            if shelves.nests is not None:
                nests = shelves.laid(shelves.nests[rows], len(people.dissimilarities) - 1, rows)
            yield sets, rows, chances(people, utility, nests, outside=counts)

    def shares(self, params: Floats, shelves: Shelves) -> Floats:
        """Returns (rows,) choice probabilities."""
        found = np.empty(len(shelves.X))
        for sets, rows, made in self.chances(params, shelves):
            found[rows] = made.shares[shelves.shelf[rows] - sets.start, shelves.place[rows]]
        return found

    def log_sums(self, params: Floats, shelves: Shelves, *, outside: bool | None = None) -> Floats:
        """Returns (shelves, types) expected greatest utilities, but for a constant.

        Arguments are those of `chances`.
        """
        parts = [made.log_sums for *_, made in self.chances(params, shelves, outside=outside)]
        return np.concatenate(parts)

    @property
    def price_term(self) -> tuple[int, Scale]:
        """The index of the one term that holds the price, and its scale.

        Raises:
            EstimationError: If there is none, or several terms hold the price.
        """
        slopes = self.slopes(self.shelves.every(50))
        names = [self.names[k] for k in np.flatnonzero(np.abs(slopes).max(axis=0) > 1e-9)]
        if len(names) != 1 or names[0] not in PRICES:
            raise EstimationError(
                f"the price is in {', '.join(names)}: what is worth what needs it in one term, "
                "`price` (for money) or `log_price` (for a factor on prices)"
            )
        return self.names.index(names[0]), PRICES[names[0]]

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """Returns (rows, terms) the attributes of a frame's rows, coded as they were fitted."""
        parts = [name.split(":") for name in self.names]
        if all(part in self.variables for several in parts for part in several):
            columns = {name: _column(name, frame) for name in self.variables}
            made = [np.prod([columns[part] for part in several], axis=0) for several in parts]
            return np.asarray(np.column_stack(made), dtype=float)
        coded = self.spec.get_model_matrix(prepared(frame, self.variables))
        return np.asarray(coded[list(self.names)], dtype=float)

    def changed(self, shelves: Shelves, frame: pd.DataFrame, gone: Any = False) -> Shelves:  # noqa: ANN401
        """Returns the shelves with the columns of `frame`, and without the rows that are `gone`."""
        alive = np.asarray(shelves.alive & ~np.asarray(gone))
        nests = None if self.model.nests is None else self.model.nests(frame)
        return replace(shelves, frame=frame, X=self.matrix(frame), alive=alive, nests=nests)

    def values(self, function: Function, *, draws: int = 0) -> Values:
        """Returns a function of the coefficients with errors: delta, or so many draws."""
        at = (self.params, self.fit.covariance.matrix, self.df)
        return simulated(function, *at, draws=draws) if draws else delta(function, *at)

    def slopes(self, shelves: Shelves) -> Floats:
        """Returns (rows, terms) derivatives of the attributes by ln of the own price.

        By differences on the columns themselves, so that `log_price`, `price` and products with
        either are all right.

        Raises:
            EstimationError: If no term holds the price.
        """
        step = 1e-4
        cents = shelves.frame["price_cents"].astype(float)
        up, down = (
            self.matrix(shelves.frame.assign(price_cents=cents * f))
            for f in (np.exp(step), np.exp(-step))
        )
        found = (up - down) / (2 * step)
        if not np.abs(found).max(initial=0.0) > 0:
            raise EstimationError(
                f"no term holds the price, so that nothing is known of it. Terms: "
                f"{', '.join(self.names)}"
            )
        return np.asarray(found)


def prepared(frame: pd.DataFrame, variables: frozenset[str]) -> pd.DataFrame:
    """Returns the frame with the derived columns among `variables` made from its others, anew."""
    made = {
        name: _column(name, frame)
        for name in sorted(variables)
        if term_columns.is_derived(name) and _source(name) in frame
    }
    return frame.assign(**made)


def _column(name: str, frame: pd.DataFrame) -> Any:  # noqa: ANN401
    """A column; one that is derived is made from what it is of, whatever the frame holds."""
    source = _source(name)
    if not term_columns.is_derived(name) or source not in frame:
        return frame[name].to_numpy()
    own = {n: frame[n].to_numpy() for n in (source, "currency") if n in frame}
    return term_columns.column(name, own)


def sources(variables: frozenset[str]) -> frozenset[str]:
    """Returns the columns that decide `variables`."""
    return frozenset(_source(name) for name in variables) | variables


def _source(name: str) -> str:
    first, _, slot = name.partition("_")
    if slot.isdigit() and term_columns.is_derived(name):
        return {"row": "row", "col": "col", "pos": "position"}[first]
    return SOURCES.get(name, name)


def fit_demand(rows: pd.DataFrame, asked: DemandConfig) -> Demand:
    """Fits the model to the rows of one buyer and interface.

    Args:
        rows: Long table.
        asked: Terms, effects, clusters, outside option, outcome, and the model.

    Raises:
        EstimationError: If the model can't be estimated.
    """
    if not asked.terms:
        raise EstimationError("name the terms of the utility, `terms: [log_price, ...]`")
    for column in filter(None, ("trial_id", "product_id", asked.effects, asked.cluster)):
        require_column(rows, column)
    variables = _variables(asked.terms)
    rows, outcome = prepared(rows, variables), asked.outcome
    require_column(rows, outcome)
    if outcome == "probability" and not asked.outside:
        total = rows.groupby("trial_id", sort=False)[outcome].transform("sum")
        rows = rows.assign(probability=rows[outcome] / total.where(total > 0))
    sample = choice_sample(rows, outcome, "trial_id", effects=asked.effects, outside=asked.outside)
    spec, names, X = _coded(asked.terms, sample.frame, constant=asked.outside)
    effects = sample.effects
    data = choice_data(
        X,
        sample.y,
        sample.sets,
        names=names,
        effects=None if effects is None else effects.codes,
        effect_names=() if effects is None else effects.names,
        outside=asked.outside,
    )
    used = asked.model if isinstance(asked, ModelConfig) else Conditional()
    model = fitted(used, Sample(data, sample.frame, rows, names, asked.cluster))
    made = Demand(model, spec, names, variables, effects, _NONE, asked.outside, sample.left_out)
    return replace(made, shelves=_shelves(made, rows))


_NONE = Shelves(
    pd.DataFrame(), np.zeros((0, 0)), np.zeros(0, int), np.zeros(0, bool), np.zeros(0, int)
)


def _variables(terms: Sequence[str]) -> frozenset[str]:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        formula = Formula(["1", *(term for term in terms if term != "1")])
        return frozenset(map(str, formula.required_variables))
    except FormulaicError as error:
        raise EstimationError(f"the terms {' + '.join(terms)} can't be read: {error}") from error


def _coded(
    terms: Sequence[str], frame: pd.DataFrame, *, constant: bool
) -> tuple[Any, tuple[str, ...], Floats]:
    """How terms become columns (None for columns of numbers as they are), names, and columns."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    plain = list(dict.fromkeys(term for term in terms if term != "1"))
    if not (constant and "1" in terms) and _all_numbers(plain, frame):
        columns = [np.prod([frame[c].to_numpy(float) for c in t.split(":")], axis=0) for t in plain]
        return None, tuple(plain), np.column_stack(columns)
    formula = Formula(["1", *(term for term in terms if term != "1")])
    try:
        made = formula.get_model_matrix(frame, na_action="ignore")
    except FormulaicError as error:
        raise EstimationError(f"the terms {' + '.join(terms)} can't be made: {error}") from error
    kept = [n for n in map(str, made.columns) if n != "Intercept" or (constant and "1" in terms)]
    return made.model_spec, tuple(kept), np.asarray(made[kept], dtype=float)


def _all_numbers(terms: Sequence[str], frame: pd.DataFrame) -> bool:
    """Whether all terms are columns of numbers, or products of them."""
    columns = [column for term in terms for column in term.split(":")]
    return all(
        column in frame and frame[column].dtype.kind in "if" and column.isidentifier()
        for column in columns
    )


def _shelves(demand: Demand, rows: pd.DataFrame) -> Shelves:
    """Every world's shelf once, products without an effect marked as never bought."""
    by = "world_id" if "world_id" in rows else "trial_id"
    first = rows.groupby(by, sort=False)["trial_id"].transform("first") == rows["trial_id"]
    return shelves_of(demand, rows[first], by)


def shelves_of(demand: Demand, rows: pd.DataFrame, by: str) -> Shelves:
    """Returns rows as shelves, those with nothing on them that was ever bought left out.

    Args:
        demand: The model, which says what was ever bought.
        rows: One row per alternative.
        by: Column of the shelf.
    """
    frame = rows.sort_values(by, kind="stable").reset_index(drop=True)
    codes = _codes(demand.effects, frame)
    X = demand.matrix(frame)
    ids = frame[by].to_numpy()
    starts = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1)
    alive = codes > UNKNOWN
    nests = None if demand.model.nests is None else demand.model.nests(frame)
    shelves = Shelves(frame, X, np.where(alive, codes, BASELINE), alive, starts, nests)
    some = np.add.reduceat(alive, starts) > 0
    return shelves if some.all() else shelves.take(some)


def _codes(effects: ProductEffects | None, frame: pd.DataFrame) -> Ints:
    if effects is None:
        return np.full(len(frame), BASELINE)
    known = {name: code for code, name in enumerate(effects.names)}
    known |= dict.fromkeys(effects.baselines, BASELINE)
    found = frame[effects.column].astype(str).map(known).fillna(UNKNOWN)
    return np.asarray(found.to_numpy(dtype=int))
