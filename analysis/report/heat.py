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
        depth: How deep it is, 0 to 100.
        more: Whether it is above an even share.
    """

    slot: int
    share: str
    spread: str
    planted: str
    colour: str
    depth: int
    more: bool


@dataclass(frozen=True)
class HeatMap:
    """Slots of the results page as laid out, for one buyer and interface.

    Attributes:
        arm: Whose.
        columns: Of the grid.
        cells: In the order of slots.
        reading: What it says, in a sentence.
    """

    arm: str
    columns: int
    cells: tuple[Cell, ...]
    reading: str = ""

    @property
    def rows(self) -> list[tuple[Cell, ...]]:
        """The cells row by row."""
        starts = range(0, len(self.cells), self.columns)
        return [self.cells[start : start + self.columns] for start in starts]


def heat_map(fit: Fit, columns: int, name: str = "") -> HeatMap:
    """Returns the heat map of a fit with saturated slots.

    Args:
        fit: The `slots` fit; the last slot is its baseline.
        columns: Of the grid.
        name: Whose; that of the fit where not given.
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
        Cell(
            i + 1,
            percent(shares[i]),
            percent(half[i]),
            planted[i],
            _colour(shares[i] / even),
            round(100 * abs(_depth(shares[i] / even))),
            bool(shares[i] > even),
        )
        for i in range(len(shares))
    )
    return HeatMap(name or fit.arm, columns, cells, _reading(cells, shares, even))


def _reading(cells: tuple[Cell, ...], shares: np.ndarray, even: float) -> str:
    best, worst = cells[int(shares.argmax())], cells[int(shares.argmin())]
    return (
        f"Best is slot {best.slot} with {best.share} ± {best.spread}, worst slot {worst.slot} "
        f"with {worst.share} ± {worst.spread}; an even share is {percent(even)}."
    )


def _softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def _colour(ratio: float) -> str:
    """White at an even share; full colour at a third of it or at three times."""
    depth = _depth(ratio)
    end = _HOT if depth > 0 else _COLD
    mixed = np.rint(_MIDDLE + abs(depth) * (end - _MIDDLE)).astype(int)
    return "#" + "".join(f"{value:02x}" for value in mixed.tolist())


def _depth(ratio: float) -> float:
    """From -1 at a third of an even share to 1 at three times."""
    return float(np.clip(np.log(ratio) / np.log(3), -1, 1))
