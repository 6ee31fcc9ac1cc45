"""The position heat map: what each slot of the page is worth, from saturated slot effects.

With one coefficient for every slot, exp(b) / sum of exp(b) is the share that each slot would take
if all listings were alike. Nothing is assumed about rows and columns adding up.
"""

from dataclasses import dataclass

import numpy as np

from aces.stats.intervals import critical_value
from analysis.display import percent
from analysis.fits import SLOTS, Fit

_COLD, _MIDDLE, _HOT = np.array([[0x86, 0xB3, 0xDE], [0xFF, 0xFF, 0xFF], [0xF0, 0xAD, 0x68]])


@dataclass(frozen=True)
class Cell:
    """One slot.

    Attributes:
        slot: Its number, 1 first.
        share: Share it would take.
        spread: Half width of the 95 % interval.
        planted: The planted share; empty where there is none.
        colour: Blue below an even share, orange above it.
    """

    slot: int
    share: str
    spread: str
    planted: str
    colour: str


@dataclass(frozen=True)
class HeatMap:
    """Slots of the results page as laid out, for one buyer and interface."""

    arm: str
    columns: int
    cells: tuple[Cell, ...]


def heat_map(fit: Fit, columns: int) -> HeatMap:
    """Returns the heat map of a fit with saturated slots.

    Args:
        fit: The `slots` fit; the last slot is its baseline.
        columns: Of the grid.
    """
    assert fit.analysis == SLOTS
    names = [term for term in fit.result.terms if term.startswith("pos_")]
    effects = np.append(fit.result.params[names].to_numpy(float), 0.0)
    shares = _softmax(effects)
    covariance = fit.result.cov_params().loc[names, names].to_numpy(float)
    slope = (np.diag(shares) - np.outer(shares, shares))[:, :-1]
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope))
    half = critical_value(0.95, fit.result.df) * error
    planted = [""] * len(shares)
    if all(name in fit.truth for name in names):
        true = _softmax(np.array([*(fit.truth[name] for name in names), 0.0]))
        planted = [percent(value) for value in true]
    even = 1 / len(shares)
    cells = tuple(
        Cell(i + 1, percent(shares[i]), percent(half[i]), planted[i], _colour(shares[i] / even))
        for i in range(len(shares))
    )
    return HeatMap(fit.arm, columns, cells)


def _softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def _colour(ratio: float) -> str:
    """White at an even share; full colour at a third of it or at three times."""
    depth = float(np.clip(np.log(ratio) / np.log(3), -1, 1))
    end = _HOT if depth > 0 else _COLD
    mixed = np.rint(_MIDDLE + abs(depth) * (end - _MIDDLE)).astype(int)
    return "#" + "".join(f"{value:02x}" for value in mixed.tolist())
