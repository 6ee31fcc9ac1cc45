"""The conditional logit on arrays: against other implementations, and against itself."""

import json
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import CollinearityError, EstimationError, SeparationError
from aces.stats.choice import estimate, fit
from aces.stats.choice_data import choice_data
from aces.stats.covariance import FewClustersWarning
from aces.stats.likelihood import log_likelihood, maximise, warm_start
from aces.stats.separation import ONE_SIDED_95, profile_bound, separating_direction

BETA = np.array([1.0, -0.5, 0.3])


def draw(n_sets=300, seed=0, sizes=(2, 9), beta=BETA, per_cluster=5):
    """Attributes, choices, set of each row, cluster of each row; sets of unequal size."""
    rng = np.random.default_rng(seed)
    sets = np.repeat(np.arange(n_sets), rng.integers(*sizes, n_sets))
    X = rng.normal(size=(len(sets), len(beta)))
    utility = X @ beta + rng.gumbel(size=len(sets))
    best = np.full(n_sets, -np.inf)
    np.maximum.at(best, sets, utility)
    return X, (utility == best[sets]).astype(int), sets, sets // per_cluster


def replace_column(X, k, values):
    changed = X.copy()
    changed[:, k] = values
    return changed


# Other implementations


@pytest.mark.parametrize("key", ["n=2000,seed=0,sigma_v=0.5", "n=2000,seed=1,sigma_v=0.0", 2])
def test_agrees_with_the_reference_draws(shared, key):
    folder = shared / "bench" / "choice"
    expected = json.loads((folder / "expected.json").read_text())
    key = list(expected)[key] if isinstance(key, int) else key
    sys.path.insert(0, str(folder))
    import gen

    sys.path.remove(str(folder))
    n, seed, sigma = (part.split("=")[1] for part in key.split(","))
    X, chosen, _, cluster = gen.make(int(n), int(seed), sigma_v=float(sigma))
    X, y, sets, _ = gen.long(X, chosen)
    found = fit(X, y, sets, np.repeat(cluster, 8), names=gen.NAMES, cov_type="cluster")
    plain = fit(X, y, sets, cov_type="nonrobust", names=gen.NAMES)
    want = expected[key]
    assert_allclose(found.llf, want["llf"], atol=1e-7)
    assert_allclose(found.params, list(want["params"].values()), atol=1e-9)
    assert_allclose(found.bse, list(want["bse_cluster"].values()), atol=1e-8)
    assert_allclose(plain.bse, list(want["bse"].values()), atol=1e-8)


def test_agrees_with_stratified_cox_regression():
    from statsmodels.duration.hazard_regression import PHReg

    X, y, sets, clusters = draw()
    peer = PHReg(np.ones(len(y)), X, status=y, strata=sets)
    plain, clustered = peer.fit(), peer.fit(groups=clusters)
    ours = fit(X, y, sets, clusters, cov_type="cluster")
    n_clusters = ours.covariance.n_clusters
    assert_allclose(ours.params, plain.params, atol=1e-9)
    assert_allclose(ours.llf, plain.llf, atol=1e-8)
    assert_allclose(fit(X, y, sets, cov_type="nonrobust").bse, plain.bse, atol=1e-9)
    without_factor = ours.bse * np.sqrt((n_clusters - 1) / n_clusters)
    assert_allclose(without_factor, clustered.bse, atol=1e-8)


def test_agrees_with_a_likelihood_written_set_by_set():
    """The project's own oracle: the formulas of the textbook in loops, climbed by scipy."""
    from scipy.optimize import minimize

    X, y, sets, clusters = draw(80, seed=4)
    groups = [np.flatnonzero(sets == s) for s in np.unique(sets)]

    def probabilities(beta, rows):
        weight = np.exp(X[rows] @ beta)
        return weight / weight.sum()

    def loss(beta):
        return -sum(np.log(probabilities(beta, g)[y[g] == 1].item()) for g in groups)

    def scores(beta):
        return np.array([(y[g] - probabilities(beta, g)) @ X[g] for g in groups])

    def hessian(beta):
        total = np.zeros((3, 3))
        for g in groups:
            p = probabilities(beta, g)
            total += X[g].T @ (np.diag(p) - np.outer(p, p)) @ X[g]
        return total

    best = minimize(
        loss,
        np.zeros(3),
        jac=lambda beta: -scores(beta).sum(axis=0),
        hess=hessian,
        method="trust-exact",
        options={"gtol": 1e-10},
    )
    own_cluster = np.array([clusters[g[0]] for g in groups])
    by_cluster = np.array(
        [scores(best.x)[own_cluster == c].sum(axis=0) for c in np.unique(own_cluster)]
    )
    bread = np.linalg.inv(hessian(best.x))
    robust = bread @ scores(best.x).T @ scores(best.x) @ bread
    n = len(by_cluster)
    clustered = n / (n - 1) * bread @ by_cluster.T @ by_cluster @ bread
    assert_allclose(fit(X, y, sets).params, best.x, atol=1e-8)
    assert_allclose(fit(X, y, sets).llf, -best.fun, atol=1e-9)
    assert_allclose(fit(X, y, sets).covariance.matrix, robust, atol=1e-8)
    found = fit(X, y, sets, clusters, cov_type="cluster")
    assert_allclose(found.covariance.matrix, clustered, atol=1e-8)


