"""Decisions from mixed, nested and latent class logits: closed forms, limits, and planted truth."""

from dataclasses import replace

import numpy as np
import pytest

from aces.cli.console import registries
from aces.errors import EstimationError
from aces.spec import load_analyses
from aces.stats.mixed.fit import MixedFit
from analysis.analyze import analyze_table
from analysis.decisions.counterfactual import shift
from analysis.decisions.demand import ModelConfig, fit_demand
from analysis.decisions.elasticities import elasticities
from analysis.decisions.found import Whose
from analysis.decisions.price_changes import MEAN, MEDIAN, price_changes
from analysis.decisions.scenario import apply, parse
from analysis.decisions.welfare import surplus
from benchmarks.decision_models import CHEAPER, GONE, STUDIES, TERMS, demand, planted, table

WHOSE = Whose({}, "planted")
MODELS = list(STUDIES)


@pytest.fixture(scope="module")
def rows():
    return {name: table(study, 1) for name, study in STUDIES.items()}


@pytest.fixture(scope="module")
def models(rows):
    return {name: few(demand(study, rows[name], 60)) for name, study in STUDIES.items()}


@pytest.fixture(scope="module")
def plain(rows):
    return few(fit_demand(rows["mixed"], ModelConfig(terms=TERMS, effects=None)))


def few(demand):
    """The model, to be asked about some of the run's shelves."""
    return replace(demand, shelves=demand.shelves.every(90))


def with_params(demand, **changes):
    """The model with some parameters changed."""
    fit = demand.fit
    names = list(fit.layout.names if hasattr(fit, "layout") else getattr(fit, "model", fit).names)
    params = fit.params.copy()
    for name, value in changes.items():
        params[names.index(name)] = value
    found = replace(fit.found, at=replace(fit.found.at, params=params))
    return replace(demand, model=replace(demand.model, fit=replace(fit, found=found)))


def as_plain(name, models, plain):
    """Each model with the parameters at which it is the conditional logit `plain`."""
    b = dict(zip(TERMS, plain.params, strict=True))
    if name == "nested":
        ones = {"dissimilarity[near]": 1.0, "dissimilarity[like]": 1.0}
        return with_params(models[name], **b, **ones)
    if name == "latent":
        own = {f"class{c}.{t}": b[t] for c in (1, 2) for t in TERMS[:2]}
        return with_params(models[name], overall_pick=b["overall_pick"], **own)
    b["log_price"] = np.log(-b["log_price"])  # it is negative lognormal
    return with_params(models[name], **b, **{"sd.log_price": 0.0, "sd.rating": 0.0})


@pytest.mark.parametrize("name", MODELS)
def test_where_tastes_agree_and_nests_do_not_matter_it_is_the_conditional_logit(
    name, models, plain
):
    same = replace(as_plain(name, models, plain), shelves=plain.shelves)
    if same.model.nests:
        nests = same.model.nests(plain.shelves.frame)
        same = replace(same, shelves=replace(plain.shelves, nests=nests))
    ours, theirs = (elasticities(d).values.value for d in (same, plain))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    for question in (CHEAPER, GONE):
        ours, theirs = (shift(WHOSE, d, parse(question)).change.value for d in (same, plain))
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert surplus(same, parse(GONE)).value == pytest.approx(surplus(plain, parse(GONE)).value)
    mean = {(w.term, w.kind): w.value for w in price_changes(same) if w.whose in ("all", MEAN)}
    for one in price_changes(plain):
        assert mean[one.term, one.kind] == pytest.approx(one.value)


@pytest.mark.parametrize("name", MODELS)
def test_elasticities_are_those_of_sales_had_prices_been_a_little_higher(name, models):
    model = models[name]
    found = elasticities(model)
    product = found.products[1]
    met = apply(model, parse(f"{product}: price=+0.01%"))
    codes = met.after.frame["product_id"].map(found.products.index).to_numpy()
    before, after = (
        np.bincount(codes, model.shares(model.params, s)) for s in (met.before, met.after)
    )
    np.testing.assert_allclose(
        found.matrix()[:, 1], np.log(after / before) / np.log(1.0001), rtol=1e-3, atol=1e-6
    )  # fmt: skip


