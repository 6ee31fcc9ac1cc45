"""Do intervals of nested, latent class and exploded logits cover, do their tests keep their size?

Choices are drawn from each model itself, with planted values; `runs` of each row are as many
simulated experiments. Standard errors of the rates printed: 1 point at 500 runs. Clusters are
worlds: their choice sets share attributes, noise is independent. With `--only` the other tables of
the result stay as they are; each says the command that gave it.

    python -m benchmarks.choice_models [--runs 500] [--only nested latent iia removal hausman ...]
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats import iia, nested
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, choice_data
from aces.stats.covariance import (
    Covariance,
    CovType,
    cluster_codes,
    cluster_influence,
    inverse,
)
from aces.stats.intervals import critical_value
from aces.stats.joint import wald_test
from aces.stats.latent import fit as latent
from aces.stats.mixed.panel import panel
from aces.stats.scored import score_covariance
from analysis.exploded_logit import ExplodedLogit
from analysis.iia_removal import Model, removal
from analysis.outcomes import outcome_model
from benchmarks.machine import RESULTS, write_result

Floats = NDArray[np.float64]

BETA = np.array([1.0, -0.7, 0.4])
TASTES = np.array([[-2.0, 0.2, 0.5], [-0.3, 1.5, 0.5]])
GAMMA = np.array([-0.8, 1.4])


# -- nested logits --------------------------------------------------------------------------


def nested_odds(worth: Floats, nest: NDArray[np.int64], scale: tuple[float, ...]) -> Floats:
    """Returns (sets, J) choice probabilities of a nested logit."""
    odds, total = np.zeros(worth.shape), np.zeros(len(worth))
    for m, s in enumerate(scale):
        inside = np.exp(worth[:, nest == m] / s)
        some = inside.sum(1, keepdims=True)
        odds[:, nest == m] = inside * some ** (s - 1)
        total += some[:, 0] ** s
    return odds / total[:, None]


def nested_sets(
    rng: np.random.Generator, n: int, scale: tuple[float, ...], per: int = 1, rare: float = 0.0
) -> tuple[ChoiceData, NDArray[np.str_], NDArray[np.int64]]:
    """Returns choices among six, odd and even ones in nests; nests and worlds of rows."""
    X = np.repeat(rng.normal(size=(n // per, 6, 3)), per, axis=0)
    nest = np.arange(6) % 2
    p = nested_odds(X @ BETA - rare * (np.arange(6) == 0), nest, scale)
    chosen = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    y = (np.arange(6) == chosen[:, None]).astype(int)
    sets = np.repeat(np.arange(n), 6)
    wide = X.reshape(-1, 3)
    if rare:
        wide = np.column_stack([wide, np.tile(np.arange(6) == 0, n)])
    return choice_data(wide, y.ravel(), sets), np.tile(nest, n).astype(str), sets // per


def nested_rows(runs: int) -> Iterator[str]:
    """Coverage of coefficients and dissimilarities, size of Wald's test, by size and errors."""
    yield (
        "| choices | worlds | dissimilarities | errors | coefficients | dissimilarities "
        "| Wald, all 1 | no maximum |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    plain: tuple[CovType, ...] = ("nonrobust", "robust")
    by_world: tuple[CovType, ...] = ("cluster", "jackknife")
    for n, per, scale, kinds in [
        (300, 1, (0.5, 0.8), plain),
        (1000, 1, (0.5, 0.8), plain[1:]),
        (300, 1, (1.0, 1.0), plain),
        (1000, 1, (1.0, 1.0), plain[1:]),
        (150, 15, (0.5, 0.8), by_world),
        (300, 15, (0.5, 0.8), by_world),
        (300, 15, (1.0, 1.0), by_world),
        (1000, 20, (1.0, 1.0), by_world),
    ]:
        rng = Stream(0, "nested", n, per, str(scale)).generator()
        truth = np.append(BETA, scale)
        seen: dict[CovType, list[tuple[NDArray[np.bool_], bool]]] = {kind: [] for kind in kinds}
        for _ in range(runs):
            data, nests, worlds = nested_sets(rng, n, scale, per)
            try:
                found = nested.fit(data, nests, cov_type="nonrobust")
                for kind in kinds:
                    errors = nested_errors(found, kind, worlds)
                    hits = covered(found.params, truth, errors)
                    part = errors.matrix[3:, 3:]
                    test = wald_test(found.params[3:] - 1, part, errors.df)
                    seen[kind].append((hits, test.p_value < 0.05))
            except EstimationError:
                continue
        for kind, rows in seen.items():
            cover, wald = np.mean([hits for hits, _ in rows], axis=0), [one for _, one in rows]
            yield (
                f"| {n:,} | {n // per:,} | {scale[0]}, {scale[1]} | {kind} "
                f"| {cover[:3].mean():.3f} | {cover[3:].mean():.3f} | {np.mean(wald):.3f} "
                f"| {runs - len(rows)} |"
            )


def nested_errors(found: nested.NestedFit, kind: CovType, worlds: NDArray[np.int64]) -> Covariance:
    """Returns errors of one kind, of a fit of sets of six."""
    codes = worlds[::6]
    likelihood = partial(nested.likelihood, found.nests)
    return score_covariance(likelihood, found.found.at, kind, codes, int(codes.max()) + 1)


def covered(params: Floats, truth: Floats, errors: Covariance) -> NDArray[np.bool_]:
    """Returns whether each 95 % interval holds the truth."""
    half = critical_value(0.95, errors.df) * np.sqrt(errors.matrix.diagonal())
    return np.asarray(np.abs(params - truth) < half)


# -- latent classes -------------------------------------------------------------------------


def latent_sets(
    rng: np.random.Generator, n: int, per: int, types: int = 2
) -> tuple[ChoiceData, NDArray[np.int64], Floats]:
    """Returns choices of n deciders among four, deciders and traits of rows."""
    trait = rng.integers(0, 2, n)
    second = rng.random(n) < 1 / (1 + np.exp(-(GAMMA[0] + GAMMA[1] * trait)))
    who = np.repeat(np.arange(n), per)
    X = rng.normal(size=(n * per, 4, 3))
    taste = TASTES[(second & (types == 2)).astype(int)]
    worth = np.einsum("sjk,sk->sj", X, taste[who]) + rng.gumbel(size=(n * per, 4))
    y = (worth == worth.max(axis=1, keepdims=True)).astype(int)
    decider = np.repeat(who, 4)
    data = choice_data(X.reshape(-1, 3), y.ravel(), np.repeat(np.arange(n * per), 4))
    return data, decider, trait[decider].astype(float)[:, None]


def latent_rows(runs: int) -> Iterator[str]:
    """Coverage by class, of membership and of shares."""
    yield "| deciders | choices each | errors | tastes | membership | share | no maximum |"
    yield "|---|---|---|---|---|---|---|"
    share = float((1 / (1 + np.exp(-(GAMMA[0] + GAMMA[1] * np.array([0, 1]))))).mean())
    for n, per, kind in [
        (60, 10, "nonrobust"),
        (60, 10, "robust"),
        (60, 10, "cluster"),
        (60, 10, "jackknife"),
        (200, 6, "nonrobust"),
        (200, 6, "robust"),
        (1000, 1, "nonrobust"),
    ]:
        rng = Stream(0, "latent", n, per, kind).generator()
        truth = np.concatenate([TASTES.ravel(), GAMMA])
        hits, shares, lost = [], [], 0
        for _ in range(runs):
            data, who, trait = latent_sets(rng, n, per)
            clusters = who // 3 if kind in ("cluster", "jackknife") else None
            try:
                found = latent.fit(
                    data, 2, deciders=who, membership=trait, clusters=clusters, cov_type=kind,
                    order="x1", starts=2,
                )  # fmt: skip
            except EstimationError:
                lost += 1
                continue
            hits.append(covered(found.params, truth, found.covariance))
            t = critical_value(0.95, found.covariance.df)
            value, slopes = found.shares()
            error = np.sqrt(slopes[1] @ found.covariance.matrix @ slopes[1])
            error /= value[1] * (1 - value[1])
            odds = np.log(value[1] / (1 - value[1])) - np.log(share / (1 - share))
            shares.append(abs(odds) < t * error)
        cover = np.mean(hits, axis=0)
        yield (
            f"| {n:,} | {per} | {kind} | {cover[:6].mean():.3f} | {cover[6:].mean():.3f} "
            f"| {np.mean(shares):.3f} | {lost} |"
        )


def class_rows(runs: int) -> Iterator[str]:
    """How often each criterion names how many classes, of one to three."""
    yield (
        "| classes planted | deciders | choices each | BIC of choices: 1, 2, 3 "
        "| BIC of deciders: 1, 2, 3 |"
    )
    yield "|---|---|---|---|---|"
    for types, n, per in [(1, 60, 10), (2, 60, 10), (1, 200, 6), (2, 200, 6)]:
        rng = Stream(0, "classes", types, n, per).generator()
        named = np.zeros((2, 4), dtype=int)
        for _ in range(runs):
            data, who, _ = latent_sets(rng, n, per, types)
            bic = np.full((2, 4), np.inf)
            for classes in (1, 2, 3):
                try:
                    if classes == 1:
                        llf, size = latent.one_class(data, panel(data, who)).at.llf, 3
                    else:
                        found = latent.fit(data, classes, deciders=who, starts=3)
                        llf, size = found.llf, len(found.params)
                except EstimationError:
                    continue
                for row, units in enumerate((n * per, n)):
                    bic[row, classes] = size * np.log(units) - 2 * llf
            named[[0, 1], bic.argmin(axis=1)] += 1
        shown = [", ".join(f"{k / runs:.2f}" for k in row[1:]) for row in named]
        yield f"| {types} | {n} | {per} | {shown[0]} | {shown[1]} |"


# -- independence of irrelevant alternatives ------------------------------------------------


def score_rows(runs: int) -> Iterator[str]:
    """How often each score test rejects, by worlds, with and without nests."""
    yield (
        "| choices | worlds | dissimilarity | closer substitutes (2 df) | rivals (3 df) "
        "| levels (3 df) |"
    )
    yield "|---|---|---|---|---|---|"
    for n, per in [(100, 5), (300, 6), (300, 1), (1000, 1)]:
        for scale in (1.0, 0.7):
            rng = Stream(0, "scores", n, per, scale).generator()
            rejected = np.zeros(3)
            for _ in range(runs):
                data, nests, worlds = nested_sets(rng, n, (scale, scale), per)
                at, codes = estimate(data), cluster_codes(data, worlds)
                columns, names = iia.nest_columns(data, at, nests)
                rivals = iia.rival_columns(data, data.X, nests)
                levels = iia.level_columns(data, data.X)
                for k, z in enumerate((columns, rivals, levels)):
                    labels = names if k == 0 else list("abc")
                    rejected[k] += iia.cross_test(data, at, z, labels, *codes).test.p_value < 0.05
            rates = " | ".join(f"{rate:.3f}" for rate in rejected / runs)
            yield f"| {n:,} | {n // per:,} | {scale} | {rates} |"


def removal_table(rng: np.random.Generator, n: int, per: int, scale: float) -> pd.DataFrame:
    """Returns purchases among five listings, the first of which is missing in half of worlds."""
    price = np.repeat(rng.normal(size=(n // per, 5)), per, axis=0)
    gone = np.repeat(rng.random(n // per) < 0.5, per)
    worth = np.array([0.5, 0.2, 0.0, 0.3, -0.2]) - price
    worth[gone, 0] = -50.0
    p = nested_odds(worth, np.array([0, 0, 1, 1, 1]), (scale, scale))
    chosen = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    rows = pd.DataFrame(
        {
            "trial_id": np.repeat(np.arange(n), 5),
            "world_id": np.repeat(np.arange(n) // per, 5),
            "product_id": np.tile([f"p{j}" for j in range(5)], n),
            "price": price.ravel(),
            "chosen": (np.arange(5) == chosen[:, None]).ravel().astype(int),
        }
    )
    return rows[(rows["product_id"] != "p0") | ~np.repeat(gone, 5)]


def removal_rows(runs: int) -> Iterator[str]:
    """Size, power and coverage of the comparison of shares without a listing."""
    yield "| choices | worlds | dissimilarity | rejects | intervals with 0 in them |"
    yield "|---|---|---|---|---|"
    for n, per, scale in [(200, 1, 1.0), (400, 10, 1.0), (1000, 1, 1.0), (1000, 1, 0.5)]:
        rng = Stream(0, "removal", n, per, scale).generator()
        rejected, within = [], []
        for _ in range(runs):
            rows = removal_table(rng, n, per, scale)
            has = rows["trial_id"].isin(rows.loc[rows["product_id"] == "p0", "trial_id"])
            found = removal("p0", rows[has], rows[~has], Model("chosen ~ price"))
            rejected.append(found.test.p_value < 0.05)
            t = critical_value(0.95, found.n_clusters - 1.0)
            within.append(np.abs(found.difference) < t * found.errors)
        rates = f"{np.mean(rejected):.3f} | {np.mean(within):.3f}"
        yield f"| {n:,} | {n // per:,} | {scale} | {rates} |"


def hausman_rows(runs: int) -> Iterator[str]:
    """Hausman and McFadden's statistic, as they have it and by bootstrap, of true logits."""
    yield (
        "| choices | worlds | share of what is left out | not positive definite "
        "| own statistic rejects | bootstrap rejects |"
    )
    yield "|---|---|---|---|---|---|"
    for n, per, rare in [(300, 1, 0.0), (300, 1, 3.0), (1000, 1, 3.0), (300, 15, 0.0)]:
        rng = Stream(0, "hausman", n, per, rare).generator()
        counts, share, done = np.zeros(3), 0.0, 0
        for _ in range(runs):
            data, _, worlds = nested_sets(rng, n, (1.0, 1.0), per, rare)
            try:
                found = without_first(data, worlds, rng)
            except EstimationError:
                continue
            share += data.y[::6].mean()
            own = found.definite and found.plain > _chi2(3)
            counts += [not found.definite, own, found.p_value <= 0.05]
            done += 1
        rates = " | ".join(f"{rate:.3f}" for rate in counts / done)
        yield f"| {n:,} | {n // per:,} | {share / done:.3f} | {rates} |"


def without_first(
    data: ChoiceData, worlds: NDArray[np.int64], rng: np.random.Generator
) -> iia.HausmanTest:
    """Returns Hausman's test of three coefficients without the first of six alternatives."""
    first = np.arange(len(data.y)) % 6 == 0
    sets = np.repeat(np.arange(data.n_sets), 6)
    kept = ~first & ~np.isin(sets, sets[first & (data.y == 1)])
    part = choice_data(data.X[kept][:, :3], data.y[kept], sets[kept])
    at, other = estimate(data), estimate(part)
    names, whole = cluster_influence(data, at, worlds)
    some, own = cluster_influence(part, other, worlds[kept])
    wide = np.zeros((len(whole), 3))
    wide[np.searchsorted(names, some)] = own
    return iia.hausman_test(
        (at.params[:3], whole[:, :3], inverse(at.information)[:3, :3]),
        (other.params, wide, inverse(other.information)),
        draws=199,
        rng=rng,
    )


def _chi2(df: int) -> float:
    from scipy.special import chdtri

    return float(chdtri(df, 0.05))


# -- rankings and outcomes ------------------------------------------------------------------


def ranking_rows(runs: int) -> Iterator[str]:
    """Coverage of the exploded logit by depth, size of the test of stages."""
    yield (
        "| rankings | places | coverage, by ranking | coverage, stages taken for independent "
        "| stages differ |"
    )
    yield "|---|---|---|---|---|"
    truth = np.array([-1.0, 0.6])
    for n, depth in [(50, 4), (200, 4), (200, 2)]:
        rng = Stream(0, "rankings", n, depth).generator()
        hits, plain, rejected = [], [], []
        for _ in range(runs):
            X = rng.normal(size=(n, 5, 2))
            worth = X @ truth + rng.gumbel(size=(n, 5))
            rank = (-worth).argsort(axis=1).argsort(axis=1) + 1
            rows = pd.DataFrame(X.reshape(-1, 2), columns=["a", "b"])
            rows = rows.assign(rank=rank.ravel(), who=np.repeat(np.arange(n), 5))
            model = ExplodedLogit.from_formula("rank ~ a + b", rows, "who", depth=depth)
            for kind, seen in (("cluster", hits), ("nonrobust", plain)):
                low, high = model.fit(kind).conf_int().to_numpy().T  # type: ignore[arg-type]
                seen.append((low < truth) & (high > truth))
            rejected.append(model.stages().test.p_value < 0.05)
        rates = f"{np.mean(hits):.3f} | {np.mean(plain):.3f} | {np.mean(rejected):.3f}"
        yield f"| {n:,} | {depth} | {rates} |"


def outcome_rows(runs: int) -> Iterator[str]:
    """Coverage of probits whose worlds share a part of the noise."""
    yield "| kind | trials | worlds | coverage, by world | coverage, by trial |"
    yield "|---|---|---|---|---|"
    for kind in ("binary", "ordered"):
        for n, worlds in [(200, 12), (400, 50)]:
            rng = Stream(0, "outcomes", kind, n, worlds).generator()
            hits = np.zeros((runs, 2))
            for run in range(runs):
                world = np.arange(n) % worlds
                x = rng.normal(size=worlds)[world]
                latent = 0.8 * x + 0.6 * rng.normal(size=worlds)[world] + 0.8 * rng.normal(size=n)
                y = latent > 0 if kind == "binary" else np.digitize(latent, [-1.0, 0.0, 1.0])
                rows = pd.DataFrame({"t": np.arange(n), "w": world, "x": x, "y": y.astype(int)})
                for k, cluster in enumerate(("w", None)):
                    row = outcome_model(
                        rows, ["x"], outcome="y", kind=kind, link="probit", cluster=cluster,
                        trial="t",
                    ).table().iloc[0]  # fmt: skip
                    hits[run, k] = row["ci_low"] < 0.8 < row["ci_high"]
            rates = hits.mean(axis=0)
            yield f"| {kind} | {n} | {worlds} | {rates[0]:.3f} | {rates[1]:.3f} |"


NAME = "choice-models"
PARTS: dict[str, tuple[str, Callable[[int], Iterator[str]], float]] = {
    "nested": ("Nested logit: coverage of 95 % intervals", nested_rows, 1.0),
    "latent": ("Latent classes: coverage of 95 % intervals", latent_rows, 0.6),
    "classes": ("Number of classes", class_rows, 0.1),
    "scores": ("Score tests of cross-effects: how often they reject at 5 %", score_rows, 2.0),
    "removal": ("Shares without a listing", removal_rows, 0.6),
    "hausman": ("Hausman and McFadden's test, where odds depend on no third", hausman_rows, 2.0),
    "rankings": ("Exploded logit", ranking_rows, 0.4),
    "outcomes": ("Probits of trials", outcome_rows, 0.6),
}
"""Title, rows, and how many runs it takes in parts of those asked for."""


def main() -> None:
    """Prints the tables and writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=list(PARTS))
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of few clusters, and of dissimilarities above 1
    tables = written()
    for name in args.only or PARTS:
        title, rows, part = PARTS[name]
        runs, began = max(int(args.runs * part), 10), time.monotonic()
        command = f"`python -m benchmarks.choice_models --only {name} --runs {args.runs}`"
        lines = [f"{command}: {runs:,} runs of each row.", ""]
        for line in rows(runs):
            lines.append(line)
            print(line, flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
        tables[title] = "\n".join(lines)
        known = [title for title, _, _ in PARTS.values() if title in tables]
        body = "\n\n".join(f"## {title}\n\n{tables[title]}" for title in known)
        write_result(NAME, "Choice models: coverage and size", body)


def written() -> dict[str, str]:
    """Returns the tables of the result, by title."""
    path = RESULTS / f"{NAME}.md"
    parts = path.read_text(encoding="utf-8").split("\n## ")[1:] if path.is_file() else []
    return {title: text.strip() for title, _, text in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    main()
