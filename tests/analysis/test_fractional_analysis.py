"""An experiment file's analysis of stored choice probabilities."""

import json

import numpy as np
import pytest

from aces.spec import Plugin
from aces.store import RunStore
from analysis.analyze import analyze
from analysis.frame import load_choices
from analysis.planted import planted_utility

TRUTH = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2}
BY_PROBABILITY = Plugin(
    use="conditional_logit",
    name="probabilities",
    parameters={"outcome": "probability", "terms": [], "effects": None},
)


@pytest.fixture
def run_with_probabilities(planted_run):
    """A planted run in which the planted probabilities were read, too."""
    folder = planted_run(worlds=60, buyers={"planted": TRUTH}, analysis=(BY_PROBABILITY,))
    table = load_choices(folder)
    table["weight"] = np.exp(planted_utility(table, TRUTH))
    table["weight"] /= table.groupby("trial_id")["weight"].transform("sum")
    with RunStore.create(folder) as store:
        for trial_id, rows in table.groupby("trial_id"):
            text = json.dumps(dict(zip(rows["product_id"], rows["weight"], strict=True)))
            change = "UPDATE outcomes SET probability = ? WHERE trial_id = ?"
            store.db.execute(change, (text, trial_id))
    return folder


def test_stored_probabilities_give_back_what_was_planted(run_with_probabilities):
    with RunStore.open(run_with_probabilities) as store:
        found = analyze(store)
    fit = found.main_fits()[0]
    assert "choice probability given a purchase" in fit.estimand
    assert len(fit.result.terms) == len(fit.truth) >= 9  # the default terms of the design
    for term, value in fit.truth.items():
        assert fit.result.params[term] == pytest.approx(value, abs=1e-6)
