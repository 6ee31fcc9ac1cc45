"""People on the identical pages: real windows of a real browser, two participants side by side."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import experiments
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.errors import UserError
from aces.seeds import Stream
from aces.store import RunStore
from aces.types import Task
from agents.browser import find_chromium
from agents.buyers import BUYERS
from agents.interfaces import INTERFACES
from analysis.analyze import analyze_paths
from analysis.frame import load_choices
from experiments.executors.inline import InlineExecutor
from experiments.executors.people import PeopleExecutor
from experiments.run import people, run

CONFIG = Path(experiments.__file__).parent / "configs" / "study-people.yaml"


@pytest.fixture(scope="module")
def spec():
    tasks = "tasks=[{id: stapler, category: stapler, query: stapler}]"
    return read_experiment(
        CONFIG,
        [tasks, "worlds_per_task=4", "buyers.people.trials=2", "buyers.people.code=THANKS-7"],
    )


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield made
        made.close()


class Study(threading.Thread):
    """The experiment with people, in a thread as long as the test plays them."""

    def __init__(self, spec, folder):
        super().__init__(daemon=True)
        self.spec, self.folder, self.told = spec, folder, queue.Queue()

    def run(self):
        executor = PeopleExecutor(on_ready=self.told.put)
        self.result = run(
            self.spec, load_catalog("demo"), self.folder, executor, buyers=people(self.spec)
        )


def meanwhile(*arguments, **options):
    """Runs an experiment beside the browser, which has this thread's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run, *arguments, **options).result()


def begin(context, url, name):
    page = context.new_page()
    page.goto(f"{url}?participant={name}")
    assert "Nothing is sold" in page.inner_text("main")
    page.check("[name=agreed]")
    page.click("text=Begin")
    return page


def buy(page, slot, answer="right"):
    """Orders what stands in a slot, and answers the question; returns its title."""
    with page.expect_popup() as opened:
        page.click("#open")
    shop = opened.value
    card = shop.locator("article.listing").nth(slot)
    title = card.locator(".title").inner_text()
    card.locator("button").first.click()
    shop.goto(shop.url.split("/cart")[0].split("/search")[0] + "/checkout")
    shop.click("text=Place")
    page.wait_for_selector("text=Which of these")
    wrong = page.locator("label", has_not_text=title).first
    (page.get_by_label(title, exact=True) if answer == "right" else wrong).click()
    page.click("text=Go on")
    return title


def test_two_people_shop_on_the_pages_that_the_planted_buyer_met(spec, browser, tmp_path):
    folder = tmp_path / "run"
    meanwhile(spec, load_catalog("demo"), folder, InlineExecutor())
    study = Study(spec, folder)
    study.start()
    url = study.told.get(timeout=60)
    first, second = browser.new_context(), browser.new_context()
    one, two = begin(first, url, "ann"), begin(second, url, "bob")
    assert "stapler" in one.inner_text("main")
    titles = [buy(one, 0), buy(one, 5, answer="wrong"), buy(two, 7)]
    assert "That was all" in one.inner_text("main")  # two trials are enough of one person
    two.click("text=I would rather buy nothing")
    # the shop stays open until the last one has been thanked
    assert "THANKS-7" in two.inner_text("main")
    study.join(60)
    assert not study.is_alive()
    table = load_choices(folder)
    theirs = table[table["buyer"] == "people"]
    bought = theirs[theirs["chosen"] == 1]
    assert sorted(bought["title"]) == sorted(titles)
    assert theirs.groupby("trial_id")["status"].first().tolist().count("abstained") == 1
    assert theirs["participant"].nunique() == 2
    assert "ann" not in set(theirs["participant"])
    per_person = theirs.groupby("participant")["world_id"].nunique()
    assert per_person.tolist() == [2, 2]
    assert sorted(theirs.groupby("trial_id")["attention"].first().dropna()) == [False, True, True]
    by_slot = bought.set_index("title")["position"]
    assert [by_slot[title] for title in titles] == [1, 6, 8]
    # the world that a person met is the world that the planted buyer met
    shown = ["world_id", "product_id", "position", "price_cents", "rating", "overall_pick"]
    planted = table[table["buyer"] == "planted"][shown].sort_values(shown)
    assert planted.values.tolist() == theirs[shown].sort_values(shown).values.tolist()
    saw = theirs[theirs["status"] == "chosen"]
    assert set(saw["exposed"]) == {1}, "the window is as large as the experiment's"


def test_who_goes_away_is_missing_and_the_world_is_not_given_twice(spec, browser, tmp_path):
    short = spec.model_copy(
        update={
            "buyers": tuple(
                b.model_copy(update={"parameters": {**b.parameters, "patience_s": 2.0}})
                if b.name == "people"
                else b
                for b in spec.buyers
            ),
            "worlds_per_task": 1,
        }
    )
    study = Study(short, tmp_path / "run")
    study.start()
    begin(browser.new_context(), study.told.get(timeout=60), "carl")
    study.join(60)
    with RunStore.open(tmp_path / "run") as store:
        rows = store.db.execute(
            "SELECT status, cause FROM outcomes o JOIN trials t ON t.trial_id = o.trial_id "
            "WHERE t.buyer = 'people'"
        ).fetchall()
    assert rows == [("failed", "abandoned")]


def test_nobody_acts_for_a_person():
    buyer = BUYERS.build("person", {})
    with pytest.raises(UserError, match="aces people"):
        buyer.start(Task(id="t", category="stapler"), Stream("t"))
    with pytest.raises(UserError, match="aces people"):
        INTERFACES.build("own_browser", {}).visit("token", Stream("t"))


def test_a_run_leaves_people_alone_and_says_who_asks_them(spec, tmp_path):
    result = meanwhile(spec, load_catalog("demo"), tmp_path / "run", InlineExecutor())
    assert result.progress.done == 4
    assert result.progress.planned == 8
    found = analyze_paths([tmp_path / "run"])[0]
    assert set(found.table["buyer"]) == {"planted"}
    with pytest.raises(UserError, match="aces people"):
        run(spec, load_catalog("demo"), tmp_path / "other", InlineExecutor(), buyers=["people"])
