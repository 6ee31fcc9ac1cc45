"""The report is one file that needs nothing else, says what failed first, and is reproducible."""

import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from aces.testing.model_server import ModelServer, calls, says
from analysis.analyze import analyze
from analysis.display import counted, interval, listed, money, number, p_value, percent
from analysis.frame import export, load_choices
from analysis.report import write_report
from analysis.report.heat import heat_map
from analysis.report.trial import write_trial
from experiments.executors.inline import InlineExecutor
from experiments.run import run as run_experiment

WITHIN = ("data:image/webp;", "data:text/csv;", "#")
VOID = {"meta", "img", "br", "hr", "link", "input", "path", "use", "rect", "clippath"}


class Page(HTMLParser):
    """Collects text and everything that a browser would load, and checks that tags close."""

    def __init__(self, html):
        super().__init__()
        self.loads, self.text, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.loads += [
            v for k, v in attrs if k in ("src", "href", "xlink:href", "srcset", "action")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page(path):
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run(planted_runs):
    """A run of a planted and a blind buyer, with a screenshot of one trial."""
    from PIL import Image

    folder = planted_runs("report", worlds=80, buyers={"planted": TRUTH, "blind": {}})
    with RunStore.create(folder) as store:
        out = io.BytesIO()
        Image.new("RGB", (1280, 1080), "teal").save(out, "PNG")
        name = store.blobs.put(out.getvalue(), ".png")
        with store.transaction() as db:
            db.execute("UPDATE steps SET screenshot = ? WHERE trial_id LIKE '7-watch-3-%'", [name])
    return folder


@pytest.fixture(scope="module")
def report(run, tmp_path_factory):
    """Its report."""
    return write_report([run], tmp_path_factory.mktemp("report") / "deep" / "report.html")


TRUTH = {"row_1": 0.9, "col_1": 0.5, "log_price": -1.8, "sponsored": -0.2, "overall_pick": 1.2}


def test_one_file_without_references(report):
    html = report.read_text(encoding="utf-8")
    read = Page(html)
    assert read.open == []
    assert [x for x in read.loads if not x.startswith(WITHIN)] == []
    assert "@import" not in html
    assert "url(http" not in html
    assert "<script" not in html
    assert re.findall(r"https?://", html) == []


def test_it_says_what_was_run_and_found(report):
    text = " ".join(" ".join(page(report).text).split())
    for said in (
        "Planted buyers prove the instrument, not a market.",
        "What planted and blind should prefer",
        "planted · json",
        "The strongest effect is seen in planted: a listing",
        "(95 % interval",
        "slots in uniformly random order",
        "All 6 gates that apply hold",
        "An overall-pick badge is worth a price rise of",
        "Price itself may not matter to these choices",
        "Bought “Watch number",
        "bought",
    ):
        assert said in text, said


def test_the_same_run_gives_the_same_bytes(run, report, tmp_path):
    assert write_report([run], tmp_path / "again.html").read_bytes() == report.read_bytes()


def test_several_runs_and_a_table_in_one_report(run, planted_run, tmp_path):
    other = planted_run("other", worlds=30, seed=8)
    export(load_choices(run), tmp_path / "table.parquet")
    text = page(write_report([run, other, tmp_path / "table.parquet"], tmp_path / "r.html")).text
    assert "report, other and table" in text
    assert sum(t.startswith("conditional_logit · ") for t in text) >= 5


def test_failed_gates_come_first(planted_run, tmp_path):
    generator = np.random.default_rng(1)
    folder = planted_run(
        worlds=60, loss=lambda c, best: "server" if generator.random() < 0.3 else ""
    )
    html = write_report([folder], tmp_path / "r.html").read_text(encoding="utf-8")
    assert html.index("Do not trust these numbers yet") < html.index("What caused the choices")


def test_a_run_with_nothing_bought_still_reports(planted_run, tmp_path):
    folder = planted_run(worlds=4, loss=lambda columns, best: "browser")
    text = " ".join(page(write_report([folder], tmp_path / "r.html")).text)
    assert "Do not trust these numbers yet" in text
    assert "no choice set has an outcome" in text


def test_seller_text_is_escaped(planted_run, tmp_path):
    folder = planted_run(worlds=10)
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute(
            "UPDATE products SET listing = json_set(listing, '$.title', ?)",
            ["<script>alert(1)</script><b>& Co"],
        )
        db.execute("UPDATE steps SET screenshot = NULL")
    html = write_report([folder], tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in html
    with RunStore.open(folder) as store:
        trial = store.db.execute("SELECT trial_id FROM trials").fetchone()[0]
        written = write_trial(store, trial, tmp_path / "t.html").read_text(encoding="utf-8")
    assert "<script" not in written
    assert "&lt;script&gt;" in written


def test_a_trial_page(run, tmp_path):
    with RunStore.open(run) as store:
        path = write_trial(store, "7-watch-3-planted-json-0", tmp_path / "t.html")
        with pytest.raises(KeyError):
            write_trial(store, "nobody", tmp_path / "t.html")
    read = page(path)
    assert read.open == []
    assert any(x.startswith("data:image/webp") for x in read.loads)
    assert any("add to cart: watch-" in text for text in read.text)


def test_the_heat_map_is_a_share_per_slot(run):
    with RunStore.open(run) as store:
        found = analyze(store)
    fit = next(fit for fit in found.fits if fit.analysis == "slots" and "planted" in fit.arm)
    cells = heat_map(fit, 4).cells
    shares = [float(cell.share.removesuffix(" %")) for cell in cells]
    assert [cell.slot for cell in cells] == list(range(1, 9))
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert sum(shares[:4]) > sum(shares[4:])
    weights = np.exp([1.4, 0.9, 0.9, 0.9, 0.5, 0, 0, 0])
    assert [cell.planted for cell in cells] == [percent(w) for w in weights / weights.sum()]


# -- served models --------------------------------------------------------------------------

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"
ASKING = """
name: asking
seed: 3
tasks: [{{id: watch, category: fitness_watch}}]
shelf: {{size: 6, columns: 3}}
treatments: [{{use: position}}, {{use: price, sigma: 0.3}}]
buyers:
  - use: vlm
    name: shopper
    model: tiny-random-vlm
    base_url: {url}
    persona: [student, retiree]
    prompt: {{draw: paraphrases}}
    prices: {{input: 1, output: 2}}
  - {{use: comprehension, name: asked, model: other-vlm, base_url: "{url}"}}
interface: json
worlds_per_task: 6
"""


def a_hostile_model(body):
    """Buys what comes first; as a retiree it rambles first, then buys, or refuses in odd worlds."""
    if body["tools"][0]["function"]["name"] == "answer":
        return calls("answer", answer=HOSTILE)
    text = body["messages"][1]["content"]
    first = json.JSONDecoder().raw_decode(text, text.index("{"))[0]["results"][0]
    if "retired" in text and len(body["messages"]) == 2:
        return says(f"Let me think. {HOSTILE}", thinking=HOSTILE)
    if "retired" in text and int(first["price"][-1]) % 2:
        return says(f"I'm sorry, I can't help with that. {HOSTILE}")
    return calls("add_to_cart", title=first["title"], price="$1", reason=HOSTILE)


@pytest.fixture(scope="module")
def asked_run(tmp_path_factory):
    """A run whose models were really asked, and answered as badly as they could."""
    folder = tmp_path_factory.mktemp("asked")
    with ModelServer(a_hostile_model) as server:
        (folder / "e.yaml").write_text(ASKING.format(url=server.url))
        spec = read_experiment(folder / "e.yaml")
        run_experiment(spec, load_catalog("demo"), folder / "run", InlineExecutor())
    return folder / "run"


def test_the_report_of_served_models(asked_run, tmp_path):
    html = write_report([asked_run], tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<img src=x" not in html
    read = Page(html)
    assert read.open == []
    assert [x for x in read.loads if not x.startswith(WITHIN)] == []
    text = " ".join(" ".join(read.text).split())
    for said in (
        "Random weights prove the plumbing, not a market. The models behind shopper have",
        "wordings 12: each world got one at random",
        "personas 2: each world met all of them",
        "{requirements}",
        "How served models answered",
        "Perception",
        "Comprehension",
        "Time and money",
        "shopper · json · retiree",
        f"Let me think. {HOSTILE}",
        "Ended failed (refusal)",
        "no action",
    ):
        assert said in text, said


def test_a_trial_page_shows_both_turns_and_the_raw_text(asked_run, tmp_path):
    with RunStore.open(asked_run) as store:
        trial = store.db.execute(
            "SELECT trial_id FROM latest WHERE status = 'failed' AND cause = 'refusal'"
        ).fetchone()[0]
        html = write_trial(store, trial, tmp_path / "t.html").read_text(encoding="utf-8")
    assert "<script" not in html
    text = " ".join(" ".join(Page(html).text).split())
    start = text.index("Step by step")
    order = ("Asked what to do", "Thinking", "Let me think", "unparseable:", "Asked again")
    places = [text.index(said, start) for said in (*order, "refusal:", "no action after")]
    assert places == sorted(places)
    assert "persona retiree" in text
    assert text.count("I'm sorry, I can't help with that.") >= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(-1234.5678, 2), "−1,234.57"),
        (number(-0.0001, 2), "0.00"),
        (number(float("inf")), "∞"),
        (number(None), ""),
        (percent(0.1234), "12.3 %"),
        (interval(-1, 2, 1), "[−1.0, 2.0]"),
        (interval(None, 2), ""),
        (p_value(0.00001), "<.001"),
        (p_value(0.04), ".040"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed([]), ""),
        (listed(["a"] * 8, most=2), "a, a and 6 more"),
        (counted(1, "trial"), "1 trial"),
        (counted(2000, "trial"), "2,000 trials"),
        (money(2499), "$24.99"),
        (money(2499, "EUR"), "24.99 EUR"),
    ],
)
def test_numbers_as_people_read_them(text, expected):
    assert text == expected
