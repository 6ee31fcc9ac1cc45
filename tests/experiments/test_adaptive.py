"""Adaptive allocation: batch by batch from a buyer's own past, the same however it is run."""

import json
import os
import signal
import sqlite3
import time

import numpy as np
import pytest

from aces.errors import SpecError, TrialError
from aces.store import RunStore
from aces.types import AddToCart, Stop
from experiments.executors.inline import InlineExecutor
from experiments.history import Ledger
from experiments.power import describe

FOCAL = "velora-pulse-3"
TREATMENTS = "  - {use: position}\n  - {use: price, sigma: 0.3}\n  - {use: badges}\n"


def arms(names, products=f", products: [{FOCAL}]"):
    """A listing treatment whose later arms carry a mark that a planted buyer sees."""
    told = ", ".join(
        f"{{name: {n}, changes: {{marks: [{{kind: {n}, text: {n}}}]}}}}" for n in names
    )
    return f"  - {{use: listing, name: cue{products}, arms: [{{name: plain}}, {told}]}}\n"


def design(text="", treatments=None):
    """Replacements: an adaptive design of three arms on one task."""
    return (
        ("  - {id: stapler, category: stapler}\n", ""),
        (TREATMENTS, "  - {use: position}\n" + (treatments or arms(["good", "bad"]))),
        ("interface: json", f"interface: json\ndesign: {{use: adaptive, by: cue{text}}}"),
    )


PLANTED = "  - {use: utility, name: planted, coefficients: {good: 2.0, bad: -1.0}}\n"
AGAIN = "{use: json, name: again}"
BLIND = "  - {use: random, name: blind}\n"


def batches(folder):
    """(buyer, interface) -> [(k, batch, arm, its chance, all chances)] in plan order."""
    with RunStore.open(folder) as store:
        rows = store.db.execute(
            "SELECT DISTINCT t.buyer, t.interface, w.k, w.batch, w.levels, w.marginals, "
            "w.probability, w.world_id FROM trials t JOIN worlds w USING (world_id) "
            "ORDER BY t.plan_index"
        ).fetchall()
    found = {}
    for buyer, interface, k, batch, levels, marginals, joint, world_id in rows:
        shown, often = json.loads(levels), json.loads(marginals)
        on = [max(shown[name]) for name in ("cue_good", "cue_bad")]
        p = [min(often[name]) for name in ("cue_good", "cue_bad")]
        later = [q if one else 1 - q for one, q in zip(on, p, strict=True)]
        shares = [1 - sum(later), *later]
        arm = 1 + on.index(1) if any(on) else 0
        assert joint == pytest.approx(shares[arm] / 720)
        row = (k, batch, arm, tuple(np.round(shares, 12)), world_id)
        found.setdefault((buyer, interface), []).append(row)
    return found


def allocation(rows, last):
    """How often the last worlds of an arm had each version."""
    return np.bincount([row[2] for row in rows[-last:]], minlength=3) / last


@pytest.mark.parametrize("rule", ["thompson", "top_two", "ucb"])
def test_what_sells_is_tried_more_often_and_nothing_is_given_up(go, buyers, folder, rule):
    edits = design(f", batch: 20, floor: 0.1, rule: {rule}")
    go(*edits, buyers(PLANTED + BLIND), settings=["worlds_per_task=80"])
    found = batches(folder / "run")
    assert set(found) == {("planted", "json"), ("blind", "json")}
    for rows in found.values():
        assert [row[0] for row in rows] == list(range(80))
        shares = np.array([row[3] for row in rows])
        assert shares[:20] == pytest.approx(1 / 3)
        assert shares.min() >= 0.1 - 1e-9
        assert shares.sum(axis=1) == pytest.approx(1)
        assert len({tuple(row) for row in shares[20:40]}) == 1, "one set of chances in a batch"
    last = np.array(found["planted", "json"][-1][3])
    # top two gives its rival as much as the best, to learn which is best
    assert last[1] > (0.4 if rule == "top_two" else 0.7)
    assert allocation(found["planted", "json"], 40)[2] < 0.35
    worlds = [{row[4] for row in rows} for rows in found.values()]
    assert not worlds[0] & worlds[1], "no two buyers share a world"


def test_buyers_and_interfaces_do_not_disturb_each_other(go, buyers, folder):
    edits = (*design(", batch: 10"), ("interface: json", f"interface: [json, {AGAIN}]"))
    small = ["worlds_per_task=30"]
    go(*edits, buyers(PLANTED + BLIND), settings=small, out="both")
    both = batches(folder / "both")
    assert set(both) == {(b, i) for b in ("planted", "blind") for i in ("json", "again")}
    first, *others = ([row[:4] for row in rows] for rows in both.values())
    assert all(first != rows for rows in others), "each has draws of its own"
    # whoever runs first, and in however many commands
    go(*edits, buyers(PLANTED + BLIND), settings=small, out="one", buyers=["blind"])
    go(*edits, buyers(PLANTED + BLIND), settings=small, out="one")
    alone = batches(folder / "one")
    for key, rows in both.items():
        assert [(k, a, p, w) for k, _, a, p, w in rows] == [
            (k, a, p, w) for k, _, a, p, w in alone[key]
        ]


