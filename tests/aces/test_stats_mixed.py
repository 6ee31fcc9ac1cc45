"""The mixed logit on arrays: against integrals, differences, published values and planted truth."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import choice_data
from aces.stats.covariance import FewClustersWarning
from aces.stats.mixed.coefficients import coefficients
from aces.stats.mixed.draws import standard_draws
from aces.stats.mixed.fit import DrawsUsed, fit
from aces.stats.mixed.likelihood import simulated_likelihood
from aces.stats.mixed.panel import panel

NAMES = ("a", "b", "c")
ELECTRICITY = ("pf", "cl", "loc", "wk", "tod", "seas")
PUBLISHED = {
    "pf": (-0.9972, 0.2207), "cl": (-0.2197, 0.4116), "loc": (2.2902, 1.7840),
    "wk": (1.6943, 1.2296), "tod": (-9.6752, 2.2757), "seas": (-9.6962, 1.4862),
}  # fmt: skip
PUBLISHED_LLF = -3888.47


def drawn(
    n=30, per_decider=5, seed=0, sizes=(2, 5), spread=(0.8, 0.0, 0.0), outside=False, mean=None
):
    """Choice data of deciders whose coefficients are normal, sets unequal; (data, deciders)."""
    rng = np.random.default_rng(seed)
    n_sets = n * per_decider
    sets = np.repeat(np.arange(n_sets), rng.integers(*sizes, n_sets))
    decider = sets // per_decider
    X = rng.normal(size=(len(sets), 3))
    mean = np.array([1.0, -0.5, 0.3]) if mean is None else np.asarray(mean)
    taste = mean + rng.normal(size=(n, 3)) * np.asarray(spread)
    utility = (X * taste[decider]).sum(axis=1) + rng.gumbel(size=len(sets))
    best = rng.gumbel(size=n_sets) if outside else np.full(n_sets, -np.inf)
    np.maximum.at(best, sets, utility)
    y = (utility == best[sets]).astype(int)
    shuffled = rng.permutation(len(sets))
    data = choice_data(X[shuffled], y[shuffled], sets[shuffled], names=NAMES, outside=outside)
    return data, decider[shuffled]


CASES = {
    "normal": ({"a": "normal", "c": "normal"}, {}),
    "lognormal": ({"a": "lognormal", "b": "negative lognormal"}, {}),
    "triangular": ({"a": "triangular", "b": "normal"}, {}),
    "correlated": ({"a": "normal", "b": "normal", "c": "lognormal"}, {"correlated": True}),
}


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_gradient_and_hessian_are_those_of_numerical_differences(case, outside):
    random, options = CASES[case]
    data, deciders = drawn(8, outside=outside)
    weight = np.linspace(0.5, 2, 8)[deciders]
    choices = panel(data, deciders, weight)
    model = coefficients(NAMES, random, **options)
    draws = standard_draws(model.shapes, 8, 20)
    at = np.random.default_rng(1).normal(size=len(model.names)) * 0.6

    def value(params):
        return simulated_likelihood(choices, model, draws, params)

    found = simulated_likelihood(choices, model, draws, at, hessian=True)
    step = 1e-5
    ups = [value(at + step * e) for e in np.eye(len(at))]
    downs = [value(at - step * e) for e in np.eye(len(at))]
    slope = [(u.llf - d.llf) / (2 * step) for u, d in zip(ups, downs, strict=True)]
    curve = [(u.gradient - d.gradient) / (2 * step) for u, d in zip(ups, downs, strict=True)]
    assert_allclose(found.gradient, slope, atol=1e-7)
    assert_allclose(found.hessian, curve, atol=1e-6)
    assert_allclose(found.llf, value(at).llf)


@pytest.mark.parametrize("outside", [False, True])
def test_without_spread_it_is_the_conditional_logit(outside):
    data, deciders = drawn(outside=outside)
    fixed = estimate(data)
    choices = panel(data, deciders)
    model = coefficients(NAMES, {"a": "normal"})
    draws = standard_draws(model.shapes, choices.n_deciders, 10)
    found = simulated_likelihood(choices, model, draws, np.append(fixed.params, 0.0), hessian=True)
    assert_allclose(found.llf, fixed.llf, rtol=1e-12)
    assert_allclose(found.gradient[:3], 0, atol=1e-8)
    assert_allclose(-found.hessian[:3, :3], fixed.information, rtol=1e-6)


DENSITIES = {
    "normal": lambda z, m, s: (m + s * z, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)),
    "lognormal": lambda z, m, s: (np.exp(m + s * z), np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)),
    "negative lognormal": lambda z, m, s: (
        -np.exp(m + s * z),
        np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
    ),
    "triangular": lambda z, m, s: (m + s * z, max(1 - abs(z), 0.0)),
}


@pytest.mark.parametrize("sequence", ["halton", "sobol"])
@pytest.mark.parametrize("shape", DENSITIES)
def test_many_draws_give_the_integral(shape, sequence):
    """The oracle: a textbook product of logits, integrated by adaptive quadrature."""
    from scipy.integrate import quad

    rng = np.random.default_rng(3)
    X, sets = rng.normal(size=(18, 2)), np.repeat(np.arange(6), 3)
    deciders, y = sets // 3, np.tile([0, 1, 0], 6)
    m, s, other = 0.3, 0.9, -0.4

    def density(z, n):
        b, height = DENSITIES[shape](z, m, s)
        likelihood = 1.0
        for t in range(3 * n, 3 * n + 3):
            utility = X[sets == t] @ [b, other]
            weight = np.exp(utility - utility.max())
            likelihood *= weight[1] / weight.sum()
        return likelihood * height

    edge = (1, [0.0]) if shape == "triangular" else (9, None)
    want = sum(np.log(quad(density, -edge[0], edge[0], (n,), points=edge[1])[0]) for n in (0, 1))
    model = coefficients(("x1", "x2"), {"x1": shape})
    draws = standard_draws(model.shapes, 2, 2**14, sequence=sequence)
    choices = panel(choice_data(X, y, sets), deciders)
    found = simulated_likelihood(choices, model, draws, np.array([m, other, s]))
    assert_allclose(found.llf, want, atol=2e-4)


def test_draws_have_the_moments_of_their_shapes():
    draws = standard_draws(["normal", "triangular", "normal"], 50, 200, seed=4)
    assert draws.shape == (50, 4, 200)
    assert (draws[:, 0] == 1).all()
    flat = draws[:, 1:].transpose(1, 0, 2).reshape(3, -1)
    assert_allclose(flat.mean(axis=1), 0, atol=0.002)
    assert_allclose(np.cov(flat), np.diag([1, 1 / 6, 1]), atol=0.005)
    assert np.abs(flat[1]).max() <= 1
    plain = [standard_draws(["normal"], 2, 50, scramble=False, seed=k) for k in (0, 0, 1)]
    assert_allclose(plain[0], plain[1])
    assert np.abs(plain[0] - plain[2]).max() > 0.1


def test_the_published_estimates_come_out(shared):
    """xlogit's published run has plain Halton draws, from the 101st on: ours are the same.

    Scrambled draws differ by the error of simulation, here less than a standard error.
    """
    import pandas as pd

    path = shared / "data" / "choice-choicelearn" / "electricity.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    rows = pd.read_csv(path)
    X = rows[list(ELECTRICITY)].to_numpy(float)
    data = choice_data(X, rows["choice"].astype(int), rows["chid"], names=ELECTRICITY)
    random = dict.fromkeys(ELECTRICITY, "normal")
    want = np.array([PUBLISHED[k] for k in ELECTRICITY]).T.ravel()
    same = fit(
        data, random, deciders=rows["id"], draws=DrawsUsed(600, scramble=False), other_sets=0
    )
    assert_allclose(same.params, want, atol=2e-4)
    assert_allclose(same.llf, PUBLISHED_LLF, atol=0.01)
    assert_allclose(same.fixed_llf, -4958.649, atol=1e-3)
    other = fit(data, random, deciders=rows["id"], draws=DrawsUsed(600), other_sets=0)
    assert (np.abs(other.params - want) / other.bse).max() < 1
    assert abs(other.llf - PUBLISHED_LLF) < 20
    assert other.found.decrement < 1e-10


def test_planted_tastes_are_found_and_covered():
    truth = np.array([1.0, -0.5, 0.3, 0.8, 0.6])
    covered, estimates = np.zeros(5), []
    for seed in range(12):
        data, deciders = drawn(150, 8, seed, sizes=(3, 5), spread=(0.8, 0.6, 0.0))
        found = fit(
            data, {"a": "normal", "b": "normal"}, deciders=deciders,
            draws=DrawsUsed(80), other_sets=0,
        )  # fmt: skip
        covered += np.abs(found.params - truth) < 1.96 * found.bse
        estimates.append(found.params)
    # five parameters, twelve draws: 57 of 60 expected; below 51 has p < 0.01
    assert covered.sum() >= 51
    error = np.std(estimates, axis=0, ddof=1) / np.sqrt(12)
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 4 * error).all()


def test_correlated_tastes_are_found():
    rng = np.random.default_rng(5)
    n, t, j = 300, 8, 3
    cholesky = np.array([[0.9, 0.0], [-0.6, 0.7]])
    taste = np.array([0.8, -0.4]) + rng.normal(size=(n, 2)) @ cholesky.T
    X = rng.normal(size=(n, t, j, 2))
    utility = np.einsum("ntjk,nk->ntj", X, taste) + rng.gumbel(size=(n, t, j))
    y = (utility == utility.max(axis=2, keepdims=True)).astype(int).ravel()
    sets = np.repeat(np.arange(n * t), j)
    data = choice_data(X.reshape(-1, 2), y, sets, names=("a", "b"))
    random = {"a": "normal", "b": "normal"}
    found = fit(data, random, deciders=sets // t, correlated=True, draws=DrawsUsed(100))
    want = [0.8, -0.4, 0.9, -0.6, 0.7]
    assert found.model.names == ("a", "b", "sd.a", "chol.b.a", "sd.b")
    assert (np.abs(found.params - want) < 3.5 * found.bse).all()
    assert found.llf > fit(data, random, deciders=sets // t, draws=DrawsUsed(100)).llf + 10


def test_weights_clusters_and_errors():
    data, deciders = drawn(60, 6, sizes=(3, 5))
    options = {"deciders": deciders, "draws": DrawsUsed(50), "other_sets": 0}
    plain = fit(data, {"a": "normal"}, **options)
    double = fit(data, {"a": "normal"}, **options, weights=np.full(len(data.y), 2.0))
    assert_allclose(double.params, plain.params, atol=1e-6)
    for name in ("llf", "fixed_llf", "null_llf"):
        assert_allclose(getattr(double, name), 2 * getattr(plain, name))
    assert_allclose(plain.null_llf, data.null_log_likelihood)
    # robust errors don't know the scale
    assert_allclose(double.covariance.matrix, plain.covariance.matrix, rtol=1e-5)
    halves = [
        fit(data, {"a": "normal"}, **options, cov_type="nonrobust", weights=w).bse
        for w in (None, np.full(len(data.y), 4.0))
    ]
    assert_allclose(halves[0], 2 * halves[1], rtol=1e-5)
    own = fit(data, {"a": "normal"}, **options, clusters=deciders, cov_type="cluster")
    scaled = plain.covariance.matrix * 60 / 59
    assert_allclose(own.covariance.matrix, scaled, rtol=1e-9)
    wide = fit(data, {"a": "normal"}, **options, clusters=deciders // 6)
    assert wide.covariance.n_clusters == 10
    assert np.abs(wide.bse / own.bse - 1).max() > 0.01
    with pytest.warns(FewClustersWarning, match="5 clusters"):
        fit(data, {"a": "normal"}, **options, clusters=deciders // 12)


def test_simulation_error_is_that_of_fitting_again():
    data, deciders = drawn(80, 5, sizes=(3, 5), spread=(1.2, 0, 0))
    options = {"deciders": deciders}
    told = fit(data, {"a": "normal"}, **options, draws=DrawsUsed(20), other_sets=7)
    again = [
        fit(data, {"a": "normal"}, **options, draws=DrawsUsed(20, seed=k), other_sets=0)
        for k in range(8)
    ]
    spread = np.std([one.params for one in again], axis=0, ddof=1)
    assert told.simulation is not None
    assert_allclose(told.simulation.params, spread, rtol=0.25, atol=1e-4)
    twice = fit(data, {"a": "normal"}, **options, draws=DrawsUsed(40, seed=8), other_sets=0)
    assert_allclose(told.simulation.doubled, twice.params - told.params, rtol=0.25, atol=5e-3)
    assert_allclose(told.simulation.doubled_llf, twice.llf - told.llf, rtol=0.25, atol=0.05)
    fewer = told.simulation.params.max()
    more = fit(data, {"a": "normal"}, **options, draws=DrawsUsed(320), other_sets=7)
    assert more.simulation is not None
    assert more.simulation.params.max() < fewer / 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"random": {"z": "normal"}}, "there is no term 'z'"),
        ({"random": {"a": "cauchy"}}, "can't be 'cauchy'"),
        ({"random": {}}, "names no coefficient"),
        ({"random": {"a": "triangular"}, "correlated": True}, "can't be correlated"),
        ({"deciders": np.arange(10_000)[:7]}, "one value per row"),
        ({"draws": DrawsUsed(1)}, "too few"),
        ({"draws": DrawsUsed(9, "dice")}, "'dice' are unknown"),
        ({"cov_type": "cluster"}, "needs clusters"),
        ({"random": {"a": "negative lognormal"}}, "no maximum"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    data, deciders = drawn(20, 4, mean=(2.0, -0.5, 0.3))
    given = {"random": {"a": "normal"}, "deciders": deciders, "draws": DrawsUsed(20)} | change
    with pytest.raises(EstimationError, match=message):
        fit(data, **given)


def test_values_that_differ_where_they_must_not_are_named():
    data, deciders = drawn(20, 4)
    rows = np.arange(len(data.y))
    for change, message in (
        ({"deciders": rows}, "more than one value of the panel"),
        ({"weights": rows + 1.0}, "more than one value of weights"),
        ({"weights": -np.ones(len(rows))}, "must be positive"),
        ({"clusters": deciders * 0}, "1 clusters are too few"),
    ):
        with pytest.raises(EstimationError, match=message):
            fit(data, {"a": "normal"}, **({"deciders": deciders} | change))
    with pytest.raises(EstimationError, match="4 deciders can't tell"):
        fit(data, {"a": "normal"}, deciders=deciders // 5)
    sets = np.repeat(np.arange(6), 2)
    shares = choice_data(np.eye(12)[:, :1], np.tile([0.3, 0.7], 6), sets)
    with pytest.raises(EstimationError, match="not probabilities"):
        panel(shares)
