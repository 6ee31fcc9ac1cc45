"""Served models through whole runs: shipped experiments, factors, budget, cache, replay, verify."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import yaml

import experiments
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.spec import ExperimentSpec
from aces.store import RunStore
from aces.testing.model_server import ModelServer, calls
from agents.browser import find_chromium
from agents.buyers.vlm import VlmBuyer
from experiments.executors.local import LocalExecutor
from experiments.plan import make_plan
from experiments.run import run

CONFIGS = Path(experiments.__file__).parent / "configs"
SERVED = ["vlm", "vlm-browse", "vlm-interfaces", "vlm-wording"]
STAPLERS = "tasks=[{id: stapler, category: stapler}]"
WATCHED = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]


class Shopper:
    """A model that takes a product at random: the same request always gets the same answer."""

    def __init__(self, demo):
        ids = demo.slice("stapler", 8)
        self.titles = [demo.listings[product_id].title for product_id in ids]

    def __call__(self, body):
        draw = Random(json.dumps(body, sort_keys=True))
        tools = {tool["function"]["name"]: tool["function"] for tool in body.get("tools", ())}
        known = tools.get("add_to_cart", {}).get("parameters", {}).get("properties", {})
        facts = {"price": "$9.99", "rating": "4.1", "review_count": "12", "reason": "It will do."}
        looked = sum(message["role"] == "assistant" for message in body["messages"])
        if "check_out" in tools and looked != 1:
            title = self.titles[3]
            return calls("check_out") if looked else calls("open_listing", title=title)
        if "title" in known:
            title = self.titles[3] if "check_out" in tools else draw.choice(self.titles)
            return calls("add_to_cart", title=title, **facts)
        if "number" in known:
            return calls("add_to_cart", number=draw.randint(1, 8), **facts)
        if "answer" in tools:
            return calls("answer", answer="$9.99")
        if tools and not looked:
            return calls("scroll", direction="down")
        return calls("leave", reason="Nothing here will do.")


@pytest.fixture
def server(demo):
    with ModelServer(Shopper(demo), models=["Qwen/Qwen2.5-VL-7B-Instruct"]) as server:
        yield server


def settings_for(name, server, *more):
    """Overrides that send all buyers of a shipped experiment to the server, on one small task."""
    buyers = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())["buyers"]
    at = [f"buyers.{i}.base_url={server.url}" for i in range(len(buyers))]
    return [*at, STAPLERS, "worlds_per_task=1", *more]


def rows(folder, query):
    with RunStore.open(folder) as store:
        return store.db.execute(query).fetchall()


def outcomes(folder):
    """Trial id -> how it ended and what was bought."""
    found = rows(folder, "SELECT trial_id, status, cause, product_id FROM latest")
    return {row[0]: tuple(row[1:]) for row in found}


@pytest.fixture
def go(demo, tmp_path, server):
    """Runs a shipped experiment against the stand-in, and returns the result."""

    def go(name, *more, out="run", executor=None, **options):
        spec = read_experiment(CONFIGS / f"{name}.yaml", settings_for(name, server, *more))
        return run(spec, demo, tmp_path / out, executor or LocalExecutor(1, 4), **options)

    return go


@pytest.fixture
def aces(tmp_path, server):
    """`aces run` of the wording experiment, on the JSON API, as a user types it."""

    def aces(out, *words, settings=()):
        given = settings_for("vlm-wording", server, "interface=json", *settings)
        command = [sys.executable, "-m", "aces", "run", str(CONFIGS / "vlm-wording.yaml")]
        command += ["--out", out, "--workers", "1", *words]
        command += [word for setting in given for word in ("--set", setting)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return aces


# -- what ships -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [pytest.param(name, marks=WATCHED) for name in SERVED])
def test_shipped_experiments_run_to_their_end(go, server, tmp_path, name):
    result = go(name, out=name)
    assert result.progress.done == result.progress.planned > 0
    assert not result.progress.by_cause, result.progress
    ended = Counter(status for status, *_ in outcomes(tmp_path / name).values())
    buying = rows(tmp_path / name, "SELECT count(*) FROM trials WHERE buyer != 'qwen_reads'")
    expected = "abstained" if name == "vlm-browse" else "chosen"
    assert ended[expected] >= buying[0][0]
    asked = rows(tmp_path / name, "SELECT count(*), sum(prompt_tokens) FROM exchanges")
    assert asked[0][0] == len(server.requests)
    assert asked[0][1] > 0


@pytest.mark.parametrize("face", ["json", pytest.param("aria", marks=WATCHED)])
def test_a_model_walks_through_the_shop_and_buys(go, server, demo, tmp_path, face):
    result = go("vlm-browse", f"interface={{use: {face}, mode: browse}}")
    assert result.progress.by_status == {"chosen": 1}, result.progress
    steps = rows(tmp_path / "run", "SELECT page, action FROM steps ORDER BY step")
    assert [json.loads(action)["type"] for _, action in steps] == [
        "open_listing",
        "add_to_cart",
        "check_out",
    ]
    assert [page for page, _ in steps][:2] == ["results", "product"]
    (bought,) = {product for *_, product in outcomes(tmp_path / "run").values()}
    assert bought == demo.slice("stapler", 8)[3]
    assert len(server.requests) == 3


def test_init_full_shows_every_key_of_a_served_buyer():
    lines = (CONFIGS / "init-full.yaml").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("# - use: vlm"))
    end = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith("#  "))
    shown = yaml.safe_load("\n".join(line[2:] for line in lines[start:end]))[0]
    fields = VlmBuyer.Config.model_fields
    assert set(shown) - {"use", "name"} == set(fields) - {"serve"}
    valid = VlmBuyer.Config(**{key: shown[key] for key in shown if key not in ("use", "name")})
    differing = {key for key in fields if getattr(valid, key) != fields[key].get_default()}
    assert differing <= {"model", "base_url", "prompt"}, "a default is shown as it is not"


# -- factors --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worded(demo, tmp_path_factory):
    """Three personas, drawn wordings, two repeats and two buyers on six worlds; what was asked."""
    folder = tmp_path_factory.mktemp("worded")
    with ModelServer(Shopper(demo), models=["Qwen/Qwen2.5-VL-7B-Instruct"]) as server:
        settings = settings_for("vlm-wording", server, "interface=json", "worlds_per_task=6")
        spec = read_experiment(CONFIGS / "vlm-wording.yaml", settings)
        result = run(spec, demo, folder, LocalExecutor(1, 4))
    assert result.progress.by_status == {"chosen": 6 * 3 * 2 * 2}
    return folder, server.requests


def test_personas_repeats_and_buyers_cross_all_worlds(worded):
    met = rows(
        worded[0],
        "SELECT world_id, buyer, persona, count(*), count(DISTINCT repeat) FROM trials "
        "GROUP BY world_id, buyer, persona",
    )
    assert len(met) == 6 * 2 * 3
    assert {tuple(row[3:]) for row in met} == {(2, 2)}


def test_a_world_has_one_drawn_wording_for_all(worded):
    query = "SELECT world_id, group_concat(DISTINCT prompt) FROM trials GROUP BY 1"
    wordings = rows(worded[0], query)
    assert all(name and "," not in name for _, name in wordings)
    assert len({name for _, name in wordings}) > 1


def test_models_are_told_who_shops_and_in_the_drawn_words(worded):
    folder, requests = worded
    said = [json.dumps(body["messages"]) for body in requests]
    assert sum("student" in text for text in said) == len(said) / 3
    assert len(set(said)) == 6 * 3, "each world and persona is asked for in one way"
    with RunStore.open(folder) as store:
        plan = make_plan(ExperimentSpec.model_validate(store.meta("spec")), load_catalog("demo"))
        texts = plan.spec.buyers[0].parameters["prompt"]["texts"]
        assert set(store.meta("prompt_hashes")["greedy"]) == set(texts)
        assert len(texts) == 12


# -- budget, cache, replay, verify ----------------------------------------------------------------


def test_a_budget_stops_the_run_and_a_larger_one_goes_on(go, server, tmp_path):
    planned = 2 * 3 * 2 * 2
    first = go("vlm-wording", "interface=json", "worlds_per_task=2", "budget={tokens: 1500}")
    assert first.budget_reached
    assert 0 < first.progress.done < planned
    spent = rows(tmp_path / "run", "SELECT sum(prompt_tokens + completion_tokens) FROM exchanges")
    each = spent[0][0] / first.progress.done
    assert 1500 <= spent[0][0] <= 1500 + 4 * 1.5 * each, "more than what was under way"
    kept = outcomes(tmp_path / "run")
    more = "budget={tokens: 1_000_000}"
    again = go("vlm-wording", "interface=json", "worlds_per_task=2", more)
    assert not again.budget_reached
    assert again.progress.done == planned == len(server.requests)
    assert kept.items() <= outcomes(tmp_path / "run").items()


def test_stored_answers_serve_a_second_run(aces, server, tmp_path):
    keep = ["buyers.sampled.cache=true", "buyers.greedy.cache=true"]
    first = aces("one", "--cache", "answers.sqlite", settings=keep)
    assert first.returncode == 0, first.stdout + first.stderr
    asked = len(server.requests)
    second = aces("two", "--cache", "answers.sqlite", settings=keep)
    assert second.returncode == 0, second.stdout + second.stderr
    assert len(server.requests) == asked > 0
    assert outcomes(tmp_path / "one") == outcomes(tmp_path / "two")
    assert rows(tmp_path / "two", "SELECT DISTINCT from_cache, cost FROM exchanges") == [(1, 0.0)]


def test_a_run_is_replayed_without_a_server(aces, demo, server, tmp_path):
    assert aces("old").returncode == 0
    bought = outcomes(tmp_path / "old")
    assert len({product for *_, product in bought.values()}) > 1
    asked, probed = len(server.requests), len(server.probes)
    nobody = ["buyers.sampled.base_url=http://127.0.0.1:9/v1"]
    nobody += ["buyers.greedy.base_url=http://127.0.0.1:9/v1"]
    done = aces("new", "--replay", "old", settings=nobody)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(tmp_path / "new") == bought
    assert (len(server.requests), len(server.probes)) == (asked, probed)


def test_verify_renders_again_and_asks_again(aces, server, tmp_path):
    assert aces("run").returncode == 0
    before, asked = outcomes(tmp_path / "run"), len(server.requests)
    done = aces("run", "--verify", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rendered 5 trials again" in done.stdout
    assert len(server.requests) > asked
    assert "5 of 5" in done.stdout
    assert outcomes(tmp_path / "run") == before
