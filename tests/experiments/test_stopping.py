"""Runs end by rule, at a point that neither workers nor interruptions move."""

import numpy as np
import pytest

from aces.cli.runs import status
from aces.errors import SpecError
from aces.stopping import looks
from aces.store import Finished, RunStore
from aces.types import Choice, Status
from analysis.analyze import analyze
from experiments.executors.inline import InlineExecutor
from experiments.stopping import Watch, check_rules

PLANTED = "  - {use: utility, name: planted, coefficients: {row_1: 0.9, log_price: -1.8}}\n"
BLIND = "  - {use: random, name: blind}\n"
MANY = ("worlds_per_task: 3", "worlds_per_task: 300")
WATCH = "velora-pulse-3"


def rules(*lines):
    text = "".join(f"  - {{{line}}}\n" for line in lines)
    return "interface: json", f"interface: json\nstop:\n{text}"


def stopped_of(result):
    return {one.buyer: one for one in result.stopped}


TEST = rules("use: always_valid, term: row_1, smallest_effect: 0.05")


@pytest.fixture(scope="module")
def one_look():
    return list(looks(1000, 10))


def test_looks_are_fixed_in_advance(one_look):
    assert one_look[:3] == [10, 20, 30]
    assert one_look == list(looks(1000, 10))
    assert one_look[:40] == list(looks(5000, 10))[:40]
    assert 12 < one_look[-1] - one_look[-2] < 20


def test_a_test_stops_the_buyer_with_an_effect_and_no_other(go, buyers, folder):
    result = go(buyers(PLANTED + BLIND), TEST, MANY)
    found = stopped_of(result)
    assert list(found) == ["planted"]
    stop = found["planted"]
    assert 50 <= stop.worlds < 400
    assert stop.findings[0].low > 0
    assert not result.budget_reached
    with RunStore.open(folder / "run") as store:
        analysis = analyze(store)
        done = store.progress().by_status["chosen"]
    counts = analysis.table.drop_duplicates("trial_id")["buyer"].value_counts()
    assert counts["blind"] == 600
    assert counts["planted"] == stop.trials < done - 600  # a few more were under way
    assert "planted · json stopped by rule" in analysis.notes[0]
    fit = next(f for f in analysis.main_fits() if f.arm.startswith("planted"))
    assert fit.result.params["row_1"] == pytest.approx(stop.findings[0].estimate, abs=1e-6)


class Shuffled(InlineExecutor):
    """Finishes trials in another order, and gives up after some."""

    def __init__(self, seed, most=10**9):
        super().__init__()
        self.seed, self.most = seed, most

    def run(self, setting, jobs, enough=lambda: False):
        order = np.random.default_rng(self.seed).permutation(len(jobs))
        # neighbours change places, as they do among workers
        nearby = sorted(range(len(jobs)), key=lambda i: i + order[i] % 150)
        done = 0
        for finished in super().run(setting, [jobs[i] for i in nearby], enough):
            yield finished
            done += len(finished)
            if done >= self.most:
                raise KeyboardInterrupt


def test_neither_order_nor_interruption_moves_the_stopping_point(go, buyers, folder, capsys):
    spec = buyers(PLANTED), TEST, MANY
    straight = go(*spec, out="straight").stopped
    status(folder / "straight")
    shown = capsys.readouterr().out
    assert "stopped by rule after" in shown
    assert "next: aces analyze" in shown
    shuffled = go(*spec, out="shuffled", executor=Shuffled(1)).stopped
    with pytest.raises(KeyboardInterrupt):
        go(*spec, out="broken", executor=Shuffled(2, most=130))
    again = go(*spec, out="broken", executor=Shuffled(3))
    assert straight == shuffled == again.stopped
    done = again.progress.done
    assert go(*spec, out="broken").progress.done == done  # nothing is added to it


def test_fixed_precision_of_a_share_and_of_a_term(go, buyers):
    share = rules(f"use: precision, product: {WATCH}, half_width: 0.06")
    found = stopped_of(go(buyers(BLIND), share, MANY))["blind"].findings[0]
    assert (found.high - found.low) / 2 <= 0.06
    assert found.estimate == pytest.approx(1 / 6, abs=0.08)
    term = rules("use: precision, term: row_1, half_width: 0.3")
    stop = stopped_of(go(buyers(BLIND), term, MANY, out="term"))["blind"]
    assert 140 <= stop.worlds <= 300


def test_a_product_sells_more_at_a_lower_price(go, buyers):
    arms = "[{name: full}, {name: half, changes: {price_cents: 4000}}]"
    treatment = f"{{use: listing, name: half, products: [{WATCH}], arms: {arms}}}"
    spec = ("{use: price, sigma: 0.3}", treatment), buyers(PLANTED), MANY
    test = rules(f"use: always_valid, product: {WATCH}, level: half")
    stop = stopped_of(go(*spec, test))["planted"]
    assert stop.worlds < 400
    assert stop.findings[0].low > 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("use: always_valid, term: rating", "no term 'rating' in the default analysis"),
        ("use: precision, product: nothing, half_width: 0.1", "no shelf shows product 'nothing'"),
        ("use: precision, term: row_1", "needs `half_width:`"),
        ("use: precision, half_width: 0.1", "a `term:` or a `product:`"),
        ("use: always_valid, product: x", "needs the `level:`"),
        ("use: always_valid, term: row_1, after: 10", "greater than or equal to 100"),
        ("use: always_valid, trem: row_1", "did you mean 'term'"),
    ],
)
def test_rules_that_make_no_sense_are_refused(planned, line, says):
    with pytest.raises(SpecError, match=says):
        check_rules(planned(rules(line)))


def test_what_failed_is_missing_and_what_is_to_be_repeated_is_not_complete(planned, tmp_path):
    plan = planned(rules("use: precision, term: row_1, half_width: 9"))
    with RunStore.create(tmp_path / "r") as store:
        worlds = plan.draw_cells([(t.id, k) for k in range(3) for t in plan.spec.tasks])
        trials = list(plan.trials(worlds, 0, 0))
        store.add_batch(0, worlds, trials)
        failed = Choice(status=Status.FAILED, cause="server")
        store.add_finished([Finished(t.id, failed) for t in trials], 0)
        arm = (trials[0].buyer, "json")
        assert Watch.of(store, plan, arm)._complete == 6
        assert Watch.of(store, plan, arm, {trials[0].id})._complete == 0
