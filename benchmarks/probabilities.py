"""Choice probabilities of a model of known tastes: what they give back, and how surely.

Shelves come from the project's own designs on the built-in catalogue; the model is a softmax with
noise in its logits and a liking for some letters.

    python -m benchmarks.probabilities [--runs 2000] [--worlds 500] [--processes 2]
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.seeds import Stream
from aces.stats.choice import ChoiceFit, fit
from aces.stats.covariance import CovType
from aces.stats.labels import combine_shifts, cyclic_shifts
from benchmarks.machine import workers, write_result

Floats = NDArray[np.float64]

TASTES = {
    "row_1": 0.9,
    "col_1": 0.5,
    "log_price": -1.8,
    "rating": 0.8,
    "log_review_count": 0.15,
    "sponsored": -0.2,
    "overall_pick": 1.2,
    "scarcity": 0.3,
}
TRUTH = np.array(list(TASTES.values()))
NAMES = list(TASTES)
BIAS_SD = 1.8
ETAS = (0.5, 1.0, 2.0)
RATIOS = {0.5: 5.0, 1.0: 2.7, 2.0: 1.7}
"""Accepted ratio of standard errors by noise, within 15 %."""
BAND = (0.93, 0.97)
SIZE = 8
MODELS = 50
"""Draws of label biases."""
POOL = 4000
"""Shelves that experiments draw theirs from."""
NOISES = 100
"""Draws of noise per shelf of the pool, for the pseudo-true value."""
CONFIG = Path(__file__).resolve().parents[1] / "experiments" / "configs" / "bridge.yaml"


@cache
def pool(shelves: int = POOL) -> Floats:
    """Returns (shelves, SIZE, terms) the attributes of many shelves of the shipped design."""
    from aces.catalog import load_catalog
    from aces.cli.console import read_experiment
    from experiments.plan import make_plan
    from experiments.power import level_table

    plan = make_plan(read_experiment(CONFIG), load_catalog("demo"))
    table = level_table(plan, plan.draw_cells([("fitness_watch", k) for k in range(shelves)]))
    return terms.matrix(NAMES, table).reshape(shelves, SIZE, len(NAMES))


def softmax(utility: Floats) -> Floats:
    """Returns choice probabilities along the last axis."""
    weight = np.exp(utility - utility.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def log_probabilities(utility: Floats, bias: Floats, labels: NDArray[np.int64]) -> Floats:
    """Returns (sets, shifts, SIZE) log-probabilities of the labels that stood for each listing."""
    logits = utility[:, None, :] + bias[labels]
    top = logits.max(axis=-1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    return np.asarray(logits - top - total)


# 1. Label bias


@dataclass(frozen=True, slots=True)
class Reading:
    """How near a way of reading comes to the model's own probabilities."""

    log_odds: float
    """Greatest error of the log-odds of two listings of a shelf."""
    rmse: float
    """Of probabilities."""
    slope: float
    """Of log-probabilities on utilities, within shelves; 1 is right."""


def label_bias(models: int = MODELS, sets: int = 100) -> dict[str, Reading]:
    """Returns the errors of ways to read biased answers, by way; means over models' biases."""
    found = [_one_model(np.random.default_rng(seed), sets) for seed in range(models)]
    return {
        way: Reading(
            log_odds=max(one[way].log_odds for one in found),
            rmse=float(np.mean([one[way].rmse for one in found])),
            slope=float(np.mean([one[way].slope for one in found])),
        )
        for way in found[0]
    }


def _one_model(rng: np.random.Generator, sets: int) -> dict[str, Reading]:
    utility = pool(sets) @ TRUTH + rng.normal(size=(sets, SIZE))
    bias = rng.normal(0, BIAS_SD, SIZE)
    every = log_probabilities(utility, bias, cyclic_shifts(SIZE))
    # each shelf has permutations of its own
    some = np.stack(
        [
            log_probabilities(utility[[i]], bias, np.stack([rng.permutation(SIZE) for _ in "1234"]))
            for i in range(sets)
        ]
    )[:, 0]
    ways = {
        f"{SIZE} cyclic shifts, mean of log-probabilities": combine_shifts(every),
        f"{SIZE} cyclic shifts, mean of probabilities": np.exp(every).mean(axis=1),
        "4 random permutations, mean of log-probabilities": combine_shifts(some),
        "1 question": np.exp(every[:, 0]),
    }
    return {name: _reading(p, utility) for name, p in ways.items()}


