"""Dark patterns with dose, and wordings of a paid place: what is planted is found, and no more."""

import json
import shutil
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.errors import EstimationError
from agents.wording import Prompt, prompts
from analysis.analyze import analyze_paths
from analysis.display import points_with_limits
from analysis.estimators import ESTIMATORS
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIGS = Path(experiments.__file__).parent / "configs"


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs a shipped config with some settings and returns what `aces analyze` finds."""
    folders = []

    def study(name, *settings):
        folder = tmp_path_factory.mktemp(name)
        folders.append(folder)
        run(
            read_experiment(CONFIGS / f"{name}.yaml", settings),
            demo,
            folder / "run",
            InlineExecutor(),
        )
        return analyze_paths([folder / "run"])[0]

    yield study
    for folder in folders:
        shutil.rmtree(folder)


def of(found, estimator):
    """(buyer, term) -> row."""
    return {(row.buyer, row.term): row for row in found.estimates if row.estimator == estimator}


def test_more_pressure_sells_more_to_who_gives_in_and_to_nobody_else(study):
    found = study("dark-patterns", "worlds_per_task=300")
    slope = of(found, "target_share_slope")
    assert slope["pressed", "slope[pressure]"].ci_low > 0.04
    unmoved = slope["unmoved", "slope[pressure]"]
    assert unmoved.ci_low < 0 < unmoved.ci_high
    # equivalence: at most 5 points a dose
    assert max(-unmoved.ci_low, unmoved.ci_high) < 0.05
    share = of(found, "target_share")
    rising = [share["pressed", f"share[{dose}]"].estimate for dose in range(4)]
    assert rising == sorted(rising)
    assert rising[3] > 2 * rising[0]
    # the baseline is what any listing of eight has
    assert share["unmoved", "share[0]"].ci_low < 1 / 8 < share["unmoved", "share[0]"].ci_high
    for row in slope.values():
        shown = points_with_limits(row.estimate, row.ci_low, row.ci_high)
        assert any(row.buyer in said and shown in said for said in found.findings[0].answer)
    doses = found.findings[0].plots[0].series["pressed · json"]
    assert [point.at for point in doses] == [0, 1, 2, 3]


def test_wordings_differ_for_who_minds_the_wording_and_are_alike_for_who_does_not(study):
    found = study("disclosure", "worlds_per_task=400")
    (term,) = {term for _, term in of(found, "target_share_equal")}
    assert term == "equal[sponsored, ad, promoted, paid_placement]"
    equal = of(found, "target_share_equal")
    assert equal["wary", term].p_value < 0.01
    assert equal["even", term].p_value > 0.01
    change = of(found, "target_share_change")
    assert change["wary", "share[paid_placement]"].ci_high < -0.1
    for wording in ("sponsored", "ad", "promoted", "paid_placement"):
        assert change["even", f"share[{wording}]"].estimate < 0
    planted = [
        row
        for row in found.estimates
        if row.estimator == "conditional_logit" and row.truth is not None
    ]
    assert all(abs(row.estimate - row.truth) < 4 * row.std_error for row in planted)


def test_who_leaves_does_not_buy_the_target(study):
    leaver = {
        "use": "utility",
        "name": "leaver",
        "coefficients": {"scarcity": 1.0},
        "outside_option": 1.5,
    }
    found = study("dark-patterns", f"buyers={json.dumps([leaver])}", "worlds_per_task=100")
    share = of(found, "target_share")
    table = found.table
    left = (table.drop_duplicates("trial_id")["status"] == "abstained").sum()
    assert left > 30
    assert sum(row.n_trials for row in share.values()) == 300
    target = table[(table["pressure_target"] == 1) & (table["pressure"] == 0)]
    assert share["leaver", "share[0]"].estimate == pytest.approx(target["chosen"].mean())


def test_faults_are_told_in_words(study):
    table = study("disclosure", "worlds_per_task=5").table
    estimator = ESTIMATORS.build("target_share", {"target": "placement_target", "by": ["ad"]})
    with pytest.raises(EstimationError, match="no column 'placement_target'"):
        estimator.across(table.drop(columns="placement_target"))
    with pytest.raises(EstimationError, match="no trial with an outcome"):
        estimator.across(table.assign(status="failed"))
    for given in ({}, {"by": ["ad"], "along": "ad"}):
        with pytest.raises(ValueError, match="give either `by"):
            ESTIMATORS.build("target_share", {"target": "t", **given})


def test_the_instruction_to_ignore_paid_places_adds_one_paragraph():
    plain, told = (Prompt.parse(prompts(n, None).texts[n], n) for n in ("shopper", "ignore-paid"))
    assert plain.system == told.system
    kept = told.instruction.split("\n\n")
    (added,) = [part for part in kept if part not in plain.instruction.split("\n\n")]
    assert added.startswith("Some sellers pay for the place")
    kept.remove(added)
    assert "\n\n".join(kept) == plain.instruction
