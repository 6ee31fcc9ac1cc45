"""Do the intervals of decisions cover? Simulated experiments with planted tastes say.

Every run is an experiment of its own: shelves of eight products in random order with random
prices, ratings and badges, bought from by a logit with planted coefficients. The truth of each
number is that of the planted coefficients on the very shelves of the run (of the population
where the number is of that).

    python -m benchmarks.decisions [--runs 400] [--worlds 300] [--only STUDY ...] [--write]
"""

import argparse
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.machine import workers, write_result

Floats = NDArray[np.float64]

TASTES = {
    "row_1": 0.9,
    "col_1": 0.4,
    "log_price": -1.8,
    "rating": 0.8,
    "sponsored": -0.3,
    "overall_pick": 1.2,
}
TERMS = tuple(TASTES)


@dataclass(frozen=True)
class Shop:
    """What a simulated experiment is.

    Attributes:
        worlds: Per task.
        tasks: Each with products of its own.
        pool: Products of a task; shelves hold `size` of them.
        size: Listings of a shelf.
        columns: Of the grid.
        tastes: Planted coefficients.
        outside: Constant of all listings against buying nothing; None without that.
        repeats: Trials of each world.
        serving: Standard deviation of noise in the utilities, drawn for each trial.
        wordings: Ways to ask; 0 for one.
        per_wording: Standard deviation of each taste between wordings.
        crossed: Whether each world meets every wording; else one.
    """

    worlds: int = 300
    tasks: int = 1
    pool: int = 8
    size: int = 8
    columns: int = 4
    tastes: dict[str, float] = field(default_factory=lambda: dict(TASTES))
    outside: float | None = None
    repeats: int = 1
    serving: float = 0.0
    wordings: int = 0
    per_wording: dict[str, float] = field(default_factory=dict)
    crossed: bool = False

    def effects(self) -> Floats:
        """Returns (tasks, pool) planted product effects; always the same."""
        return np.random.default_rng(5).normal(0, 0.5, (self.tasks, self.pool))

    def shelves(self, generator: np.random.Generator) -> pd.DataFrame:
        """Returns one row per listing per world, its planted utility without noise in `v`."""
        prices = np.random.default_rng(6).uniform(15, 60, (self.tasks, self.pool))
        n, size = self.tasks * self.worlds, self.size
        task = np.repeat(np.arange(self.tasks), self.worlds)
        product = np.argsort(generator.random((n, self.pool)), axis=1)[:, :size]
        position = np.argsort(generator.random((n, size)), axis=1) + 1
        price = prices[task[:, None], product] * np.exp(generator.normal(0, 0.3, (n, size)))
        best = np.argsort(generator.random((n, size)), axis=1)
        sponsored = (generator.random((n, size)) < 0.2) & (best > 0)
        frame = pd.DataFrame(
            {
                "world": np.repeat(np.arange(n), size),
                "task_id": np.repeat(task, size),
                "product": product.ravel(),
                "position": position.ravel(),
                "price_cents": np.maximum(np.rint(100 * price), 1).ravel(),
                "rating": np.round(generator.uniform(3.5, 5.0, n * size), 1),
                "sponsored": sponsored.ravel().astype(int),
                "overall_pick": ((best == 0) & (generator.random((n, 1)) < 0.7)).ravel() * 1,
            }
        )
        frame["product_id"] = [
            f"t{t}-{p}" for t, p in zip(frame["task_id"], frame["product"], strict=True)
        ]
        frame["row"] = (frame["position"] - 1) // self.columns + 1
        frame["col"] = (frame["position"] - 1) % self.columns + 1
        return frame.assign(currency="USD", v=self.utility(frame))

    def utility(self, frame: pd.DataFrame, tastes: dict[str, float] | None = None) -> Floats:
        """Returns (rows,) planted utilities without noise."""
        from aces import terms

        planted = self.tastes if tastes is None else tastes
        own = terms.matrix(planted, frame) @ np.array(list(planted.values()))  # type: ignore[arg-type]
        effect = self.effects()[frame["task_id"], frame["product"]]
        return np.asarray(own + effect + (self.outside or 0.0))

    def table(self, seed: int) -> pd.DataFrame:
        """Returns the long table of one experiment, planted probabilities in `true_p`."""
        generator = np.random.default_rng(seed)
        shelves = self.shelves(generator)
        told = self._told(generator)
        parts = [self._trials(shelves, *asked, generator) for asked in told]
        return pd.concat(parts, ignore_index=True).sort_values(
            ["world", "repeat", "prompt"], kind="stable", ignore_index=True
        )

    def _told(self, generator: np.random.Generator) -> list[tuple[int, str, Floats, Any]]:
        """Repeat, wording, its shift of tastes, and the worlds it meets (None: all)."""
        none = np.zeros(len(self.tastes))
        if not self.wordings:
            return [(r, "", none, None) for r in range(self.repeats)]
        sd = np.array([self.per_wording.get(name, 0.0) for name in self.tastes])
        shifts = generator.normal(size=(self.wordings, len(sd))) * sd
        own = generator.permutation(self.tasks * self.worlds) % self.wordings
        return [
            (r, f"w{w:02}", shifts[w], None if self.crossed else own == w)
            for w in range(self.wordings)
            for r in range(self.repeats)
        ]

    def _trials(
        self,
        shelves: pd.DataFrame,
        repeat: int,
        prompt: str,
        shift: Floats,
        worlds: NDArray[np.bool_] | None,
        generator: np.random.Generator,
    ) -> pd.DataFrame:
        frame = shelves if worlds is None else shelves[worlds[shelves["world"]]]
        tastes = dict(zip(self.tastes, np.array(list(self.tastes.values())) + shift, strict=True))
        v = self.utility(frame, tastes) + self.serving * generator.normal(size=len(frame))
        utility = v.reshape(-1, self.size)
        weight = np.exp(utility)
        p = weight / (weight.sum(axis=1, keepdims=True) + (self.outside is not None))
        drawn = generator.random((len(p), 1))
        index = (p.cumsum(axis=1) < drawn).sum(axis=1)
        if self.outside is None:
            index = np.minimum(index, self.size - 1)
        chosen = np.arange(self.size) == index[:, None]
        name = frame["world"].astype(str)
        return frame.assign(
            repeat=repeat,
            prompt=prompt,
            prompt_hash=prompt,
            world_id="w" + name,
            trial_id="w" + name + f"-{repeat}{prompt}",
            buyer="planted",
            interface="json",
            persona="",
            chosen=chosen.ravel().astype(int),
            status=np.repeat(np.where(chosen.any(axis=1), "chosen", "abstained"), self.size),
            cause="",
            true_p=p.ravel(),
        )


