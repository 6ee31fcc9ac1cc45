"""The price at which a tag just fails to steer, with the instruction to ignore tags and without.

The logit is of the choice among copies of one product: slots, log price and tags. With b the log
odds of a tag and b_p those of log price, the compensating price is exp(-b / b_p) - 1; its set is
Fieller's, errors clustered by world.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces import terms
from aces.design import UNTAGGED
from aces.errors import EstimationError
from aces.stats.choice import ChoiceFit, fit
from aces.stats.choice_data import Floats
from aces.stats.covariance import FEW_CLUSTERS, FewClustersWarning
from aces.stats.equivalence import equivalence
from aces.stats.intervals import critical_value, p_values
from aces.types import Estimate
from analysis.choice_effects import PriceChange, price_change
from analysis.display import Plot, Point, Table, counted, interval, number, p_equals, p_value
from analysis.fits import GROUP
from analysis.steering import PLAIN, TOLD, Shoppers, key

PRICE = "log_price"
CHANGE = "told against not"


@dataclass(frozen=True)
class Taste:
    """A tag's log odds and what they are worth in price, in one arm.

    Attributes:
        arm: Told or not.
        tag: The tag.
        value: Log odds.
        std_error: Clustered by world.
        df: Degrees of freedom.
        worth: The compensating price; None of a difference of arms.
        verdict: Against the smallest effect of interest.
    """

    arm: str
    tag: str
    value: float
    std_error: float
    df: float
    worth: PriceChange | None
    verdict: str

    @property
    def limits(self) -> tuple[float, float]:
        """The 95 % interval of the log odds."""
        half = critical_value(0.95, self.df) * self.std_error
        return self.value - half, self.value + half

    @property
    def p_value(self) -> float:
        """Of no effect."""
        return float(p_values(self.value / self.std_error, self.df))


@dataclass(frozen=True)
class Tastes:
    """The fits of one buyer.

    Attributes:
        shoppers: Whose.
        smallest: Smallest effect of interest, in log odds.
        locked: Why coefficients are withheld; empty where they are not.
    """

    shoppers: Shoppers
    smallest: float
    locked: str = ""

    @cached_property
    def fits(self) -> dict[str, ChoiceFit | str]:
        """Arm -> its fit, of all arms together where possible; or why there is none.

        Together, the covariance between arms is known where they share worlds.
        """
        arms = self.shoppers.arms
        if self.locked:
            return dict.fromkeys(arms, self.locked)
        try:
            together = self._fit(arms)
        except EstimationError as error:
            if len(arms) == 1:
                return {arms[0]: str(error)}
        else:
            return dict.fromkeys(arms, together)
        found: dict[str, ChoiceFit | str] = {}
        for arm in arms:
            try:
                found[arm] = self._fit([arm])
            except EstimationError as error:
                found[arm] = str(error)
        return found

    @property
    def tags(self) -> list[str]:
        """The tags."""
        return [tag for tag in self.shoppers.tags if tag != UNTAGGED]

    @cached_property
    def found(self) -> list[Taste]:
        """Every tag in every arm, then the change that the instruction makes."""
        rows = [
            self._taste(at, arm, tag)
            for arm, at in self.fits.items()
            if isinstance(at, ChoiceFit)
            for tag in self.tags
        ]
        plain, told = self.fits.get(PLAIN), self.fits.get(TOLD)
        if isinstance(plain, ChoiceFit) and plain is told:
            rows += [self._change(plain, tag) for tag in self.tags]
        return rows

    def _taste(self, at: ChoiceFit, arm: str, tag: str) -> Taste:
        i = at.data.names.index(_name(tag, arm))
        worth = price_change(at, _name(tag, arm), _name(PRICE, arm), "compensating")
        return self._row(arm, tag, float(at.params[i]), float(at.bse[i]), at.covariance.df, worth)

    def _change(self, at: ChoiceFit, tag: str) -> Taste:
        i, j = (at.data.names.index(_name(tag, arm)) for arm in (TOLD, PLAIN))
        v = at.covariance.matrix
        error = float(np.sqrt(v[i, i] + v[j, j] - 2 * v[i, j]))
        value = float(at.params[i] - at.params[j])
        return self._row(CHANGE, tag, value, error, at.covariance.df, None)

    def _row(
        self, arm: str, tag: str, value: float, error: float, df: float, worth: PriceChange | None
    ) -> Taste:
        verdict = equivalence(value, error, self.smallest, df=df).verdicts[0]
        return Taste(arm, tag, value, error, df, worth, verdict)

    def _fit(self, arms: Sequence[str]) -> ChoiceFit:
        rows = self._bought(arms)
        X = terms.matrix([*self._slots(rows), PRICE, *self.tags], rows)  # type: ignore[arg-type]
        names = [*self._slots(rows), PRICE, *self.tags]
        own = [X * (rows["arm"] == arm).to_numpy()[:, None] for arm in arms]
        return _fitted(
            np.column_stack(own),
            rows["chosen"].to_numpy(float),
            rows["trial_id"].factorize()[0],
            rows["world_id"].factorize()[0],
            names=[_name(name, arm) for arm in arms for name in names],
        )

    def _bought(self, arms: Sequence[str]) -> pd.DataFrame:
        rows = self.shoppers.rows
        return rows[(rows["status"] == "chosen") & rows["arm"].isin(list(arms))]

    def _slots(self, rows: pd.DataFrame) -> list[str]:
        if "position" not in rows or (rows.groupby("product_id")["position"].nunique() < 2).any():
            return []
        return [f"pos_{i}" for i in range(1, int(rows["position"].max()))]

    def form(self, arm: str) -> float | None:
        """Returns the p-value of log price against a level of its own for each gap.

        Where it is small, the curve of choices is not that of a logit in log price, and the
        compensating price depends on the form. None where it can't be tested.
        """
        rows = self._bought([arm])
        gaps = np.array([gap for gap in self.shoppers.gaps if gap > 0])
        if len(gaps) < 2:
            return None
        own = (rows["focal"].to_numpy() == 1)[:, None] & (rows["gap"].to_numpy()[:, None] == gaps)
        rest = [*self._slots(rows), *self.tags]
        X = np.column_stack([own.astype(float), terms.matrix(rest, rows)])  # type: ignore[arg-type]
        sets, worlds = rows["trial_id"].factorize()[0], rows["world_id"].factorize()[0]
        names = [*(f"gap {gap:g}" for gap in gaps), *rest]
        try:
            found = _fitted(X, rows["chosen"].to_numpy(float), sets, worlds, names=names)
        except EstimationError:
            return None
        k = len(gaps)
        return _departure(found.params[:k], found.covariance.matrix[:k, :k], np.log1p(gaps))


def _fitted(X: Floats, y: Floats, sets: Any, worlds: Any, names: Sequence[str]) -> ChoiceFit:  # noqa: ANN401
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewClustersWarning)  # the notes tell the worlds
        return fit(X, y, sets, worlds, names=names)


def _departure(levels: Floats, covariance: Floats, line: Floats) -> float:
    """p-value of Wald's test that `levels` are a multiple of `line`."""
    from scipy.special import chdtrc

    inverse = np.linalg.pinv(covariance, hermitian=True)
    slope = (line @ inverse @ levels) / (line @ inverse @ line)
    left = levels - slope * line
    return float(chdtrc(len(line) - 1, left @ inverse @ left))


