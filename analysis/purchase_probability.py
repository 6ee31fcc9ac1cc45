"""What a mark changes in a listing's own probability of being bought, in points.

Average marginal effects of a conditional logit: the mark laid on every listing in turn, all others
as they are. A difference of two marks' effects (an instruction, an innocent text of its length) is
of the same listings, with its own interval.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from aces.errors import EstimationError, nearest
from aces.types import Estimate
from analysis.choice_effects import MarginalEffect, inference, marginal_effects
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.display import Plot, Point, Table, interval, number, p_value
from analysis.fits import GROUP, arm_names, groups


@dataclass(frozen=True)
class Change:
    """A change of the probability of being bought.

    Attributes:
        group: Whose choices: column -> value.
        whose: The same in words.
        term: What is laid on the listing, or `a - b` for a difference of two.
        baseline: From what to what.
        estimate: In shares of 1.
        found: Standard error, lower and upper limit, p-value.
        trials: That were fitted.
        clusters: Worlds.
    """

    group: Mapping[str, str]
    whose: str
    term: str
    baseline: str
    estimate: float
    found: tuple[float, ...]
    trials: int
    clusters: int | None


@dataclass(frozen=True)
class PurchaseProbability:
    """Changes by buyer and term.

    Attributes:
        name: Of the analysis.
        data: The long table.
        terms: Of the choice model.
        show: Terms whose effects are told; all where empty.
        against: Term -> the one whose effect is taken off.
        outside: Whether buying nothing is an alternative.
    """

    name: str
    data: pd.DataFrame
    terms: tuple[str, ...]
    show: tuple[str, ...] = ()
    against: Mapping[str, str] | None = None
    outside: bool = False
    _faults: list[str] = field(default_factory=list, repr=False)

    @cached_property
    def changes(self) -> list[Change]:
        """A row per buyer and term, then the differences; buyers without a fit have none."""
        named = [*self.show, *(self.against or {}), *(self.against or {}).values()]
        for term in named:
            if term not in self.terms:
                raise EstimationError(f"'{term}' is no term{nearest(term, self.terms)}")
        found: list[Change] = []
        names = arm_names(self.data)
        for group, part in groups(self.data):
            whose = names[tuple(group.values())]
            try:
                found += self._of_buyer(group, whose, part)
            except EstimationError as error:
                self._faults.append(f"{self.name}, {whose}: no estimates: {error}")
        return found

    def _of_buyer(
        self, group: Mapping[str, str], whose: str, rows: pd.DataFrame
    ) -> Iterator[Change]:
        result = self._fit(rows)
        fit = result.choice_fit
        effects = {effect.term: effect for effect in marginal_effects(fit)}
        told = [effects[term] for term in self.show or self.terms if term in effects]
        told += [less(effects[a], effects[b]) for a, b in (self.against or {}).items()]
        for effect in told:
            yield Change(
                group=group,
                whose=whose,
                term=effect.term,
                baseline=effect.baseline,
                estimate=effect.estimate,
                found=inference(fit, effect, 0.95),
                trials=result.nobs,
                clusters=result.n_clusters,
            )

    def _fit(self, rows: pd.DataFrame) -> ConditionalLogitResult:
        return ConditionalLogit.from_formula(
            f"chosen ~ {' + '.join(self.terms)}",
            rows,
            choice_set="trial_id",
            effects="product_id",
            cluster="world_id",
            outside=self.outside,
        ).fit()

    @property
    def notes(self) -> list[str]:
        """Of which buyers nothing can be said, and why."""
        _ = self.changes
        return self._faults

    @property
    def table(self) -> Table:
        """The changes for people, in points."""
        heads = ("buyer · interface", "on a listing", "change, points", "95 % interval", "p")
        lines = tuple(
            (
                change.whose,
                change.term,
                number(100 * change.estimate, 1),
                interval(100 * change.found[1], 100 * change.found[2], 1),
                p_value(change.found[3]),
            )
            for change in self.changes
        )
        note = (
            "Change of the listing's own probability of being bought, averaged over listings: for "
            "a mark from without to with it, all that exclude it absent; otherwise per unit. "
            "Errors by the delta method, clustered by world."
        )
        return Table(f"{self.name} · change of the purchase probability", heads, lines, note)

    @property
    def plots(self) -> list[Plot]:
        """The changes by term."""
        series: dict[str, list[Point]] = {}
        for change in self.changes:
            limits = (100 * change.found[1], 100 * change.found[2])
            point = Point(change.term, 100 * change.estimate, *limits)
            series.setdefault(change.whose, []).append(point)
        return [Plot("Change of the purchase probability", "points", series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return [self._estimate(change) for change in self.changes]

    def _estimate(self, change: Change) -> Estimate:
        whose: dict[str, Any] = {name: change.group[name] for name in GROUP}
        error, low, high, p = change.found
        return Estimate(
            **whose,
            analysis=self.name,
            estimand=f"change of the own probability of being bought: {change.baseline}",
            estimator="purchase_probability",
            term=change.term,
            estimate=change.estimate,
            std_error=error,
            ci_low=low,
            ci_high=high,
            p_value=p,
            n_trials=change.trials,
            n_clusters=change.clusters,
        )


def less(one: MarginalEffect, other: MarginalEffect) -> MarginalEffect:
    """Returns the difference of two effects."""
    return MarginalEffect(
        term=f"{one.term} - {other.term}",
        baseline=f"{one.term} rather than {other.term}",
        estimate=one.estimate - other.estimate,
        gradient=one.gradient - other.gradient,
    )