Covered = dict[str, NDArray[np.bool_]]
"""What -> whether each of its intervals holds the truth."""

CHEAPER = "t0-2: price=-10%, badge=overall_pick"
MOVED = "t0-2: position=1"
GONE = "t0-3: removed"
MONEY = {"row_1": 0.9, "price": -0.05, "rating": 0.8, "overall_pick": 1.2}


def _planted(demand: Any, shop: Shop) -> Floats:  # noqa: ANN401
    """The planted coefficients in the order of a fit, product effects against its baselines."""
    own = [shop.tastes[name] for name in demand.names]
    if demand.effects is None:
        return np.array(own)
    effects = shop.effects()
    worth = {f"t{t}-{p}": effects[t, p] for t in range(shop.tasks) for p in range(shop.pool)}
    base = {n: b for b, names in demand.effects.baselines.items() for n in names}
    constant = shop.outside or 0.0
    against = [
        worth[name] - worth[base[name]] if name in base else worth[name] + constant
        for name in demand.effects.names
    ]
    return np.array([*own, *against])


def _holds(values: Any, truth: Floats) -> NDArray[np.bool_]:  # noqa: ANN401
    return np.asarray((values.low <= truth) & (truth <= values.high))


def what_if(seed: int, worlds: int, *, outside: float | None = None, draws: int = 0) -> Covered:
    """Shares, changes and revenue after two changes."""
    from analysis.decisions.counterfactual import shift
    from analysis.decisions.demand import DemandConfig, fit_demand
    from analysis.decisions.found import Whose
    from analysis.decisions.scenario import parse

    shop = Shop(worlds=worlds, outside=outside)
    asked = DemandConfig(terms=TERMS, outside=outside is not None)
    demand = fit_demand(shop.table(seed), asked)
    whose = Whose({"buyer": "planted", "interface": "json"}, "planted")
    found: Covered = {}
    for question in (CHEAPER,) if draws else (CHEAPER, MOVED, GONE):
        one = shift(whose, demand, parse(question), draws=draws)
        true = shift(whose, _at(demand, _planted(demand, shop)), parse(question))
        own = np.array([product != question.partition(":")[0] for product in one.products])
        after = _holds(one.after, true.after.value)
        found[f"share after {question}"] = after[own] if question == GONE else after
        found[f"change by {question}"] = _holds(one.change, true.change.value)
        assert one.revenue is not None
        assert true.revenue is not None
        found[f"revenue change by {question}"] = _holds(one.revenue, true.revenue.value)[2:]
    return found


