"""Steering by tags: what they are worth, what an instruction changes, what shoppers lose."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.steering import PLAIN, TOLD, shoppers
from analysis.steering_prices import CHANGE, Tastes
from benchmarks.estimator_coverage_cells import Cell, Held, Method
from benchmarks.estimator_coverage_cells.tables import long_table, slots

GAPS = np.array([0.0, 0.05, 0.2, 0.5])
TASTES = {"none": 0.0, "ad": -0.6, "badge": 1.2}
PRICE = -4.0
ODDS = "log odds of a tag"
WORTH = "compensating price, Fieller"
INSTRUCTION = "what the instruction changes"
FORM = "is the curve a logit's in log price?"
LOSS = "mean loss"
MORE = "change of the mean loss by a tag"
FEW = "a note of `steering` below 20 worlds a tag"


def pairs(rng: np.random.Generator, worlds: int) -> pd.DataFrame:
    """Long table of pairs of one product, each met with and without the instruction."""
    world = np.tile(np.arange(worlds), 2)
    gap = rng.choice(GAPS, worlds)[world, None]
    tag = rng.integers(0, len(TASTES), worlds)[world, None]
    focal = (np.arange(2) == rng.integers(0, 2, worlds)[world, None]).astype(int)
    taste = np.array(list(TASTES.values()))[tag[:, 0]]
    steered = rng.random(2 * worlds) < expit(PRICE * np.log1p(gap[:, 0]) + taste)
    cents = np.where(focal == 1, np.round(2000 * (1 + gap)), 2000)
    told = np.repeat(["free", "told"], worlds)[:, None]
    names = np.array(list(TASTES))[tag]
    columns = {
        "buyer": "one",
        "prompt": told,
        "prompt_hash": told,
        "position": slots(rng, worlds, 2)[world],
        "focal": focal,
        "gap": gap,
        "tag": names,
        "price_cents": cents,
        "log_price": np.log(cents / 100),
        **{name: focal * (names == name) for name in ("ad", "badge")},
    }
    return long_table(np.where(steered, focal[:, 1], focal[:, 0]), world, 2, columns)


def steered(rng: np.random.Generator, worlds: int) -> Held:
    """What `steering` says of one buyer, for whom the instruction does nothing."""
    (buyer,) = shoppers(pairs(rng, worlds), ["told"])
    tastes = Tastes(buyer, smallest=0.3)
    held: dict[str, list[bool]] = {name: [] for name in (ODDS, WORTH, INSTRUCTION, FORM)}
    for row in tastes.found:
        low, high = row.limits
        if row.arm == CHANGE:
            held[INSTRUCTION].append(row.p_value < 0.05)
            continue
        held[ODDS].append(low <= TASTES[row.tag] <= high)
        true = np.expm1(-TASTES[row.tag] / PRICE)
        if row.worth is not None and row.worth.gap:
            held[WORTH].append(not row.worth.gap[0] < true < row.worth.gap[1])
        elif row.worth is not None:
            held[WORTH].append(row.worth.ci_low <= true <= row.worth.ci_high)
    p = tastes.form(PLAIN)
    held[FORM] += [] if p is None else [p < 0.05]
    dear = GAPS[GAPS > 0]
    lost = {
        tag: float((dear * expit(PRICE * np.log1p(dear) + TASTES[tag])).mean()) for tag in TASTES
    }
    for name, against, true in (
        (LOSS, False, lost["badge"]),
        (MORE, True, lost["badge"] - lost["none"]),
    ):
        found = buyer.loss(TOLD, "badge", "excess", against_none=against)
        limits = found.limits if found else None
        held[name] = [limits[0] <= true <= limits[1]] if limits else []
    return held


def _cells() -> Iterator[Cell]:
    for worlds, runs in ((20, 300), (50, 200), (100, 100), (300, 300), (1000, 100)):
        methods = [Method(name, "covers 95 %") for name in (ODDS, WORTH)]
        methods += [Method(name, "covers 95 %", FEW) for name in (LOSS, MORE)]
        methods += [Method(name, "rejects 5 %") for name in (INSTRUCTION, FORM)]
        yield Cell(
            "Steering, worlds",
            "pairs, four gaps, two tags, an instruction that does nothing",
            f"{worlds:,}",
            tuple(methods),
            partial(steered, worlds=worlds),
            runs,
        )


CELLS = tuple(_cells())