def test_closed_forms():
    """Two alternatives and one dummy: log odds. Saturated slots: log shares."""
    sets, x = np.repeat(np.arange(10), 2), np.tile([0.0, 1.0], 10)[:, None]
    y = np.where(np.repeat(np.arange(10) < 7, 2), x[:, 0], 1 - x[:, 0])
    found = fit(x, y, sets, cov_type="nonrobust")
    assert_allclose(found.params, np.log(7 / 3))
    assert_allclose(found.bse, np.sqrt(1 / 7 + 1 / 3))
    slots = np.tile(np.eye(4)[:, 1:], (20, 1))
    chosen = np.repeat([0, 1, 2, 3], [8, 6, 4, 2])
    y = (np.tile(np.arange(4), 20) == np.repeat(chosen, 4)).astype(float)
    found = fit(slots, y, np.repeat(np.arange(20), 4))
    assert_allclose(found.params, np.log(np.array([6, 4, 2]) / 8))


# Invariances

CHANGES = {
    "a constant per set": lambda X, y, s, c: (X + 100.0 * s[:, None], y, s, c),
    "large levels": lambda X, y, s, c: (X + 1e6, y, s, c),
    "order of rows": lambda X, y, s, c: [a[np.random.default_rng(1).permutation(len(y))]
                                         for a in (X, y, s, c)],
    "order of columns in memory": lambda X, y, s, c: (np.asfortranarray(X), y, s, c),
    "names of sets": lambda X, y, s, c: (X, y, np.array([f"set {-i}" for i in s]), c),
    "boolean outcomes": lambda X, y, s, c: (X, y == 1, s, c),
    "single alternatives": lambda X, y, s, c: (
        np.vstack([X, X[:4]]), np.append(y, np.ones(4)), np.append(s, s.max() + 1 + np.arange(4)),
        np.append(c, c[:4])),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_estimates_do_not_depend_on(change):
    rows = draw()
    before, after = fit(*rows), fit(*CHANGES[change](*rows))
    assert_allclose(after.params, before.params, rtol=1e-7)
    assert_allclose(after.bse, before.bse, rtol=1e-6)
    assert_allclose(after.llf, before.llf, rtol=1e-9)


def test_equal_and_unequal_sets_take_the_same_road():
    X, y, sets, clusters = draw(sizes=(4, 5))
    lone = (np.vstack([X, X[:1]]), np.append(y, 1), np.append(sets, -1), np.append(clusters, 0))
    assert_allclose(fit(*lone).params, fit(X, y, sets, clusters).params, rtol=1e-10)


def test_a_warm_start_does_not_change_the_answer():
    X, y, sets, _ = draw(40_000, seed=2)
    data = choice_data(X, y, sets)
    assert warm_start(data) is not None
    assert_allclose(estimate(data).params, maximise(data).at.params, rtol=1e-10)


def test_nothing_is_copied():
    X, y, sets, _ = draw()
    data = choice_data(X, y, sets)
    assert data.X is X
    assert next(data.blocks()).x.base is not None


def test_fractional_outcomes_weigh_like_repeated_sets():
    X, y, sets, _ = draw(40, sizes=(3, 4))
    other = np.roll(y.reshape(-1, 3), 1, axis=1).ravel()
    third = (2 * y + other) / 3
    thrice = fit(
        np.tile(X, (3, 1)), np.concatenate([y, y, other]),
        np.concatenate([sets, sets + 100, sets + 200]), cov_type="nonrobust",
    )  # fmt: skip
    once = fit(X, third, sets, cov_type="nonrobust")
    assert_allclose(once.params, thrice.params, atol=1e-10)
    assert_allclose(3 * once.llf, thrice.llf)
    assert_allclose(once.bse / np.sqrt(3), thrice.bse)


def test_the_outside_option_is_an_explicit_row_of_zeros():
    X, y, sets, clusters = draw(200, sizes=(3, 4))
    X = np.column_stack([np.ones(len(X)), X])
    y = np.where(np.isin(sets, np.arange(0, 200, 4)), 0, y)
    ours = fit(X, y, sets, clusters, outside=True)
    leaves = 1 - np.bincount(sets, weights=y)
    theirs = fit(
        np.vstack([X, np.zeros((200, 4))]), np.append(y, leaves),
        np.append(sets, np.arange(200)), np.append(clusters, np.arange(200) // 5),
    )  # fmt: skip
    assert_allclose(ours.params, theirs.params, atol=1e-9)
    assert_allclose(ours.covariance.matrix, theirs.covariance.matrix, atol=1e-9)
    assert_allclose(ours.llf, theirs.llf)
    assert_allclose(ours.data.null_log_likelihood, -200 * np.log(4))


def test_effects_by_level_are_dummies():
    X, y, sets, _ = draw(400, sizes=(4, 5))
    levels = np.random.default_rng(0).integers(-1, 5, len(y))
    implicit = choice_data(X, y, sets, effects=levels, effect_names="abcde")
    explicit = choice_data(np.column_stack([X, np.eye(6)[levels][:, :5]]), y, sets)
    assert_allclose(estimate(implicit).params, estimate(explicit).params, atol=1e-10)
    at = np.full(8, 0.1)
    for ours, theirs in zip(
        vars(log_likelihood(implicit, at)).values(),
        vars(log_likelihood(explicit, at)).values(),
        strict=True,
    ):
        assert_allclose(ours, theirs, atol=1e-9)


def test_dropping_what_is_never_chosen_is_the_limit_of_its_effect():
    X, y, sets, _ = draw(200, sizes=(4, 5))
    never = (y == 0) & (np.arange(len(y)) % 4 == 2)
    dropped = fit(X[~never], y[~never], sets[~never])
    data = choice_data(np.column_stack([X, never]), y, sets)
    free = np.array([True, True, True, False])
    start = log_likelihood(data, np.array([0.0, 0.0, 0.0, -35.0]))
    limit = maximise(data, start, along=np.eye(len(free))[:, free]).at
    assert_allclose(limit.params[:3], dropped.params, atol=1e-12)
    assert_allclose(limit.llf, dropped.llf, atol=1e-10)


# Faults are named

NAMES = ("price", "rating", "tag")


def fitted(X, y, sets, **options):
    return fit(X, y, sets, names=NAMES, **options)


def test_constant_columns_are_named():
    X, y, sets, _ = draw()
    with pytest.raises(CollinearityError, match="holds two values of 'rating'"):
        fitted(replace_column(X, 1, np.sin(sets)), y, sets)


def test_collinear_columns_are_named_with_what_they_equal():
    X, y, sets, _ = draw()
    with pytest.raises(CollinearityError, match=r"'tag' is collinear.* equals 2 x 'price' plus"):
        fitted(replace_column(X, 2, 2 * X[:, 0] + sets), y, sets)
    with pytest.raises(CollinearityError, match=r"equals 'price' - 0.5 x 'rating' plus"):
        fitted(replace_column(X, 2, X[:, 0] - X[:, 1] / 2), y, sets)


def test_a_column_that_repeats_the_effects_is_named():
    X, y, sets, _ = draw(sizes=(4, 5))
    levels = np.random.default_rng(0).integers(-1, 3, len(y))
    data = choice_data(
        replace_column(X, 1, levels**2), y, sets, names=NAMES, effects=levels, effect_names="abc"
    )
    with pytest.raises(
        CollinearityError, match=r"'rating' is collinear.*each level of the effects"
    ):
        estimate(data)


def separated(kind, y, rng):
    return {
        "complete": y + 0.0,
        "partial": np.where(rng.random(len(y)) < 0.3, y, 0.0),
        "downwards": np.where(rng.random(len(y)) < 0.1, 1.0 - y, 0.0),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "says"),
    [("complete", "\\+infinite"), ("partial", "at least"), ("downwards", "-infinite.*at most -")],
)
def test_separation_is_named(kind, says):
    X, y, sets, _ = draw()
    column = separated(kind, y, np.random.default_rng(3))
    with pytest.raises(SeparationError, match=f"'tag' predicts choices perfectly.*{says}"):
        fitted(replace_column(X, 2, column), y, sets)


def test_separation_by_columns_together_is_named():
    X, y, sets, _ = draw()
    X = replace_column(X, 2, X[:, 1] + y)
    with pytest.raises(SeparationError, match=r"together.*'rating'.*'tag'") as caught:
        fitted(X, y, sets)
    assert "'price'" not in str(caught.value)


def test_separation_by_fractional_outcomes_keeps_ties():
    sets, x = np.repeat(np.arange(50), 3), np.random.default_rng(0).normal(size=(150, 1))
    y = np.tile([0.5, 0.5, 0.0], 50)
    tag = np.tile([1.0, 1.0, 0.0], 50)
    data = choice_data(np.column_stack([x, tag]), y, sets)
    assert_allclose(np.sign(separating_direction(data)), [0, 1])
    tag[0] = 2.0
    assert separating_direction(choice_data(np.column_stack([x, tag]), y, sets)) is None


def test_strong_tastes_and_rare_products_are_not_separation():
    X, y, sets, _ = draw(2_000, beta=np.array([9.0, -6.0, 3.0]))
    assert separating_direction(choice_data(X, y, sets)) is None
    X, y, sets, _ = draw(3_000, sizes=(8, 9))
    product = np.random.default_rng(1).permuted(np.tile(np.arange(8), (3_000, 1)), axis=1).ravel()
    rare = np.flatnonzero(y == 1)[product[y == 1] == 7]
    keep = ~np.isin(sets, sets[rare[1:]])
    data = choice_data(
        X[keep], y[keep], sets[keep], effects=product[keep] - 1, effect_names="abcdefg"
    )
    assert np.isfinite(estimate(data).params).all()
    assert y[keep][product[keep] == 7].sum() == 1


def test_the_profile_bound_is_where_the_deviance_reaches_its_quantile():
    """One tag on one of two alternatives, chosen n times of n: 2 n log(1 + exp(-b)) = 2.71."""
    n = 12
    data = choice_data(np.tile([[0.0], [1.0]], (n, 1)), np.tile([0, 1], n), np.arange(2 * n) // 2)
    far = maximise(data).at
    bound = -np.log(np.expm1(ONE_SIDED_95 / (2 * n)))
    assert_allclose(profile_bound(data, far, 0, 1.0), bound, atol=2e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda X, y, s: (np.where(np.arange(len(y))[:, None] == 7, np.nan, X), y, s),
         "'price' \\(1 rows, first in choice set 1\\), 'rating' \\(1 rows"),
        (lambda X, y, s: (X, np.where(s == 5, 0, y), s), "1 choice sets have no chosen.*first 5"),
        (lambda X, y, s: (X, np.where(s == 5, 1, y), s), "1 choice sets have more than one.*5"),
        (lambda X, y, s: (X, np.where(s == 5, np.nan, y), s), "y is missing in choice set 5"),
        (lambda X, y, s: (X, y - 0.1, s), "negative"),
        (lambda X, y, s: (X, y[:-1], s), "one row per alternative"),
        (lambda X, y, s: (X[:0], y[:0], s[:0]), "nothing to estimate"),
    ],
)  # fmt: skip
def test_faulty_data_are_refused(change, says):
    with pytest.raises(EstimationError, match=says):
        fitted(*change(*draw()[:3]))


def test_clusters_are_refused_below_three_and_warned_of_below_ten():
    X, y, sets, _ = draw()
    with pytest.raises(EstimationError, match="2 clusters are too few"):
        fit(X, y, sets, sets % 2)
    with pytest.warns(FewClustersWarning, match=r"5 clusters: intervals use t\(4\)"):
        assert fit(X, y, sets, sets % 5).covariance.df == 4
    with pytest.raises(EstimationError, match="choice set 3 has rows in more than one cluster"):
        fit(X, y, sets, np.where(np.arange(len(y)) == np.flatnonzero(sets == 3)[1], 99, sets // 5))