class Halting(InlineExecutor):
    """Gives up after some trials."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def run(self, setting, jobs, enough=lambda: False):
        for finished in super().run(setting, jobs, enough):
            yield finished
            self.most -= len(finished)
            if self.most <= 0:
                raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_with_the_same_batches(go, buyers, folder):
    edits = (*design(", batch: 15, confirm: 20"), buyers(PLANTED))
    go(*edits, settings=["worlds_per_task=60"], out="straight")
    for most in (7, 15, 16):
        with pytest.raises(KeyboardInterrupt):
            go(*edits, settings=["worlds_per_task=60"], out="broken", executor=Halting(most))
    go(*edits, settings=["worlds_per_task=60"], out="broken")
    straight = batches(folder / "straight")
    assert straight == batches(folder / "broken")
    (rows,) = straight.values()
    assert [row[1] for row in rows] == [0] * 15 + [1] * 15 + [2] * 10 + [3] * 20
    assert np.array([row[3] for row in rows[40:]]) == pytest.approx(1 / 3)
    assert np.array([row[3] for row in rows[15:40]]) != pytest.approx(1 / 3)
    go(*edits, settings=["worlds_per_task=90"], out="broken")  # and grows, confirming again
    (grown,) = batches(folder / "broken").values()
    assert grown[:60] == rows
    assert [row[1] for row in grown[60:]] == [4] * 10 + [5] * 20


def test_killed_it_goes_on_with_the_same_batches(aces, write, buyers, folder):
    path = write(*design(", batch: 40"), buyers(PLANTED))
    command = ["run", path, "--set", "worlds_per_task=400", "--executor", "inline", "--out"]
    process = aces(*command, folder / "killed", wait=False)
    deadline = time.monotonic() + 60
    while done(folder / "killed") < 100:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    half = batches(folder / "killed")["planted", "json"]
    assert 100 <= done(folder / "killed") < 400
    assert len(half) < 400
    assert aces(*command, folder / "killed").returncode == 0
    assert aces(*command, folder / "straight").returncode == 0
    whole = batches(folder / "killed")["planted", "json"]
    assert whole[: len(half)] == half
    assert {"planted": whole} == {"planted": batches(folder / "straight")["planted", "json"]}


def done(folder):
    try:
        db = sqlite3.connect(f"file:{folder}/run.sqlite?mode=ro", uri=True, timeout=5)
        return db.execute("SELECT count(*) FROM outcomes").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


class Flaky:
    """Buys the focal product; half of its trials fail, and a quarter leave."""

    def start(self, task, stream):
        self.stream = stream
        return self

    async def act(self, observation):
        number = self.stream.uniform()
        if number < 0.5:
            raise TrialError("unparseable", "hm")
        return Stop(reason="no") if number < 0.75 else AddToCart(product_id=FOCAL)

    def truth(self):
        return None


FLAKY = f"  - {{use: '{__name__}:Flaky', name: flaky}}\n"


def test_what_failed_has_no_outcome_and_leaving_is_one(go, buyers, folder, planned):
    edits = (*design(", batch: 30"), buyers(FLAKY))
    go(*edits, settings=["worlds_per_task=30", "repeats=2"])
    plan = planned(*edits, worlds_per_task=30, repeats=2)
    with RunStore.open(folder / "run") as store:
        past = Ledger(store, plan).read()["flaky", "json"]
        status = dict(store.db.execute("SELECT status, count(*) FROM latest GROUP BY status"))
    sales = [sale for met in past.met for sale in met.sales]
    assert past.complete
    assert past.worlds == 30
    assert len(past.met) < 30, "a world all of whose trials failed says nothing"
    assert len(sales) == status["chosen"] + status["abstained"]
    assert sales.count(None) == status["abstained"]
    price = plan.listings[FOCAL].price_cents
    assert {sale for sale in sales if sale} == {price}


def test_a_registered_rule_is_followed_and_a_changed_floor_is_named(aces, write, buyers, folder):
    path = write(*design(", batch: 10"), buyers(PLANTED))
    lock, out = folder / "lock.json", folder / "run"
    planned = aces("plan", path, "--lock", lock)
    assert planned.returncode == 0, planned.stderr
    for told in ("3 arms of cue", "1 batches of 10", "thompson", "0.05", "biased", "aipw"):
        assert told in planned.stdout
    run = ["run", path, "--lock", lock, "--out", out, "--executor", "inline"]
    assert aces(*run).returncode == 0
    path.write_text(path.read_text().replace("batch: 10", "batch: 10, floor: 0.2"))
    refused = aces(*run)
    assert refused.returncode == 2
    assert "design.floor: 0.05 there, 0.2 now" in refused.stderr


@pytest.mark.parametrize(
    ("text", "treatments", "says"),
    [
        (", floor: 0.4", None, "`floor: 0.4` for each of 3 arms is more than 1"),
        (", floor: 0", None, "greater than 0"),
        (", confirm: 3", None, "of 3 worlds per task leaves none"),
        (", rule: thomson", None, "thompson"),
        (", products: [velora]", None, "no shelf shows product 'velora'; did you mean"),
        ("", "  - {use: listing, name: cue, unit: listing, arms: [{name: a}, {name: b}]}\n", "one"),
        ("", "  - {use: listing, name: cue, arms: [{name: a}]}\n", "two arms or more"),
        ("", "  - {use: price, name: cue, sigma: 0.2}\n", "can't be set"),
        ("", arms(["x"]) + "  - {use: menu, remove: 1}\n", "some shelves would not have them"),
        ("}\nstop: {use: precision, term: row_1, half_width: 0.1", None, "`stop:` can't be used"),
    ],
)
def test_what_could_not_be_allotted_or_learned_from_is_refused(planned, text, treatments, says):
    with pytest.raises(SpecError, match=says):
        planned(*design(text, treatments))


def test_the_plan_says_what_the_design_is_for(planned):
    told = describe(planned(*design(", batch: 2, confirm: 1, outcome: revenue")))["design"]
    assert "revenue per trial of velora-pulse-3: 1 batches of 2 worlds per task" in told[0]
    assert "about 0 worlds per task, too few" in told[1]
    assert "1 worlds per task with all arms alike, as confirmation" in told[2]
    assert "other terms" in told[4].lower()