def _at(demand: Any, params: Floats) -> Any:  # noqa: ANN401
    """The same model with the planted coefficients."""
    from dataclasses import replace

    return replace(demand, fit=replace(demand.fit, at=replace(demand.fit.at, params=params)))


def effects(seed: int, worlds: int) -> Covered:
    """Swaps, elasticities, lifts and the factor on prices of the log-price model."""
    from analysis.decisions.demand import DemandConfig, fit_demand
    from analysis.decisions.elasticities import elasticities
    from analysis.decisions.lifts import lifts
    from analysis.decisions.scenario import parse
    from analysis.decisions.swaps import swaps
    from analysis.decisions.welfare import surplus

    shop = Shop(worlds=worlds)
    demand = fit_demand(shop.table(seed), DemandConfig(terms=TERMS))
    true = _at(demand, _planted(demand, shop))
    moved, planted = swaps(demand), swaps(true)
    slots = np.array([term.startswith("slot") for term in moved.terms])
    held = _holds(moved.values, planted.values.value)
    ours, theirs = elasticities(demand), elasticities(true)
    priced, n = _holds(ours.values, theirs.values.value), len(ours.products)
    found = {"swap of slots": held[slots], "swap of badges": held[~slots]}
    found |= {"own elasticities": priced[:n], "cross elasticities": priced[n:]}
    pairs = zip(lifts(demand, products=("t0-2",)), lifts(true, products=("t0-2",)), strict=True)
    lifted = [(a.product, a.after[1] <= b.after[0] <= a.after[2]) for a, b in pairs]
    found["lifts from 10 %"] = np.array([inside for product, inside in lifted if not product])
    found["lifts from the own share"] = np.array([inside for p, inside in lifted if p])
    worth, planted_worth = (surplus(d, parse(GONE)) for d in (demand, true))
    low, high = worth.limits
    found["factor on all prices, Fieller"] = np.array([low <= planted_worth.value <= high])
    return found


