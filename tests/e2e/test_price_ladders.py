"""Price ladders and the position screen: what is planted is found, and the locked are withheld."""

import json
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

import experiments
from aces import cli
from aces.cli.console import read_experiment
from aces.errors import SpecError
from aces.types import AddToCart, Stop
from analysis.analyze import analyze_paths
from analysis.frame import load_choices
from analysis.ladders import size_agreement
from analysis.report import write_report
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.registration import make_lock, registered
from experiments.run import run

FEW = [
    {"id": "usb_cable", "category": "usb_cable", "copies_of": "voltaro-braid-100"},
    {"id": "office_lamp", "category": "office_lamp", "copies_of": "lumenby-flex-led"},
    {"id": "washing_machine", "category": "washing_machine", "copies_of": "wavelle-steamline-45"},
]
CONFIGS = Path(experiments.__file__).parent / "configs"


class Choosy:
    """Notices a price that is 4 % above the lowest; a buyer of a user's own."""

    def start(self, task, stream):
        self.stream = stream
        return self

    def truth(self):
        return None

    async def act(self, observation):
        shelf = observation.listings
        least = min(item.price_cents for item in shelf)
        worth = [
            -3.0 * (item.price_cents > 1.04 * least) + self.stream.child(item.product_id).gumbel()
            for item in shelf
        ]
        return AddToCart(product_id=shelf[worth.index(max(worth))].product_id)