def _reading(p: Floats, utility: Floats) -> Reading:
    found = np.log(p) - np.log(p).mean(axis=1, keepdims=True)
    true = utility - utility.mean(axis=1, keepdims=True)
    wrong = found - true
    return Reading(
        log_odds=float((wrong.max(axis=1) - wrong.min(axis=1)).max()),
        rmse=float(np.sqrt(((p - softmax(utility)) ** 2).mean())),
        slope=float((found * true).sum() / (true**2).sum()),
    )


# 2 and 3. Standard errors and coverage


@dataclass(frozen=True, slots=True)
class Simulated:
    """One experiment: estimates and errors by outcome, (terms,) each."""

    estimate: Floats
    robust: Floats
    information: Floats
    sampled: Floats
    sampled_error: Floats


def pseudo_true(eta: float) -> Floats:
    """Returns (terms,) what estimates converge to with noise of standard deviation `eta`."""
    if eta == 0:
        return TRUTH
    mean = np.zeros((POOL, SIZE))
    noise = Stream("pseudo-true", eta).generator()
    for _ in range(NOISES):
        mean += softmax(pool() @ TRUTH + eta * noise.normal(size=mean.shape)) / NOISES
    return _fit(pool(), mean).params


def simulate(seed: int, eta: float, worlds: int) -> Simulated:
    """Draws shelves, noise, probabilities and purchases, and estimates from either."""
    rng = Stream("probabilities", eta, seed).generator()
    X = pool()[rng.integers(0, POOL, worlds)]
    p = softmax(X @ TRUTH + eta * rng.normal(size=X.shape[:2]))
    drawn = (rng.uniform(size=(worlds, 1)) > p.cumsum(axis=1)).sum(axis=1)
    y = (np.arange(SIZE) == np.minimum(drawn, SIZE - 1)[:, None]).astype(float)
    read, sampled = _fit(X, p), _fit(X, y)
    information = _fit(X, p, nonrobust=True)
    return Simulated(read.params, read.bse, information.bse, sampled.params, sampled.bse)


def _fit(X: Floats, y: Floats, *, nonrobust: bool = False) -> ChoiceFit:
    sets = np.repeat(np.arange(len(X)), SIZE)
    errors: CovType = "nonrobust" if nonrobust else "robust"
    return fit(X.reshape(-1, X.shape[2]), y.ravel(), sets, cov_type=errors, names=NAMES)


def simulate_many(runs: int, eta: float, worlds: int, processes: int) -> list[Simulated]:
    """Simulates experiments of seeds 1 to `runs`."""
    with workers(processes) as several:
        seeds = range(1, runs + 1)
        many = several.map(simulate, seeds, [eta] * runs, [worlds] * runs, chunksize=20)
        return list(many)


def ratio(found: Sequence[Simulated]) -> Floats:
    """Returns (terms,) the mean error from purchases over that from probabilities."""
    sampled = np.mean([one.sampled_error for one in found], axis=0)
    return np.asarray(sampled / np.mean([one.robust for one in found], axis=0))


def coverage(found: Sequence[Simulated], target: Floats, *, information: bool = False) -> Floats:
    """Returns (terms,) how often 95 % intervals hold the pseudo-true value."""
    inside = [
        np.abs(one.estimate - target) <= 1.96 * (one.information if information else one.robust)
        for one in found
    ]
    return np.asarray(np.mean(inside, axis=0))


# 4. End to end


def served(noise_sd: float, worlds: int) -> tuple[list[tuple[str, float, float]], str]:
    """Runs the shipped experiment against a stand-in server; returns term, estimate, error."""
    from aces.catalog import load_catalog
    from aces.cli.console import read_experiment
    from aces.store import RunStore
    from aces.testing.model_server import ModelServer
    from aces.testing.softmax_model import SoftmaxModel
    from analysis.analyze import analyze
    from experiments.executors.inline import InlineExecutor
    from experiments.run import run

    model = SoftmaxModel(TASTES, noise_sd=noise_sd, bias_sd=BIAS_SD)
    with tempfile.TemporaryDirectory() as folder, ModelServer(model) as server:
        settings = ["interface=json", f"worlds_per_task={worlds}"]
        settings += [f"buyers.{i}.base_url={server.url}" for i in (0, 1)]
        asked = [
            {"use": "conditional_logit", "name": "read", "outcome": "probability",
             "terms": NAMES, "effects": None},
            {"use": "bridge", "purchases": "reasoned", "probabilities": "forced", "terms": NAMES},
        ]  # fmt: skip
        settings.append(f"analysis={json.dumps(asked)}")
        out = Path(folder) / "run"
        run(read_experiment(CONFIG, settings), load_catalog("demo"), out, InlineExecutor())
        with RunStore.open(out) as store:
            found = analyze(store)
    fitted = next(one for one in found.main_fits() if one.analysis == "read").result
    rows = [(str(t), float(fitted.params[t]), float(fitted.bse[t])) for t in fitted.terms]
    return rows, found.findings[0].verdict


