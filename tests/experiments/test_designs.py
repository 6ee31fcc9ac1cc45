"""Designs in blocks, from the experiment file to the checks of the analysis."""

import numpy as np
import pytest

from aces.errors import SpecError
from aces.store import RunStore
from analysis.checks import run_checks
from analysis.frame import choices
from analysis.redraw import Redraw
from analysis.study import Study

POSITION = "  - {use: position}\n"


def checks_of(folder):
    with RunStore.open(folder) as store:
        study = Study.of(store)
        table = choices(store)
        found = {check.name: check for check in run_checks(table, study)}
        redraw = Redraw.of(study)
        differing = sum(redraw.differing(t.id, range(1000)) for t in study.spec.tasks)
        return table, redraw, found, differing


@pytest.mark.parametrize("order", ["latin", "williams"])
def test_balanced_orders_run_grow_and_are_drawn_again(go, folder, order):
    square = (POSITION, f"  - {{use: position, order: {order}}}\n")
    go(square, settings=["worlds_per_task=4"])
    before = checks_of(folder / "run")[0]
    go(square, settings=["worlds_per_task=12"])
    table, redraw, found, differing = checks_of(folder / "run")
    assert redraw.block == 6
    assert differing == 0
    assert found["Balance"].passed
    ks = np.array([0, 1, 7, 8, 11])
    places = redraw.like(ks, 300, np.random.default_rng(1))
    assert (places % 6).tolist() == (ks % 6).tolist()
    assert (places // 6)[[0, 2]].tolist() == (places // 6)[[1, 4]].tolist()
    earlier = table[table["trial_id"].isin(before["trial_id"])]
    assert earlier["position"].tolist() == before["position"].tolist()
    once = table.drop_duplicates(["world_id", "product_id"])
    counts = once.groupby(["task_id", "product_id", "position"]).size()
    assert len(counts) == 2 * 6 * 6
    assert set(counts) == {2}


def test_products_that_change_cannot_be_balanced(planned):
    with pytest.raises(SpecError, match="sample: false"):
        planned((POSITION, "  - {use: position, order: latin}\n"), **{"shelf.sample": "true"})
