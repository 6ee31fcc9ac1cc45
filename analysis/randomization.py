"""Randomisation inference: what a term's score would have been, had it been drawn otherwise.

Under the sharp hypothesis that a term changes no choice, all outcomes are fixed, and only the draw
was random. The statistic is the score of a conditional logit with product effects at no effect of
the term,

    U = sum over purchases of (x of what was bought - mean of x on its shelf, by product shares),

compared with its values when the term is drawn again by the stored design, given all else. No model
is assumed, no number of worlds needed: the test has its level in any sample. (Prices, ratings and
counts of single listings come from a pool of fresh worlds, which is that but for its finite size.)

References: Fisher, R. A. (1935), The design of experiments; Rosenbaum, P. R. (2002), Observational
studies, 2.4; Phipson, B. and Smyth, G. K. (2010), Statistical Applications in Genetics and
Molecular Biology 9, 39 (the stored draw counts among the draws).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import pandas as pd

from aces import terms as columns
from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats.choice_data import Floats, Ints
from aces.stats.multiplicity import holm
from aces.types import Estimate
from analysis.display import Plot, Table, counted, listed, number, p_equals, p_value
from analysis.fits import GROUP, arm_names, groups
from analysis.null_draws import Levels, NullDraws, null_draws
from analysis.redraw import Redraw
from analysis.study import Study

CHUNK = 50
"""Draws made at once."""
FEWEST = 10
"""Purchases below which nothing is tested."""


@dataclass(frozen=True)
class Test:
    """One term and one buyer.

    Attributes:
        group: Whose choices: column -> value.
        whose: The same in words.
        term: What was drawn again.
        hypothesis: What was tested, in words.
        z: The score less its mean over draws, in their standard deviations.
        p_value: Two-sided.
        trials: Purchases.
        worlds: That they were made in.
    """

    group: dict[str, str]
    whose: str
    term: str
    hypothesis: str
    z: float
    p_value: float
    trials: int
    worlds: int


@dataclass(frozen=True)
class Randomization:
    """Sharp hypotheses about terms, for every buyer.

    Attributes:
        name: Of the analysis.
        tests: One per buyer and term.
        draws: Fresh draws of each.
        notes: What could not be tested, and why.
    """

    name: str
    tests: tuple[Test, ...]
    draws: int
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """The tests for people."""
        heads = ("buyer · interface", "term", "score, z", "p", "hypothesis")
        lines = [
            (t.whose, t.term, number(t.z, 2), p_value(t.p_value), t.hypothesis) for t in self.tests
        ]
        note = f"Score at no effect, compared with {self.draws:,} fresh draws by the stored design."
        return Table(f"{self.name} · sharp hypotheses", heads, tuple(lines), note)

    @property
    def answer(self) -> str:
        """Which sharp hypotheses are rejected, all of them taken together."""
        adjusted = holm([t.p_value for t in self.tests])
        found = [
            f"{t.term} of {t.whose} ({p_equals(p)})"
            for p, t in sorted(zip(adjusted.tolist(), self.tests, strict=True), key=itemgetter(0))
            if p < 0.05
        ]
        which = f": {listed(found)}" if found else ""
        return (
            f"of {counted(len(self.tests), 'sharp null')}, {len(found)} can be rejected at 5 %, "
            f"adjusted for their number{which}."
        )

    @property
    def plots(self) -> list[Plot]:
        """None: a p-value is no estimate."""
        return []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: z-scores with their p-values."""
        return [
            Estimate(
                **{name: t.group[name] for name in GROUP},
                analysis=self.name,
                estimator="randomization",
                estimand=f"sharp hypothesis: {t.hypothesis}; standardised score",
                term=f"score[{t.term}]",
                estimate=t.z,
                p_value=t.p_value,
                n_trials=t.trials,
                n_clusters=t.worlds,
            )
            for t in self.tests
        ]


def randomization(
    table: pd.DataFrame, study: Study | None, wanted: Sequence[str], draws: int, name: str
) -> Randomization:
    """Tests terms by drawing them again.

    Args:
        table: Long table of a run.
        study: The run, with its design.
        wanted: Terms.
        draws: Fresh draws.
        name: Of the analysis.

    Raises:
        EstimationError: If there is no design to draw by, or no term can be tested.
    """
    if study is None:
        raise EstimationError("there is no stored design to draw again; analyse a run folder")
    tests: list[Test] = []
    notes: dict[str, None] = {}
    names = arm_names(table)
    for group, rows in groups(table):
        whose = names[tuple(group.values())]
        for term in wanted:
            try:
                tests.append(_test(rows, study, term, draws, group, whose))
            except EstimationError as error:
                notes[f"{name}, {term}: not tested: {error}"] = None
    if not tests:
        raise EstimationError(listed(list(notes), most=3) or "no terms to test")
    return Randomization(name, tuple(tests), draws, list(notes))


