"""What choices on a price ladder say of price: a coefficient, and the form that fits best.

The coefficient is from a conditional logit with slot effects; forms of the price term are compared
by likelihood on the same choices.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.price_forms import Form, price_forms, price_matters, vuong
from aces.terms import column
from aces.types import Estimate
from analysis.choice_model import ConditionalLogit
from analysis.display import (
    Plot,
    Point,
    Table,
    counted,
    interval,
    number,
    p_equals,
    p_value,
    percent,
)
from analysis.fits import GROUP
from analysis.ladders.arms import Arm

ALPHA = 0.05
FEWEST = 20
"""Purchases below which forms are not compared."""

FORMS = {
    "log": "log price",
    "linear": "linear price",
    "threshold": "price threshold",
    "noticed": "noticed gap",
}
CAVEAT = (
    "Forms are compared on the same choices by Akaike's criterion, a threshold that was searched "
    "for counting as three parameters, and each with the best by Vuong's test, worlds as units. "
    "The best of four need not be right, and narrow gaps say little about any."
)


@dataclass(frozen=True)
class PriceTerm:
    """What one buyer's choices say of price.

    Attributes:
        arm: Whose.
        coefficient: Of log price: estimate, s.e., low, high, p; None where there is none.
        forms: Forms of the price term, `none` first; empty where they can't be compared.
        best: Name of the best by Akaike's criterion; empty where price moves nothing.
        apart: Form -> p-value that it is as near the truth as the best.
        said: Why there is no coefficient.
    """

    arm: Arm
    coefficient: tuple[float, float, float, float, float] | None
    forms: tuple[Form, ...] = ()
    best: str = ""
    apart: Mapping[str, float | None] | None = None
    said: str = ""

    @property
    def verdict(self) -> str:
        """Which form describes the choices, in words."""
        if not self.forms:
            return ""
        if not self.best:
            return "price moves nothing that so many choices show, in any form"
        named = {form.name: form for form in self.forms}
        at = named[self.best].threshold
        where = {"threshold": f" at {number(at, 2)}", "noticed": f" of {percent(at)}"}
        close = [FORMS[name] for name, p in (self.apart or {}).items() if p is None or p >= ALPHA]
        beside = f"; not told apart from {', '.join(close)}" if close else ""
        return f"described best by a {FORMS[self.best]}{where.get(self.best, '')}{beside}"


@dataclass(frozen=True)
class LadderPrices:
    """Coefficients of log price, and which form of price describes choices best.

    Attributes:
        name: Of the analysis.
        found: A term for each buyer.
    """

    name: str
    found: Sequence[PriceTerm]

    @property
    def notes(self) -> list[str]:
        """What must be said beside them: coefficients that do not exist, and rank agreement."""
        said = [
            f"{self.name}, {one.arm.name}: {text}"
            for one in self.found
            for text in (one.said, one.verdict)
            if text and not one.arm.locked
        ]
        return said + [f"{self.name}: {text}" for text in rank_agreement(self.found)]

    @property
    def table(self) -> Table:
        """The coefficients for people, and how much worse each form fits than the best."""
        heads = ("buyer · interface", "log price", "95 %", "p", *FORMS, "best")
        lines = tuple(self._line(one) for one in self.found)
        note = (
            "Slot effects beside it; errors by world; p of one test, adjusted in estimates.csv. By "
            "form: AIC above that of the best. "
            f"{CAVEAT}"
        )
        return Table(f"{self.name} · price", heads, lines, note)

    def _line(self, one: PriceTerm) -> tuple[str, ...]:
        if one.arm.locked:
            return (one.arm.name, "withheld", *[""] * (3 + len(FORMS)))
        aic = {form.name: form.aic for form in one.forms}
        least = min(aic.values(), default=0.0)
        worse = [number(aic[name] - least, 1) if name in aic else "" for name in FORMS]
        cells = ["none", "", ""]
        if one.coefficient is not None:
            value, _, low, high, p = one.coefficient
            cells = [number(value, 2), interval(low, high, 2), p_value(p)]
        return (one.arm.name, *cells, *worse, one.best)

    @property
    def plots(self) -> list[Plot]:
        """Coefficients of log price by buyer."""
        points = [
            Point(one.arm.name, one.coefficient[0], one.coefficient[2], one.coefficient[3])
            for one in self.found
            if one.coefficient is not None
        ]
        title = "Price sensitivity"
        return [Plot(title, "coefficient of log price", {title: points}, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`; those of locked buyers without numbers."""
        return [row for one in self.found for row in self._rows(one)]

    def _rows(self, one: PriceTerm) -> Iterator[Estimate]:
        common: dict[str, Any] = {
            **one.arm.group,
            "analysis": self.name,
            "n_trials": one.arm.rows["trial_id"].nunique(),
            "n_clusters": one.arm.rows["world_id"].nunique(),
        }
        of = f"choice given a purchase, {one.arm.size} listings alike but for price"
        of = f"withheld: {one.arm.locked}" if one.arm.locked else of
        names = ("estimate", "std_error", "ci_low", "ci_high", "p_value")
        numbers: Mapping[str, float | None] = dict(
            zip(names, one.coefficient or (None,) * 5, strict=True)
        )
        yield Estimate(**common, estimand=of, estimator="ladder_logit", term="log_price", **numbers)
        forms = {form.name: form for form in one.forms}
        least = min((form.aic for form in one.forms), default=0.0)
        for name in FORMS:
            form = forms.get(name)
            aic = None if form is None else form.aic - least
            beside = f"; threshold {form.threshold:g}" if form and form.threshold else ""
            what = of if one.arm.locked else f"AIC above that of the best form{beside}; {of}"
            yield Estimate(**common, estimand=what, estimator="price_form", term=name, estimate=aic)


