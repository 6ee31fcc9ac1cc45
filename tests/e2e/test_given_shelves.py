"""Given shelves as worlds: published ACES trials met again, ABxLab's pairs, from plan to report."""

import asyncio
import base64
import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image, ImageDraw

import experiments
from aces import cli
from aces.catalog import Catalog, load_catalog, write_catalog
from aces.cli.console import read_experiment
from aces.errors import SpecError
from aces.lock import write_lock
from aces.store import RunStore
from aces.terms import matrix
from aces.testing.model_server import ModelServer, calls
from aces.types import World
from agents.browser import find_chromium
from analysis.analyze import analyze_paths
from analysis.comparison.versions import compare_pairs
from analysis.frame import export, load_choices
from analysis.published import agreement, with_published
from analysis.report.page import write_report
from experiments.executors.inline import InlineExecutor
from experiments.levels import connected
from experiments.plan import make_plan
from experiments.registration import Following, make_lock
from experiments.replay import verify
from experiments.run import run
from marketplace.app import create_app
from marketplace.sessions import Sessions

CONFIGS = Path(experiments.__file__).parent / "configs"
TASTE = {"row_1": 0.9, "col_1": 0.5, "log_price": -1.8, "rating": 0.8, "overall_pick": 1.2}
THEIRS = {"row_1": -0.6, "log_price": -3.0, "rating": 1.5, "overall_pick": 0.5}
TRIALS = 400
CONFIG = {
    "name": "replay",
    "seed": 3,
    "tasks": [{"id": "trials", "category": "any"}],
    "shelf": {"size": 8, "columns": 4},
    "design": {"use": "given", "kind": "trial"},
    "buyers": [{"use": "utility", "name": "planted", "coefficients": TASTE}],
    "interface": "json",
}


def screenshot(number):
    """Pixels that no page of ours has."""
    picture = Image.new("RGB", (64, 48), (number % 256, 90, 30))
    ImageDraw.Draw(picture).text((4, 4), str(number), fill="white")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def trial(number, query, generator):
    """One experiment in the hub's layout, drawn as ACES draws."""
    order, pick = generator.permutation(8), generator.integers(8)
    low = (pick + 1) % 8
    price = np.round((10.0 + np.arange(8)) * np.exp(generator.normal(0, 0.3, 8)), 2)
    rating = np.round(generator.uniform(3.5, 5, 8), 1)
    utility = (
        THEIRS["row_1"] * (order < 4)
        + THEIRS["log_price"] * np.log(price)
        + THEIRS["rating"] * rating
        + THEIRS["overall_pick"] * (np.arange(8) == pick)
        + generator.gumbel(size=8)
    )
    return {
        "sku": [f"{query}-{n}" for n in range(8)],
        "title": [f"{query.capitalize()} number {n}" for n in range(8)],
        "url": ["http://x"] * 8,
        "image_url": [None] * 8,
        "sponsored": [bool(n == (pick + 2) % 8) for n in range(8)],
        "rating": rating.tolist(),
        "rating_count": generator.integers(10, 5000, 8).tolist(),
        "price": price.tolist(),
        "overall_pick": [bool(n == pick) for n in range(8)],
        "best_seller": [False] * 8,
        "limited_time": [False] * 8,
        "discounted": [False] * 8,
        "low_stock": [bool(n == low) for n in range(8)],
        "stock_quantity": [3 if n == low else 30 for n in range(8)],
        "position_in_experiment": list(range(8)),
        "assigned_position": order.tolist(),
        "desired_choice": [0] * 8,
        "original_price": (10.0 + np.arange(8)).tolist(),
        "original_rating": [4.2] * 8,
        "original_rating_count": [300] * 8,
        "query": query,
        "experiment_label": "v3",
        "experiment_number": number,
        "screenshot": {"bytes": screenshot(number), "path": None},
        "_best": int(utility.argmax()),
    }


