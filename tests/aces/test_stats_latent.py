"""The latent class logit on arrays: against differences, mixtures written out, planted truth."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import logsumexp

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import choice_data
from aces.stats.latent import fit as latent
from aces.stats.latent.turns import better_membership, better_tastes
from aces.stats.mixed.panel import panel

BETA = np.array([[-2.0, 0.2, 0.5], [-0.3, 1.5, 0.5]])
GAMMA = (-0.8, 1.4)
NAMES = ("price", "rating", "row")


def drawn(n=120, per=6, seed=0, J=4, beta=BETA, gamma=GAMMA, outside=False, thirds=False):
    """Choice data, deciders and their trait, in shuffled rows; and arrays as they were drawn."""
    rng = np.random.default_rng(seed)
    trait = rng.integers(0, 2, n)
    second = 1.0 * (rng.random(n) < 1 / (1 + np.exp(-(gamma[0] + gamma[1] * trait))))
    if thirds:
        second[::4] = 2
    who = np.repeat(np.arange(n), per)
    X = rng.normal(size=(n * per, J, 3))
    worth = np.einsum("sjk,sk->sj", X, beta[second[who].astype(int)])
    worth += rng.gumbel(size=worth.shape)
    least = rng.gumbel(size=(n * per, 1)) if outside else -np.inf
    y = (worth == worth.max(axis=1, keepdims=True)) & (worth > least)
    mixed = rng.permutation(n * per * J)
    sets, decider = np.repeat(np.arange(n * per), J)[mixed], np.repeat(who, J)[mixed]
    data = choice_data(
        X.reshape(-1, 3)[mixed], y.ravel()[mixed].astype(int), sets, names=NAMES, outside=outside
    )
    return data, decider, trait[decider].astype(float)[:, None], (X, y, who, trait)


@pytest.mark.parametrize("outside", [False, True])
def test_scores_are_numerical_differences(outside):
    data, who, trait, _ = drawn(30, 3, outside=outside)
    found = latent.fit(
        data, 2, deciders=who, membership=trait, membership_names=["trait"], common=["row"],
        weights=1 + who % 2, starts=2,
    )  # fmt: skip
    likelihood = found.deciders.likelihood
    at = found.params * 0.8 + 0.1
    slope = [
        (likelihood(at + m).llf - likelihood(at - m).llf) / 2e-6 for m in 1e-6 * np.eye(len(at))
    ]
    assert_allclose(likelihood(at).scores.sum(axis=0), slope, atol=1e-5)
    assert found.layout.names == (
        *("row", "class1.price", "class1.rating", "class2.price", "class2.rating"),
        *("is_class2.1", "is_class2.trait"),
    )


def test_it_is_the_maximum_of_the_mixture_written_out():
    """The oracle: a mixture of products of logits, climbed by scipy without our gradient."""
    data, who, trait, (X, y, own, z) = drawn(80, 5)

    def lost(params):
        by_class = []
        for beta in params[:6].reshape(2, 3):
            worth = X @ beta
            chosen = (worth * y).sum(axis=1) - logsumexp(worth, axis=1)
            by_class.append(np.bincount(own, chosen))
        odds = params[6] + params[7] * z
        prior = np.array([-np.logaddexp(0, odds), -np.logaddexp(0, -odds)])
        return -logsumexp(np.array(by_class) + prior, axis=0).sum()

    found = latent.fit(data, 2, deciders=who, membership=trait, membership_names=["z"], starts=4)
    best = minimize(lost, found.params + 0.05, method="BFGS", options={"gtol": 1e-6})
    assert_allclose(found.llf, -best.fun, atol=1e-6)
    assert_allclose(found.params, best.x, atol=2e-3)
    moves = 1e-3 * np.eye(8)
    curve = [
        [lost(found.params + a + b) - lost(found.params + a - b)
         - lost(found.params - a + b) + lost(found.params - a - b) for b in moves]
        for a in moves
    ]  # fmt: skip
    errors = np.sqrt(np.linalg.inv(np.array(curve) / 4e-6).diagonal())
    assert_allclose(np.sqrt(found.covariance.matrix.diagonal()), errors, rtol=1e-3)


def test_one_class_is_the_conditional_logit():
    data, who, _, _ = drawn(60, 4)
    plain = estimate(data)
    single = latent.one_class(data, panel(data, who))
    assert_allclose(single.at.params, plain.params, atol=1e-5)
    assert_allclose(single.at.llf, plain.llf, rtol=1e-10)
    assert_allclose(-single.at.hessian, plain.information, rtol=1e-4)


def test_expectation_and_maximisation_never_falls():
    data, who, trait, _ = drawn(80, 6)
    made = latent.fit(data, 2, deciders=who, membership=trait, starts=1).deciders
    rng = np.random.default_rng(1)
    chance = rng.dirichlet([0.5, 0.5], 80)
    beta, gamma, heights = np.tile(estimate(data).params, (2, 1)), np.zeros((2, 2)), []
    for _ in range(40):
        beta, _ = better_tastes(made, chance, beta, made.log_choices(beta))
        gamma = better_membership(made, chance, gamma)
        chance, each = made.posterior(made.layout.join(beta, gamma))
        heights.append(each.sum())
    assert (np.diff(heights[1:]) > -1e-9).all()
    assert heights[-1] > heights[1] + 1


def test_classes_are_ordered_whatever_the_start():
    data, who, _, _ = drawn(100, 6, gamma=(-1.2, 0.0))
    fits = [latent.fit(data, 2, deciders=who, seed=seed, starts=2) for seed in range(4)]
    for found in fits:
        assert_allclose(found.params, fits[0].params, atol=1e-4)
        shares, _ = found.shares()
        assert shares[0] > 0.6
    by_price = latent.fit(data, 2, deciders=who, order="rating", starts=2)
    assert by_price.params[1] < by_price.params[4]
    by_price = latent.fit(data, 2, deciders=who, order="price", starts=2)
    assert by_price.params[0] < by_price.params[3]


def test_planted_types_are_found_and_held_by_intervals():
    truth = np.array([*BETA[0], *BETA[1], *GAMMA])
    hits, right = [], []
    for seed in range(15):
        data, who, trait, _ = drawn(150, 6, seed)
        found = latent.fit(
            data, 2, deciders=who, membership=trait, membership_names=["t"], order="price", starts=3
        )
        errors = np.sqrt(found.covariance.matrix.diagonal())
        hits.append(np.abs(found.params - truth) < 1.96 * errors)
        right.append(found.posterior().max(axis=1).mean())
    assert 0.90 < np.mean(hits) < 0.99
    assert np.mean(right) > 0.95  # six choices tell these types apart


def test_posteriors_are_calibrated():
    """Of deciders said to be of class 1 with chance .7, 7 in 10 are."""
    chance, truth = [], []
    for seed in range(4):
        data, who, _, _ = drawn(400, 3, seed, gamma=(0.0, 0.0))
        rng = np.random.default_rng(seed)  # the same draws again, for who is of which type
        rng.integers(0, 2, 400)
        second = rng.random(400) < 0.5
        found = latent.fit(data, 2, deciders=who, order="price", starts=2)
        chance.append(found.posterior()[:, 1])
        truth.append(second)
    chance, truth = np.concatenate(chance), np.concatenate(truth)
    for low in (0.0, 0.25, 0.5, 0.75):
        kept = (chance >= low) & (chance < low + 0.25)
        assert abs(truth[kept].mean() - chance[kept].mean()) < 0.09


def test_shares_and_their_slopes():
    data, who, trait, _ = drawn(200, 8, beta=np.vstack([BETA, [[1.0, -1.0, 0.5]]]), thirds=True)
    found = latent.fit(data, 3, deciders=who, membership=trait, starts=3)
    shares, slopes = found.shares()
    assert_allclose(shares.sum(), 1)
    assert_allclose(slopes.sum(axis=0), 0, atol=1e-12)

    def share(params):
        _, gamma = found.layout.split(params)
        return np.exp(found.deciders.log_membership(gamma)).mean(axis=0)

    moves = 1e-6 * np.eye(len(found.params))
    numeric = [(share(found.params + m) - share(found.params - m)) / 2e-6 for m in moves]
    assert_allclose(slopes, np.array(numeric).T, atol=1e-8)


def test_clusters_of_copies():
    data, who, _, (X, y, own, _) = drawn(80, 4)
    rows = np.tile(X.reshape(-1, 3), (3, 1)), np.tile(y.ravel().astype(int), 3)
    sets = np.repeat(np.arange(3), y.size) * 10_000 + np.tile(np.repeat(np.arange(320), 4), 3)
    deciders = np.repeat(np.arange(3), y.size) * 1000 + np.tile(np.repeat(own, 4), 3)
    copies = choice_data(*rows, sets)
    plain = latent.fit(data, 2, deciders=who, cov_type="robust", starts=2)
    found = latent.fit(
        copies, 2, deciders=deciders, clusters=deciders % 1000, starts=2, cov_type="cluster"
    )
    assert found.covariance.n_clusters == 80
    assert_allclose(found.covariance.matrix, plain.covariance.matrix * 80 / 79, rtol=5e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": 1}, "one class is a conditional logit"),
        ({"common": ["pricy"]}, "'pricy', which is no term"),
        ({"common": NAMES}, "classes would not differ"),
        ({"common": ["row"], "order": "row"}, "ordered by 'row'"),
        ({"starts": 0}, "at least one start"),
        ({"classes": 30}, "can't tell of 30 classes"),
        ({"cov_type": "cluster"}, "needs clusters"),
    ],
)
def test_what_can_not_be_is_refused(changes, message):
    data, who, _, _ = drawn(20, 6)
    with pytest.raises(EstimationError, match=message):
        latent.fit(data, **{"classes": 2, "deciders": who, "starts": 2} | changes)


def test_a_sandwich_needs_more_deciders_than_parameters():
    data, who, _, _ = drawn(6, 20)
    with pytest.raises(EstimationError, match="6 units can't tell the errors of 7 parameters"):
        latent.fit(data, 2, deciders=who, cov_type="robust", starts=2)


def test_a_trait_that_settles_the_class_is_named():
    data, who, trait, _ = drawn(100, 12, gamma=(-30.0, 60.0))
    with pytest.raises(EstimationError, match=r"deciders with trait = .* are all in one class"):
        latent.fit(data, 2, deciders=who, membership=trait, membership_names=["trait"], starts=2)
    with pytest.raises(EstimationError, match="same for all deciders"):
        latent.fit(data, 2, deciders=who, membership=np.ones_like(trait))
    with pytest.raises(EstimationError, match="more than one value of what membership"):
        latent.fit(data, 2, deciders=who, membership=_set_of(data) % 2)


def _set_of(data):
    """(rows, 1) number of each row's set."""
    sets = np.empty(len(data.y), dtype=int)
    sets[data.order] = np.repeat(np.arange(data.n_sets), data.sizes)
    return sets[:, None]