class Leaving(Choosy):
    """Never buys."""

    async def act(self, observation):
        return Stop(reason="no")


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs a shipped config with some settings; returns its folder and what is found."""
    folders = []

    def study(name, *settings):
        folder = tmp_path_factory.mktemp(name)
        folders.append(folder)
        spec = read_experiment(CONFIGS / f"{name}.yaml", settings)
        run(spec, demo, folder / "run", InlineExecutor())
        return folder / "run", analyze_paths([folder / "run"])[0]

    yield study
    for folder in folders:
        shutil.rmtree(folder)


def planted(**log_price):
    """The key `buyers` with planted coefficients of log price by name."""
    found = [
        {"use": "utility", "name": name.replace("_", "-"), "coefficients": {"log_price": value}}
        for name, value in log_price.items()
    ]
    return f"buyers={json.dumps(found)}"


@pytest.fixture(scope="module")
def binary(study):
    own = {"use": f"{__name__}:Choosy", "name": "choosy"}
    ours = [
        {"use": "utility", "name": "log-price", "coefficients": {"log_price": -8.0, "col_1": 0.4}},
        {"use": "random", "name": "indifferent"},
        {"use": "first", "name": "locked"},
        {"use": "cheapest", "name": "breaks-ties"},
        own,
    ]
    settings = (f"buyers={json.dumps(ours)}", f"tasks={json.dumps(FEW)}", "worlds_per_task=114")
    return study("price-ladder-binary", *settings)


def rows(found, estimator, **fixed):
    return [
        row
        for row in found.estimates
        if row.estimator == estimator and all(getattr(row, k) == v for k, v in fixed.items())
    ]


def test_the_log_price_coefficient_is_the_planted_one_and_none_where_none_is(binary):
    _, found = binary
    (row,) = rows(found, "ladder_logit", buyer="log-price")
    assert abs(row.estimate + 8) < 3.5 * row.std_error
    assert row.ci_high < -5
    (none,) = rows(found, "ladder_logit", buyer="indifferent")
    assert abs(none.estimate) < 3.5 * none.std_error
    # one who always takes the cheaper has no finite coefficient; that is said
    (all_or_nothing,) = rows(found, "ladder_logit", buyer="breaks-ties")
    assert all_or_nothing.estimate is None
    assert any("breaks-ties" in note and "predicts choices" in note for note in found.notes)


def test_forms_of_price_are_told_apart(binary):
    _, found = binary
    best = {
        buyer: min(rows(found, "price_form", buyer=buyer), key=lambda row: row.estimate).term
        for buyer in ("log-price", "choosy")
    }
    assert best == {"log-price": "log", "choosy": "noticed"}
    said = [note for note in found.notes if "price_ladder, " in note]
    assert any("indifferent" in note and "moves nothing" in note for note in said)
    assert any("choosy" in note and "noticed gap" in note for note in said)


def test_shares_stand_by_gap_and_order_with_intervals(binary):
    _, found = binary
    for row in rows(found, "ladder_share"):
        withheld = row.estimand.startswith("withheld")
        assert withheld or row.ci_low <= row.estimate <= row.ci_high
    shares = {(r.buyer, r.term): r for r in rows(found, "ladder_share")}
    rising = [shares["log-price", f"cheapest[gap={g}, any slot]"].estimate for g in (0.01, 0.5)]
    assert rising[0] < 0.7 < 0.9 < rising[1]
    said = found.findings[0].answer
    (own,) = [text for text in said if text.startswith("log-price")]
    assert all(f"{100 * share:.1f} % (95 % interval" in own for share in rising)
    assert not any(text.startswith("locked") for text in said)
    for buyer, slot_1, slot_2 in (("locked", 1, 0), ("breaks-ties", 1, 1)):
        for gap in (0.01, 0.5):
            assert shares[buyer, f"cheapest[gap={gap}, slot 1]"].estimate == slot_1
            assert shares[buyer, f"cheapest[gap={gap}, slot 2]"].estimate == slot_2
    assert shares["locked", "cheapest[gap=0.5, any slot]"].estimate is None


def test_the_locked_are_withheld_everywhere_and_nothing_is_dropped_silently(binary, tmp_path):
    folder, found = binary
    (check,) = found.failed_checks()
    assert check.name == "Position lock"
    assert check.failing == (("locked", "json"),)
    assert not [fit for fit in found.fits if fit.group["buyer"] == "locked"]
    withheld = [row for row in found.estimates if row.estimand.startswith("withheld: locked to")]
    assert {row.buyer for row in withheld} == {"locked"}
    assert {(row.analysis, row.term) for row in withheld} >= {
        ("purchases", "col_1"),
        ("purchases", "log_price"),
        ("price_ladder", "log_price"),
        ("price_ladder", "noticed"),
        ("slots", "pos_1"),
    }
    for row in withheld:
        assert {row.estimate, row.std_error, row.ci_low, row.p_value, row.p_adjusted} == {None}
    stored = pd.read_csv(folder / "estimates.csv")
    assert (stored["estimand"].str.startswith("withheld")).sum() == len(withheld)
    assert set(stored.loc[stored["buyer"] == "locked", "gate"]) == {"Position lock"}
    assert stored.loc[stored["buyer"] != "locked", "gate"].isna().all()
    shown = [row for table in found.tables()[1:] for row in table.rows if "locked" in row[0]]
    numbers = [cell for row in shown for cell in row[1:] if re.search(r"\d\.\d\d", cell)]
    assert numbers == []
    plots = [plot for each in found.findings for plot in each.plots]
    assert not [name for plot in plots for name in plot.series if "locked" in name]
    page = write_report([folder], tmp_path / "report.html").read_text()
    top = page[: page.index("What caused the choices")]
    assert "Do not trust these numbers yet" in top
    assert "its coefficients are withheld" in top
    assert "Coefficients of locked" not in page
    assert page.index("Do not trust") < page.index('class="facts"')


def test_the_console_says_first_what_fails_and_what_is_withheld(binary, monkeypatch, capsys):
    folder, _ = binary
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["aces", "analyze", str(folder), "--compare"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out = capsys.readouterr().out
    assert not ended.value.code
    assert out.startswith("gate: Position lock. locked · json took slot 1")
    assert "withheld: locked · json is locked to slot 1" in out
    # beside the first buyer, too
    assert "note: locked is locked to slot 1" in out


def test_the_screen_runs_first_tells_the_locked_and_the_run_goes_on(demo, tmp_path):
    settings = [f"tasks={json.dumps(FEW)}"]
    name = CONFIGS / "price-ladder-binary.yaml"
    spec = read_experiment(name, [*settings, "worlds_per_task=30"])
    run(spec, demo, tmp_path / "run", InlineExecutor())
    (screened,) = analyze_paths([tmp_path / "run"])
    assert set(screened.table["stage"]) == {"screen"}
    assert [check.name for check in screened.failed_checks()] == ["Position lock"]
    assert [one.arm for one in screened.withheld] == ["locked · json"]
    before = set(screened.table["trial_id"])
    run(read_experiment(name, [*settings, "worlds_per_task=40"]), demo, tmp_path / "run",
        InlineExecutor())  # fmt: skip
    (later,) = analyze_paths([tmp_path / "run"])
    assert before < set(later.table["trial_id"])
    order = later.table.drop_duplicates("trial_id")
    assert order["stage"].tolist() == ["screen"] * 270 + ["ladder"] * 90


def test_who_breaks_ties_by_place_is_not_locked(study):
    _, found = study("position-screen")
    (check,) = found.failed_checks()
    assert check.failing == (("locked", "json"),)
    ties = next(row for row in check.table.rows if row[0].startswith("breaks-ties"))
    assert ties[-1] == "100.0 %", "of listings that are all alike"
    assert float(ties[3].removesuffix(" %")) < 30


def test_shelves_of_two_and_three_rank_buyers_alike(study):
    buyers, tasks = planted(a=-2.0, b=-6.0, c=-12.0, d=-25.0), f"tasks={json.dumps(FEW[:2])}"
    folders = [
        study(f"price-ladder-{kind}", buyers, tasks, "worlds_per_task=72")[0]
        for kind in ("binary", "ternary")
    ]
    (said,) = size_agreement(load_choices(folders))
    assert "4 buyers" in said
    assert "rho 1.00" in said


def test_a_buyer_that_never_buys_is_no_error(study):
    buyers = json.dumps([{"use": f"{__name__}:Leaving", "name": "gone"}])
    _, found = study("price-ladder-binary", f"buyers={buyers}", "worlds_per_task=3")
    assert any("nothing was bought on the ladder" in note for note in found.notes)
    assert [check for check in found.checks if check.name == "Position lock"]


def test_gates_and_families_are_registered_and_may_change_when_a_run_goes_on(demo, tmp_path):
    def plan(*settings):
        name = CONFIGS / "price-ladder-binary.yaml"
        return make_plan(read_experiment(name, ["worlds_per_task=2", *settings]), demo)

    lock = make_lock(plan())
    altered = plan("gates={position_lock: 0.8}", "multiplicity={adjust: benjamini_hochberg}")
    assert [str(each) for each in lock.alterations(registered(altered))] == [
        "gates.position_lock: 0.9 there, 0.8 now",
        'multiplicity.adjust: "holm" there, "benjamini_hochberg" now',
    ]
    for each in (plan(), altered):
        run(each.spec, demo, tmp_path / "run", InlineExecutor())
    (found,) = analyze_paths([tmp_path / "run"])
    assert found.study.spec.gates.position_lock == 0.8


WATCH = {"id": "w", "category": "fitness_watch", "copies_of": "velora-pulse-3"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tasks": [{"id": "w", "category": "fitness_watch"}]}, "give task 'w' `copies_of:`"),
        ({"treatments": [{"use": "price_ladder"}, {"use": "position"}]}, "sets position, which"),
        ({"design": {"use": "factorial"}}, "balances slots and prices by itself"),
        (
            {"treatments": [{"use": "price_ladder", "references": [0.005]}]},
            "0.01, 0.02, 0.05, 0.2 would change nothing that is shown",
        ),
    ],
)
def test_ladders_that_can_not_be_are_refused_with_their_line(demo, settings, says):
    given = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    with pytest.raises(SpecError, match=rf"price-ladder-binary.yaml.*{says}"):
        make_plan(read_experiment(CONFIGS / "price-ladder-binary.yaml", given), demo)
