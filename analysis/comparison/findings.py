"""The tables of a comparison: products, coefficients, ratios, and what explains the movers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aces.stats.multiplicity import benjamini_hochberg
from aces.types import Estimate
from analysis.comparison.movers import REST, SHELF
from analysis.comparison.parts import NAME, Part, triple
from analysis.comparison.tastes import Shared
from analysis.display import Plot, Point, Table, interval, number, p_value
from analysis.term_families import PRICE

MOST_ROWS = 30
"""Products of a table and its plot; those that moved least stand in `estimates.csv` alone."""


@dataclass(frozen=True)
class Products(Part):
    """Which products gained and lost."""

    def _order(self) -> list[int]:
        change = self.found.shares.change
        most = np.argsort(-np.abs(change))[:MOST_ROWS]
        return sorted(map(int, most), key=lambda i: -change[i])

    @property
    def table(self) -> Table:
        """From the greatest gain to the greatest loss."""
        old, new = self.names
        heads = ("task", "product", f"{old}, %", f"{new}, %", "change", "95 % interval")
        heads = (*heads, *(("same version",) if self.replicated() else ()))
        heads = (*heads, *((f"{self.human.name}, %",) if self.human else ()))
        rows = tuple(tuple(self._line(i)) for i in self._order())
        note = (
            "Shares of trials whose shelf held the product, changes in points, intervals by world, "
            "unadjusted. P-values by exchange of versions; Benjamini-Hochberg over all products."
        )
        left = len(self.found.shares.items) - len(rows)
        note += f" {left} that moved less are in `estimates.csv`." if left else ""
        title = f"Gained and lost · {self.title}"
        return Table(title, (*heads, "p", "p (BH)", "verdict"), rows, note)

    def _line(self, i: int) -> Iterator[str]:
        shares = self.found.shares
        yield from shares.items[i]
        yield from (number(100 * shares.shares[i, k], 1) for k in range(2))
        value, low, high = triple(shares.interval, i, 100)
        yield from (number(value, 1), interval(low, high, 1))
        if shares.same is not None:
            yield number(100 * float(shares.same[i]), 1)
        if self.human is not None:
            yield number(100 * self.human.shares.get(shares.items[i], np.nan), 1)
        yield from (p_value(shares.update.p_value[i]), p_value(shares.adjusted[i]))
        yield shares.verdict(i)

    @property
    def plots(self) -> list[Plot]:
        """Changes of shares, beside those of the old version against itself."""
        shares, order = self.found.shares, self._order()
        series = {
            "change": [Point(shares.items[i][1], *triple(shares.interval, i, 100)) for i in order]
        }
        if shares.same is not None:
            twin = [Point(shares.items[i][1], 100 * float(shares.same[i])) for i in order]
            series["same version"] = twin
        title = f"Gained and lost · {self.title}"
        return [Plot(title, "change of share, points", series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: every product's change."""
        shares = self.found.shares
        found = []
        for i, (task, product) in enumerate(shares.items):
            value, low, high = triple(shares.interval, i)
            found.append(
                Estimate(
                    **self.common(),
                    task_id=task,
                    product_id=product,
                    estimand=f"change of the share of trials since {self.names[0]}",
                    estimator="compare_share",
                    term="share",
                    estimate=value,
                    ci_low=low,
                    ci_high=high,
                    p_value=float(shares.update.p_value[i]),
                    p_adjusted=float(shares.adjusted[i]),
                    family=f"{NAME} · products",
                )
            )
        return found


@dataclass(frozen=True)
class _OfTastes(Part):
    """A table of coefficients."""

    @property
    def tastes(self) -> Shared:
        """The coefficients."""
        assert self.found.tastes is not None
        return self.found.tastes