def test_near_substitutes_take_more_of_each_others_sales(models):
    """In the nest with dissimilarity .4; a conditional logit has them all alike."""
    matrix = elasticities(models["nested"]).matrix()
    near, other = matrix[1, 0], matrix[6, 0]
    assert near > 1.5 * other > 0


@pytest.mark.parametrize("name", MODELS)
def test_intervals_hold_what_was_planted(name, rows, models):
    """Of 64 elasticities of one experiment, most; `benchmarks.decision_models` counts many."""
    true = planted(STUDIES[name], models[name])
    ours, theirs = elasticities(models[name]).values, elasticities(true).values.value
    assert np.mean((ours.low <= theirs) & (theirs <= ours.high)) > 0.7
    assert np.max(np.abs(ours.value - theirs) / ours.error) < 4


@pytest.mark.parametrize("name", MODELS)
def test_delta_and_draws_agree(name, models):
    delta, drawn = (shift(WHOSE, models[name], parse(CHEAPER), draws=n).change for n in (0, 300))
    np.testing.assert_allclose(delta.error, drawn.error, rtol=0.25)


def test_means_of_lognormal_prices_are_exact_and_medians_are_of_the_ratio(models):
    model = with_params(
        models["mixed"],
        log_price=0.5, rating=0.9, overall_pick=1.0, **{"sd.log_price": 0.6, "sd.rating": 0.0},
    )  # fmt: skip
    assert isinstance(model.fit, MixedFit)
    found = {(w.whose, w.term, w.kind): w for w in price_changes(model, draws=400)}
    mean = found[MEAN, "rating", "equivalent"]
    assert mean.value == pytest.approx(np.expm1(-0.9 / np.exp(0.5 + 0.6**2 / 2)))
    assert mean.low < mean.value < mean.high < 0
    median = found[MEDIAN, "rating", "equivalent"]
    assert median.value == pytest.approx(np.expm1(-0.9 / np.exp(0.5)), abs=0.01)
    back = found[MEDIAN, "rating", "compensating"]
    assert (1 + back.value) * (1 + median.value) == pytest.approx(1)
    assert back.low < back.value < back.high


def test_shoppers_who_like_to_pay_are_told_and_have_no_surplus(rows):
    asked = ModelConfig(
        terms=TERMS,
        effects=None,
        cluster=None,
        model={"use": "mixed_logit", "draws": 60, "random": {"log_price": "normal"}},
    )
    model = with_params(
        fit_demand(rows["mixed"], asked), **{"log_price": -0.5, "sd.log_price": 1.0}
    )
    with pytest.raises(EstimationError, match="not below 0"):
        surplus(model, parse(GONE))


YAML = """
analysis:
  - use: price_changes
    terms: [log_price, rating, overall_pick]
    effects: null
    cluster: null
    model: {use: latent_class, panel: persona, starts: 2, common: overall_pick}
  - use: elasticities
    terms: [log_price, rating, overall_pick]
    model: {use: nested_logit, nests: {near: [t0-0, t0-1, t0-2]}}
"""


def test_experiments_may_ask_for_any_model(rows, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(YAML)
    done = analyze_table(rows["latent"], analyses=load_analyses(file, registries()))
    worth, priced = done.findings
    of = {row[2] for row in worth.table.rows}
    assert of == {MEAN, "class 1", "class 2"}
    assert "latent class logit of 2 classes" in worth.table.note
    assert all(row.ci_low is not None for row in worth.estimates())
    assert "nested logit (near by nests of products)" in priced.table.note
    assert len(priced.estimates()) == 64
    assert "nested logit" in priced.estimates()[0].estimand
    assert worth.estimates()[0].n_clusters is None


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"use": "mixed_logit", "random": {"brand": "normal"}}, "random names 'brand'"),
        ({"use": "nested_logit", "nests": {"a": ["t0-77"]}}, "no row has the product 't0-77'"),
        ({"use": "latent_class", "panel": "shopper"}, "no column 'shopper'"),
    ],
)
def test_what_a_model_lacks_is_named(rows, model, said):
    with pytest.raises(EstimationError, match=said):
        fit_demand(rows["mixed"], ModelConfig(terms=TERMS, effects=None, cluster=None, model=model))
