"""The viewer in a real browser: steps, filters, addresses, jumps; hostile texts stay texts."""

import json
import re

import pytest
from playwright.sync_api import expect

from aces.cli.console import read_experiment
from aces.store import RunStore
from aces.testing.model_server import Answer, ModelServer, says
from agents.browser import find_chromium
from analysis.viewer import write_viewer
from experiments.executors.inline import InlineExecutor
from experiments.run import FailureLimit, run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]

HOSTILE = (
    "</script><script>hacked=1</script><img src=x onerror='hacked=2'>\u2028\u2029<!-- {{ 7*7 }}"
)
EXPERIMENT = """\
name: seen
seed: 3
catalog: demo
tasks: [{id: mousepad, category: mousepad, query: mouse pad}]
shelf: {size: 8, columns: 4}
design: {use: paired, by: loud}
treatments:
  - {use: position}
  - {use: price, sigma: 0.3}
  - use: listing
    name: loud
    products: [PRODUCT]
    arms:
      - {name: plain}
      - {name: loud, changes: {title: TITLE}}
buyers:
  - use: utility
    name: planted
    coefficients: {row_1: 0.9, log_price: -1.5}
    interface: [json, screenshot]
  - use: vlm
    name: thinker
    model: m
    base_url: URL
    interface: {use: json, name: walk, mode: browse}
worlds_per_task: 4
max_steps: 6
"""


class Mind:
    """Refuses once, leaves once, then opens a product and buys it, thinking aloud."""

    def __init__(self, title):
        self.title = title
        self.trials = 0

    def __call__(self, body):
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        self.trials += turn == 0
        if self.trials == 1:
            return says("I can't help with that.")
        if self.trials == 2:
            return self.act("leave", reason="Nothing here is worth its price.")
        acts = [("open_listing", {"title": self.title}), ("add_to_cart", {"title": self.title})]
        name, arguments = acts[turn] if turn < 2 else ("check_out", {})
        return self.act(name, **arguments)

    def act(self, name, **arguments):
        thinking = f"Zanzibar thought. {HOSTILE}"
        return Answer(calls=((name, arguments),), thinking=thinking)


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """A run of pairs: a buyer with planted taste by two ways, and a model that thinks."""
    folder = tmp_path_factory.mktemp("viewer")
    loud, plain = demo.slice("mousepad", 8)[:2]
    text = EXPERIMENT.replace("PRODUCT", loud).replace("TITLE", json.dumps(HOSTILE))
    with ModelServer(Mind(demo.listings[plain].title), models=["m"]) as server:
        (folder / "seen.yaml").write_text(text.replace("URL", server.url))
        spec = read_experiment(folder / "seen.yaml")
        limit = FailureLimit.parse("100%")
        run(spec, demo, folder / "run", InlineExecutor(), limit=limit)
    return folder / "run"


@pytest.fixture(scope="module")
def file(folder):
    with RunStore.open(folder) as store:
        return write_viewer(store, folder / "trials.html").path


