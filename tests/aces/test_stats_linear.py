"""Least squares with absorbed effects, against pyfixest, statsmodels and the definitions."""

import warnings

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from aces.stats.covariance import FewClustersWarning
from aces.stats.linear import ClusteredErrors, clustered, least_squares

TERMS = ["x", "z", "x:z"]


@pytest.fixture(scope="module")
def data():
    """Trials of three; `text` and `category` hold whole trials, `brand` and `colour` do not."""
    rng = np.random.default_rng(0)
    trials = 300
    frame = pd.DataFrame({"trial": np.repeat(np.arange(trials), 3)})
    frame["text"] = rng.integers(0, 12, trials)[frame["trial"]]
    frame["category"] = rng.integers(0, 11, trials)[frame["trial"]]
    frame["brand"], frame["colour"] = rng.integers(0, 12, (2, len(frame)))
    frame["x"], frame["z"] = rng.integers(0, 2, len(frame)), rng.normal(size=len(frame))
    slopes = rng.normal(0.2, 0.2, 12)[frame["text"]] + rng.normal(0, 0.2, 11)[frame["category"]]
    slopes += rng.normal(0, 0.2, 12)[frame["brand"]] + rng.normal(0, 0.2, 12)[frame["colour"]]
    frame["y"] = (frame["x"] + frame["z"]) * slopes + 0.2 * rng.normal(size=len(frame))
    return frame


def fitted(data):
    X = np.column_stack([data["x"], data["z"], data["x"] * data["z"]]).astype(float)
    return least_squares(X, data["y"].to_numpy(), TERMS, data["trial"].to_numpy())


@pytest.mark.parametrize(
    "by", [("trial",), ("text",), ("text", "category"), ("brand", "colour"), ("text", "brand")]
)
def test_coefficients_and_errors_are_those_of_pyfixest(data, by):
    import pyfixest

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ssc = pyfixest.ssc(k_adj=True, k_fixef="nonnested", G_adj=True, G_df="min")
        other = pyfixest.feols("y ~ x*z | trial", data, vcov={"CRV1": "+".join(by)}, ssc=ssc)
    fit = fitted(data)
    errors = clustered(fit, *(data[name].to_numpy() for name in by))
    assert not errors.repaired
    assert fit.params == pytest.approx(other.coef().to_numpy(), abs=1e-12)
    assert errors.bse_two_way == pytest.approx(other.se().to_numpy(), rel=1e-8)
    assert errors.n_clusters == tuple(data[name].nunique() for name in by)


def test_coefficients_are_those_of_a_column_for_every_trial(data):
    import statsmodels.api as sm

    dummies = pd.get_dummies(data["trial"], dtype=float).to_numpy()
    X = np.column_stack([data["x"], data["z"], data["x"] * data["z"], dummies])
    other = sm.OLS(data["y"].to_numpy(), X).fit()
    assert fitted(data).params == pytest.approx(other.params[:3], abs=1e-10)


def test_the_error_is_the_largest_of_three_and_never_a_hole(data):
    fit = fitted(data)
    two = clustered(fit, data["text"].to_numpy(), data["category"].to_numpy())
    alone = [clustered(fit, data[name].to_numpy()).bse_two_way for name in ("text", "category")]
    smallest = min(two.n_clusters)
    factors = [n / (n - 1) / (smallest / (smallest - 1)) for n in two.n_clusters]
    alone = [one / np.sqrt(factor) for one, factor in zip(alone, factors, strict=True)]
    assert two.bse == pytest.approx(np.max([two.bse_two_way, *alone], axis=0))
    hole = ClusteredErrors((np.zeros((1, 1)), np.eye(1)), (5, 6))
    assert (hole.bse_two_way, hole.bse) == (0.0, 1.0)


def test_a_covariance_that_is_not_positive_definite_is_repaired_and_said():
    """Outcomes alternate within every cell, so that the cells' own sums exceed the rows'."""
    text, category = np.repeat([0, 1, 2], 6), np.tile(np.repeat([0, 1, 2], 2), 3)
    sign = np.where((text + category) % 2 == 0, 1.0, -1.0)
    x = np.tile([0.0, 1.0], 9)
    trial = np.repeat(np.arange(9), 2)
    fit = least_squares(x[:, None], x * sign, ["x"], trial)
    with pytest.warns(FewClustersWarning):
        errors = clustered(fit, text, category)
    assert errors.repaired
    assert errors.bse_two_way[0] == 0
    assert errors.bse[0] > 0


def test_terms_that_say_nothing_new_are_dropped_by_name(data):
    x, z = data["x"].to_numpy(float), data["z"].to_numpy(float)
    same = data["text"].to_numpy(float)
    X = np.column_stack([x, same, z, 2 * x - z])
    fit = least_squares(X, data["y"].to_numpy(), ["x", "text", "z", "both"], data["trial"])
    assert (fit.names, fit.dropped) == (("x", "z"), ("text", "both"))
    with pytest.raises(EstimationError, match="text do not vary within any trial"):
        least_squares(same[:, None], data["y"].to_numpy(), ["text"], data["trial"])


def test_a_term_of_another_size_is_kept(data):
    X = np.column_stack([data["x"], 1e-9 * data["z"], 1e9 + 1e3 * data["z"] ** 2])
    fit = least_squares(X, data["y"].to_numpy(), ["x", "small", "large"], data["trial"].to_numpy())
    assert fit.names == ("x", "small", "large")


def test_differences_between_disjoint_rows_add_up(data):
    first, second = data[data["trial"] < 150], data[data["trial"] >= 150]
    fits = [fitted(part.assign(trial=part["trial"] % 150)) for part in (first, second)]
    apart = fits[0].minus(fits[1])
    both = clustered(apart, pd.concat([first, second])["trial"].to_numpy())
    variance = [
        clustered(fit, part["trial"].to_numpy()).bse ** 2
        for fit, part in zip(fits, (first, second), strict=True)
    ]
    # no trial is in both, so variances add up but for the small-sample factors
    assert both.bse**2 == pytest.approx(variance[0] + variance[1], rel=0.02)
    assert apart.params == pytest.approx(fits[0].params - fits[1].params)


def test_two_clusters_are_refused(data):
    part = data.iloc[:60]
    with pytest.raises(EstimationError, match="2 clusters are too few"):
        clustered(fitted(part), part["trial"].to_numpy() % 2)


def test_missing_values_are_named(data):
    X = np.column_stack([data["x"], data["z"].where(data["trial"] != 3)]).astype(float)
    with pytest.raises(EstimationError, match="values are missing in z"):
        least_squares(X, data["y"].to_numpy(), ["x", "z"], data["trial"].to_numpy())