@dataclass(frozen=True)
class Coefficients(_OfTastes):
    """How coefficients changed; their scale is part of them."""

    @property
    def table(self) -> Table:
        """The terms."""
        heads = ("term", *self.names, "change", "95 % interval")
        heads = (*heads, *(("same version",) if self.tastes.same_version else ()))
        heads = (*heads, *((self.human.name, "95 % interval") if self.human else ()))
        rows = tuple(tuple(self._line(i)) for i in range(len(self.tastes.terms)))
        note = (
            "Log-odds given a purchase, product effects for each version, errors clustered by world"
            " over both. Intervals unadjusted; Benjamini-Hochberg over terms."
        )
        return Table(f"Coefficients · {self.title}", (*heads, "p", "p (BH)"), rows, note)

    def _line(self, i: int) -> Iterator[str]:
        tastes, term = self.tastes, self.tastes.terms[i]
        change = tastes.change
        yield from (term, number(tastes.fits.first[i]), number(tastes.fits.second[i]))
        yield from (number(change.value[i]), interval(change.low[i], change.high[i]))
        if tastes.same_version is not None:
            yield number(tastes.same_version.value[i])
        if self.human is not None:
            value, low, high = self.human.terms.get(term, (np.nan,) * 3)
            yield from (number(value), interval(low, high))
        yield from (p_value(change.p[i]), p_value(self.found.term_p[i]))

    @property
    def plots(self) -> list[Plot]:
        """Changes of coefficients; and both versions beside people, where they were asked."""
        change, terms = self.tastes.change, self.tastes.terms
        parts = (change.value, change.low, change.high)
        series = {"change": [Point(term, *triple(parts, i)) for i, term in enumerate(terms)]}
        if self.tastes.same_version is not None:
            again = self.tastes.same_version
            parts = (again.value, again.low, again.high)
            series["same version"] = [Point(t, *triple(parts, i)) for i, t in enumerate(terms)]
        title = f"Coefficients · {self.title}"
        found = [Plot(title, "change of log-odds", series, reference=0.0)]
        if self.human is None:
            return found
        levels = {
            name: [Point(t, float(values[i])) for i, t in enumerate(terms)]
            for name, values in zip(
                self.names, (self.tastes.fits.first, self.tastes.fits.second), strict=True
            )
        }
        levels[self.human.name] = [Point(t, *v) for t, v in self.human.terms.items()]
        return [*found, Plot(f"Human line · {self.title}", "log-odds", levels, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: changes of terms and of product effects."""
        change, terms = self.tastes.change, self.tastes.terms
        effects = [f"product_id[{product}]" for product, _ in self.tastes.contrasts]
        against = ["", *(f", against {base}" for _, base in self.tastes.contrasts)]
        k = len(terms)
        adjusted = [*self.found.term_p, *benjamini_hochberg(change.p[k:]).tolist()]
        found = []
        for i, name in enumerate([*terms, *effects]):
            value, low, high = triple((change.value, change.low, change.high), i)
            found.append(
                Estimate(
                    **self.common(),
                    product_id="" if i < k else self.tastes.contrasts[i - k][0],
                    estimand=f"change of log-odds given a purchase since {self.names[0]}"
                    f"{'' if i < k else against[i - k + 1]}",
                    estimator="compare_term",
                    term=name,
                    estimate=value,
                    std_error=float(change.error[i]),
                    ci_low=low,
                    ci_high=high,
                    p_value=float(change.p[i]),
                    p_adjusted=float(adjusted[i]),
                    family=f"{NAME} · {'terms' if i < k else 'product effects'}",
                )
            )
        return found


@dataclass(frozen=True)
class Ratios(_OfTastes):
    """What terms are worth in price: free of scale, and so of noise."""

    @property
    def table(self) -> Table:
        """Version beside version."""
        old, new = self.names
        heads = ("term", old, "95 % set", new, "95 % set", "p", "p (BH)")
        adjusted = benjamini_hochberg([one.p_value for one in self.found.ratios])
        rows = tuple(
            (
                one.term,
                *(number(one.first[0]), _set(one.first), number(one.second[0]), _set(one.second)),
                *(p_value(one.p_value), p_value(p)),
            )
            for one, p in zip(self.found.ratios, adjusted.tolist(), strict=True)
        )
        note = (
            f"Coefficients over minus that of {self._price}: the rise of it that a term is worth, "
            "whatever the noise. Fieller's sets. If the taste for price changed, all ratios do."
        )
        return Table(f"Free of scale · {self.title}", heads, rows, note)

    @property
    def _price(self) -> str:
        return next(name for name in PRICE if name in self.tastes.terms)

    @property
    def plots(self) -> list[Plot]:
        """Ratios with bounded sets, a colour for each version."""
        series: dict[str, list[Point]] = {name: [] for name in self.names}
        for one in self.found.ratios:
            if np.isfinite([*one.first, *one.second]).all():
                for name, values in zip(self.names, (one.first, one.second), strict=True):
                    series[name].append(Point(one.term, *values))
        title = f"Free of scale · {self.title}"
        if not any(series.values()):
            return []
        return [Plot(title, f"coefficient over minus that of {self._price}", series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: both ratios; the test stands with the new one."""
        found = []
        adjusted = benjamini_hochberg([one.p_value for one in self.found.ratios]).tolist()
        for one, p in zip(self.found.ratios, adjusted, strict=True):
            for name, values in zip(self.names, (one.first, one.second), strict=True):
                new = name == self.names[1]
                found.append(
                    Estimate(
                        **self.common(),
                        estimand=f"coefficient over minus that of {self._price}: {name}",
                        estimator="compare_ratio",
                        term=one.term,
                        estimate=values[0],
                        ci_low=values[1],
                        ci_high=values[2],
                        p_value=one.p_value if new else None,
                        p_adjusted=p if new else None,
                        family=f"{NAME} · ratios" if new else "",
                    )
                )
        return found


def _set(values: tuple[float, float, float]) -> str:
    return interval(*values[1:]) if np.isfinite(values[1:]).all() else "unbounded"


@dataclass(frozen=True)
class Movers(_OfTastes):
    """What explains the products that moved most."""

    @property
    def table(self) -> Table:
        """A column for each part of the change."""
        parts = list(self.found.movers[0].parts) if self.found.movers else []
        rows = tuple(
            (
                one.product,
                number(100 * one.change, 1),
                *(_points(*one.parts[name]) for name in parts),
            )
            for one in self.found.movers
        )
        note = (
            "Points of the share of purchases, with halves of 95 % intervals: each part is what "
            "the change of its coefficients moves, at coefficients halfway. Shelf: other worlds. "
            "Rest: what slopes miss."
        )
        return Table(f"What explains it · {self.title}", ("product", "change", *parts), rows, note)

    @property
    def plots(self) -> list[Plot]:
        """The parts, a colour for each."""
        series: dict[str, list[Point]] = {}
        for one in self.found.movers:
            for name, (value, half) in one.parts.items():
                if name not in (SHELF, REST):
                    limits = (100 * (value - half), 100 * (value + half))
                    series.setdefault(name, []).append(Point(one.product, 100 * value, *limits))
        title = f"What explains it · {self.title}"
        return [Plot(title, "points of share", series, reference=0.0)] if series else []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: every part."""
        return [
            Estimate(
                **self.common(),
                product_id=one.product,
                estimand=f"part of the change of its share of purchases since {self.names[0]}",
                estimator="compare_explained",
                term=name,
                estimate=value,
                ci_low=None if np.isnan(half) else value - half,
                ci_high=None if np.isnan(half) else value + half,
            )
            for one in self.found.movers
            for name, (value, half) in one.parts.items()
        ]


def _points(value: float, half: float) -> str:
    shown = number(100 * value, 1)
    return shown if np.isnan(half) else f"{shown} ± {number(100 * half, 1)}"