def surplus_in_money(seed: int, worlds: int, *, weak: bool = False) -> Covered:
    """Consumer surplus with a linear price; `weak`: one that is hardly known."""
    from analysis.decisions.demand import DemandConfig, fit_demand
    from analysis.decisions.scenario import parse
    from analysis.decisions.welfare import surplus

    shop = Shop(worlds=worlds, tastes=MONEY | ({"price": -0.012} if weak else {}))
    demand = fit_demand(shop.table(seed), DemandConfig(terms=tuple(MONEY)))
    true = surplus(_at(demand, _planted(demand, shop)), parse(GONE)).value
    if demand.fit.params[demand.names.index("price")] >= 0:
        return {}
    one = surplus(demand, parse(GONE), draws=0 if weak else 400)
    told = "surplus, price hardly known" if weak else "surplus in money"
    found = {f"{told}, Fieller": np.array([one.limits[0] <= true <= one.limits[1]])}
    if one.simulated:
        low, high = one.simulated
        found[f"{told}, Krinsky-Robb"] = np.array([low <= true <= high])
    return found


def held_out(seed: int, worlds: int) -> Covered:
    """Calibration: the gains in log score, slope and reliability of right predictions."""
    from analysis.decisions.calibration import CalibrationConfig, scored
    from analysis.decisions.crossfit import predictions

    table = Shop(worlds=worlds, pool=12).table(seed)
    asked = CalibrationConfig(terms=TERMS)
    made = predictions(table, asked, "worlds", 5)
    one = scored(made, "worlds", asked.bins)
    true, size = table["true_p"].to_numpy()[made.rows], 8
    gains = {"equal shares": 1 / size + 0 * made.p, "shares alone": made.alone}
    found: Covered = {}
    for (name, other), ours in zip(gains.items(), (one.over_equal, one.over_shares), strict=True):
        truth = float((true * (np.log(made.p) - np.log(other))).sum() / one.trials)
        low, high = ours.interval() or (np.nan, np.nan)
        found[f"gain in log score on {name}"] = np.array([low <= truth <= high])
    where = pd.qcut(made.p, asked.bins, labels=False, duplicates="drop")
    means = pd.Series(true).groupby(where).mean().to_numpy()
    found["reliability, each point"] = np.array(
        [b.low <= m <= b.high for b, m in zip(one.bins, means, strict=True)]
    )
    return found


def loss_and_variance(seed: int, worlds: int) -> Covered:
    """Loss per purchase on these shelves' population, and variance components of repeats."""
    from analysis.decisions.losses import loss
    from analysis.decisions.variance import variance_split

    shop = Shop(worlds=worlds, repeats=2, serving=0.6)
    table, true = shop.table(seed), _population()
    found: Covered = {}
    low, high = loss(table, {"price": -1.0}).mean.interval() or (np.nan, np.nan)
    found["loss per purchase"] = np.array([low <= true[4] <= high])
    read = table.assign(probability=table["true_p"])
    for name, rows, which in (
        ("choices alone", table, {0: true[0], 2: true[1] + true[2], 3: true[3]}),
        ("probabilities read", read, dict(enumerate(true[:4]))),
    ):
        lows, highs = variance_split(rows).found.limits()
        found[f"variance components, {name}"] = np.array(
            [lows[i] <= value <= highs[i] for i, value in which.items()]
        )
    return found


@cache
def _population() -> tuple[float, ...]:
    """World, serving, sampling and total variance, and the mean loss, from 40,000 worlds."""
    table = Shop(worlds=40_000, repeats=2, serving=0.6).table(987_654)
    p = np.zeros((80_000, 8))
    p[table["trial_id"].factorize()[0], table["product"]] = table["true_p"]
    world = table.drop_duplicates("trial_id")["world"].to_numpy()
    p = p[np.argsort(world, kind="stable")].reshape(-1, 2, 8)
    alike, square = float((p[:, 0] * p[:, 1]).sum(axis=1).mean()), float((p**2).sum(axis=2).mean())
    mean = p.mean(axis=(0, 1))
    price = table["price_cents"] / 100
    least = price.groupby(table["trial_id"], sort=False).transform("min")
    lost = float(((price - least) * table["true_p"]).sum() / 80_000)
    total = float(mean @ mean)
    return alike - total, square - alike, 1 - square, 1 - total, lost


