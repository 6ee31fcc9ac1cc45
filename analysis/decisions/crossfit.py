"""Predictions of worlds and menus by a model fitted on the others."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats.choice_data import Floats, Ints
from analysis.decisions.demand import Demand, DemandConfig, fit_demand, shelves_of
from analysis.display import counted

Unit = Literal["worlds", "menus"]
FEWEST = 20
"""Predicted trials below which nothing is said."""


@dataclass(frozen=True)
class Predictions:
    """Held-out trials, one row per alternative, those of a trial neighbours.

    Attributes:
        p: (rows,) predicted probability.
        alone: (rows,) predicted by shares alone.
        chosen: (rows,) whether it was bought.
        trial: (rows,) trial, counted from 0.
        world: (rows,) world.
        outside: Whether what is left of 1 is the probability of buying nothing.
        unpredicted: Trials whose shelf can't be predicted.
        rows: (rows,) index of each in the table.
    """

    p: Floats
    alone: Floats
    chosen: Floats
    trial: Ints
    world: Ints
    outside: bool
    unpredicted: int
    rows: Ints

    @property
    def starts(self) -> Ints:
        """(trials,) first row of each."""
        return np.append(0, np.flatnonzero(np.diff(self.trial)) + 1)

    def log_scores(self, p: Floats) -> Floats:
        """Returns (trials,) ln of the probability given to what happened."""
        inside = np.add.reduceat(p * self.chosen, self.starts)
        nothing = np.maximum(1 - np.add.reduceat(p, self.starts), 1e-300)
        bought = np.add.reduceat(self.chosen, self.starts) > 0
        return np.asarray(np.log(np.where(bought, inside, nothing)))


def predictions(rows: pd.DataFrame, asked: DemandConfig, unit: Unit, folds: int) -> Predictions:
    """Returns predictions of every trial by the model fitted without its world, or its menu.

    Args:
        rows: Long table of one buyer.
        asked: The model.
        unit: What is held out whole.
        folds: Parts that are held out in turn; fewer where there are fewer menus.

    Raises:
        EstimationError: If there are fewer units than folds, a model can't be fitted, or hardly a
            shelf can be predicted.
    """
    kept = _outcomes(rows, outside=asked.outside)
    fold = _folds(kept, unit, folds)
    folds = int(fold.max()) + 1
    parts, unpredicted = [], 0
    for f in range(folds):
        train, test = kept[fold != f], kept[fold == f]
        try:
            demand = fit_demand(train, asked)
        except EstimationError as error:
            raise EstimationError(f"without fold {f + 1} of {folds}: {error}") from error
        frame = test[_comparable(demand, test, asked)]
        unpredicted += int(test["trial_id"].nunique() - frame["trial_id"].nunique())
        if len(frame):
            parts.append(_predicted(demand, train, frame, asked))
    found = pd.concat(parts, ignore_index=True) if parts else kept.iloc[:0]
    if found["trial_id"].nunique() < FEWEST:
        raise EstimationError(
            f"of {unpredicted + found['trial_id'].nunique():,} trials of held-out {unit} only "
            f"{found['trial_id'].nunique():,} could be predicted: the others show products that no "
            "other fold compares. Menus overlap where shelves are sampled from more products"
        )
    return Predictions(
        found["predicted"].to_numpy(float),
        found["alone"].to_numpy(float),
        found["chosen"].to_numpy(float),
        found["trial_id"].factorize()[0],
        found[_world(found)].factorize()[0],
        asked.outside,
        unpredicted,
        found["row_of_table"].to_numpy(),
    )


def _world(rows: pd.DataFrame) -> str:
    return "world_id" if "world_id" in rows else "trial_id"


def _outcomes(rows: pd.DataFrame, *, outside: bool) -> pd.DataFrame:
    """The trials that ended in a purchase from the shelf, or by choice in none."""
    bought = rows.groupby("trial_id", sort=False)["chosen"].transform("sum")
    status = rows["status"].astype(str) if "status" in rows else "abstained"
    kept = bought == 1
    if outside:
        kept |= (bought == 0) & (status == "abstained")
    return rows.assign(row_of_table=rows.index.to_numpy())[kept]


def _folds(rows: pd.DataFrame, unit: Unit, folds: int) -> Ints:
    """(rows,) the fold that each is held out in."""
    if folds < 2:
        raise EstimationError(f"folds: {folds} leaves nothing to fit on; at least 2")
    names = rows[_world(rows)].astype(str)
    if unit == "menus":
        by_trial = rows.groupby("trial_id", sort=False)["product_id"]
        names = rows["trial_id"].map(by_trial.agg(lambda ids: "|".join(sorted(map(str, ids)))))
    codes, known = pd.factorize(names)
    # two menus can still be held out in turn
    folds = min(folds, len(known)) if unit == "menus" else folds
    if len(known) < max(folds, 2):
        raise EstimationError(
            f"{counted(len(known), unit[:-1])} can't be held out in {max(folds, 2)} folds"
            + ("; menus differ where shelves are sampled" if unit == "menus" else "")
        )
    order = Stream("calibration", unit).generator().permutation(len(known))
    return np.asarray((order % folds)[codes])


def _comparable(demand: Demand, test: pd.DataFrame, asked: DemandConfig) -> Floats:
    """(rows,) whether training showed all of the shelf, and compared what was bought of it."""
    if asked.effects is None or demand.effects is None:
        return np.ones(len(test), dtype=bool)
    effects, trial = demand.effects, test["trial_id"]
    level = test[asked.effects].astype(str)
    group = {
        name: 0 if asked.outside else g
        for g, (base, names) in enumerate(effects.baselines.items())
        for name in (base, *names)
    }
    group |= dict.fromkeys(effects.names, 0) if asked.outside else {}
    of = level.map(group)
    shown = level.isin([*group, *effects.never_chosen])
    low, high = (of.groupby(trial).transform(how) for how in ("min", "max"))
    return np.asarray((shown.groupby(trial).transform("all") & (low == high)).to_numpy())


def _predicted(
    demand: Demand, train: pd.DataFrame, test: pd.DataFrame, asked: DemandConfig
) -> pd.DataFrame:
    """The rows of test trials with what is predicted of them."""
    shelves = shelves_of(demand, test, "trial_id")
    params = demand.params
    utility = demand.utility(params, shelves)
    if asked.effects is not None:
        late = shelves.frame[asked.effects].astype(str).map(_half_sales(demand, asked.effects))
        plain = shelves.X @ params[: len(demand.names)] + late.to_numpy(float)
        utility = np.where(shelves.alive, utility, plain)
    rates, nothing = _log_rates(train, shelves.frame)
    return shelves.frame.assign(
        predicted=_softmax(utility, shelves.starts, 0.0 if asked.outside else -np.inf),
        alone=_softmax(rates, shelves.starts, nothing if asked.outside else -np.inf),
    )


def _half_sales(demand: Demand, effects: str) -> dict[str, float]:
    """Level never chosen in training -> the effect that would have sold half a one."""
    shelves, params = demand.shelves, demand.params
    if shelves.alive.all():
        return {}
    late = np.flatnonzero(~shelves.alive)
    plain = shelves.X[late] @ params[: len(demand.names)]
    odds = np.exp(plain - demand.log_sums(params, shelves)[shelves.shelf[late], 0])
    levels = shelves.frame[effects].astype(str).to_numpy()[late]
    trials = demand.fit.data.n_sets / len(shelves.starts)
    sums = pd.Series(odds * trials).groupby(levels).sum()
    return {str(level): float(np.log(0.5 / total)) for level, total in sums.items()}


def _log_rates(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Floats, float]:
    """Ln of each product's rate of sale in training, half a sale added, and of buying nothing."""
    by = train.groupby(train["product_id"].astype(str))["chosen"]
    rates = np.log((by.sum() + 0.5) / (by.size() + 1.0))
    found = test["product_id"].astype(str).map(rates).fillna(float(rates.mean()))
    trials = train["trial_id"].nunique()
    nothing = trials - float(train["chosen"].sum())
    return found.to_numpy(float), float(np.log((nothing + 0.5) / (trials + 1.0)))


def _softmax(utility: Floats, starts: Ints, nothing: float) -> Floats:
    """(rows,) probabilities by shelf, beside something of utility `nothing`."""
    sizes = np.diff(starts, append=len(utility))
    top = np.maximum(np.maximum.reduceat(utility, starts), nothing)
    weight = np.exp(utility - np.repeat(top, sizes))
    total = np.add.reduceat(weight, starts) + np.exp(nothing - top)
    return np.asarray(weight / np.repeat(total, sizes))
