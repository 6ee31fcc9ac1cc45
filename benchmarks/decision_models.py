"""Do the intervals of decisions cover where mixed, nested or latent class logits are behind them?

Every run is an experiment of its own: shelves of eight products with random slots, prices, ratings
and badges, met by shoppers whose tastes differ (mixed, in two classes) or to whom some products
are nearly one (nested). The truth of each number is that of the planted population on the very
shelves of the run, by 2,000 other draws where tastes are drawn.

    python -m benchmarks.decision_models [--runs 200] [--only MODEL ...] [--draws 200] [--write]
"""

import argparse
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.decisions import Shop
from benchmarks.machine import write_result

Floats = NDArray[np.float64]
Covered = dict[str, list[bool]]
"""What -> whether each of its intervals holds the truth."""

TERMS = ("log_price", "rating", "overall_pick")
DECIDERS, EACH = 120, 6
"""Shoppers, and how often each shops; a nested logit has as many shoppers as choices."""
NESTS = {"near": ("t0-0", "t0-1", "t0-2"), "like": ("t0-3", "t0-4", "t0-5")}
SCALES = np.array([0.4, 0.7, 1.0])
"""Dissimilarities of the two nests, and of what is alone."""
CLASSES = np.array([[-3.0, 0.3, 1.2], [-0.8, 2.0, 1.2]])
SHARES = np.array([0.6, 0.4])
CHEAPER = "t0-2: price=-10%, badge=overall_pick"
GONE = "t0-1: removed"


def shelves(generator: np.random.Generator) -> tuple[pd.DataFrame, Floats, NDArray[Any]]:
    """Returns one row per listing, (rows, terms) attributes, and (rows,) decider."""
    from aces import terms

    frame = Shop(worlds=DECIDERS * EACH).shelves(generator)
    return frame, terms.matrix(TERMS, frame), frame["world"].to_numpy() // EACH  # type: ignore[arg-type]


def mixed_tastes(generator: np.random.Generator) -> Floats:
    """Returns (deciders, terms): prices lognormal, ratings normal, badges liked alike."""
    z = generator.normal(size=(DECIDERS, 2))
    price, rating = -np.exp(0.6 + 0.5 * z[:, 0]), 1.0 + 0.8 * z[:, 1]
    return np.column_stack([price, rating, np.full(DECIDERS, 1.2)])


def class_tastes(generator: np.random.Generator) -> Floats:
    """Returns (deciders, terms): those of the class that each is of."""
    return np.asarray(CLASSES[(generator.random(DECIDERS) > SHARES[0]).astype(int)])


def alike(_: np.random.Generator) -> Floats:
    """Returns (deciders, terms): all the same."""
    return np.tile([-1.8, 0.8, 1.2], (DECIDERS, 1))


@dataclass(frozen=True)
class Study:
    """A planted population and the model fitted to its choices.

    Attributes:
        tastes: Draws the tastes of deciders.
        nested: Whether some products are nearly one.
        model: As a decision names it; the number of draws is that asked for.
        planted: Parameter -> value, for those that are not 0.
    """

    tastes: Callable[[np.random.Generator], Floats]
    nested: bool
    model: dict[str, Any]
    planted: dict[str, float]


STUDIES = {
    "mixed": Study(
        mixed_tastes,
        nested=False,
        model={
            "use": "mixed_logit",
            "random": {"log_price": "negative lognormal", "rating": "normal"},
            "panel": "persona",
        },
        planted={
            "log_price": 0.6,
            "rating": 1.0,
            "overall_pick": 1.2,
            "sd.log_price": 0.5,
            "sd.rating": 0.8,
        },
    ),
    "nested": Study(
        alike,
        nested=True,
        model={"use": "nested_logit", "nests": NESTS},
        planted={
            "log_price": -1.8,
            "rating": 0.8,
            "overall_pick": 1.2,
            "dissimilarity[near]": SCALES[0],
            "dissimilarity[like]": SCALES[1],
        },
    ),
    "latent": Study(
        class_tastes,
        nested=False,
        model={"use": "latent_class", "panel": "persona", "starts": 3, "common": "overall_pick"},
        planted={
            "overall_pick": 1.2,
            **{f"class1.{t}": b for t, b in zip(TERMS[:2], CLASSES[0], strict=False)},
            **{f"class2.{t}": b for t, b in zip(TERMS[:2], CLASSES[1], strict=False)},
            "is_class2.1": float(np.log(SHARES[1] / SHARES[0])),
        },
    ),
}


def table(study: Study, seed: int) -> pd.DataFrame:
    """Returns the long table of one experiment."""
    from aces.stats.population import Population, chances

    generator = np.random.default_rng(seed)
    frame, X, decider = shelves(generator)
    utility = (X * study.tastes(generator)[decider]).sum(axis=1).reshape(-1, 8, 1)
    label = {p: m for m, products in enumerate(NESTS.values()) for p in products}
    nests = frame["product_id"].map(label).fillna(2).to_numpy(int).reshape(-1, 8)
    one = Population(np.ones(1), np.zeros((0, 1)), SCALES)
    p = chances(one, utility, nests if study.nested else None).shares
    bought = (p.cumsum(axis=1) < generator.random((len(p), 1))).sum(axis=1)
    name = "w" + frame["world"].astype(str)
    return frame.assign(
        trial_id=name,
        world_id=name,
        persona=[f"d{d:03}" for d in decider],
        buyer="planted",
        interface="json",
        status="chosen",
        cause="",
        chosen=(np.arange(8) == np.minimum(bought, 7)[:, None]).ravel().astype(int),
    )