def by_wording(seed: int, worlds: int, *, crossed: bool) -> Covered:
    """Mean over wordings, variance between them, and the effect of a new one."""
    from analysis.decisions.wording import WordingConfig
    from analysis.decisions.wording import by_wording as estimate

    spread = {"row_1": 0.0, "log_price": 0.4, "overall_pick": 0.5}
    tastes = {name: TASTES[name] for name in spread}
    shop = Shop(worlds, tastes=tastes, wordings=12, per_wording=spread, crossed=crossed)
    found = estimate(shop.table(seed), WordingConfig(terms=tuple(tastes)))
    new = np.random.default_rng(seed + 10**6)
    held: dict[str, list[bool]] = {"mean of": [], "variance between": [], "a new one of": []}
    for name, sd in spread.items():
        one, drawn = found.effects[name], tastes[name] + sd * new.normal()
        held["mean of"].append(one.low <= tastes[name] <= one.high)
        held["variance between"].append(one.variance_low <= sd**2 <= one.variance_high)
        held["a new one of"].append(one.next_low <= drawn <= one.next_high)
    design = "each world meets all" if crossed else "each world meets one"
    return {f"{what} 12 wordings, {design}": np.array(v) for what, v in held.items()}


STUDIES: dict[str, Any] = {
    "what-if": (what_if, {}, 1.0),
    "what-if, outside option": (what_if, {"outside": 1.5}, 1.0),
    "what-if, Krinsky-Robb": (what_if, {"draws": 400}, 1.0),
    "effects": (effects, {}, 1.0),
    "money": (surplus_in_money, {}, 1.0),
    "weak": (surplus_in_money, {"weak": True}, 1.0),
    "held-out": (held_out, {}, 1.0),
    "loss": (loss_and_variance, {}, 1.0),
    "wording, drawn": (by_wording, {"crossed": False}, 5.0),
    "wording, crossed": (by_wording, {"crossed": True}, 0.5),
}
"""Name -> what is simulated, how, and worlds as a multiple of those asked for."""


def one_run(name: str, seed: int, worlds: int) -> Covered | None:
    """Returns one experiment's intervals; None where it has no estimate."""
    from aces.errors import EstimationError

    study, settings, times = STUDIES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dict(study(seed, round(times * worlds), **settings))
        except EstimationError:
            return None


def coverage(name: str, runs: int, worlds: int, processes: int = 1) -> tuple[dict[str, Any], int]:
    """Returns for each kind of interval its coverage and how many, and runs without an estimate."""
    held: dict[str, list[bool]] = {}
    with workers(processes) as pool:
        done = list(pool.map(one_run, [name] * runs, range(runs), [worlds] * runs, chunksize=10))
    for found in done:
        for what, inside in (found or {}).items():
            held.setdefault(what, []).extend(map(bool, inside))
    told = {what: (float(np.mean(v)), len(v)) for what, v in held.items()}
    return told, sum(found is None for found in done)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--only", nargs="*", default=list(STUDIES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    error = 100 * (0.95 * 0.05 / asked.runs) ** 0.5
    lines = [
        f"{asked.runs} experiments of {asked.worlds} worlds of eight listings (wordings drawn: 5 "
        "times as many, crossed: half), product effects estimated. Coverage of 95 % intervals. "
        "Intervals of one experiment are not independent: the error of a coverage is at most "
        f"{error:.1f} points.",
        "",
        "| study | interval of | coverage | intervals | runs refused |",
        "|---|---|---|---|---|",
    ]
    for name in asked.only:
        found, refused = coverage(name, asked.runs, asked.worlds, asked.processes)
        for what, (share, count) in found.items():
            lines.append(f"| {name} | {what} | {share:.3f} | {count:,} | {refused} |")
            print(lines[-1], flush=True)
    if asked.write:
        write_result("decisions", "Coverage of decisions", "\n".join(lines))


if __name__ == "__main__":
    main()