def _test(
    rows: pd.DataFrame, study: Study, term: str, draws: int, group: dict[str, str], whose: str
) -> Test:
    bought = rows[rows["chosen"] == 1]
    if len(bought) < FEWEST:
        raise EstimationError(f"{whose} bought {len(bought)} times; a test needs {FEWEST}")
    null = null_draws(study, list(dict.fromkeys(bought["world_id"])), term)
    weights = _weights(bought, null)
    stored = float((weights * _values(term, _stored(null))[:, 0]).sum())
    found = np.concatenate(list(_scores(null, term, weights, draws)))
    both = np.append(found, stored)
    off = np.abs(both - both.mean())
    spread = float(found.std(ddof=1))
    if spread <= 1e-12 * max(1.0, float(np.abs(both).max())):
        raise EstimationError("its score is the same in every draw")
    return Test(
        group=group,
        whose=whose,
        term=term,
        hypothesis=null.hypothesis,
        z=(stored - float(found.mean())) / spread,
        # draws that are equal but for rounding are as extreme
        p_value=float((off >= off[-1] * (1 - 1e-9)).mean()),
        trials=len(bought),
        worlds=len(null.worlds.ids),
    )


def _weights(bought: pd.DataFrame, null: NullDraws) -> Floats:
    """(W, J) purchases of each listing less what product shares give: the score is linear in x."""
    worlds: Ints = np.asarray(
        pd.Index(null.worlds.ids).get_indexer(pd.Index(bought["world_id"])), dtype=np.int64
    )
    is_bought = null.worlds.products[worlds] == bought["product_id"].to_numpy(str)[:, None]
    share = bought["product_id"].value_counts()
    flat = share.reindex(null.worlds.products.ravel()).fillna(0.0).to_numpy(dtype=np.float64)
    liked: Floats = np.reshape(flat, null.worlds.products.shape)
    expected = liked / liked.sum(axis=1, keepdims=True)
    weights = np.zeros(liked.shape)
    np.add.at(weights, worlds, is_bought - expected[worlds])
    return weights


def _scores(null: NullDraws, term: str, weights: Floats, draws: int) -> Iterator[Floats]:
    """Yields scores of fresh draws, some at a time."""
    pools = _pools(null, term)
    for chunk, first in enumerate(range(0, draws, CHUNK)):
        n = min(CHUNK, draws - first)
        if pools is None:
            values = _values(term, null.draw(n, chunk))
        else:
            values = _from_pools(pools, null, n, chunk)
        yield np.einsum("wj,wnj->n", weights, values)


def _stored(null: NullDraws) -> Levels:
    """Level -> (W, 1, J) as it was."""
    worlds = null.worlds
    kept = {name: worlds.stored[name][:, None] for name in null.levels if name in worlds.stored}
    if "position" in kept:
        row, col = columns.grid(worlds.stored["position"], worlds.wide)
        kept |= {"row": row[:, None], "col": col[:, None]}
    return kept


def _values(term: str, levels: Levels) -> Floats:
    """(W, n, J) values of a term."""
    shape = next(iter(levels.values())).shape
    try:
        flat = columns.term(term, {name: v.ravel() for name, v in levels.items()})
    except KeyError as error:
        raise EstimationError(f"it needs {error}, which is not drawn with it") from None
    return np.asarray(np.nan_to_num(flat).reshape(shape))


def _pools(null: NullDraws, term: str) -> dict[str, Floats] | None:
    """Task -> (P, J) fresh values of a term; None where worlds are not alike, or have a rule.

    Drawing each world by itself as often as it takes is slow; where all worlds of a task show the
    same products and are drawn one by one, a pool of fresh ones stands for each.
    """
    study = null.worlds.study
    redraw = Redraw.of(study)
    alike = null.by_world and redraw is not None and redraw.block == 1
    shown = pd.DataFrame(null.worlds.products).assign(task=[t for t, _ in null.worlds.addresses])
    if not alike or redraw is None or term not in redraw.terms:
        return None
    if (shown.groupby("task").nunique() > 1).any(axis=None):
        return None
    at = redraw.terms.index(term)
    return {str(task): redraw.pool(str(task)).values[..., at] for task in shown["task"].unique()}


def _from_pools(pools: dict[str, Floats], null: NullDraws, n: int, chunk: int) -> Floats:
    """(W, n, J) values drawn from the pool of each world's task."""
    worlds = null.worlds
    rng = Stream(worlds.study.spec.seed, "again", "pool", *null.levels, chunk).generator()
    tasks = np.array([task for task, _ in worlds.addresses])
    found = np.empty((len(tasks), n, worlds.products.shape[1]))
    for task, pool in pools.items():
        own = tasks == task
        found[own] = pool[rng.integers(len(pool), size=(int(own.sum()), n))]
    return found
