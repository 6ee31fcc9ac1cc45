"""The report is one file that needs nothing else, says what failed first, and is reproducible."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from aces.store import RunStore
from analysis.analyze import analyze
from analysis.display import counted, interval, listed, money, number, p_value, percent
from analysis.frame import export, load_choices
from analysis.report import write_report
from analysis.report.heat import heat_map
from analysis.report.trial import write_trial

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
    outside = [x for x in read.loads if not x.startswith(("data:image/", "#"))]
    assert outside == []
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
        "slots in uniformly random order",
        "All 5 gates that apply hold",
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