def demand(study: Study, rows: pd.DataFrame, draws: int = 200) -> Any:  # noqa: ANN401
    """Returns the fitted model."""
    from analysis.decisions.demand import ModelConfig, fit_demand

    model = study.model | ({"draws": draws} if study.model["use"] == "mixed_logit" else {})
    cluster = "world_id" if study.nested else None
    return fit_demand(
        rows,
        ModelConfig(terms=TERMS, effects=None, cluster=cluster, model=model),  # type: ignore[arg-type]
    )


def planted(study: Study, fitted: Any) -> Any:  # noqa: ANN401
    """Returns the model with the planted parameters, exact, and with other and more draws."""
    from aces.stats.functionals import Function, Values
    from aces.stats.mixed.fit import DrawsUsed, MixedFit
    from aces.stats.population import mixed
    from analysis.decisions.demand import Demand

    class Exact(Demand):
        def values(self, function: Function, *, draws: int = 0) -> Values:
            value = function(self.params)
            none = np.zeros(len(value))
            return Values(value, none, value, value, none[:, None], np.inf)

    fit = fitted.fit
    names = fit.layout.names if hasattr(fit, "layout") else getattr(fit, "model", fit).names
    truth = _numbered(study.planted, names, fit.params)
    values = np.array([truth[name] for name in names])
    fit = replace(fit, found=replace(fit.found, at=replace(fit.found.at, params=values)))
    model = replace(fitted.model, fit=fit)
    if isinstance(fit, MixedFit):
        model = replace(model, population=mixed(replace(fit, draws=DrawsUsed(2000, seed=77))))
    own = {name: getattr(fitted, name) for name in Demand.__annotations__}
    return Exact(**{**own, "model": model})


def _numbered(planted: dict[str, float], names: list[str], found: Floats) -> dict[str, float]:
    """Planted parameters, classes numbered as the fit has them: by price, whatever their size."""
    own = dict(zip(names, found, strict=True))
    first, second = (f"class{c}.log_price" for c in (1, 2))
    if first not in own or own[first] < own[second]:
        return planted
    other = {"class1": "class2", "class2": "class1"}
    swapped = {other.get(n[:6], n[:6]) + n[6:]: value for n, value in planted.items()}
    return swapped | {"is_class2.1": -planted["is_class2.1"]}


def one_run(name: str, seed: int, draws: int) -> Covered | None:
    """Returns which intervals of one experiment hold the truth; None without an estimate."""
    from aces.errors import EstimationError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            study = STUDIES[name]
            fitted = demand(study, table(study, seed), draws)
            return _covered(fitted, planted(study, fitted))
        except EstimationError:
            return None


def _covered(fitted: Any, true: Any) -> Covered:  # noqa: ANN401
    from analysis.decisions.counterfactual import shift
    from analysis.decisions.elasticities import elasticities
    from analysis.decisions.found import Whose
    from analysis.decisions.price_changes import price_changes
    from analysis.decisions.scenario import parse
    from analysis.decisions.welfare import surplus

    found: Covered = {}
    whose = Whose({}, "planted")
    for question in (CHEAPER, GONE):
        ours, theirs = (shift(whose, d, parse(question)) for d in (fitted, true))
        kept = np.array([question != f"{product}: removed" for product in ours.products])
        found[f"share after {question}"] = _holds(ours.after, theirs.after)[kept].tolist()
        found[f"change by {question}"] = _holds(ours.change, theirs.change).tolist()
    priced, exactly = elasticities(fitted), elasticities(true)
    held, count = _holds(priced.values, exactly.values), len(priced.products)
    found["own elasticities"] = held[:count].tolist()
    found["cross elasticities"] = held[count:].tolist()
    worth, exact = (surplus(d, parse(GONE)) for d in (fitted, true))
    found["factor on all prices"] = [worth.limits[0] <= exact.value <= worth.limits[1]]
    for one, truth in zip(price_changes(fitted), price_changes(true), strict=True):
        if one.kind == "equivalent" and one.low is not None and one.high is not None:
            inside = one.low <= truth.value <= one.high
            found.setdefault(f"equivalent price change, {one.whose}", []).append(inside)
    return found


def _holds(ours: Any, theirs: Any) -> NDArray[np.bool_]:  # noqa: ANN401
    return np.asarray((ours.low <= theirs.value) & (theirs.value <= ours.high))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=list(STUDIES))
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    lines = [
        f"{asked.runs} experiments of {DECIDERS} shoppers with {EACH} choices each among eight "
        f"listings; mixed logit with {asked.draws} draws. Coverage of 95 % intervals. Intervals of "
        "one experiment are not independent: the error of a coverage is at most "
        f"{100 * (0.95 * 0.05 / asked.runs) ** 0.5:.1f} points.",
        "",
        "| model | interval of | coverage | intervals | runs refused |",
        "|---|---|---|---|---|",
    ]
    for name in asked.only:
        done = [one_run(name, seed, asked.draws) for seed in range(asked.runs)]
        held: Covered = {}
        for one in done:
            for what, inside in (one or {}).items():
                held.setdefault(what, []).extend(inside)
        for what, values in held.items():
            share = f"{np.mean(values):.3f} | {len(values):,}"
            lines.append(f"| {name} | {what} | {share} | {sum(one is None for one in done)} |")
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
    if asked.write:
        write_result("decision-models", "Coverage of decisions of other models", "\n".join(lines))


if __name__ == "__main__":
    main()
