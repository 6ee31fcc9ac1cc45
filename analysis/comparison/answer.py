"""The answer of a comparison: a sentence, the tests behind it, and what each cause would leave."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from aces.stats.joint import WaldTest
from aces.types import Estimate
from analysis.comparison.parts import NAME, Part
from analysis.comparison.tastes import LEVEL, Cause, Shared
from analysis.display import Table, counted, interval, listed, number, p_equals, p_value, percent

YES, NOT_SHOWN = "yes", "not shown"


@dataclass(frozen=True)
class Line:
    """One test of the table.

    Attributes:
        question: What is tested.
        value: The statistic, or the estimate; NaN without one.
        shown: The same in words.
        df: Degrees of freedom in words.
        p: P-value.
        answer: What it says.
        estimator: Of its row in `estimates.csv`.
        limits: Of the estimate.
    """

    question: str
    value: float
    shown: str
    df: str
    p: float
    answer: str
    estimator: str = "compare_joint"
    limits: tuple[float, float] | None = None


def _line(question: str, value: float, p: float, df: str = "", shown: str = "") -> Line:
    answer = "" if np.isnan(p) else (YES if p < LEVEL else NOT_SHOWN)
    return Line(question, value, shown or number(value, 2), df, p, answer)


def _wald(question: str, test: WaldTest) -> Line:
    return _line(question, test.statistic, test.p_value, _df(test))


def _df(test: WaldTest) -> str:
    left = test.df_clusters
    return f"{test.df}, {left:,.0f}" if np.isfinite(left) else str(test.df)


@dataclass(frozen=True)
class Answer(Part):
    """Did it change, and why: the sentence, the tests, and every single cause."""

    @property
    def answer(self) -> str:
        """The sentence; a report sets it first."""
        return self.found.sentence

    @property
    def notes(self) -> list[str]:
        """The sentence, and what must be said beside it."""
        return [self.answer, *self._agreements(), *self._replicate(), *self._others()]

    def _agreements(self) -> Iterator[str]:
        (equal, pairs), (old, new) = self.found.equal, self.names
        if pairs:
            yield f"{old} and {new} ended alike in {equal:,} of {pairs:,} paired trials"
        if self.human is None:
            return
        known = {name: pair for name, pair in self.human.agreement.items() if pair[1]}
        if known:
            shares = [
                f"{name} {percent(same / of)} of {of:,}" for name, (same, of) in known.items()
            ]
            yield f"the same choice as {self.human.name}: {listed(shares)}"

    def _replicate(self) -> Iterator[str]:
        found, (old, new) = self.found, self.names
        if np.isnan(found.p_same):
            yield (
                f"judged without a replicate: two runs of {old} differ too, by chance and by "
                "server; give a second one with `--replicate RUN`"
            )
        elif found.p_same < LEVEL:
            yield f"{old} against its own replicate: {p_equals(found.p_same)}, which should not be"
        else:
            yield f"{old} against its own replicate: {p_equals(found.p_same)}, as it should be"
        if found.odd is not None:
            odd = found.odd
            yield (
                f"of {odd.differing:,} worlds in which one of three runs differs, it is {new} in "
                f"{odd.new:,}; {number(odd.differing / 3, 1)} by chance alone"
            )

    def _others(self) -> Iterator[str]:
        if self.found.few and self.found.changed:
            yield (
                f"runs differ in {counted(self.found.differing or 0, 'world')} alone, too few for "
                "an interval of how far a cause moved"
            )
        missing = self.found.shares.missing
        if missing:
            lost = ", ".join(f"{n:,} of {who}" for who, n in missing.items())
            yield f"trials without an outcome, left out: {lost}"
        yield from self.found.notes

    @property
    def table(self) -> Table:
        """The tests, and what each single cause leaves unexplained."""
        heads = ("question", "statistic", "d.f.", "p", "answer")
        several = ", adjusted for all pairs by Holm" if self._several else ""
        note = (
            f"Any change: the smallest p-value times the number of tests{several}. A cause "
            "suffices where Wald's test, errors clustered by world, does not reject that all other "
            "coefficients are the same; the true one, if it is one, does in 19 of 20 comparisons."
        )
        rows = tuple((x.question, x.shown, x.df, p_value(x.p), x.answer) for x in self._lines())
        return Table(f"Did it change? {self.title}", heads, rows, note)

    @property
    def _several(self) -> bool:
        found = self.found
        return not np.isnan(found.adjusted) and found.adjusted != found.p_value

    def _lines(self) -> Iterator[Line]:
        found, tastes, update = self.found, self.found.tastes, self.found.shares.update
        p = found.adjusted if self._several else found.p_value
        answer = YES if found.changed else NOT_SHOWN
        yield Line("any change", np.nan, "", "", p, answer, "compare_any")
        yield _line("shares of all products", update.statistic, update.joint_p)
        if found.odd is not None:
            share = found.odd.new / max(found.odd.differing, 1)
            shown = f"{found.odd.new:,} of {found.odd.differing:,}"
            yield _line("odd one out", share, found.odd.p_value, shown=shown)
        if tastes is not None:
            yield from _joint(tastes)
            yield from _scale(tastes)
            yield from self._causes(tastes)
        if not np.isnan(found.p_same):
            line = _line("old version against itself", np.nan, found.p_same)
            yield replace(line, estimator="compare_same")

    def _causes(self, tastes: Shared) -> Iterator[Line]:
        """Each family and the noise, and whatever product or pair of causes suffices."""
        if not self.found.tastes_changed:
            return
        enough = {one.name: one for one in self.found.causes}
        families = [name for name in tastes.single if name not in tastes.products]
        every = [enough.pop(name, None) or tastes.cause(name) for name in families]
        yield from (_cause(one) for one in [*every, *enough.values()] if one is not None)

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: all tests, and the scale."""
        return [self._estimate(line) for line in self._lines()]

    def _estimate(self, line: Line) -> Estimate:
        any_change = line.estimator == "compare_any"
        low, high = line.limits or (None, None)
        return Estimate(
            **self.common(),
            estimand=f"{line.question}; {self.names[1]} against {self.names[0]}",
            estimator=line.estimator,
            term=line.question,
            estimate=None if np.isnan(line.value) else line.value,
            ci_low=low,
            ci_high=high,
            p_value=self.found.p_value if any_change else _known(line.p),
            p_adjusted=line.p if any_change else None,
            family=f"{NAME} · pairs" if any_change else "",
        )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _joint(tastes: Shared) -> Iterator[Line]:
    k, t = len(tastes.fits.first), len(tastes.terms)
    parts = {"all coefficients": range(k), "terms": range(t), "product effects": range(t, k)}
    for name, which in parts.items():
        if len(which):
            yield _wald(name, tastes.joint(list(which)))


def _scale(tastes: Shared) -> Iterator[Line]:
    """Equal preferences given the scale, and the scale if they are equal."""
    one = tastes.proportional
    if one is None:
        return
    rest = one.rest
    answer = "rejected" if rest.p_value < LEVEL else "not rejected"
    yield replace(_wald("same preferences, whatever the noise", rest), answer=answer)
    yield Line(
        question="scale, if preferences are the same",
        value=one.scale,
        shown=f"{number(one.scale, 2)} {interval(one.low, one.high, 2)}",
        df="",
        p=one.scale_p,
        answer="not 1" if one.scale_p < LEVEL else NOT_SHOWN,
        estimator="compare_scale",
        limits=(one.low, one.high),
    )


def _cause(one: Cause) -> Line:
    answer = "suffices" if one.suffices else "does not suffice"
    line = _wald(f"nothing but {one.name}", one.found.rest)
    return replace(line, answer=answer, estimator="compare_cause")