def _bias_part() -> list[str]:
    lines = [
        f"## Label bias\n\nBiases of standard deviation {BIAS_SD} on {SIZE} labels, means of "
        f"{MODELS} draws of them with 100 shelves each. Accepted when the log-odds of all shifts "
        "are right to 1e-12.",
        "",
        "| how it is read | greatest error of log-odds | rmse of probabilities | utility slope |",
        "|---|---|---|---|",
    ]
    return lines + [
        f"| {name} | {one.log_odds:.1e} | {one.rmse:.3f} | {one.slope:.3f} |"
        for name, one in label_bias().items()
    ]


def _error_part(runs: int, worlds: int, processes: int) -> list[str]:
    lines = [
        f"## Standard errors and coverage\n\n{runs} experiments of {worlds} worlds at each noise; "
        f"errors by the sandwich. Accepted when the ratio for log_price is within 15 % of "
        f"{', '.join(map(str, RATIOS.values()))}, and coverage of each term within {list(BAND)}.",
        "",
        "| noise | log_price converges to | s.e. from purchases | from probabilities | ratio "
        "(over terms) | accepted | coverage of log_price (over terms) | accepted "
        "| s.e. by the information matrix | its coverage |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    price = NAMES.index("log_price")
    for eta in ETAS:
        found, target = simulate_many(runs, eta, worlds, processes), pseudo_true(eta)
        ratios, covers = ratio(found), coverage(found, target)
        wrong = coverage(found, target, information=True)[price]
        near = abs(ratios[price] / RATIOS[eta] - 1) <= 0.15
        held = BAND[0] <= covers.min() and covers.max() <= BAND[1]
        errors = [np.mean([getattr(one, name)[price] for one in found])
                  for name in ("sampled_error", "robust", "information")]  # fmt: skip
        lines.append(
            f"| {eta} | {target[price]:.3f} | {errors[0]:.3f} | {errors[1]:.3f} "
            f"| {ratios[price]:.2f} ({_range(ratios)}) | {_verdict(near)} "
            f"| {covers[price]:.4f} ({_range(covers, 3)}) | {_verdict(held)} "
            f"| {errors[2]:.3f} | {wrong:.4f} |"
        )
    return lines


def _range(values: Floats, digits: int = 2) -> str:
    return f"{values.min():.{digits}f} to {values.max():.{digits}f}"


def _verdict(accepted: bool) -> str:
    return "yes" if accepted else "NO"


def _served_part(worlds: int, noises: Iterable[float] = (0.0, 1.0)) -> list[str]:
    lines = [
        f"## End to end\n\nThe shipped experiment `bridge` on {worlds} worlds: real run, buyers, "
        "client and HTTP, against a stand-in server whose tastes are planted, label biases "
        f"{BIAS_SD}. With noise the target is the pseudo-true value, and the last column the "
        "distance from it in standard errors; without noise probabilities are exact, and so are "
        "estimates.",
    ]
    for noise in noises:
        rows, verdict = served(noise, worlds)
        target = pseudo_true(noise)
        lines += ["", f"Noise {noise}. {verdict}.", ""]
        lines += ["| term | target | estimate | s.e. | apart |", "|---|---|---|---|---|"]
        lines += [
            f"| {term} | {true:.4f} | {value:.4f} | {error:.4f} | {_apart(value - true, error)} |"
            for (term, value, error), true in zip(rows, target, strict=True)
        ]
    return lines


def _apart(difference: float, error: float) -> str:
    return "" if abs(difference) < 1e-6 else f"{difference / error:.1f}"


def main() -> None:
    """Runs everything, prints the tables and writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    parts = [
        _bias_part(),
        _error_part(args.runs, args.worlds, args.processes),
        _served_part(args.worlds),
    ]
    body = "\n\n".join("\n".join(part) for part in parts)
    print(body)
    print(f"\nwrote {write_result('probabilities', 'Choice probabilities', body)}")


if __name__ == "__main__":
    main()