def write_hub(folder, trials, **more):
    rows = []
    for query in ("stapler", "mousepad"):
        generator = np.random.default_rng(len(query))
        rows += [trial(n, query, generator) | more for n in range(trials // 2)]
    pq.write_table(
        pa.Table.from_pylist([{k: v for k, v in row.items() if k != "_best"} for row in rows]),
        folder / "choice_behavior.parquet",
    )
    return rows


def write_aggregated(path, rows):
    """The same experiments as the released code writes what models chose: two of them."""
    lines = []
    for row in rows:
        lists = {k: v for k, v in row.items() if isinstance(v, list)}
        for model in ("Gpt/4.1", "broken"):
            for n in range(8):
                chosen = int(n == row["_best"]) if model != "broken" else -2
                scalars = {k: row[k] for k in ("query", "experiment_label", "experiment_number")}
                each = {k: v[n] for k, v in lists.items()}
                lines.append({**each, **scalars, "selected": chosen, "model_name": model})
    import pandas as pd

    pd.DataFrame(lines).to_csv(path, index=False)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    rows = write_hub(folder, TRIALS)
    table = folder.parent / "aggregated" / "run_aggregated_experiment_data.csv"
    table.parent.mkdir(exist_ok=True)
    write_aggregated(table, rows)
    yield folder, table, rows
    shutil.rmtree(folder)


def planned(tmp_path, source, **changes):
    path = tmp_path / "experiment.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, "catalog": str(source), **changes}))
    spec = read_experiment(path, [])
    return spec, load_catalog(spec.catalog, spec.folder)


def study(tmp_path, source, **changes):
    spec, catalog = planned(tmp_path, source, **changes)
    run(spec, catalog, tmp_path / "run", InlineExecutor())
    return analyze_paths([tmp_path / "run"])[0]


def estimates(found, buyer, analysis="conditional_logit"):
    return {
        e.term: e
        for e in found.estimates
        if e.buyer == buyer and e.analysis == analysis and e.estimator == "conditional_logit"
    }


def test_published_trials_are_met_again_and_analysed_beside_what_was_chosen_then(hub, tmp_path):
    _folder, table, rows = hub
    found = study(tmp_path, table, worlds_per_task=TRIALS)
    shown = found.table[found.table["k"] == 7].sort_values("product_id")
    row = rows[7]
    assert list(shown["price_cents"]) == [round(100 * p) for p in row["price"]]
    assert list(shown["position"] - 1) == row["assigned_position"]
    for column in ("title", "rating", "overall_pick", "sponsored"):
        assert list(shown[column]) == row[column]
    assert list(shown["scarcity"]) == row["low_stock"]
    assert list(shown["original_price_cents"]) == [1000 + 100 * n for n in range(8)]
    assert list(shown["published_gpt_4_1"]) == [int(n == row["_best"]) for n in range(8)]
    assert not shown["published_broken"].any()
    assert set(shown["assignment_probability"]) == {1.0}
    # nothing of theirs has a probability of ours
    assert not [c for c in found.table if c.startswith(("p_", "density_"))]
    ours, theirs = estimates(found, "planted"), estimates(found, "Gpt/4.1 (published)")
    for term, truth in TASTE.items():
        assert abs(ours[term].estimate - truth) < 3.5 * ours[term].std_error, term
    for term, truth in THEIRS.items():
        assert abs(theirs[term].estimate - truth) < 3.5 * theirs[term].std_error, term
    # different tastes are told apart, so that one column was not read for the other
    assert ours["row_1"].ci_low > theirs["row_1"].ci_high
    balance = next(check for check in found.checks if check.name == "Balance")
    assert balance.passed is None
    assert "given, not drawn" in balance.verdict
    assert "given, not drawn" in found.main_fits()[0].estimand
    (agreed,) = [each for each in found.findings if each.name == "published"]
    (line,) = agreed.rows  # whom nothing was recorded of is compared with nobody
    same = found.table.query("chosen == 1")["published_gpt_4_1"].mean()
    assert line["who"] == "Gpt/4.1"
    assert line["estimate"] == pytest.approx(same)
    assert line["ci_low"] < same < line["ci_high"]
    assert line["chance"] == 1 / 8
    report = write_report([tmp_path / "run"], tmp_path / "r.html").read_text()
    assert "Gpt/4.1 (published)" in report
    # world by world: what differs is the difference of what was planted
    beside = with_published(found.table)
    apart = compare_pairs(beside, list(TASTE))[0]
    assert apart.pair.names[1].startswith("gpt_4_1")
    change = apart.tastes.change
    for term, value, error in zip(TASTE, change.value, change.error, strict=False):
        gap = THEIRS.get(term, 0.0) - TASTE[term]
        assert abs(value - gap) < 3.5 * error, term
    # from the exported table alone the same numbers
    export(load_choices(tmp_path / "run"), tmp_path / "long.csv")
    again = analyze_paths([tmp_path / "long.csv"], tmp_path / "out")[0]
    column = next(e.buyer for e in again.estimates if "4_1" in e.buyer)
    assert column == "gpt_4_1 (published)"


def test_a_world_is_its_shelf_to_the_last_field_in_any_format(hub, tmp_path):
    """Marks, stock and titles too; and our own format keeps all that is needed."""
    folder, _, _ = hub
    write_catalog(load_catalog(folder), tmp_path / "own.parquet")
    worlds = []
    for source in (folder, tmp_path / "own.parquet"):
        spec, catalog = planned(tmp_path, source, worlds_per_task=TRIALS, interface="stored")
        plan = make_plan(spec, catalog)
        assert len(catalog.shelves) == TRIALS
        for k, shelf in enumerate(catalog.shelves):
            world = plan.world(plan.assignment("trials", k))
            assert world.listings == shelf.listings
            assert (world.query, world.columns) == (shelf.query, 4)
            stored = plan.catalog.pictures[world.screenshot]
            assert stored() == catalog.screenshots[shelf.screenshot]()
        worlds.append(world)
    assert worlds[0].listings == worlds[1].listings
    assert any(mark.kind == "sponsored" for item in worlds[0].listings for mark in item.marks)


def test_products_that_never_meet_have_baselines_of_their_own_though_of_one_task(hub, tmp_path):
    """Staplers and mouse pads never stand on one shelf, so a stopping rule can be met at all."""
    stop = {"use": "precision", "term": "log_price", "half_width": 3.0, "after": 100}
    design = {"use": "given", "order": "random"}
    spec, catalog = planned(tmp_path, hub[1], worlds_per_task=330, stop=stop, design=design)
    groups = connected(make_plan(spec, catalog))
    kinds = [{product.partition("-")[0] for product in group} for group in groups]
    assert kinds == [{"stapler"}, {"mousepad"}]
    run(spec, catalog, tmp_path / "run", InlineExecutor())
    table = load_choices(tmp_path / "run")
    assert table["world_id"].nunique() < 330
    assert set(table["product_id"].str.partition("-")[0]) == {"stapler", "mousepad"}


def test_a_served_model_is_shown_the_stored_pixels_and_told_the_published_budget(tmp_path):
    rows = write_hub(tmp_path, 4, budget="$13")

    def shopper(body):
        title = {1: "Stapler number 5", 0: "Mousepad number 5"}["stapler" in json.dumps(body)]
        return calls(
            "add_to_cart", title=title, price="$9", rating="4", review_count="1", reason="Good."
        )

    with ModelServer(shopper, models=["m"]) as server:
        buyer = {"use": "vlm", "name": "m", "model": "m", "base_url": server.url}
        found = study(tmp_path, tmp_path, worlds_per_task=4, buyers=[buyer], interface="stored")
        asked = [body for body in server.requests if "number 5" not in json.dumps(body)]
    bought = found.table[found.table["chosen"] == 1].sort_values("k")
    assert [id[-1] for id in bought["product_id"]] == ["5"] * 4
    texts = [json.dumps(body) for body in asked]
    for row in rows:
        pixels = base64.b64encode(row["screenshot"]["bytes"]).decode()
        said = [text for text in texts if pixels in text and row["query"] in text]
        assert said
        assert "must not cost more than $13.00" in said[0]
        # only pixels: nothing of the listings in words
        assert f"{row['query'].capitalize()} number" not in said[0]


def test_two_that_choose_alike_agree_always_and_two_at_random_as_chance(hub, tmp_path):
    _, table, _ = hub
    changes = {"buyers": [{"use": "cheapest"}, {"use": "random"}], "repeats": 2}
    found = study(tmp_path, table, worlds_per_task=150, **changes)
    data = found.table.copy()
    mine = data[data["buyer"] == "cheapest"].groupby(["world_id", "product_id"])["chosen"].max()
    keys = list(zip(data["world_id"], data["product_id"], strict=True))
    data["published_gpt_4_1"] = [mine[key] for key in keys]
    rows = {row["buyer"]: row for row in agreement(data.drop(columns="published_broken")).rows}
    assert rows["cheapest"]["estimate"] == 1.0
    assert rows["cheapest"]["worlds"] == 150
    assert rows["random"]["ci_low"] < 1 / 8 < rows["random"]["ci_high"]


@pytest.fixture(scope="module")
def stored_run(hub, tmp_path_factory):
    """Stored pixels, JSON and, where there is one, a real browser on the same given shelves."""
    folder, _, rows = hub
    tmp_path = tmp_path_factory.mktemp("stored")
    faces = ["stored", "json"] + ["screenshot"] * bool(find_chromium())
    found = study(tmp_path, folder, worlds_per_task=6, interface=faces)
    return tmp_path / "run", found, rows


def test_a_buyer_gets_the_stored_pixels_and_its_order_goes_to_our_shop(stored_run):
    folder, found, rows = stored_run
    assert set(found.table["status"]) == {"chosen"}
    with RunStore.open(folder) as store:
        seen = store.db.execute(
            "SELECT w.k, s.screenshot, s.text FROM steps s JOIN trials t USING (trial_id) "
            "JOIN worlds w USING (world_id) WHERE t.interface = 'stored' ORDER BY w.k"
        ).fetchall()
        assert len(seen) == 6
        for k, blob, text in seen:
            assert store.blobs.get(blob) == rows[k]["screenshot"]["bytes"]
            assert text is None
        orders = store.db.execute(
            "SELECT count(*) FROM events e JOIN trials t USING (trial_id) "
            "WHERE e.kind = 'order' AND t.interface = 'stored'"
        ).fetchone()
        assert orders == (6,)
        again = asyncio.run(verify(store, 18))
    assert all(not one.differing for one in again)
    # planted buyers share noise, and perceive the same shelf however it is shown
    bought = found.table[found.table["chosen"] == 1]
    assert (bought.groupby("k")["product_id"].nunique() == 1).all()


@pytest.mark.browser
def test_our_own_page_of_a_given_shelf_is_read_as_it_was_given(stored_run):
    if find_chromium() is None:
        pytest.skip("no Chromium; see `aces doctor`")
    _, found, _ = stored_run
    by = dict(list(found.table.groupby("interface")))
    key = ["k", "position", "product_id", "price_cents", "rating", "overall_pick", "chosen"]
    tables = {name: part[key].to_numpy().tolist() for name, part in by.items()}
    assert tables["screenshot"] == tables["json"]
    assert by["screenshot"]["exposed"].eq(1).all()


def test_stored_pixels_are_refused_where_they_would_not_be_the_shelf(hub, tmp_path):
    folder, table, _ = hub
    spec, catalog = planned(tmp_path, table, interface="stored", worlds_per_task=2)
    with pytest.raises(SpecError, match=r"yaml:\d+ interface: task 'trials': 400 of 400 given sh"):
        make_plan(spec, catalog)
    treated = [{"use": "position"}]
    spec, catalog = planned(
        tmp_path, folder, interface="stored", worlds_per_task=2, treatments=treated
    )
    with pytest.raises(SpecError, match="a stored screenshot shows no treatment"):
        make_plan(spec, catalog)
    spec, catalog = planned(
        tmp_path,
        "demo",
        interface="stored",
        worlds_per_task=2,
        design={"use": "independent"},
        tasks=[{"id": "stapler", "category": "stapler"}],
    )
    with pytest.raises(SpecError, match="`stored` shows screenshots of given shelves alone"):
        make_plan(spec, catalog)


def test_instructions_of_the_rationality_suite_reach_the_buyer(tmp_path):
    rows = []
    told = ({"budget": "$12"}, {"color": "teal"}, {"brand": "Acme"}, {"cheapest": True})
    for number, instruction in enumerate(told * 6):
        row = trial(number, "stapler", np.random.default_rng(number))
        right = number % 8
        row["price"] = [11.0 if n == right else 20.0 + n for n in range(8)]
        row["title"] = [
            f"Acme teal stapler {n}" if n == right else f"Stapler {n}" for n in range(8)
        ]
        row["desired_choice"] = [int(n == right) for n in range(8)]
        row["experiment_label"] = f"sc_instruction_{next(iter(instruction))}"
        row |= dict.fromkeys(("budget", "color", "brand", "cheapest")) | instruction
        row["cheapest"] = bool(row["cheapest"])
        rows.append({k: v for k, v in row.items() if k != "_best"})
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rs.parquet")
    obedient = [
        {"use": "utility", "name": "obedient", "obey": True},
        {"use": "first", "name": "position-lover"},
    ]
    spec, catalog = planned(tmp_path, tmp_path / "rs.parquet", worlds_per_task=24, buyers=obedient)
    plan = make_plan(spec, catalog)
    tasks = [plan.task_of(plan.assignment("trials", k)) for k in range(4)]
    assert tasks[0].requirements.max_price_cents == 1200
    assert not tasks[0].instruction
    assert tasks[1].requirements.attributes == {"color": "teal"}
    assert tasks[2].requirements.brand == "Acme"
    assert tasks[2].requirements.max_price_cents is None
    assert tasks[3].instruction == "It must be the cheapest."
    assert {task.query for task in tasks} == {"stapler"}
    run(spec, catalog, tmp_path / "run", InlineExecutor())
    found = analyze_paths([tmp_path / "run"])[0]
    rates = {
        (e.buyer, e.term): e.estimate
        for e in found.estimates
        if e.estimator == "pass_rate" and not e.task_id
    }
    for kind in ("budget", "color", "brand"):
        assert rates["obedient", f"pass_rate[sc_instruction_{kind}]"] == 1.0
    first = found.table.query("position == 1 and buyer == 'position-lover'")
    by_test = first.groupby("test")["right_answer"].mean()
    for test, share in by_test.items():
        assert rates["position-lover", f"pass_rate[{test}]"] == pytest.approx(share)


def test_analyses_that_go_without_saying_are_registered_with_a_plan(hub, tmp_path):
    """A lock of shelves with published choices or right answers is followed by plain `analyze`."""
    spec, catalog = planned(tmp_path, hub[1], worlds_per_task=40)
    lock = tmp_path / "lock.json"
    write_lock(make_lock(make_plan(spec, catalog)), lock)
    following = Following(lock)
    run(spec, catalog, tmp_path / "run", InlineExecutor(), following=following)
    found = analyze_paths([tmp_path / "run"])[0]
    assert found.registration is not None
    assert not found.registration.analyses
    assert {e.evidence for e in found.estimates if e.analysis == "published"} == {"confirmatory"}


def stored_screenshots(folder):
    with RunStore.open(folder) as store:
        keys = {key for (key,) in store.db.execute("SELECT key FROM pictures")}
        spec = store.meta("declarations")["given"]["worlds"]["staplers"]
        return len(keys & {world["levels"]["screenshot"][0] for world in spec})


def test_held_out_worlds_have_their_stored_pixels(hub, tmp_path):
    """The hold-out seed draws another sample of the published trials."""
    design = {"use": "given", "order": "random"}
    spec, catalog = planned(tmp_path, hub[0], worlds_per_task=15, design=design, interface="stored")
    lock = tmp_path / "lock.json"
    write_lock(make_lock(make_plan(spec, catalog)), lock)
    asked = Following(lock, hold_out=True)
    run(spec, catalog, tmp_path / "run", InlineExecutor(), following=asked)
    table = load_choices(tmp_path / "run")
    assert set(table["status"]) == {"chosen"}
    plan = make_plan(spec, catalog)
    planned_now = {plan.assignment("trials", k).levels["shelf"][0] for k in range(15)}
    assert len(planned_now & set(table["shelf"])) < 8


def test_a_sample_is_drawn_once_and_grows(hub, tmp_path):
    folder, _, _ = hub
    design = {"use": "given", "order": "random", "query": "stapler"}
    tasks = [{"id": "staplers", "category": "stapler"}]
    same = {"design": design, "tasks": tasks, "interface": "stored"}
    small = study(tmp_path, folder, worlds_per_task=20, **same)
    assert stored_screenshots(tmp_path / "run") == 20  # of 200: those of the worlds that are met
    spec, catalog = planned(tmp_path, folder, worlds_per_task=40, **same)
    run(spec, catalog, tmp_path / "run", InlineExecutor())
    assert stored_screenshots(tmp_path / "run") == 40
    table = load_choices(tmp_path / "run")
    shelves = table.drop_duplicates("k").sort_values("k")["shelf"].tolist()
    before = small.table.drop_duplicates("k").sort_values("k")["shelf"].tolist()
    assert shelves[:20] == before
    assert len(set(shelves)) == 40
    numbers = [int(shelf.rpartition("/")[2]) for shelf in shelves]
    assert numbers != sorted(numbers)
    assert max(numbers) > 100
    assert set(table["product_id"].str.partition("-")[0]) == {"stapler"}


def test_what_is_laid_on_top_is_drawn_and_recovered(hub, tmp_path):
    _folder, table, _ = hub
    spec, catalog = planned(
        tmp_path,
        table,
        worlds_per_task=2 * TRIALS,
        design={"use": "given", "times": 2},
        treatments=[
            {"use": "position"},
            {"use": "nudge", "texts": {"praise": ["Everybody's darling"]}, "nobody": 0.25},
        ],
    )
    with pytest.raises(SpecError, match="'nudge' sets marks, which the given shelves give"):
        make_plan(spec, catalog)
    spec = spec.model_copy(update={"treatments": spec.treatments[:1]})
    plan = make_plan(spec, catalog)
    one, two = plan.assignment("trials", 5), plan.assignment("trials", 5 + TRIALS)
    assert one.levels["shelf"] == two.levels["shelf"]
    assert one.world_id != two.world_id
    assert one.levels["price_cents"] == two.levels["price_cents"]
    assert one.levels["given_position"] == two.levels["given_position"] != one.levels["position"]
    assert one.marginals["position"] == (1 / 8,) * 8
    assert one.probability == 1 / 40320
    assert not [name for name in one.levels if name.startswith("published")]
    # our order is uniform whatever theirs was
    slots = np.array([plan.assignment("trials", k).levels["position"] for k in range(2 * TRIALS)])
    counts = np.array([np.bincount(column, minlength=9)[1:] for column in slots.T])
    assert abs(counts - TRIALS / 4).max() < 5 * 10
    assert "row_1" in plan.default_terms()
    assert "log_price" in plan.default_terms()


BAD = [
    ({"worlds_per_task": 401}, "worlds_per_task: asks for 401 worlds; task 'trials' has 400 given"),
    ({"shelf": {"size": 6, "columns": 4}}, "no given shelf has 6 listings; there are 400 of 8"),
    ({"shelf": {"sample": True}}, "what stands on given shelves is given"),
    ({"design": {"use": "given", "group": "v9"}}, r"design.group: no given shelf has 'v9'; found"),
    ({"design": {"use": "given", "kind": "pair"}}, "design.kind: no given shelf has 'pair'"),
    ({"design": {"use": "given", "times": 2}}, "nothing is drawn, so that a shelf would be the"),
    ({"design": {"use": "given", "intents": "no.csv"}}, "there is no file 'no.csv'; looked for"),
    ({"tasks": [{"id": "x", "category": "stapel"}]}, "is of category 'stapel'; did you mean 'stap"),
    ({"tasks": [{"id": "x", "category": "any", "right_answer": "a"}]}, "have their own products"),
    ({"treatments": [{"use": "price"}]}, "'price' sets price_cents, which the given shelves give"),
    ({"treatments": [{"use": "position", "order": "latin"}]}, "given shelves stay whole"),
    ({"treatments": [{"use": "menu", "remove": 1}]}, "given shelves stay whole"),
    ({"treatments": [{"use": "nudge"}]}, "there is no text: give `texts:` or `file:`"),
    ({"catalog": "demo"}, "catalogue 'demo' has no given shelves"),
    ({"design": {"use": "independent"}}, "`category: any` is for `design: given` alone"),
]


@pytest.mark.parametrize(("changes", "said"), BAD, ids=[said[:30] for _, said in BAD])
def test_what_given_shelves_can_t_do_is_said_with_its_line(hub, tmp_path, changes, said):
    spec, catalog = planned(tmp_path, hub[1], **{"worlds_per_task": 10, **changes})
    with pytest.raises(SpecError, match=said) as fault:
        make_plan(spec, catalog)
    assert "experiment.yaml:" in str(fault.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("aces-replay", "hf download My-Custom-AI/ACE-BB --repo-type dataset"),
        ("abxlab-pairs", "git clone https://github.com/PapayaResearch/abxlab"),
    ],
)
def test_configs_of_others_data_say_how_to_get_it(monkeypatch, capsys, name, said):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["aces", "plan", str(CONFIGS / f"{name}.yaml")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())


def shipped(tmp_path, name, *settings):
    spec = read_experiment(CONFIGS / f"{name}.yaml", list(settings))
    run(spec, load_catalog(spec.catalog, spec.folder), tmp_path / "run", InlineExecutor())
    return analyze_paths([tmp_path / "run"])[0]


def test_the_shipped_replay_on_stored_pixels_finds_what_was_planted(hub, tmp_path):
    found = shipped(tmp_path, "aces-replay", f"catalog={hub[0]}", f"worlds_per_task={TRIALS}")
    assert set(found.table["interface"]) == {"stored"}
    for term, e in estimates(found, "planted").items():
        if e.truth is not None:
            assert abs(e.estimate - e.truth) < 3.5 * e.std_error, term


def test_the_shipped_replay_on_published_columns(shared, tmp_path):
    settings = ["shelf.size=2", "interface=json", "worlds_per_task=8"]
    found = shipped(tmp_path, "aces-replay", f"catalog={shared / 'data/aces-fixture'}", *settings)
    assert found.table["shelf"].nunique() == 8
    assert (found.table["status"] == "chosen").all()
    # the tiny file marks one product of each pair as the one to choose
    assert (found.table.groupby("trial_id")["right_answer"].sum() == 1).all()


def test_abxlab_s_pairs_with_its_nudges(shared, tmp_path):
    data = shared / "data" / "catalogue-abxlab"
    found = shipped(tmp_path, "abxlab-pairs", f"catalog={data}")
    table = found.table
    assert table["shelf"].nunique() == 50
    assert len(table) == 3000
    # one price a pair, one of two nudged at a time or none, as the source does
    assert (table.groupby("trial_id")["price_cents"].nunique() == 1).all()
    nudged = table.assign(on=table["nudge"] != "").groupby("trial_id")["on"].sum()
    assert set(nudged) == {0, 1}
    assert abs(nudged.mean() - 2 / 3) < 5 * 0.0122
    assert table.loc[table["nudge"] != "", "nudge"].nunique() == 10
    said = table["asked_instruction"].unique()
    assert list(said) == ["Add the best product on this page to the shopping cart"]
    texts = " ".join(mark["text"] for marks in table["marks"] for mark in json.loads(marks))
    assert "${" not in texts
    assert "top pick in the digital cameras category" in texts
    fit = estimates(found, "planted")
    for term, e in fit.items():
        assert abs(e.estimate - e.truth) < 3.5 * e.std_error, term
    assert fit["negative_framing"].ci_high < 0 < fit["authority"].ci_low
    assert fit["incentives"].ci_low < 0 < fit["incentives"].ci_high  # nothing was planted
    assert fit["authority"].n_clusters == 50


@pytest.mark.browser
def test_abxlab_s_pairs_in_a_real_browser(shared, tmp_path):
    if find_chromium() is None:
        pytest.skip("no Chromium; see `aces doctor`")
    data = shared / "data" / "catalogue-abxlab"
    settings = [f"catalog={data}", "interface=[json, screenshot]", "worlds_per_task=8"]
    table = shipped(tmp_path, "abxlab-pairs", *settings).table
    bought = table[table["chosen"] == 1]
    assert len(bought) == 16
    assert (bought.groupby("k")["product_id"].nunique() == 1).all()


def test_abxlab_s_files_that_do_not_fit_are_told_of(shared, tmp_path):
    data = shared / "data" / "catalogue-abxlab"
    catalog = load_catalog(data)

    def plan(*settings):
        spec = read_experiment(CONFIGS / "abxlab-pairs.yaml", [f"catalog={data}", *settings])
        return make_plan(spec, catalog)

    home = plan("design.intent=Home")
    told = home.task_of(home.assignment("pairs", 0)).instruction
    assert told == "Find the best digital cameras and add it to the shopping cart"
    few = ["treatments.nudge.kinds=[scarcity]", "treatments.nudge.variables={}"]
    only = plan(*few, "buyers=[{use: random}]")
    assert only.declarations["nudge"].kinds == ["scarcity"]
    for setting, said in (
        ("design.intent=Hom", "no intent starts from 'Hom'; did you mean 'Home'"),
        ("design.intents=products.csv", "products.csv has no column 'Intent'"),
        ("treatments.nudge.file=categories.csv", "has no column 'Nudge'"),
        ("treatments.nudge.kinds=[awe]", "no text is of kind 'awe'; found authority, social_proof"),
        ("treatments.nudge.variables={}", r"give `variables: {expertise: \.\.\.}`"),
        ("design.group=pairs-matched-ratings", "no given shelf has 'pairs-matched-ratings'"),
    ):
        with pytest.raises(SpecError, match=said):
            plan(setting)


def test_a_stored_screenshot_is_for_the_session_of_its_shelf_alone():
    shown = Catalog("c", "USD", {}, {}, {"k.png": lambda: b"pixels"})
    sessions = Sessions(shown)
    client = create_app(sessions).test_client()
    world = {"id": "w", "task_id": "t", "k": 0, "listings": (), "products": {}}
    for more, status in (({"screenshot": "k.png"}, 200), ({}, 404)):
        token = sessions.admit(World(**world, **more))
        bearer = {"Authorization": f"Bearer {token}"}
        answer = client.get("/stored-screenshot", headers=bearer)
        assert (answer.status_code, answer.data == b"pixels") == (status, status == 200)
        # a browser with the session's cookie has no business there
        client.get(f"/enter/{token}")
        assert client.get("/stored-screenshot").status_code == 401


def test_an_oracle_of_the_marginals_of_nudges(shared):
    """Frequencies of what is drawn are those that are stated."""
    from aces.design import Nudge, Nudges
    from aces.seeds import Stream
    from aces.types import Listing, Mark

    shelf = [Listing(product_id=c, title=c, price_cents=1) for c in "abc"]
    marks = [("up", "A"), ("up", "B"), ("down", "C")]
    nudges = tuple(Nudge(name=text, mark=Mark(kind=kind, text=text)) for kind, text in marks)
    rule = Nudges(nudges=nudges, nobody=0.4)
    draws = [rule.draw(shelf, k, Stream("n", k)) for k in range(4000)]
    assert sum(d.probability for d in {d.levels["nudge"]: d for d in draws}.values()) == (
        pytest.approx(1.0)
    )
    for kind, share in (("up", 0.6 * 2 / 9), ("down", 0.6 / 9)):
        found = np.mean([d.levels[kind] for d in draws], axis=0)
        assert abs(found - share).max() < 4.5 * (share * (1 - share) / 4000) ** 0.5
        stated = {
            v: m for d in draws for v, m in zip(d.levels[kind], d.marginals[kind], strict=True)
        }
        assert stated == {0: pytest.approx(1 - share), 1: pytest.approx(share)}
    for d in draws[:50]:
        texts = [[mark["text"] for mark in marks] for marks in d.levels["marks"]]
        assert texts == [[n] if n else [] for n in d.levels["nudge"]]
    assert matrix(["up"], {"up": draws[0].levels["up"]}).shape == (3, 1)