@pytest.fixture
def page(file, chromium):  # the run first: Playwright holds the loop of this thread
    """The file, opened; a fault of its script, and any request, fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong, own = [], (file.as_uri(), "about:blank")
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda asked: asked.url.startswith((*own, "data:")) or wrong.append(asked))
    page.goto(file.as_uri())
    yield page
    assert wrong == []
    assert page.evaluate("typeof hacked") == "undefined"
    context.close()


def rows(folder, query, *values):
    with RunStore.open(folder) as store:
        return store.db.execute(query, values).fetchall()


def trials(folder, status, buyer="thinker"):
    found = rows(
        folder,
        "SELECT trial_id FROM trials JOIN latest USING (trial_id) WHERE status = ? AND buyer = ? "
        "ORDER BY plan_index",
        status,
        buyer,
    )
    return [row[0] for row in found]


def visit(page, file, where):
    """Opens the file there, anew: a mere change of the address is followed a moment later."""
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#{where}")


def address(page):
    return page.evaluate("location.hash")


def told(page):
    return page.locator("#told").inner_text()


def test_arrows_go_from_step_to_step(page, file, folder):
    bought = trials(folder, "chosen")[0]
    visit(page, file, bought)
    assert page.locator(".step:visible h3").inner_text() == "Step 1 of 3: results"
    page.keyboard.press("ArrowRight")
    assert address(page) == f"#{bought}/2"
    assert page.locator(".step:visible h3").inner_text() == "Step 2 of 3: product"
    assert page.locator(".tabs [aria-current=step]").inner_text() == "2 product"
    assert "Step 2 of 3, product: the buyer put" in told(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert told(page) == "This is the last step."
    page.keyboard.press("ArrowLeft")
    assert address(page) == f"#{bought}/2"
    page.go_back()
    expect(page.locator(".step:visible h3")).to_have_text("Step 3 of 3: cart")
    step = page.locator(".step:visible").inner_text()
    assert "Zanzibar thought" in step
    assert "Checked out." in step
    assert re.search(r"[1-9]\d* tokens in", step)
    # the order followed from the last decision, the click on the product from the first
    assert "ordered:" in step
    assert "page of" in page.locator("#s0").text_content()


def test_letters_go_from_trial_to_trial_unless_they_are_switched_off(page, folder):
    first = address(page)
    assert page.locator("#where").inner_text() == "1 of 12"
    page.keyboard.press("j")
    assert page.locator("#where").inner_text() == "2 of 12"
    page.keyboard.press("k")
    assert page.locator("#where").inner_text() == "1 of 12"
    page.keyboard.press("k")
    assert told(page) == "This is the first trial."
    page.locator("#letters").uncheck()
    page.locator("#main").focus()
    page.keyboard.press("j")
    assert page.locator("#where").inner_text() == "1 of 12"
    page.locator("#letters").check()
    page.keyboard.press("/")
    page.keyboard.type("jk")  # in a field letters are letters
    assert page.locator("#search").input_value() == "jk"
    assert address(page) == first


def test_filters_and_search_leave_what_was_asked_for(page, folder):
    def left():
        return page.locator("#list a").evaluate_all(
            "links => links.map(a => a.hash.slice(1).split('/')[0])"
        )

    page.select_option("#f-status", "abstained")
    assert left() == trials(folder, "abstained") != []
    assert "Left without buying" in page.locator("h2").inner_text()
    assert "Nothing here is worth its price." in page.locator("blockquote").inner_text()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#list a")).to_have_count(12)
    page.select_option("#f-cause", "refusal")
    assert left() == trials(folder, "failed") != []
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#list a")).to_have_count(12)
    page.fill("#search", "ZANZIBAR")
    expect(page.locator("#list a")).to_have_count(3)
    assert set(left()) == {*trials(folder, "abstained"), *trials(folder, "chosen")}
    page.select_option("#f-buyer", "planted")
    assert left() == []
    assert page.locator("#count").inner_text() == "0 of 12 trials"
    assert page.locator("#where").inner_text() == "not among the trials that the filters show"


def test_an_address_opens_its_step_and_a_wrong_one_says_so(file, folder, chromium):
    bought = trials(folder, "chosen")[1]
    page = chromium.new_page()
    visit(page, file, f"{bought}/3")
    assert page.locator(".step:visible h3").inner_text() == "Step 3 of 3: cart"
    visit(page, file, f"{bought[:9]}/2")
    assert page.locator(".step:visible h3").inner_text() == "Step 2 of 3: product"
    visit(page, file, "nobody")
    assert (
        "No finished trial of this run is called nobody." in page.locator("#problem").inner_text()
    )
    page.close()


def test_pairs_lead_to_each_other_and_name_what_differs(page, folder):
    page.select_option("#f-buyer", "planted")
    page.select_option("#f-interface", "json")
    here = page.evaluate("location.hash.slice(1).split('/')[0]")
    jump = page.locator("#jumps ul").first.locator("a")
    assert jump.count() == 1
    assert jump.inner_text().startswith("loud: ")
    page.locator("#jumps ul").first.locator("a").click()
    there = page.evaluate("location.hash.slice(1).split('/')[0]")
    current = page.locator("#list a[aria-current]")
    expect(current).to_have_attribute("href", f"#{there}")
    query = (
        "SELECT json_extract(levels, '$.pair'), t.buyer, t.interface, world_id FROM trials t "
        "JOIN worlds USING (world_id) WHERE trial_id = ?"
    )
    before, after = rows(folder, query, here)[0], rows(folder, query, there)[0]
    assert before[:3] == after[:3]
    assert before[3] != after[3]
    page.get_by_role("link", name="interface screenshot", exact=True).click()
    other = rows(folder, query, page.evaluate("location.hash.slice(1).split('/')[0]"))[0]
    assert other[1:] == ("planted", "screenshot", after[3])


def test_what_was_bought_is_outlined_where_it_stood(page, file, folder):
    for trial in trials(folder, "chosen", "planted"):
        visit(page, file, trial)
        page.locator(f"#verdict :text('{trial}')").wait_for()
        if page.locator(".shot").count() == 0:
            continue
        slot = page.locator("#shelf tr.bought td").first.inner_text()
        box = page.locator(".step:visible .box").bounding_box()
        shot = page.locator(".step:visible .shot img").bounding_box()
        middle = (box["x"] + box["width"] / 2 - shot["x"]) / shot["width"]
        upper = (box["y"] - shot["y"]) / shot["height"]
        row, column = divmod(int(slot) - 1, 4)
        assert int(4 * middle) == column
        assert (upper > 0.4) == (row == 1)
        assert 0.15 < box["width"] / shot["width"] < 0.27
        assert "outlined" in page.locator(".step:visible .shot img").get_attribute("alt")
    assert page.locator(".shot").count() == 1


def test_hostile_titles_are_shown_as_they_are_written(page, file, folder):
    hit = rows(
        folder,
        "SELECT trial_id FROM trials JOIN worlds USING (world_id) WHERE levels LIKE '%hacked%'",
    )
    assert hit
    visit(page, file, hit[0][0])
    titles = page.locator("#shelf .product span").all_text_contents()
    assert any(title.startswith(HOSTILE) for title in titles)
    assert page.evaluate("document.scripts.length") == file.read_text().count("<script")
    assert page.locator("img[src=x]").count() == 0


def test_without_scripts_it_says_what_to_type(file, folder, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    text = page.locator("body").inner_text()
    assert f"aces show {folder} TRIAL" in text
    assert "Previous trial" not in text
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_it_fits_and_can_be_read_by_everyone(file, folder, chromium, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    for trial in (trials(folder, "chosen")[0], trials(folder, "failed")[0]):
        visit(page, file, trial)
        page.locator(f"#verdict :text('{trial}')").wait_for()
        if width == 375:
            page.get_by_role("button", name="Trials and filters").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    context.close()


def test_print_shows_the_trial_with_all_its_steps(page, file, folder):
    visit(page, file, trials(folder, "chosen")[0])
    page.emulate_media(media="print")
    assert page.locator(".step:visible").count() == 3
    assert page.locator("#list").is_hidden()
    assert page.locator("#verdict").is_visible()