def _name(term: str, arm: str) -> str:
    return term if arm == PLAIN else f"{term}[{key(arm)}]"


@dataclass(frozen=True)
class SteeringPrices:
    """What tags are worth to each buyer, and what the instruction changes."""

    name: str
    whose: Sequence[Tastes]

    @property
    def notes(self) -> list[str]:
        """What must be said beside them."""
        return [f"{self.name}, {one.shoppers.name}: {n}" for one in self.whose for n in _notes(one)]

    @property
    def table(self) -> Table:
        """Log odds and compensating prices."""
        heads = ["buyer · interface", "instruction", "tag", "log odds", "95 % interval", "p"]
        heads += ["compensating price, %", "95 % set", "verdict"]
        lines: list[tuple[str, ...]] = [
            (
                one.shoppers.name,
                row.arm,
                row.tag,
                number(row.value),
                interval(*row.limits),
                p_value(row.p_value),
                *_worth(row.worth),
                row.verdict,
            )
            for one in self.whose
            for row in one.found
        ]
        lines += [
            (one.shoppers.name, arm, tag, *[""] * 5, "none: see the notes")
            for one in self.whose
            for arm, why in one.fits.items()
            for tag in (one.tags if isinstance(why, str) else ())
        ]
        smallest = self.whose[0].smallest if self.whose else 0.0
        note = (
            "Conditional logit of the choice among copies of one product, given a purchase: slots, "
            "log price, tags; errors clustered by world. Compensating price: how much dearer the "
            "tagged listing may be to be taken as often as without tag and gap; below 0: how much "
            "cheaper it must be. Fieller's sets. Verdict: no effect, and equivalence within "
            f"±{smallest:g}, both at 5 %."
        )
        return Table(f"{self.name} · what a tag is worth", tuple(heads), tuple(lines), note)

    @property
    def plots(self) -> list[Plot]:
        """Compensating prices whose sets are intervals."""
        series: dict[str, list[Point]] = {}
        for one in self.whose:
            for row in one.found:
                if row.worth is not None and row.worth.bounded:
                    name = f"{one.shoppers.name}, {row.arm}"
                    ends = (row.worth.change, row.worth.ci_low, row.worth.ci_high)
                    point = Point(row.tag, *(100 * end for end in ends))
                    series.setdefault(name, []).append(point)
        title = "Compensating price of a tag"
        return [Plot(title, "rise of the price, %", series, reference=0.0)] if series else []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        found = [e for one in self.whose for row in one.found for e in self._of(one, row)]
        return found + [e for one in self.whose for e in self._withheld(one)]

    def _withheld(self, one: Tastes) -> Iterator[Estimate]:
        """Rows without numbers, so that what can't be estimated is not silently absent."""
        for arm, why in one.fits.items():
            for tag in one.tags if isinstance(why, str) else ():
                for estimator in ("steering_logit", "compensating_price"):
                    yield Estimate(
                        **{name: one.shoppers.group[name] for name in GROUP},
                        analysis=self.name,
                        estimand=f"withheld: {why}",
                        estimator=estimator,
                        term=f"{tag}[{key(arm)}]",
                        estimate=None,
                        n_trials=int((one.shoppers.trials["arm"] == arm).sum()),
                    )

    def _of(self, one: Tastes, row: Taste) -> Iterator[Estimate]:
        used = one.shoppers.trials
        arms = [PLAIN, TOLD] if row.arm == CHANGE else [row.arm]
        used = used[used["arm"].isin(arms)]
        common: dict[str, Any] = {
            **{name: one.shoppers.group[name] for name in GROUP},
            "analysis": self.name,
            "term": f"{row.tag}[{'change' if row.arm == CHANGE else key(row.arm)}]",
            "n_trials": len(used),
            "n_clusters": int(used["world_id"].nunique()),
        }
        low, high = row.limits
        yield Estimate(
            **common,
            estimand="log odds of a tag among copies of one product, given a purchase"
            + (": the instruction's change" if row.arm == CHANGE else ""),
            estimator="steering_logit",
            estimate=row.value,
            std_error=row.std_error,
            ci_low=low,
            ci_high=high,
            p_value=row.p_value,
        )
        if row.worth is not None:
            yield Estimate(
                **common,
                estimand="share by which the tagged listing may be dearer to be taken as often",
                estimator="compensating_price",
                estimate=row.worth.change,
                ci_low=row.worth.ci_low,
                ci_high=row.worth.ci_high,
            )


def _notes(one: Tastes) -> Iterator[str]:
    widest, worlds = max(one.shoppers.gaps), one.shoppers.trials["world_id"].nunique()
    if worlds < FEW_CLUSTERS:
        yield f"{counted(worlds, 'world')}: intervals cover less than they say"
    for arm, at in one.fits.items():
        if isinstance(at, str):
            always = not one.locked and (one.shoppers.trials["overpaid"] == 0).all()
            why = "it never paid more than it had to" if always else at
            yield f"{arm}: no compensating price: {why}"
            continue
        p = one.form(arm)
        if p is not None:
            verdict = "is not that of" if p < 0.05 else "fits"
            yield f"{arm}: the curve over gaps {verdict} a logit in log price ({p_equals(p)})"
    for row in one.found:
        if row.worth is not None and row.worth.change > widest:
            yield (
                f"{row.arm}: the compensating price of {row.tag} lies beyond the widest gap shown "
                f"({100 * widest:g} %): it is extrapolated"
            )


def _worth(worth: PriceChange | None) -> tuple[str, str]:
    if worth is None:
        return "", ""
    ends = interval(100 * worth.ci_low, 100 * worth.ci_high, 1) if worth.bounded else "unbounded"
    return number(100 * worth.change, 1), ends