def price_term(arm: Arm) -> PriceTerm:
    """Returns what a buyer's choices say of price; of a locked one nothing."""
    if arm.locked:
        return PriceTerm(arm, None, said=arm.locked)
    forms, apart, best = _forms(arm)
    try:
        return PriceTerm(arm, _coefficient(arm), forms, best, apart)
    except EstimationError as error:
        return PriceTerm(arm, None, forms, best, apart, f"no coefficient: {error}")


def _coefficient(arm: Arm) -> tuple[float, float, float, float, float]:
    rows = arm.rows
    terms = [*(f"pos_{i}" for i in range(1, arm.size)), "log_price"]
    X = pd.DataFrame({name: column(name, rows) for name in terms})  # type: ignore[arg-type]
    sets, worlds = (rows[name].factorize()[0] for name in ("trial_id", "world_id"))
    result = ConditionalLogit(X, rows["chosen"].to_numpy(), sets, worlds).fit()
    table = result.table().set_index("term")
    names = ["estimate", "std_error", "ci_low", "ci_high", "p_value"]
    value, error, low, high, p = (float(table[name]["log_price"]) for name in names)
    return value, error, low, high, p


def _forms(arm: Arm) -> tuple[tuple[Form, ...], dict[str, float | None], str]:
    """All forms, p-values beside the best, and its name; empty where price moves nothing."""
    rows = arm.rows.sort_values(["trial_id", "position"], kind="stable")
    chosen = rows["chosen"].to_numpy().reshape(-1, arm.size)
    if len(chosen) < FEWEST:
        return (), {}, ""
    prices = column("price", rows).reshape(-1, arm.size)  # type: ignore[arg-type]
    slots = rows["position"].to_numpy(np.int64).reshape(-1, arm.size)
    forms = price_forms(prices, slots, chosen.argmax(axis=1))
    best = min(forms[1:], key=lambda form: form.aic)
    if price_matters(forms) >= ALPHA:
        return tuple(forms), {}, ""
    worlds = rows["world_id"].to_numpy().reshape(-1, arm.size)[:, 0].tolist()
    others = [form for form in forms if form.name not in ("none", best.name)]
    return tuple(forms), {form.name: vuong(best, form, worlds) for form in others}, best.name


def rank_agreement(found: Sequence[PriceTerm]) -> Iterator[str]:
    """Yields how well shelves of different sizes rank the same buyers by price sensitivity."""
    from scipy.stats import permutation_test, spearmanr

    by_size: dict[int, dict[tuple[str, ...], float]] = {}
    for one in found:
        if one.coefficient is not None:
            key = tuple(one.arm.group[name] for name in GROUP)
            by_size.setdefault(one.arm.size, {})[key] = one.coefficient[0]
    sizes = sorted(by_size)
    for small, large in pairwise(sizes):
        both = [key for key in by_size[small] if key in by_size[large]]
        if len(both) < 3:
            continue
        a, b = ([by_size[size][key] for key in both] for size in (small, large))
        test = permutation_test(
            (a,),
            lambda x, b=b: spearmanr(x, b).statistic,
            permutation_type="pairings",
            n_resamples=4999,
            rng=np.random.default_rng(0),
        )
        yield (
            f"{counted(len(both), 'buyer')} are ranked by shelves of {small} and of {large} with "
            f"Spearman's rho {number(float(test.statistic), 2)} ({p_equals(float(test.pvalue))}, "
            "permutations)"
        )
